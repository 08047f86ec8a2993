"""What stands around every page: where one is, in which mode, and what waits."""

from __future__ import annotations

from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.domain.connection import Connection, Mode
from clynto.domain.moments import UnixMicros
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.unit_of_work import UnitsOfWork


@dataclass(frozen=True, slots=True)
class ShellShown:
    """``connection`` tells how old figures are; with ``first_sync`` they are not complete yet. ``now`` is the product's
    time, against which pages tell ages. ``open_cases`` is the number of cards in the inbox, most pressing first."""

    workspace_name: str
    connection: Connection
    first_sync: bool
    open_cases: int
    now: UnixMicros

    @property
    def mode(self) -> Mode | None:
        """None: no Stripe data yet."""
        return self.connection.mode


class ShowShell:
    """Any member may look. One short transaction, since every page asks."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def __call__(self, actor: Actor) -> ShellShown:
        """The shell as of now."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            connection = uow.connections.get()
            never_synced = connection.has_key and connection.last_sync_at is None
            return ShellShown(
                workspace_name=uow.workspaces.get().name,
                connection=connection,
                first_sync=never_synced and uow.sync_runs.active() is not None,
                open_cases=uow.signals.open_cases(),
                now=self._clock.now(),
            )
