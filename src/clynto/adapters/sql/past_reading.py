"""Reads what is remembered of accounts at a few times, snapshots and month ends with their money, in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, cast, literal, null, select, union_all

from clynto.adapters.sql import exact_amounts
from clynto.adapters.sql.column_types import AMOUNT, WORD, is_any_of
from clynto.adapters.sql.documents import unpack
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_mrr_records import mrr_point_money, mrr_points, mrr_snapshot_money, mrr_snapshots
from clynto.domain.moments import UnixMicros
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import Month
from clynto.domain.mrr_history import Confidence, MrrPoint, MrrSnapshot
from clynto.domain.mrr_past import MrrPast, RememberedTimes

_MONEY = [column.name for column in mrr_point_money.c if not column.primary_key]
_Bags = tuple[dict[str, Fraction], dict[str, Fraction]]
_UNKNOWN_MOMENT = cast(null(), AMOUNT)
_UNKNOWN_WORD = cast(null(), WORD)


def read_pasts(scope: Scope, account_ids: Sequence[str], times: RememberedTimes) -> dict[str, MrrPast]:
    """By account; those of which nothing is remembered are absent."""
    if not account_ids:
        return {}
    days, months = sorted(day.isoformat() for day in times.days), sorted(map(str, times.months))
    snapshots = _held(
        scope, (mrr_snapshots, mrr_snapshot_money), "day", account_ids, days, (mrr_snapshots.c.at, _UNKNOWN_WORD)
    )
    points = _held(
        scope, (mrr_points, mrr_point_money), "month", account_ids, months, (_UNKNOWN_MOMENT, mrr_points.c.confidence)
    )
    return _pasts(scope.connection.execute(union_all(snapshots, points)).all())


def _held(
    scope: Scope,
    tables: tuple[Table, Table],
    when: str,
    account_ids: Sequence[str],
    periods: Sequence[str],
    told: tuple[ColumnElement[Any], ColumnElement[Any]],
) -> Select[Any]:
    """Headers with their money, one row for each currency, or one without any. Accounts and times are named for both
    tables: without them a planner that has no statistics yet reads all of the second."""
    headers, money = tables
    its = and_(
        money.c.workspace_id == headers.c.workspace_id,
        money.c.account_id == headers.c.account_id,
        money.c[when] == headers.c[when],
        is_any_of(money.c.account_id, account_ids),
        is_any_of(money.c[when], periods),
    )
    notes = headers.c.notes if "notes" in headers.c else literal("[]", WORD)
    return (
        select(headers.c.account_id, headers.c[when], *told, notes, money.c.currency, *(money.c[n] for n in _MONEY))
        .select_from(headers.outerjoin(money, its))
        .where(scope.here(headers), is_any_of(headers.c.account_id, account_ids), is_any_of(headers.c[when], periods))
    )


def _pasts(rows: Iterable[Any]) -> dict[str, MrrPast]:
    # Taken apart by place, since a page of accounts reads 650 of them and to look columns up by name takes as long.
    told: dict[tuple[str, str], tuple[int | None, str | None, str]] = {}
    bags: dict[tuple[str, str], _Bags] = {}
    # Prices repeat from month to month and from account to account: each amount is made once.
    amounts: dict[tuple[int, int, int], Fraction] = {}
    months: dict[str, Month] = {}
    for account_id, when, at, confidence, notes, currency, *parts in rows:
        place = account_id, when
        told[place] = at, confidence, notes
        both = bags.setdefault(place, ({}, {}))
        for bag, triple in zip(both, (tuple(parts[:3]), tuple(parts[3:])), strict=True):
            if triple[0] is not None:
                bag[currency] = amounts.get(triple) or amounts.setdefault(triple, exact_amounts.join(*triple))
    found: dict[str, MrrPast] = {}
    for place in sorted(told):
        account_id, when = place
        (at, confidence, notes), (listed, net) = told[place], bags[place]
        past = found.setdefault(account_id, MrrPast())
        if at is not None:
            past.snapshots.append(MrrSnapshot(UnixMicros(at), MoneyBag(listed), MoneyBag(net)))
        elif confidence is not None:
            rebuilt = MoneyBag(listed), MoneyBag(net), Confidence(confidence), tuple(unpack(notes))
            month = months.get(when) or months.setdefault(when, month_of(when))
            past.points[month] = MrrPoint(month, *rebuilt)
    return found


def month_of(written: str) -> Month:
    """The month that ``2026-09`` stands for."""
    year, _, month = written.partition("-")
    return Month(int(year), int(month))
