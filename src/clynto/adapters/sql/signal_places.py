"""Where a page of the inbox ended, in either of its orders."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clynto.adapters.sql.cursors import Place, place_of
from clynto.domain.errors import InvalidInput

_WRITTEN = re.compile(r"(-?\d{1,19}) (-?\d{1,19}) (-?\d{1,19})", re.ASCII)
_WIDEST = 2**63


@dataclass(frozen=True, slots=True)
class SeverityPlace:
    """``arr`` is the negated sort key of the account, so that each part sorts upwards but the last."""

    rank: int
    arr: int
    occurred_at: int

    @property
    def text(self) -> str:
        """As it stands in a cursor."""
        return f"{self.rank} {self.arr} {self.occurred_at}"


def newest_place_of(cursor: str, query: str) -> Place:
    """When the last row of a page occurred, and its id. Raises ``InvalidInput``."""
    return place_of(cursor, query, int)


def severity_place_of(cursor: str, query: str) -> tuple[SeverityPlace, str]:
    """The place of the last row, and its id. Raises ``InvalidInput``."""
    written, last_id = place_of(cursor, query, str)
    parts = _WRITTEN.fullmatch(str(written))
    numbers = [] if parts is None else [int(part) for part in parts.groups()]
    if not numbers or any(abs(number) >= _WIDEST for number in numbers):
        raise InvalidInput({"cursor": "This cursor does not belong to this list."})
    return SeverityPlace(*numbers), last_id
