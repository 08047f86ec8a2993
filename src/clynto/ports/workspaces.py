"""Where workspaces and their settings are kept."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clynto.domain.exchange_rates import ExchangeRate
from clynto.domain.moments import UnixMicros


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
        """All rates, oldest first."""
        ...

    def replace_exchange_rates(self, rates: Sequence[ExchangeRate]) -> None:
        """Set the whole table of rates."""
        ...
