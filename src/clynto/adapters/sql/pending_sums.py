"""What a transaction changes in the kept sums, gathered until it ends (see ``kept_sums``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

HALVES = 10**9
"""Sums of wholes are taken in two halves, as in ``exact_amounts``."""
NOW, MONTH, DAY = "now", "month", "day"
MEASURES_OF = {NOW: ("list", "net", "lifetime"), MONTH: ("list", "net"), DAY: ("list", "net")}
HEADERS = "headers"
"""The measure under which a book counts its headers: accounts with a month point, or with a snapshot."""

Key = tuple[str, str, str, str, str, int]
"""Book, period, measure, part, currency, denominator."""


class MoneyRow(Protocol):
    """A row of a table of money, of one account and currency."""

    def __getitem__(self, column: str, /) -> Any:
        """The value of a column."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """Where the amounts of one account stand: in which book, for which month or day, under which rank of a status."""

    book: str
    period: str = ""
    part: str = ""


@dataclass(slots=True)
class PendingSums:
    """``changes`` are added to the kept sums; books and periods in ``anew`` are added up from all their rows."""

    changes: dict[Key, list[int]] = field(default_factory=dict)
    anew: set[tuple[str, str | None]] = field(default_factory=set)

    def came(self, page: Page, rows: Iterable[MoneyRow]) -> None:
        """These rows, all that one account has at ``page``, were written."""
        self._change(page, list(rows), 1)

    def went(self, page: Page, rows: Iterable[MoneyRow]) -> None:
        """These rows, all that one account had at ``page``, were deleted."""
        self._change(page, list(rows), -1)

    def headers(self, book: str, periods: Iterable[str], by: int) -> None:
        """An account was given the header of each of these periods (``by`` 1), or lost it (-1)."""
        for period in periods:
            self._add((book, period, HEADERS, "", "", 0), (by, 0, 0, 0, 0))

    def count_anew(self, book: str, period: str | None = None) -> None:
        """So much changed that the book, or one period of it, is added up again."""
        self.anew.add((book, period))

    def taken(self) -> tuple[dict[Key, list[int]], set[tuple[str, str | None]]]:
        """What is still to be added, and what is to be added up again; nothing is pending any more."""
        anew, gathered = self.anew, self.changes
        self.anew, self.changes = set(), {}
        kept_out = {(book, period) for book, period in anew}
        changes = {
            key: numbers
            for key, numbers in gathered.items()
            if any(numbers) and kept_out.isdisjoint({(key[0], None), (key[0], key[1])})
        }
        return changes, anew

    def _change(self, page: Page, rows: list[MoneyRow], by: int) -> None:
        for measure in MEASURES_OF[page.book]:
            held = bears = False
            for row in rows:
                den = row[f"{measure}_den"]
                if den is None:
                    continue
                whole, rest = row[f"{measure}_whole"], row[f"{measure}_num"]
                some = bool(whole or rest)
                high, low = divmod(whole, HALVES)
                key = (page.book, page.period, measure, page.part, row["currency"], den)
                self._add(key, (by, by * some, by * high, by * low, by * rest))
                held, bears = True, bears or some
            if held:
                self._add((page.book, page.period, measure, page.part, "", 0), (by, by * bears, 0, 0, 0))

    def _add(self, key: Key, numbers: tuple[int, int, int, int, int]) -> None:
        sums = self.changes.setdefault(key, [0, 0, 0, 0, 0])
        for place, number in enumerate(numbers):
            sums[place] += number
