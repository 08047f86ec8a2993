"""The kept sums made from all rows of their books: after a change that touches nearly every row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Insert, Select, Table, Text, and_, case, cast, func, literal, or_, select

from clynto.adapters.sql.column_types import AMOUNT, WORD
from clynto.adapters.sql.pending_sums import DAY, HALVES, HEADERS, MEASURES_OF, MONTH, NOW, SUBSCRIPTION
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import account_ranking
from clynto.adapters.sql.tables_billing import account_money, subscription_billing
from clynto.adapters.sql.tables_mrr_records import mrr_point_money, mrr_points, mrr_snapshot_money, mrr_snapshots
from clynto.adapters.sql.tables_sums import kept_sums

_MONEY_OF = {NOW: account_money, MONTH: mrr_point_money, DAY: mrr_snapshot_money}
_HEADERS_OF = {MONTH: mrr_points, DAY: mrr_snapshots}
_NONE: ColumnElement[int] = literal(0, AMOUNT)
_EMPTY: ColumnElement[str] = literal("", WORD)


def counted_again(scope: Scope, book: str, period: str | None) -> Iterator[Insert]:
    """Statements that fill the kept sums of a book, or of one of its periods, where none are left."""
    for measure in MEASURES_OF[book]:
        if book == SUBSCRIPTION:
            yield _filled(_sums(_of_subscriptions(scope, measure)), scope, book, measure)
            continue
        amounts = _amounts(scope, book, period, measure)
        yield _filled(_sums(amounts), scope, book, measure)
        yield _filled(_accounts(amounts), scope, book, measure)
    if book in _HEADERS_OF:
        headers = _HEADERS_OF[book]
        when = headers.c[book]
        counted = select(when, _EMPTY, _EMPTY, _NONE, func.count(), _NONE, _NONE, _NONE, _NONE)
        yield _filled(counted.where(*_here(scope, headers, book, period)).group_by(when), scope, book, HEADERS)


def _amounts(scope: Scope, book: str, period: str | None, measure: str) -> Any:
    money = _MONEY_OF[book]
    part: ColumnElement[str] = _EMPTY if book != NOW else cast(account_ranking.c.status_rank, Text)
    when = _EMPTY if book == NOW else money.c[book]
    whole, num, den = (money.c[f"{measure}_{piece}"] for piece in ("whole", "num", "den"))
    query = select(
        money.c.account_id,
        when.label("period"),
        part.label("part"),
        money.c.currency,
        den.label("den"),
        whole.label("whole"),
        num.label("num"),
        case((or_(whole != 0, num != 0), 1), else_=0).label("bears"),
    ).where(*_here(scope, money, book, period), den.is_not(None))
    if book == NOW:
        same = and_(
            account_ranking.c.workspace_id == money.c.workspace_id, account_ranking.c.account_id == money.c.account_id
        )
        query = query.select_from(money.join(account_ranking, same))
    return query.subquery()


def _of_subscriptions(scope: Scope, measure: str) -> Any:
    table = subscription_billing
    whole, num, den = (table.c[f"{measure}_{piece}"] for piece in ("whole", "num", "den"))
    query = select(
        func.coalesce(table.c.interval, _EMPTY).label("period"),
        table.c.plan_name.label("part"),
        table.c.currency,
        den.label("den"),
        whole.label("whole"),
        num.label("num"),
        case((or_(whole != 0, num != 0), 1), else_=0).label("bears"),
    )
    return query.where(scope.here(table), table.c.counted.is_(True), table.c.account_id.is_not(None)).subquery()


def _sums(amounts: Any) -> Select[Any]:
    group = (amounts.c.period, amounts.c.part, amounts.c.currency, amounts.c.den)
    return select(
        *group,
        func.count(),
        func.sum(amounts.c.bears),
        func.sum(amounts.c.whole // HALVES),
        func.sum(amounts.c.whole % HALVES),
        func.sum(amounts.c.num),
    ).group_by(*group)


def _accounts(amounts: Any) -> Select[Any]:
    group = (amounts.c.period, amounts.c.part, amounts.c.account_id)
    each = select(*group, func.max(amounts.c.bears).label("bears")).group_by(*group).subquery()
    place = (each.c.period, each.c.part)
    numbers = (func.count(), func.sum(each.c.bears), _NONE, _NONE, _NONE)
    return select(*place, _EMPTY, _NONE, *numbers).group_by(*place)


def _filled(query: Select[Any], scope: Scope, book: str, measure: str) -> Insert:
    names = ["period", "part", "currency", "den", "entries", "bearing", "high", "low", "rest"]
    constants = [literal(word, WORD) for word in (scope.workspace_id, book, measure)]
    columns = [*names, "workspace_id", "book", "measure"]
    return kept_sums.insert().from_select(columns, query.add_columns(*constants))


def _here(scope: Scope, table: Table, book: str, period: str | None) -> list[ColumnElement[bool]]:
    found = [scope.here(table)]
    if period is not None and book != NOW:
        found.append(table.c[book] == period)
    return found
