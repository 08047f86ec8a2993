"""What stands around every page: where one is, in which mode, and what waits."""

from __future__ import annotations

from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.domain.connection import Mode
from clynto.domain.moments import UnixMicros
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.unit_of_work import UnitsOfWork


@dataclass(frozen=True, slots=True)
class ShellShown:
    """``mode`` None: no Stripe data yet. ``now`` is the product's time, against which pages tell ages."""

    workspace_name: str
    mode: Mode | None
    open_signals: int
    now: UnixMicros


class ShowShell:
    """Any member may look. One short transaction, since every page asks."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def __call__(self, actor: Actor) -> ShellShown:
        """The shell as of now."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            return ShellShown(
                workspace_name=uow.workspaces.get().name,
                mode=uow.connections.get().mode,
                open_signals=sum(uow.signals.open_counts().values()),
                now=self._clock.now(),
            )
