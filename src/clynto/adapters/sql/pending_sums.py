"""What a transaction changes in the kept sums, gathered until it ends (see ``kept_sums``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

HALVES = 10**9
"""Sums of wholes are taken in two halves, as in ``exact_amounts``."""
NOW, MONTH, DAY, SUBSCRIPTION = "now", "month", "day", "subscription"
_MRR = ("list", "net")
MEASURES_OF = {NOW: (*_MRR, "lifetime"), MONTH: _MRR, DAY: _MRR, SUBSCRIPTION: _MRR}
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
    """Where the amounts of one account stand: in which book, for which month or day, under which rank of a status.
    Those of a subscription stand under its interval (``period``) and its plan (``part``)."""

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

    def subscription(self, row: MoneyRow, by: int) -> None:
        """This row of a counted subscription of an account was written (``by`` 1), or deleted (-1)."""
        page = Page(SUBSCRIPTION, row["interval"] or "", row["plan_name"])
        for measure in _MRR:
            self._amount(page, measure, row, by)

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
                if row[f"{measure}_den"] is not None:
                    held, bears = True, self._amount(page, measure, row, by) or bears
            if held:
                self._add((page.book, page.period, measure, page.part, "", 0), (by, by * bears, 0, 0, 0))

    def _amount(self, page: Page, measure: str, row: MoneyRow, by: int) -> bool:
        """Whether the amount is not zero."""
        whole, rest = row[f"{measure}_whole"], row[f"{measure}_num"]
        some = bool(whole or rest)
        high, low = divmod(whole, HALVES)
        key = (page.book, page.period, measure, page.part, row["currency"], row[f"{measure}_den"])
        self._add(key, (by, by * some, by * high, by * low, by * rest))
        return some

    def _add(self, key: Key, numbers: tuple[int, int, int, int, int]) -> None:
        sums = self.changes.setdefault(key, [0, 0, 0, 0, 0])
        for place, number in enumerate(numbers):
            sums[place] += number
