"""Sums over all accounts of a workspace, kept beside the rows they add up and written in the same transaction.

Four books are kept: what accounts bring now, by payment status (``part`` is the rank of the status); rebuilt month
points, by month; daily snapshots, by day; and counted subscriptions of accounts, by interval (``period``) and plan
(``part``). Whoever writes or deletes rows of a book tells what came and what went (``PendingSums``); the differences
are written last in the transaction, so that no other one waits for them longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, true

from clynto.adapters.sql.bulk_writing import Columns, upsert
from clynto.adapters.sql.pending_sums import HALVES, HEADERS, SUBSCRIPTION
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.sums_counted_again import counted_again
from clynto.adapters.sql.tables_sums import NUMBERS, kept_sums
from clynto.domain.money import MoneyBag

_LOCK = 0x4B53554D
"""First number of the advisory lock under which PostgreSQL writes the sums of one workspace."""
_TABLE = kept_sums


@dataclass(frozen=True, slots=True)
class KeptTotal:
    """An exact sum, how many accounts have an amount that is not zero, and how many have one by currency."""

    amounts: MoneyBag
    bearing: int
    bearing_by_currency: Mapping[str, int]


def settle(scope: Scope) -> None:
    """Write what is pending. On PostgreSQL it waits here for other transactions that write sums of this workspace, so
    nothing else may follow it in a transaction."""
    changes, anew = scope.sums.taken()
    if not changes and not anew:
        return
    if scope.connection.dialect.name == "postgresql":
        # One after the other: a book that is added up again must not miss what another transaction is about to add.
        scope.connection.execute(select(func.pg_advisory_xact_lock(_LOCK, func.hashtext(scope.workspace_id))))
    names = [str(column.name) for column in _TABLE.c if column.name != "workspace_id"]
    rows = [dict(zip(names, (*key, *numbers), strict=True)) for key, numbers in changes.items()]
    upsert(scope, _TABLE, rows, setting=_added)
    for book, period in anew:
        held = scope.one(_TABLE, book=book) if period is None else scope.one(_TABLE, book=book, period=period)
        scope.connection.execute(delete(_TABLE).where(held))
        for statement in counted_again(scope, book, period):
            scope.connection.execute(statement)


def has_headers(scope: Scope, book: str, period: str) -> bool:
    """Whether any account has a header of that period."""
    return next(_rows(scope, book, (HEADERS,), _TABLE.c.period == period), None) is not None


def newest_period(scope: Scope, book: str, until: str) -> str | None:
    """The newest period of the book up to ``until`` (inclusive) that any account has a header of."""
    settle(scope)
    newest = select(func.max(_TABLE.c.period)).where(
        scope.one(_TABLE, book=book, measure=HEADERS), _TABLE.c.period <= until, _TABLE.c.entries > 0
    )
    found: str | None = scope.connection.scalar(newest)
    return found


def periods(scope: Scope, book: str, since: str) -> list[str]:
    """Periods from ``since`` on that any account has a header of, oldest first."""
    return sorted(row.period for row in _rows(scope, book, (HEADERS,), _TABLE.c.period >= since))


def sums_by_period(scope: Scope, book: str, measure: str, since: str) -> dict[str, MoneyBag]:
    """Exact sums by period, from ``since`` on."""
    groups: dict[str, list[Row[Any]]] = {}
    for row in _rows(scope, book, (measure,), _TABLE.c.period >= since):
        groups.setdefault(row.period, []).append(row)
    return {period: _total(rows).amounts for period, rows in groups.items()}


def totals_by_part(scope: Scope, book: str, measure: str, period: str = "") -> dict[str, KeptTotal]:
    """Exact totals of one period by part: of the present, by the rank of the payment status."""
    return totals_by_measure(scope, book, (measure,), period)[measure]


def totals_by_measure(
    scope: Scope, book: str, measures: Sequence[str], period: str = ""
) -> dict[str, dict[str, KeptTotal]]:
    """The same of several measures, read at once."""
    groups: dict[str, dict[str, list[Row[Any]]]] = {measure: {} for measure in measures}
    for row in _rows(scope, book, measures, _TABLE.c.period == period):
        groups[row.measure].setdefault(row.part, []).append(row)
    return {measure: {part: _total(rows) for part, rows in parts.items()} for measure, parts in groups.items()}


def sums_of_subscriptions(scope: Scope, measure: str) -> dict[tuple[str, str], MoneyBag]:
    """Exact sums over all counted subscriptions of accounts, by interval and plan."""
    groups: dict[tuple[str, str], list[Row[Any]]] = {}
    for row in _rows(scope, SUBSCRIPTION, (measure,), true()):
        groups.setdefault((row.period, row.part), []).append(row)
    return {place: _total(rows).amounts for place, rows in groups.items()}


def together(totals: Iterable[KeptTotal]) -> KeptTotal:
    """Several parts as one: an account stands in one part only."""
    amounts, bearing, by_currency = MoneyBag.empty(), 0, dict[str, int]()
    for total in totals:
        amounts, bearing = amounts + total.amounts, bearing + total.bearing
        for currency, some in total.bearing_by_currency.items():
            by_currency[currency] = by_currency.get(currency, 0) + some
    return KeptTotal(amounts, bearing, by_currency)


def _rows(scope: Scope, book: str, measures: Sequence[str], period: ColumnElement[bool]) -> Iterator[Row[Any]]:
    settle(scope)
    these = scope.one(_TABLE, book=book), _TABLE.c.measure.in_(measures), period
    query = select(_TABLE).where(*these, _TABLE.c.entries > 0)
    return iter(scope.connection.execute(query).all())


def _total(rows: Iterable[Row[Any]]) -> KeptTotal:
    sums, bearing, by_currency = dict[str, tuple[int, int]](), 0, dict[str, int]()
    for row in rows:
        if not row.den:
            bearing += row.bearing
            continue
        # Numerators over one denominator: a fraction reduces itself after each addition, which takes longer than that.
        held, held_den = sums.get(row.currency, (0, 1))
        amount = (row.high * HALVES + row.low) * row.den + row.rest
        common = lcm(held_den, row.den)
        sums[row.currency] = held * (common // held_den) + amount * (common // row.den), common
        by_currency[row.currency] = by_currency.get(row.currency, 0) + row.bearing
    amounts = {currency: Fraction(amount, den) for currency, (amount, den) in sums.items()}
    return KeptTotal(MoneyBag(amounts), bearing, by_currency)


def _added(new: Columns, held: Columns) -> Mapping[str, ColumnElement[Any]]:
    return {name: held[name] + new[name] for name in NUMBERS}
