"""Where workspaces and their settings are kept."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clynto.domain.exchange_rates import ExchangeRate
from clynto.domain.moments import UnixMicros
from clynto.ports.people import AuditEntry, User


class MrrBasis(enum.StrEnum):
    """Which MRR is shown: price times quantity, or after running discounts (billing rules, section 1)."""

    LIST = "list"
    NET = "net"


@dataclass(frozen=True, slots=True)
class Workspace:
    """``default_currency`` (upper case) None: nothing is converted. ``own_domains`` never match (guarantees I8)."""

    id: str
    name: str
    default_currency: str | None
    mrr_basis: MrrBasis
    own_domains: tuple[str, ...]
    created_at: UnixMicros


class WorkspaceStore(Protocol):
    """The workspace of the unit of work."""

    def get(self) -> Workspace:
        """The workspace. Raises ``NotFound``."""
        ...

    def save(self, workspace: Workspace) -> None:
        """Insert or replace it."""
        ...

    def exchange_rates(self) -> Sequence[ExchangeRate]:
        """All rates, oldest first, then by their currencies."""
        ...

    def replace_exchange_rates(self, rates: Sequence[ExchangeRate]) -> None:
        """Set the whole table of rates."""
        ...


class WorkspaceDirectory(Protocol):
    """Which workspaces there are, before one is chosen; each method is one short transaction of its own."""

    def ids(self) -> Sequence[str]:
        """Every workspace, oldest first."""
        ...

    def any_exists(self) -> bool:
        """Whether the first visit has been made."""
        ...

    def holds_credentials(self) -> bool:
        """Whether a sealed Stripe key or webhook secret is stored in any workspace."""
        ...

    def create(self, workspace: Workspace, owner: User, entry: AuditEntry) -> None:
        """Store a workspace with its first owner and the trace of it, all or nothing. Raises ``Conflict`` if the
        owner's email is taken anywhere."""
        ...

    def create_first(self, workspace: Workspace, owner: User, entry: AuditEntry) -> None:
        """As ``create``, but raises ``Conflict`` if there is any workspace; of several calls at once exactly one
        wins."""
        ...
