"""Who did what when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.domain.roles import Role
from clynto.ports.people import AuditEntry
from clynto.ports.unit_of_work import UnitsOfWork


@dataclass(frozen=True, slots=True)
class AuditPage:
    """``next_before`` continues behind the last entry; None: this was the last page."""

    entries: Sequence[AuditEntry]
    next_before: str | None


class ReadAuditLog:
    """For admins and owners."""

    def __init__(self, *, units: UnitsOfWork) -> None:
        self._units = units

    def __call__(self, actor: Actor, *, limit: int, before: str | None = None) -> AuditPage:
        """Newest first, behind the entry id ``before``. Raises ``Forbidden``."""
        actor.must_be(Role.ADMIN)
        with self._units.reading(actor.workspace_id) as uow:
            entries = uow.audit_log.newest(before=before, limit=limit + 1)
        shown = entries[:limit]
        return AuditPage(shown, shown[-1].id if len(entries) > limit else None)
