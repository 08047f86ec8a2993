"""Delete an account. Its Stripe customers become unmatched or fall to another account that claims their domain."""

from __future__ import annotations

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.create_account import MATCHES
from clynto.domain.errors import NotFound
from clynto.domain.roles import Role
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.work_queue import Job, JobKind, WorkQueue


class DeleteAccount:
    """What Stripe told us stays; only the account and its matches go."""

    def __init__(self, *, units: UnitsOfWork, queue: WorkQueue, audit: AuditTrail) -> None:
        self._units = units
        self._queue = queue
        self._audit = audit

    def __call__(self, actor: Actor, account_id: str) -> None:
        """Raises ``Forbidden``, ``NotFound`` or ``QueueUnavailable``."""
        actor.must_be(Role.ADMIN)
        self._queue.ensure_available()
        with self._units.writing(actor.workspace_id) as uow:
            account = uow.accounts.get(account_id)
            if account is None:
                raise NotFound
            uow.accounts.remove(account_id)
            self._audit.note(uow, actor, "account.deleted", f"Deleted the account {account.name}.")
            uow.commit()
        self._queue.enqueue(Job(JobKind.RECOMPUTE, actor.workspace_id, MATCHES))
