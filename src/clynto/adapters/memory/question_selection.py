"""Which accounts a question selects, and what they bring, computed plainly from what is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from clynto.adapters.memory.accounts_table import MemoryAccountsTable
from clynto.adapters.memory.database import Transaction
from clynto.adapters.memory.signals import MemorySignalStore
from clynto.domain.account_billing import SubscriptionBilling
from clynto.domain.invoice import Invoice, InvoiceStatus
from clynto.domain.moments import UnixTime
from clynto.domain.money import MoneyBag, major_units
from clynto.domain.signals import Signal, SignalType
from clynto.domain.sort_places import MILLIONTHS
from clynto.domain.subscription import Subscription, SubscriptionStatus
from clynto.ports.question_data import (
    AmountCondition,
    Lacking,
    Measure,
    MeasureKind,
    MoneyPart,
    RecordedMoment,
    Selection,
    SignalCondition,
    Stretch,
)
from clynto.ports.read_models import AccountRow, AccountsQuery, StatusFilter
from clynto.ports.signals import StoredSignal
from clynto.ports.workspaces import MrrBasis

LARGEST_PAGE = 10**9


class MemorySelecting:
    """Selecting and measuring over one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def rows(self, selection: Selection, measure: Measure) -> list[AccountRow]:
        """The selected accounts, by id."""
        page = MemoryAccountsTable(self._transaction).page(AccountsQuery(limit=LARGEST_PAGE))
        rows = sorted(page.rows, key=lambda row: row.id)
        return [row for row in rows if self._is_in(row, selection) and self._has_events(row, selection, measure)]

    def amount(self, row: AccountRow, part: MoneyPart, measure: Measure) -> MoneyBag:
        """What an account brings in a measure; a health score is no money."""
        if measure.kind in (MeasureKind.HEALTH, MeasureKind.ACCOUNTS):
            return MoneyBag.empty()
        amount = self._at(row, part, measure, measure.at)
        if measure.since is not None:
            amount = (amount - self._at(row, part, measure, measure.since)).without_zeros()
        return amount

    def counted(self, account_id: str, part: MoneyPart) -> Iterator[SubscriptionBilling]:
        """The account's counted subscriptions in the part."""
        for customer, owner in self._transaction.records.customer_billing.values():
            if owner == account_id:
                yield from (held for held in customer.subscriptions if held.counted and self._fits(held, part))

    def owed(self, account_id: str) -> Iterator[Invoice]:
        """Open invoices with money left to pay."""
        records = self._transaction.records
        own = {match.customer_id for match in records.matches.values() if match.account_id == account_id}
        for invoice, _ in records.invoices.values():
            if invoice.customer_id in own and invoice.status == InvoiceStatus.OPEN and invoice.amount_remaining > 0:
                yield invoice

    def mrr_at(self, account_id: str, moment: RecordedMoment | None, basis: MrrBasis) -> MoneyBag:
        """MRR on a basis, now or at a recorded moment."""
        records = self._transaction.records
        if moment is not None and moment.day is not None:
            snapshot = records.snapshots.get((account_id, moment.day))
            held = (snapshot.list_mrr, snapshot.net_mrr) if snapshot else None
        elif moment is not None and moment.month is not None:
            point = records.points.get((account_id, moment.month))
            held = (point.list_mrr, point.net_mrr) if point else None
        else:
            billing = records.account_billing.get(account_id)
            held = (billing[0].list_mrr, billing[0].net_mrr) if billing else None
        return MoneyBag.empty() if held is None else held[basis is MrrBasis.NET]

    def signals(self, condition: SignalCondition) -> list[StoredSignal]:
        """Stored signals that meet a condition."""
        store = MemorySignalStore(self._transaction)
        stored = (store.get(held.id) for held in self._transaction.records.signals.values())
        return [one for one in stored if one is not None and _meets(one, condition)]

    def _at(self, row: AccountRow, part: MoneyPart, measure: Measure, moment: RecordedMoment | None) -> MoneyBag:
        if measure.kind is MeasureKind.OUTSTANDING:
            bags = [MoneyBag.of(invoice.currency, invoice.amount_remaining) for invoice in self.owed(row.id)]
            bag = _added_up(bags)
        elif measure.kind is MeasureKind.LIFETIME:
            bag = row.lifetime_value
        elif part.is_by_subscription and (moment is None or moment.is_now):
            net = measure.basis is MrrBasis.NET
            held = self.counted(row.id, part)
            bag = _added_up(MoneyBag.of(one.currency, one.net_mrr if net else one.list_mrr) for one in held)
        else:
            bag = self.mrr_at(row.id, moment, measure.basis)
        if part.currency is None:
            return bag
        return MoneyBag({currency: amount for currency, amount in bag if currency == part.currency})

    def _fits(self, held: SubscriptionBilling, part: MoneyPart) -> bool:
        products = self._transaction.records.products
        names = {products[i][0].name.casefold() for i in held.product_ids if i in products}
        return (
            (part.plan is None or held.plan_name.casefold() == part.plan)
            and (part.product is None or part.product in names)
            and (part.interval is None or held.interval == part.interval)
            and (part.currency is None or held.currency == part.currency)
        )

    def _is_in(self, row: AccountRow, selection: Selection) -> bool:
        status = StatusFilter.NONE if row.payment_status is None else StatusFilter(row.payment_status.value)
        computed = self._transaction.records.account_billing.get(row.id)
        return (
            (selection.account_ids is None or row.id in selection.account_ids)
            and (not selection.statuses or status in selection.statuses)
            and _within(None if computed is None else computed[1], selection.mrr_from, selection.mrr_below)
            and _within(row.health_score, selection.health_from, _behind(selection.health_to))
            and (Lacking.SUBSCRIPTION not in selection.lacking or row.live_subscriptions == 0)
            and (Lacking.CUSTOMER not in selection.lacking or not self._is_matched(row.id))
            and (Lacking.HEALTH_SCORE not in selection.lacking or row.health_score is None)
            and (Lacking.PAYMENT not in selection.lacking or _never_paid(row))
            and (Lacking.DEBT not in selection.lacking or not any(True for _ in self.owed(row.id)))
        )

    def _is_matched(self, account_id: str) -> bool:
        return any(match.account_id == account_id for match in self._transaction.records.matches.values())

    def _has_events(self, row: AccountRow, selection: Selection, measure: Measure) -> bool:
        return (
            (_bounds_part(selection) or self._has_part(row, selection.part, measure))
            and all(self._has_amount(row, one, measure.basis) for one in selection.amounts)
            and (selection.renewal is None or is_in(row.renewal_at, selection.renewal))
            and (selection.cancellation is None or self._cancels_in(row.id, selection.cancellation))
            and (selection.trial is None or self._has_trial_in(row.id, selection.trial))
            and (selection.overdue is None or self._was_overdue(row.id, selection.overdue))
            and (selection.without_plan is None or not self._has(row.id, MoneyPart(plan=selection.without_plan)))
            and (
                selection.without_product is None or not self._has(row.id, MoneyPart(product=selection.without_product))
            )
            and (
                selection.signal is None
                or any(stored.account_id == row.id for stored in self.signals(selection.signal))
            )
            and (
                selection.gained is None
                or self._moved(row.id, measure.basis, selection.gained.start, selection.gained.end)
            )
            and (selection.lost is None or self._moved(row.id, measure.basis, selection.lost.end, selection.lost.start))
        )

    def _has_part(self, row: AccountRow, part: MoneyPart, measure: Measure) -> bool:
        if part.is_by_subscription:
            return self._has(row.id, part)
        if part.currency is None:
            return True
        kind = MeasureKind.MRR if measure.kind in (MeasureKind.HEALTH, MeasureKind.ACCOUNTS) else measure.kind
        plain = Measure(kind, measure.basis)
        return bool(self._at(row, part, plain, None).without_zeros().amounts)

    def _has_amount(self, row: AccountRow, wanted: AmountCondition, basis: MrrBasis) -> bool:
        bag = self._at(row, MoneyPart(currency=wanted.currency), Measure(wanted.kind, basis), None).without_zeros()
        rates = dict.fromkeys(bag.currencies, Fraction(1)) if wanted.rates is None else dict(wanted.rates)
        counted = [major_units(amount, currency) * rates[currency] for currency, amount in bag if currency in rates]
        total = sum(counted, start=Fraction(0)) * MILLIONTHS
        is_above = wanted.low is None or total >= wanted.low
        return bool(counted) and is_above and (wanted.behind is None or total < wanted.behind)

    def _has(self, account_id: str, part: MoneyPart) -> bool:
        return any(True for _ in self.counted(account_id, part))

    def _moved(self, account_id: str, basis: MrrBasis, without: RecordedMoment, having: RecordedMoment) -> bool:
        before, after = self.mrr_at(account_id, without, basis), self.mrr_at(account_id, having, basis)
        return not before.without_zeros().amounts and bool(after.without_zeros().amounts)

    def _cancels_in(self, account_id: str, stretch: Stretch) -> bool:
        return any(
            is_in(ends_at(subscription), stretch)
            for subscription in self._subscriptions(account_id)
            if subscription.cancellation_is_scheduled
        )

    def _has_trial_in(self, account_id: str, stretch: Stretch) -> bool:
        return any(
            is_in(subscription.trial_end or UnixTime(0), stretch)
            for subscription in self._subscriptions(account_id)
            if subscription.status == SubscriptionStatus.TRIALING
        )

    def _was_overdue(self, account_id: str, stretch: Stretch) -> bool:
        return any(
            stored.account_id == account_id and _was_open(stored.signal, stretch)
            for stored in self.signals(SignalCondition(types=frozenset({SignalType.PAYMENT_OVERDUE})))
        )

    def _subscriptions(self, account_id: str) -> Iterator[Subscription]:
        records = self._transaction.records
        own = {match.customer_id for match in records.matches.values() if match.account_id == account_id}
        yield from (held for held, _ in records.subscriptions.values() if held.customer_id in own)


def _never_paid(row: AccountRow) -> bool:
    billed = bool(row.lifetime_value.currencies) or row.live_subscriptions > 0
    return billed and not row.lifetime_value.without_zeros().amounts


def _was_open(signal: Signal, stretch: Stretch) -> bool:
    lasts = signal.is_open or (signal.resolved_at is not None and signal.resolved_at > stretch.since)
    return signal.occurred_at < stretch.until and lasts


def _bounds_part(selection: Selection) -> bool:
    part = selection.part
    return not part.is_by_subscription and any(
        one.kind is MeasureKind.MRR and one.currency == part.currency for one in selection.amounts
    )


def ends_at(subscription: Subscription) -> int | None:
    """When a scheduled cancellation takes effect."""
    return subscription.current_period_end if subscription.cancel_at is None else subscription.cancel_at


def is_in(moment: int | None, stretch: Stretch) -> bool:
    """Whether a known moment lies in a stretch."""
    return moment is not None and stretch.since <= moment < stretch.until


def _added_up(bags: Iterable[MoneyBag]) -> MoneyBag:
    return sum(bags, start=MoneyBag.empty())


def _within(value: int | None, low: int | None, behind: int | None) -> bool:
    if low is None and behind is None:
        return True
    return value is not None and (low is None or value >= low) and (behind is None or value < behind)


def _behind(last: int | None) -> int | None:
    return None if last is None else last + 1


def _meets(stored: StoredSignal, condition: SignalCondition) -> bool:
    return (
        (not condition.types or stored.signal.type in condition.types)
        and (not condition.statuses or stored.status in condition.statuses)
        and (condition.within is None or is_in(stored.signal.occurred_at, condition.within))
    )
