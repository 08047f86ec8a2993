"""The settings of the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.domain.exchange_rates import ExchangeRate
from clynto.domain.roles import Role
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.workspaces import Workspace


@dataclass(frozen=True, slots=True)
class WorkspaceSettings:
    """All that ``/workspace`` shows; rates oldest first."""

    workspace: Workspace
    exchange_rates: Sequence[ExchangeRate]


class ReadWorkspace:
    """For every member."""

    def __init__(self, *, units: UnitsOfWork) -> None:
        self._units = units

    def __call__(self, actor: Actor) -> WorkspaceSettings:
        """The settings. Raises ``Forbidden``."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            return WorkspaceSettings(uow.workspaces.get(), tuple(uow.workspaces.exchange_rates()))
