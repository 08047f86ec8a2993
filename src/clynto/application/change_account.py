"""Edit an account's name, domains or outside id (contract, PATCH /accounts/{id})."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.create_account import MATCHES
from clynto.domain.account_input import account_domains, account_external_id, account_name
from clynto.domain.email_domain import DomainRules
from clynto.domain.errors import NotFound
from clynto.domain.roles import Role
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.work_queue import Job, JobKind, WorkQueue


class ChangeAccount:
    """What is None stays as it is; an empty list of domains takes all of them away."""

    def __init__(self, *, units: UnitsOfWork, rules: DomainRules, queue: WorkQueue, audit: AuditTrail) -> None:
        self._units = units
        self._rules = rules
        self._queue = queue
        self._audit = audit

    def __call__(
        self,
        actor: Actor,
        account_id: str,
        *,
        name: str | None = None,
        domains: Sequence[str] | None = None,
        external_id: str | None = None,
    ) -> None:
        """Raises ``Forbidden``, ``NotFound``, ``InvalidInput`` or ``QueueUnavailable``."""
        actor.must_be(Role.ADMIN)
        self._queue.ensure_available()
        with self._units.writing(actor.workspace_id) as uow:
            account = uow.accounts.get(account_id)
            if account is None:
                raise NotFound
            changed = replace(
                account,
                name=account.name if name is None else account_name(name),
                domains=account.domains if domains is None else account_domains(domains, self._rules),
                external_id=account.external_id if external_id is None else account_external_id(external_id),
            )
            if changed == account:
                return
            uow.accounts.put_many([changed])
            self._audit.note(uow, actor, "account.changed", f"Changed the account {changed.name}.")
            uow.commit()
        if changed.domains != account.domains:
            self._queue.enqueue(Job(JobKind.RECOMPUTE, actor.workspace_id, MATCHES))
