"""A Clynto account: a company that the workspace's success managers look after."""

from __future__ import annotations

from dataclasses import dataclass

from clynto.domain.moments import UnixMicros


@dataclass(frozen=True, slots=True)
class Account:
    """``domains`` are normalised hosts (lower case, ASCII, no trailing dot), the first one is shown."""

    id: str
    name: str
    domains: tuple[str, ...]
    external_id: str | None
    created_at: UnixMicros
