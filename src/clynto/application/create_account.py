"""Add one account by hand (contract, POST /accounts)."""

from __future__ import annotations

from collections.abc import Sequence

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.domain.account import Account
from clynto.domain.account_input import account_domains, account_external_id, account_name
from clynto.domain.email_domain import DomainRules
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.identifiers import Identifiers
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.work_queue import Job, JobKind, WorkQueue

MATCHES = "matches"
"""Subject of a recomputation that has to decide matches anew."""


class CreateAccount:
    """Stores the account and lets a worker match customers to it."""

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        clock: Clock,
        identifiers: Identifiers,
        rules: DomainRules,
        queue: WorkQueue,
        audit: AuditTrail,
    ) -> None:
        self._units = units
        self._clock = clock
        self._identifiers = identifiers
        self._rules = rules
        self._queue = queue
        self._audit = audit

    def __call__(self, actor: Actor, *, name: str, domains: Sequence[str], external_id: str | None = None) -> str:
        """The id of the new account. Raises ``Forbidden``, ``InvalidInput`` or ``QueueUnavailable``."""
        actor.must_be(Role.ADMIN)
        now = self._clock.now()
        account = Account(
            id=self._identifiers.new_id("acc"),
            name=account_name(name),
            domains=account_domains(domains, self._rules),
            external_id=account_external_id(external_id),
            created_at=now,
        )
        self._queue.ensure_available()
        with self._units.writing(actor.workspace_id) as uow:
            uow.accounts.put_many([account])
            self._audit.note(uow, actor, "account.created", f"Added the account {account.name}.")
            uow.commit()
        self._queue.enqueue(Job(JobKind.RECOMPUTE, actor.workspace_id, MATCHES))
        return account.id
