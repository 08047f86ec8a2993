"""The accounts table, computed plainly from what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from clynto.adapters.memory.cursors import Position, decode, encode
from clynto.adapters.memory.database import Transaction
from clynto.domain.account import Account
from clynto.domain.account_billing import SEVERITY
from clynto.domain.money import MoneyBag
from clynto.ports.billing_results import AccountPlaces
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


class MemoryAccountsTable:
    """See ``ports.read_models.AccountsTable``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def page(self, query: AccountsQuery) -> AccountsPage:
        """One page. Raises ``InvalidInput`` for a cursor that does not fit the query."""
        placed = sorted(((self._position(row, query.sort), row) for row in self._selected(query)), key=_by_id)
        present = [pair for pair in placed if pair[0][0] is not None]
        missing = [pair for pair in placed if pair[0][0] is None]
        # A reversed sort keeps equal rows in the order they came in, so ties stay by ascending id.
        ordered = [*sorted(present, key=_by_value, reverse=query.descending), *missing]
        if query.after is not None:
            value_type = str if query.sort in TEXT_SORTS else int
            last = decode(query.after, _signature(query), value_type)
            ordered = [pair for pair in ordered if _is_behind(pair[0], last, descending=query.descending)]
        rows = ordered[: query.limit]
        more = len(ordered) > len(rows)
        return AccountsPage(
            rows=tuple(row for _, row in rows),
            next_cursor=encode(_signature(query), rows[-1][0]) if more and rows else None,
        )

    def page_with_totals(self, query: AccountsQuery) -> tuple[AccountsPage, AccountsTotals]:
        """Both, one after the other. Raises ``InvalidInput`` for a cursor that does not fit the query."""
        return self.page(query), self.totals(query)

    def row(self, account_id: str) -> AccountRow | None:
        """One account."""
        account = self._transaction.records.accounts.get(account_id)
        return None if account is None else self._row(account)

    def rows(self, account_ids: Sequence[str]) -> Sequence[AccountRow]:
        """These accounts, in their order."""
        held = (self.row(account_id) for account_id in account_ids)
        return [row for row in held if row is not None]

    def totals(self, query: AccountsQuery) -> AccountsTotals:
        """Sums for the filters of ``query``."""
        rows = self._selected(replace(query, after=None))
        by_status = {status.value: 0 for status in StatusFilter}
        for row in rows:
            by_status[_status(row).value] += 1
        return AccountsTotals(
            accounts=len(rows),
            list_mrr=added_up(row.list_mrr for row in rows),
            net_mrr=added_up(row.net_mrr for row in rows),
            by_status=by_status,
        )

    def coverage(self, *, counted: bool = True) -> Coverage:
        """How much of Stripe's MRR is matched."""
        records = self._transaction.records
        matched = [billing for billing, account_id in records.customer_billing.values() if account_id is not None]
        unmatched = [billing for billing, account_id in records.customer_billing.values() if account_id is None]
        living = [customer.id for customer, _ in records.customers.values() if not customer.deleted]
        decisions = (records.matches.get(customer_id) for customer_id in living)
        matched_customers = sum(decision is not None and decision.account_id is not None for decision in decisions)
        return Coverage(
            matched_list=added_up(billing.list_mrr for billing in matched),
            matched_net=added_up(billing.net_mrr for billing in matched),
            unmatched_list=added_up(billing.list_mrr for billing in unmatched),
            unmatched_net=added_up(billing.net_mrr for billing in unmatched),
            matched_customers=matched_customers if counted else None,
            unmatched_customers=len(living) - matched_customers,
        )

    def _selected(self, query: AccountsQuery) -> list[AccountRow]:
        sought = query.text.casefold()
        rows = [self._row(account) for account in self._transaction.records.accounts.values()]
        return [
            row
            for row in rows
            if (not query.statuses or _status(row) in query.statuses)
            and any(sought in text.casefold() for text in (row.name, *row.domains))
        ]

    def _position(self, row: AccountRow, sort: AccountSort) -> Position:
        places = self._transaction.records.account_places.get(row.id, AccountPlaces())
        values: dict[AccountSort, str | int | None] = {
            AccountSort.NAME: row.name.casefold(),
            AccountSort.PAYMENT_STATUS: None if row.payment_status is None else SEVERITY[row.payment_status],
            AccountSort.HEALTH_SCORE: row.health_score,
            AccountSort.RENEWAL_AT: row.renewal_at,
            AccountSort.DOMAIN: row.domains[0].casefold() if row.domains else None,
            AccountSort.EXTERNAL_ID: row.external_id.casefold() if row.external_id else None,
            AccountSort.LIFETIME_VALUE: places.lifetime_value,
            AccountSort.MRR_CHANGE_30: places.change_30,
            AccountSort.MRR_CHANGE_90: places.change_90,
            AccountSort.MRR_CHANGE_12_MONTHS: places.change_12_months,
        }
        if sort in values:
            return values[sort], row.id
        computed = self._transaction.records.account_billing.get(row.id)
        return None if computed is None else computed[1], row.id

    def _row(self, account: Account) -> AccountRow:
        computed = self._transaction.records.account_billing.get(account.id)
        billing = None if computed is None else computed[0]
        empty = MoneyBag.empty()
        return AccountRow(
            id=account.id,
            name=account.name,
            domains=account.domains,
            external_id=account.external_id,
            list_mrr=empty if billing is None else billing.list_mrr,
            net_mrr=empty if billing is None else billing.net_mrr,
            partial=billing is not None and billing.partial,
            payment_status=None if billing is None else billing.payment_status,
            health_score=self._transaction.records.health_scores.get(account.id),
            renewal_at=None if billing is None else billing.renewal_at,
            lifetime_value=empty if billing is None else billing.lifetime_value,
            oldest_invoice_at=None if billing is None else billing.oldest_invoice_at,
            live_subscriptions=0 if billing is None else billing.live_subscriptions,
            customers=0 if billing is None else billing.customers,
            as_of=None if billing is None else billing.as_of,
            computed_at=None if billing is None else billing.computed_at,
        )


def added_up(bags: Iterable[MoneyBag]) -> MoneyBag:
    """The sum of all bags, a currency at a time."""
    return sum(bags, start=MoneyBag.empty())


def _status(row: AccountRow) -> StatusFilter:
    return StatusFilter.NONE if row.payment_status is None else StatusFilter(row.payment_status.value)


def _signature(query: AccountsQuery) -> list[str]:
    return [query.sort.value, "down" if query.descending else "up", *sorted(query.statuses), query.text]


def _by_id(pair: tuple[Position, AccountRow]) -> str:
    return pair[0][1]


def _by_value(pair: tuple[Position, AccountRow]) -> tuple[str, int]:
    value = pair[0][0]
    return (value, 0) if isinstance(value, str) else ("", value or 0)


def _is_behind(position: Position, last: Position, *, descending: bool) -> bool:
    value, row_id = position
    last_value, last_id = last
    if value == last_value:
        return row_id > last_id
    if value is None or last_value is None:
        return value is None
    if isinstance(value, str) or isinstance(last_value, str):
        return (str(value) < str(last_value)) is descending
    return (value < last_value) is descending
