"""The accounts table: one page, one row, totals and coverage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, Table, and_, func, or_, select, tuple_

from clynto.adapters.sql.bulk_writing import Columns
from clynto.adapters.sql.column_types import contains_text, is_any_of, unindexed
from clynto.adapters.sql.cursors import Place, cursor_after, fingerprint, place_of
from clynto.adapters.sql.documents import clean_text, unpack
from clynto.adapters.sql.kept_sums import together, totals_by_measure
from clynto.adapters.sql.money_rows import NOTHING, Bags, Sums, read_bags, summed_bags
from clynto.adapters.sql.pending_sums import NOW
from clynto.adapters.sql.question_counts import living_customers, living_without_account
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import MISSING, account_ranking, accounts
from clynto.adapters.sql.tables_billing import account_billing, account_money, customer_money
from clynto.adapters.sql.tables_orders import account_orders
from clynto.adapters.sql.tables_questions import WITHOUT_ACCOUNT
from clynto.adapters.sql.text_search import counted_and_summed, plan_for_the_text
from clynto.domain.account_billing import SEVERITY, PaymentStatus
from clynto.domain.money import MoneyBag
from clynto.ports.read_models import (
    TEXT_SORTS,
    AccountRow,
    AccountSort,
    AccountsPage,
    AccountsQuery,
    AccountsTotals,
    Coverage,
    StatusFilter,
)

_RANKING = account_ranking
_COLUMN_OF = {
    AccountSort.MRR: (_RANKING, "mrr"),
    AccountSort.ARR: (_RANKING, "mrr"),
    AccountSort.PAYMENT_STATUS: (_RANKING, "status"),
    AccountSort.HEALTH_SCORE: (_RANKING, "health"),
    AccountSort.RENEWAL_AT: (_RANKING, "renewal"),
    AccountSort.MRR_CHANGE_30: (account_orders, "change_30"),
    AccountSort.MRR_CHANGE_90: (account_orders, "change_90"),
    AccountSort.MRR_CHANGE_12_MONTHS: (account_orders, "change_12_months"),
    AccountSort.DOMAIN: (account_orders, "domain"),
    AccountSort.LIFETIME_VALUE: (account_orders, "lifetime"),
    AccountSort.EXTERNAL_ID: (account_orders, "external"),
}
_RANK_OF = {
    StatusFilter.NONE: SEVERITY[None],
    StatusFilter.PAID: SEVERITY[PaymentStatus.PAID],
    StatusFilter.OVERDUE: SEVERITY[PaymentStatus.OVERDUE],
    StatusFilter.FAILED: SEVERITY[PaymentStatus.FAILED],
}
_NEAR = 2_000
"""Rows along the index that are searched for text before the whole table is."""
_RARE = 2_000
"""Accounts with a text that are named one by one when they are put in order and their money is added up."""
_NOTHING = (MoneyBag.empty(), MoneyBag.empty())


class SqlAccountsTable:
    """See ``ports.read_models.AccountsTable``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def page(self, query: AccountsQuery) -> AccountsPage:
        """One page. Raises ``InvalidInput`` for a cursor that does not fit the query."""
        after = _place_after(query)
        return self._page(query, self._found(query, after, query.limit + 1))

    def page_with_totals(self, query: AccountsQuery) -> tuple[AccountsPage, AccountsTotals]:
        """One page and the sums above it, both behind the same reading of a rare text.

        Raises ``InvalidInput`` for a cursor that does not fit the query.
        """
        after = _place_after(query)
        hits = self._few_hits(query) if query.text else None
        if hits is None:
            return self.page(query), self._totals_of_many(query)
        order = _Order.of(query)
        among = is_any_of(order.table.c.account_id, list(hits))
        places = self._places(order, AccountsQuery(), after, unindexed(order.key)).where(among)
        found = self._scope.connection.execute(places.limit(query.limit + 1)).all() if hits else []
        return self._page(query, found), self._totals_of_few(hits)

    def row(self, account_id: str) -> AccountRow | None:
        """One account."""
        return self._rows([account_id]).get(clean_text(account_id))

    def rows(self, account_ids: Sequence[str]) -> Sequence[AccountRow]:
        """These accounts, in their order."""
        found = self._rows(account_ids)
        return [found[account_id] for account_id in account_ids if account_id in found]

    def totals(self, query: AccountsQuery) -> AccountsTotals:
        """Sums for the filters of ``query``."""
        hits = self._few_hits(query) if query.text else None
        return self._totals_of_many(query) if hits is None else self._totals_of_few(hits)

    def _page(self, query: AccountsQuery, found: Sequence[Row[Any, Any]]) -> AccountsPage:
        """``found``: the places on the page, and one more if there is another page."""
        shown = found[: query.limit]
        rows = self._rows([place.account_id for place in shown])
        more = len(found) > query.limit and bool(shown)
        cursor = cursor_after((shown[-1].place, shown[-1].account_id), _made_for(query)) if more else None
        return AccountsPage(rows=tuple(rows[place.account_id] for place in shown), next_cursor=cursor)

    def _hits(self, query: AccountsQuery) -> Select[tuple[str, int]]:
        """What has the text, in one pass over the table; along the index of the ranks it would jump to every row."""
        rank = unindexed(_RANKING.c.status_rank).label("status_rank")
        return select(_RANKING.c.account_id, rank).where(self._scope.here(_RANKING), *_filters(query, _RANKING.c))

    def _few_hits(self, query: AccountsQuery) -> Mapping[str, int] | None:
        """The accounts that have a rare text, with the ranks of their payment status; None of a frequent one."""
        plan_for_the_text(self._scope)
        found = self._scope.connection.execute(self._hits(query).limit(_RARE + 1)).all()
        return {row.account_id: row.status_rank for row in found} if len(found) <= _RARE else None

    def _totals_of_few(self, hits: Mapping[str, int]) -> AccountsTotals:
        if not hits:
            return _totals({}, _NOTHING)
        among = is_any_of(account_money.c.account_id, list(hits))
        bags = summed_bags(self._scope, account_money, [among], few=True)
        return _totals(Counter(hits.values()), bags.get(None, _NOTHING))

    def _totals_of_many(self, query: AccountsQuery) -> AccountsTotals:
        if query.text:
            return _totals(*counted_and_summed(self._scope, self._hits(query), account_money))
        rank = _RANKING.c.status_rank
        by_rank = select(rank, func.count()).where(self._scope.here(_RANKING), *_filters(query, _RANKING.c))
        counts = {row[0]: row[1] for row in self._scope.connection.execute(by_rank.group_by(rank))}
        return _totals(counts, self._kept(query.statuses or _RANK_OF))

    def _kept(self, statuses: Iterable[StatusFilter]) -> Sums:
        """List and net MRR that are kept of accounts of these statuses."""
        ranks = [str(_RANK_OF[status]) for status in statuses]
        parts = totals_by_measure(self._scope, NOW, ("list", "net"))
        listed, net = (
            together(held[rank] for rank in ranks if rank in held).amounts for held in (parts["list"], parts["net"])
        )
        return listed, net

    def coverage(self, *, counted: bool = True) -> Coverage:
        """How much of Stripe's MRR is matched. What matched customers bring is what accounts bring, whose sum is kept;
        the few customers without an account have short indexes."""
        unmatched_list, unmatched_net = summed_bags(self._scope, customer_money, [WITHOUT_ACCOUNT]).get(None, _NOTHING)
        matched_list, matched_net = self._kept(_RANK_OF)
        alone = living_without_account(self._scope)
        return Coverage(
            matched_list=matched_list,
            matched_net=matched_net,
            unmatched_list=unmatched_list,
            unmatched_net=unmatched_net,
            matched_customers=living_customers(self._scope) - alone if counted else None,
            unmatched_customers=alone,
        )

    def _found(self, query: AccountsQuery, after: Place | None, wanted: int) -> Sequence[Row[Any, Any]]:
        """Sort key and id of what is behind ``after``, as many as ``wanted``.

        Without text an index alone answers. Text has to be read in every row: a frequent word is found along the index
        within a few rows; for a rare one that walk would jump to every row of the table, so it ends early and one pass
        over the narrow table begins.
        """
        order = _Order.of(query)
        if not query.text:
            return self._scope.connection.execute(self._places(order, query, after, order.key).limit(wanted)).all()
        plan_for_the_text(self._scope)
        found = self._scope.connection.execute(self._along_the_index(order, query, after).limit(wanted)).all()
        if len(found) == wanted:
            return found
        return self._scope.connection.execute(self._in_one_pass(order, query, after).limit(wanted)).all()

    def _along_the_index(self, order: _Order, query: AccountsQuery, after: Place | None) -> Select[tuple[Any, str]]:
        table = order.table
        near: Any = select(order.key.label("place"), table.c.account_id, table.c.status_rank)
        if table is _RANKING:
            near = near.add_columns(_RANKING.c.search_text)
        near = (
            near.where(self._scope.here(table), *order.behind(after, order.key))
            .order_by(order.ordered(order.key), table.c.account_id)
            .limit(_NEAR)
            .subquery()
        )
        found: Select[tuple[Any, str]] = select(near.c.place, near.c.account_id)
        if table is _RANKING:
            found = found.where(*_filters(query, near.c))
        else:
            texts = and_(self._scope.here(_RANKING), _RANKING.c.account_id == near.c.account_id)
            found = found.select_from(near.join(_RANKING, texts)).where(*_filters(query, _RANKING.c))
        return found.order_by(order.ordered(near.c.place), near.c.account_id)

    def _places(
        self, order: _Order, query: AccountsQuery, after: Place | None, key: ColumnElement[Any]
    ) -> Select[tuple[Any, str]]:
        """``key``: what it is sorted by, with an index or without."""
        table = order.table
        places: Select[tuple[Any, str]] = select(key.label("place"), table.c.account_id)
        places = places.where(self._scope.here(table), *_filters(query, table.c), *order.behind(after, key))
        return places.order_by(order.ordered(key), table.c.account_id)

    def _in_one_pass(self, order: _Order, query: AccountsQuery, after: Place | None) -> Select[tuple[Any, str]]:
        table, key = order.table, unindexed(order.key)
        if table is _RANKING:
            return self._places(order, query, after, key)
        # The texts are read first; an order is looked up only of what has the text.
        same = and_(
            table.c.workspace_id == _RANKING.c.workspace_id, table.c.account_id == unindexed(_RANKING.c.account_id)
        )
        places: Select[tuple[Any, str]] = select(key.label("place"), table.c.account_id)
        places = places.select_from(_RANKING.join(table, same)).where(self._scope.here(_RANKING))
        places = places.where(*_filters(query, _RANKING.c), *order.behind(after, key))
        return places.order_by(order.ordered(key), table.c.account_id)

    def _rows(self, account_ids: Sequence[str]) -> dict[str, AccountRow]:
        if not account_ids:
            return {}
        # The ids are named for each table: without them a planner that has no statistics yet reads all of it.
        joined: FromClause = accounts
        for table in (account_billing, _RANKING):
            joined = joined.outerjoin(table, _same_account(table) & is_any_of(table.c.account_id, account_ids))
        query = (
            select(
                accounts.c.id,
                accounts.c.name,
                accounts.c.domains,
                accounts.c.external_id,
                _RANKING.c.health_up,
                *(column for column in account_billing.c if not column.primary_key),
            )
            .select_from(joined)
            .where(self._scope.here(accounts), is_any_of(accounts.c.id, account_ids))
        )
        bags = read_bags(self._scope, account_money, account_ids)
        return {row.id: _row(row, bags.get(row.id, NOTHING)) for row in self._scope.connection.execute(query)}


def _made_for(query: AccountsQuery) -> str:
    return fingerprint(query.sort, query.descending, sorted(query.statuses), query.text)


def _place_after(query: AccountsQuery) -> Place | None:
    key_type = str if query.sort in TEXT_SORTS else int
    return None if query.after is None else place_of(query.after, _made_for(query), key_type)


def _totals(counts: Mapping[int, int], sums: Sums) -> AccountsTotals:
    return AccountsTotals(
        accounts=sum(counts.values()),
        list_mrr=sums[0],
        net_mrr=sums[1],
        by_status={status.value: counts.get(rank, 0) for status, rank in _RANK_OF.items()},
    )


def _same_account(table: Table) -> ColumnElement[bool]:
    return and_(table.c.workspace_id == accounts.c.workspace_id, table.c.account_id == accounts.c.id)


def _filters(query: AccountsQuery, columns: Columns) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.statuses:
        conditions.append(columns["status_rank"].in_(sorted(_RANK_OF[status] for status in query.statuses)))
    if query.text:
        conditions.append(contains_text(columns["search_text"], query.text.casefold()))
    return conditions


@dataclass(frozen=True, slots=True)
class _Order:
    """The column to sort by, and whether downwards: numbers have a negated twin, and never are."""

    table: Table
    key: ColumnElement[Any]
    descending: bool

    @classmethod
    def of(cls, query: AccountsQuery) -> _Order:
        """As ``query`` wants it."""
        if query.sort is AccountSort.NAME:
            return cls(_RANKING, _RANKING.c.name_key, query.descending)
        table, name = _COLUMN_OF[query.sort]
        key = table.c[f"{name}_{'down' if query.descending else 'up'}"]
        return cls(table, key, query.descending and query.sort in TEXT_SORTS)

    def ordered(self, key: ColumnElement[Any]) -> ColumnElement[Any]:
        """The key in an ORDER BY."""
        return key.desc() if self.descending else key

    def behind(self, after: Place | None, key: ColumnElement[Any]) -> list[ColumnElement[bool]]:
        """Rows behind that place. ``key``: as it is compared, with an index on it or without."""
        if after is None:
            return []
        (value, last_id), account_id = after, self.table.c.account_id
        if not self.descending:
            return [tuple_(key, account_id) > tuple_(value, last_id)]
        return [key <= value, or_(key < value, account_id > last_id)]


def _row(row: Row[Any], bags: Bags) -> AccountRow:
    return AccountRow(
        id=row.id,
        name=row.name,
        domains=tuple(unpack(row.domains)),
        external_id=row.external_id,
        list_mrr=bags.list_mrr,
        net_mrr=bags.net_mrr,
        partial=bool(row.partial),
        payment_status=None if row.payment_status is None else PaymentStatus(row.payment_status),
        health_score=None if row.health_up == MISSING else row.health_up,
        renewal_at=row.renewal_at,
        lifetime_value=bags.lifetime,
        oldest_invoice_at=row.oldest_invoice_at,
        live_subscriptions=row.live_subscriptions or 0,
        customers=row.customers or 0,
        as_of=row.as_of,
        computed_at=row.computed_at,
    )
