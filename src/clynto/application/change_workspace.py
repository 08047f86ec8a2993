"""Change what the workspace is called and how its figures are computed."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.queries.workspace import WorkspaceSettings
from clynto.application.workspace_details import RateText, WorkspaceFindings
from clynto.domain.email_domain import DomainRules
from clynto.domain.exchange_rates import ExchangeRate
from clynto.domain.roles import Role
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.work_queue import Job, JobKind, WorkQueue
from clynto.ports.workspaces import MrrBasis

SETTINGS_CHANGED = "settings"


class Keep(enum.Enum):
    """Tells "leave it" from "set it to nothing"."""

    AS_IT_IS = "as_it_is"


@dataclass(frozen=True, slots=True)
class WorkspaceChanges:
    """As typed; what is not named stays."""

    name: str | Keep = Keep.AS_IT_IS
    default_currency: str | Keep | None = Keep.AS_IT_IS
    mrr_basis: MrrBasis | Keep = Keep.AS_IT_IS
    own_domains: Sequence[str] | Keep = Keep.AS_IT_IS
    exchange_rates: Sequence[RateText] | Keep = Keep.AS_IT_IS


@dataclass(frozen=True, slots=True)
class ChangedWorkspace:
    """``recomputing``: figures depend on what changed, so a worker computes them anew."""

    settings: WorkspaceSettings
    recomputing: bool


class ChangeWorkspace:
    """Admins and owners."""

    def __init__(self, *, units: UnitsOfWork, queue: WorkQueue, audit: AuditTrail, domain_rules: DomainRules) -> None:
        self._units = units
        self._queue = queue
        self._audit = audit
        self._domain_rules = domain_rules

    def __call__(self, actor: Actor, changes: WorkspaceChanges) -> ChangedWorkspace:
        """The settings afterwards.

        Raises ``Forbidden``, ``InvalidInput``, or ``QueueUnavailable`` if figures would have to be computed anew
        and nobody can be asked to; then nothing has changed (guarantees E4).
        """
        actor.must_be(Role.ADMIN)
        with self._units.writing(actor.workspace_id) as uow:
            before = WorkspaceSettings(uow.workspaces.get(), tuple(uow.workspaces.exchange_rates()))
            after = self._applied(before, changes)
            recomputing = _figures_depend_on(before, after)
            if recomputing:
                self._queue.ensure_available()
            if after != before:
                uow.workspaces.save(after.workspace)
                uow.workspaces.replace_exchange_rates(after.exchange_rates)
                self._audit.note(uow, actor, "workspace.changed", _what_changed(before, after))
            uow.commit()
        if recomputing:
            self._queue.enqueue(Job(JobKind.RECOMPUTE, actor.workspace_id, SETTINGS_CHANGED))
        return ChangedWorkspace(after, recomputing)

    def _applied(self, before: WorkspaceSettings, changes: WorkspaceChanges) -> WorkspaceSettings:
        findings = WorkspaceFindings(self._domain_rules)
        workspace, rates = before.workspace, tuple(before.exchange_rates)
        if not isinstance(changes.name, Keep):
            workspace = replace(workspace, name=findings.name("name", changes.name))
        if not isinstance(changes.default_currency, Keep):
            currency = changes.default_currency
            wanted = None if currency is None else findings.currency("default_currency", currency)
            workspace = replace(workspace, default_currency=wanted)
        if not isinstance(changes.mrr_basis, Keep):
            workspace = replace(workspace, mrr_basis=changes.mrr_basis)
        if not isinstance(changes.own_domains, Keep):
            workspace = replace(workspace, own_domains=findings.domains("own_domains", changes.own_domains))
        if not isinstance(changes.exchange_rates, Keep):
            rates = findings.rates("exchange_rates", changes.exchange_rates)
        findings.raise_if_any()
        return WorkspaceSettings(workspace, rates)


def _figures_depend_on(before: WorkspaceSettings, after: WorkspaceSettings) -> bool:
    """A name changes no figure; everything else does."""
    return after != replace(before, workspace=replace(before.workspace, name=after.workspace.name))


def _what_changed(before: WorkspaceSettings, after: WorkspaceSettings) -> str:
    old, new = before.workspace, after.workspace
    parts = [
        f"{words} from {was or 'none'} to {now or 'none'}"
        for words, was, now in (
            ("name", old.name, new.name),
            ("default currency", old.default_currency, new.default_currency),
            ("MRR basis", old.mrr_basis.value, new.mrr_basis.value),
            ("own domains", ", ".join(old.own_domains), ", ".join(new.own_domains)),
            ("exchange rates", _count(before.exchange_rates), _count(after.exchange_rates)),
        )
        if was != now
    ]
    return f"Changed {'; '.join(parts) or 'exchange rates'}."


def _count(rates: Sequence[ExchangeRate]) -> str:
    return f"{len(rates)} rows"
