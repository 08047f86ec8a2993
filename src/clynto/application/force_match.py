"""Put a Stripe customer on an account by hand, or take it off (guide, "0 customers matched"; contract, PUT match)."""

from __future__ import annotations

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.recompute_billing import RecomputeBilling
from clynto.domain.errors import NotFound
from clynto.domain.matching import MatchDecision
from clynto.domain.roles import Role
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork


class ForceMatch:
    """A decision by hand stays over re-syncs and email changes, and is recomputed at once."""

    def __init__(self, *, units: UnitsOfWork, recompute: RecomputeBilling, audit: AuditTrail) -> None:
        self._units = units
        self._recompute = recompute
        self._audit = audit

    def __call__(self, actor: Actor, customer_id: str, account_id: str) -> None:
        """Raises ``Forbidden``, or ``NotFound`` for an unknown customer or account."""
        actor.must_be(Role.ADMIN)
        with self._units.writing(actor.workspace_id) as uow:
            account = uow.accounts.get(account_id)
            if account is None:
                raise NotFound
            decide_by_hand(uow, self._recompute, customer_id, account_id)
            sentence = f"Matched the Stripe customer {customer_id} to {account.name}."
            self._audit.note(uow, actor, "customer.matched", sentence)
            uow.commit()


class DropMatch:
    """The customer stays unmatched until a person matches it again."""

    def __init__(self, *, units: UnitsOfWork, recompute: RecomputeBilling, audit: AuditTrail) -> None:
        self._units = units
        self._recompute = recompute
        self._audit = audit

    def __call__(self, actor: Actor, customer_id: str) -> None:
        """Raises ``Forbidden``, or ``NotFound`` for an unknown customer."""
        actor.must_be(Role.ADMIN)
        with self._units.writing(actor.workspace_id) as uow:
            decide_by_hand(uow, self._recompute, customer_id, None)
            sentence = f"Took the Stripe customer {customer_id} off its account."
            self._audit.note(uow, actor, "customer.unmatched", sentence)
            uow.commit()


def decide_by_hand(uow: UnitOfWork, recompute: RecomputeBilling, customer_id: str, account_id: str | None) -> None:
    """Store the decision and recompute the customer, its new account and the one it left, and the history of both."""
    uow.ledgers.lock()
    if customer_id not in uow.customers.get_many([customer_id]):
        raise NotFound
    former = uow.matches.get_many([customer_id]).get(customer_id)
    uow.matches.put_many([MatchDecision.by_hand(customer_id, account_id)])
    left = {former.account_id} if former is not None and former.account_id is not None else set()
    recompute.customers(uow, [customer_id], left=left)
    recompute.history(uow, left | ({account_id} if account_id is not None else set()))
