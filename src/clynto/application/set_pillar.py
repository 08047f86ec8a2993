"""Take a pillar's score from another system (contract, PUT /accounts/{id}/pillars/{name})."""

from __future__ import annotations

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.recompute_billing import RecomputeBilling
from clynto.domain.errors import InvalidInput, NotFound
from clynto.domain.health import FULL_SCORE, Pillar
from clynto.domain.moments import UnixMicros
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.health import MeasuredPillar
from clynto.ports.unit_of_work import UnitsOfWork

LONGEST_REASON = 500
MEASURABLE = tuple(pillar for pillar in Pillar if pillar is not Pillar.REVENUE)


class SetPillar:
    """Revenue cannot be set: it follows what Stripe says."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock, recompute: RecomputeBilling, audit: AuditTrail) -> None:
        self._units = units
        self._clock = clock
        self._recompute = recompute
        self._audit = audit

    def __call__(
        self, actor: Actor, account_id: str, name: str, *, score: int, reason: str, as_of: UnixMicros | None
    ) -> None:
        """``as_of`` None: now. Raises ``Forbidden``, ``NotFound`` or ``InvalidInput``."""
        actor.must_be(Role.ADMIN)
        pillar = _pillar(name)
        text = reason.strip()
        if not 0 <= score <= FULL_SCORE:
            raise InvalidInput({"score": "A score is a whole number from 0 to 100."})
        if not text or len(text) > LONGEST_REASON:
            raise InvalidInput({"reason": f"Give a reason of at most {LONGEST_REASON} characters."})
        now = self._clock.now()
        if as_of is not None and as_of > now:
            raise InvalidInput({"as_of": "The time of a measurement cannot lie in the future."})
        with self._units.writing(actor.workspace_id) as uow:
            uow.ledgers.lock()
            account = uow.accounts.get(account_id)
            if account is None:
                raise NotFound
            uow.health.put_pillar(MeasuredPillar(account_id, pillar, score, text, as_of or now, actor.label))
            self._recompute.accounts(uow, [account_id])
            self._audit.note(uow, actor, "pillar.set", f"Set {pillar.value} of {account.name} to {score}.")
            uow.commit()


def _pillar(name: str) -> Pillar:
    for pillar in MEASURABLE:
        if pillar.value == name:
            return pillar
    allowed = " or ".join(pillar.value for pillar in MEASURABLE)
    raise InvalidInput({"name": f"A pillar that can be set is {allowed}; revenue follows Stripe."})
