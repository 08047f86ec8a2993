"""Rebuild the month points of all accounts from invoice lines (billing rules 6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from clynto.application.account_places import renew_places
from clynto.application.shown_figures import ShownFigures
from clynto.domain.invoice import Invoice
from clynto.domain.moments import UnixTime, seconds_of
from clynto.domain.month_ends import completed_months
from clynto.domain.mrr_history import MONTHS_SHOWN, Confidence, month_points
from clynto.ports.clock import Clock
from clynto.ports.mrr_records import AccountPoint
from clynto.ports.read_models import AccountsQuery
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork

PAGE = 100


class HistoryGap:
    """Tells when a month ended while nobody looked: no worker ran on its last day, and no sync has rebuilt it since."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def __call__(self, workspace_id: str) -> bool:
        """Whether the history should be rebuilt. False before the first sync and after a disconnect."""
        (month,) = completed_months(seconds_of(self._clock.now()), 1)
        last_day = dt.datetime.fromtimestamp(month.end - 1, tz=dt.UTC).date()
        with self._units.reading(workspace_id) as uow:
            connection = uow.connections.get()
            if not connection.has_key or connection.last_sync_at is None:
                return False
            if last_day in uow.mrr_records.workspace_snapshots(since=last_day):
                return False
            return month not in uow.mrr_records.workspace_points(since=month)


class RebuildHistory:
    """Walks the accounts, one page a transaction. Snapshots are never touched: what was observed stays."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def __call__(self, workspace_id: str, *, stopping: Callable[[], bool]) -> int:
        """How many accounts were rebuilt."""
        query = AccountsQuery(limit=PAGE)
        rebuilt = 0
        while not stopping():
            with self._units.writing(workspace_id) as uow:
                # Places are told from figures that a recomputation writes under the same lock.
                uow.ledgers.lock()
                page = uow.accounts_table.page(query)
                ids, now = [row.id for row in page.rows], self._clock.now()
                rebuild_points(uow, ids, now=seconds_of(now))
                renew_places(uow, ShownFigures.of(uow, now), ids, now)
                uow.commit()
            rebuilt += len(page.rows)
            if page.next_cursor is None:
                break
            query = AccountsQuery(limit=PAGE, after=page.next_cursor)
        return rebuilt


def rebuild_points(uow: UnitOfWork, account_ids: Sequence[str], *, now: UnixTime) -> None:
    """Replace the reconstructed points of these accounts up to ``now``, inside the caller's unit of work.

    An account that has no customer any more has no points either: what they told went along with the customer.
    """
    customers = uow.matches.customers_of(account_ids)
    ids = sorted({customer for own in customers.values() for customer in own})
    subscriptions = uow.subscriptions.of_customers(ids)
    invoices: dict[str, list[Invoice]] = {}
    for invoice in uow.invoices.of_customers(ids):
        invoices.setdefault(invoice.customer_id or "", []).append(invoice)
    price_ids = {line.price_id for own in invoices.values() for i in own for line in i.lines if line.price_id}
    prices = uow.catalogue.prices(price_ids)
    points: list[AccountPoint] = []
    for account_id, own in sorted(customers.items()):
        rebuilt = month_points(
            [held for customer in own for held, _ in subscriptions.get(customer, [])],
            [invoice for customer in own for invoice in invoices.get(customer, [])],
            listed_prices=prices,
            snapshots=(),
            now=now,
            months=MONTHS_SHOWN,
        )
        points.extend(AccountPoint(account_id, p) for p in rebuilt if p.confidence is Confidence.RECONSTRUCTED)
    uow.mrr_records.replace_points(account_ids, points)
