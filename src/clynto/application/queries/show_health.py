"""The Health tab of an account (guide, In the Health tab)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.application.score_health import assess_health
from clynto.domain.errors import NotFound
from clynto.domain.health import HealthScore
from clynto.domain.roles import Role
from clynto.ports.health import ScorePoint
from clynto.ports.unit_of_work import UnitsOfWork

HISTORY_SHOWN = 50


@dataclass(frozen=True, slots=True)
class HealthShown:
    """The present score with its pillars, and how it got there, newest first."""

    health: HealthScore
    history: Sequence[ScorePoint]


class ShowHealth:
    """Any member may look. Computed from the stored status, so it never lags behind the table."""

    def __init__(self, *, units: UnitsOfWork) -> None:
        self._units = units

    def __call__(self, actor: Actor, account_id: str) -> HealthShown:
        """Raises ``NotFound``."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            row = uow.accounts_table.row(account_id)
            if row is None:
                raise NotFound
            measured = uow.health.pillars([account_id]).get(account_id, [])
            history = uow.health.history(account_id, limit=HISTORY_SHOWN)
        return HealthShown(assess_health(row.payment_status, row.as_of, measured), history)
