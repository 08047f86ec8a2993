"""What Larry's answers are made of, computed plainly from what is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from clynto.adapters.memory.billing_details import MemoryBillingDetails
from clynto.adapters.memory.database import Transaction
from clynto.adapters.memory.question_invoices import amount_of, is_wanted, payers_of, was_paid
from clynto.adapters.memory.question_selection import MemorySelecting
from clynto.domain.invoice import Invoice
from clynto.domain.moments import UnixTime
from clynto.domain.money import ZERO, MoneyBag
from clynto.domain.month_ends import Month, shifted
from clynto.domain.questions.lists import BY_AMOUNT, OWED, InvoiceOrder, SubscriptionWord
from clynto.domain.questions.periods import day_of
from clynto.domain.questions.query import Grouping, MovementKind, Order
from clynto.domain.subscription import SubscriptionStatus
from clynto.ports.question_data import (
    Found,
    GroupTotal,
    InvoiceCondition,
    Measure,
    MeasureKind,
    MoneyPart,
    Movement,
    MovementTotal,
    OwnedInvoice,
    OwnedSubscription,
    Payers,
    RankedAccount,
    Received,
    RecordedMoment,
    Selection,
    SignalCondition,
    Stretch,
    UnmatchedTotal,
)
from clynto.ports.read_models import AccountRow, InvoiceRow, SubscriptionRow
from clynto.ports.signals import StoredSignal
from clynto.ports.workspaces import MrrBasis

_BY_SUBSCRIPTION = (Grouping.PLAN, Grouping.INTERVAL)
_BY_PART = (*_BY_SUBSCRIPTION, Grouping.CURRENCY)


class MemoryQuestionData:
    """See ``ports.question_data.QuestionData``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._selecting = MemorySelecting(transaction)

    def recorded_moment(self, day: dt.date, *, today: dt.date) -> RecordedMoment | None:
        """Now, a day's snapshots, or a rebuilt month end."""
        if day >= today:
            return RecordedMoment(today)
        if any(taken == day for _, taken in self._transaction.records.snapshots):
            return RecordedMoment(day, day=day)
        tomorrow = day + dt.timedelta(days=1)
        over = shifted(Month(tomorrow.year, tomorrow.month), -1)
        months = [month for _, month in self._transaction.records.points if month <= over]
        if not months:
            return None
        newest = max(months)
        return RecordedMoment(day_of(UnixTime(newest.end - 1)), month=newest)

    def totals(
        self, selection: Selection, measure: Measure, *, grouping: Grouping | None = None
    ) -> Sequence[GroupTotal]:
        """Exact sums, by key."""
        rows = self._selecting.rows(selection, measure)
        groups: dict[str, list[tuple[AccountRow, MoneyBag]]] = {} if grouping is not None else {"": []}
        for row in rows:
            for key, amount in self._parts(row, selection.part, measure, grouping):
                groups.setdefault(key, []).append((row, amount))
        scored = measure.kind is MeasureKind.HEALTH and grouping not in _BY_PART
        totals = [_total(key, members, scored=scored) for key, members in sorted(groups.items())]
        return [replace(total, bearing=0) for total in totals] if grouping in _BY_SUBSCRIPTION else totals

    def ranked(
        self, selection: Selection, measure: Measure, *, order: Order, limit: int, weights: Mapping[str, int]
    ) -> Sequence[RankedAccount]:
        """By amount, ties by id."""
        rows = self._selecting.rows(selection, measure)
        placed: list[tuple[int, str, MoneyBag]] = []
        missing: list[RankedAccount] = []
        for row in rows:
            amount = self._selecting.amount(row, selection.part, measure)
            key = self._key(row, amount, selection, measure, weights)
            if key is not None:
                placed.append((-key if order is Order.HIGHEST else key, row.id, amount))
            elif _goes_by_sort_key(selection, measure):
                missing.append(RankedAccount(row.id, amount))
        placed.sort(key=lambda entry: entry[:2])
        return [*(RankedAccount(account_id, amount) for _, account_id, amount in placed), *missing][:limit]

    def movements(self, movement: Movement, basis: MrrBasis) -> Sequence[MovementTotal]:
        """What made MRR change."""
        held: dict[MovementKind, tuple[set[str], MoneyBag]] = {}
        for account_id in self._transaction.records.accounts:
            before, after = (
                self._selecting.mrr_at(account_id, moment, basis) for moment in (movement.start, movement.end)
            )
            for currency in {*before.currencies, *after.currencies}:
                was, now = before.amounts.get(currency, ZERO), after.amounts.get(currency, ZERO)
                if was == now:
                    continue
                kind = MovementKind.EXPANSION if now > was else MovementKind.CONTRACTION
                kind = MovementKind.NEW if not was else MovementKind.CHURN if not now else kind
                accounts, amounts = held.get(kind, (set(), MoneyBag.empty()))
                held[kind] = {*accounts, account_id}, amounts + MoneyBag.of(currency, now - was)
        return [MovementTotal(kind, len(held[kind][0]), held[kind][1]) for kind in MovementKind if kind in held]

    def invoices(
        self,
        wanted: InvoiceCondition,
        *,
        now: UnixTime,
        limit: int,
        order: InvoiceOrder = InvoiceOrder.NEWEST,
        weights: Mapping[str, int] | None = None,
    ) -> tuple[Found, Sequence[OwnedInvoice]]:
        """In order."""
        owed = wanted.which in OWED
        fitting = [
            invoice
            for invoice, _ in self._transaction.records.invoices.values()
            if is_wanted(invoice, wanted, now)
            and (wanted.account_id is None or self._owner(invoice.customer_id)[0] == wanted.account_id)
        ]
        remaining = paid = MoneyBag.empty()
        for invoice in fitting:
            if owed:
                remaining = remaining + MoneyBag.of(invoice.currency, invoice.amount_remaining)
            if wanted.account_id is not None or wanted.paid is not None:
                paid = paid + MoneyBag.of(invoice.currency, invoice.amount_paid)

        def place(invoice: Invoice) -> tuple[int, str]:
            if order not in BY_AMOUNT:
                return (invoice.paid_at or 0) if wanted.paid is not None else invoice.created, invoice.id
            return amount_of(invoice, wanted.which) * (weights or {}).get(invoice.currency, 1), invoice.id

        backwards = order in (InvoiceOrder.NEWEST, InvoiceOrder.LARGEST)
        fitting.sort(key=place, reverse=backwards)
        shown = [OwnedInvoice(InvoiceRow.of(one), *self._owner(one.customer_id)) for one in fitting[:limit]]
        return Found(len(fitting), remaining, paid), shown

    def billed_currencies(self) -> Sequence[str]:
        """In their order."""
        return sorted({invoice.currency for invoice, _ in self._transaction.records.invoices.values()})

    def received(self, within: Stretch, *, account_id: str | None = None, currency: str | None = None) -> Received:
        """Of one account or everybody."""
        paid = [
            invoice
            for invoice, _ in self._transaction.records.invoices.values()
            if was_paid(invoice, within)
            and account_id in (None, self._owner(invoice.customer_id)[0])
            and currency in (None, invoice.currency)
        ]
        bags = (MoneyBag.of(invoice.currency, invoice.amount_paid) for invoice in paid)
        return Received(len(paid), sum(bags, start=MoneyBag.empty()))

    @property
    def most_payments(self) -> int:
        """As many as the databases."""
        return 100_000

    def payers(
        self, within: Stretch, *, currency: str | None, order: Order, limit: int, weights: Mapping[str, int]
    ) -> Payers:
        """By what they paid."""
        paid = [
            (owner, invoice)
            for invoice, _ in self._transaction.records.invoices.values()
            if was_paid(invoice, within) and currency in (None, invoice.currency)
            for owner in [self._owner(invoice.customer_id)[0]]
            if owner is not None
        ]
        return payers_of(paid, order, limit, weights)

    def subscriptions(
        self, account_id: str | None, which: SubscriptionWord, *, basis: MrrBasis, limit: int, plan: str | None = None
    ) -> tuple[Found, Sequence[OwnedSubscription]]:
        """Highest MRR first."""
        records, details = self._transaction.records, MemoryBillingDetails(self._transaction)
        held = [
            OwnedSubscription(row, account.id, account.name)
            for account in records.accounts.values()
            if account_id in (None, account.id)
            for row in details.subscriptions_of(account.id)
            if _is_of(row, which) and plan in (None, row.plan_name.casefold())
        ]
        held.sort(
            key=lambda owned: (-(owned.row.net_mrr if basis is MrrBasis.NET else owned.row.list_mrr), owned.row.id)
        )
        return Found(len(held), MoneyBag.empty()), held[:limit]

    def signals(
        self, account_id: str | None, condition: SignalCondition, *, limit: int
    ) -> tuple[Found, Sequence[StoredSignal]]:
        """Newest first."""
        fitting = [one for one in self._selecting.signals(condition) if account_id in (None, one.account_id)]
        fitting.sort(key=lambda one: (one.signal.occurred_at, one.id), reverse=True)
        return Found(len(fitting), MoneyBag.empty()), fitting[:limit]

    def unmatched(self) -> UnmatchedTotal:
        """What the accounts' figures leave out."""
        records = self._transaction.records
        listed = net = MoneyBag.empty()
        for billing, owner in records.customer_billing.values():
            if owner is None:
                listed, net = listed + billing.list_mrr, net + billing.net_mrr
        living = [customer.id for customer, _ in records.customers.values() if not customer.deleted]
        matched = {match.customer_id for match in records.matches.values() if match.account_id is not None}
        return UnmatchedTotal(sum(customer_id not in matched for customer_id in living), listed, net)

    def _parts(
        self, row: AccountRow, part: MoneyPart, measure: Measure, grouping: Grouping | None
    ) -> Iterable[tuple[str, MoneyBag]]:
        if grouping in _BY_SUBSCRIPTION:
            net = measure.basis is MrrBasis.NET
            sums: dict[str, MoneyBag] = {}
            for held in self._selecting.counted(row.id, part):
                key = held.plan_name if grouping is Grouping.PLAN else held.interval or ""
                amount = MoneyBag.of(held.currency, held.net_mrr if net else held.list_mrr)
                sums[key] = sums.get(key, MoneyBag.empty()) + amount
            return sums.items()
        amount = self._selecting.amount(row, part, measure)
        if grouping is Grouping.CURRENCY:
            return [(currency, MoneyBag.of(currency, held)) for currency, held in amount.without_zeros()]
        return [(_key_of(row, grouping), amount)]

    def _key(
        self, row: AccountRow, amount: MoneyBag, selection: Selection, measure: Measure, weights: Mapping[str, int]
    ) -> int | None:
        if measure.kind is MeasureKind.HEALTH:
            return row.health_score
        if _goes_by_sort_key(selection, measure):
            computed = self._transaction.records.account_billing.get(row.id)
            return None if computed is None else computed[1]
        if not amount.without_zeros().amounts:
            return None
        return sum(_whole(held) * weights.get(currency, 1) for currency, held in amount)

    def _owner(self, customer_id: str | None) -> tuple[str | None, str | None]:
        records = self._transaction.records
        match = records.matches.get(customer_id or "")
        account = None if match is None else records.accounts.get(match.account_id or "")
        return (None, None) if account is None else (account.id, account.name)


def _goes_by_sort_key(selection: Selection, measure: Measure) -> bool:
    plain = not selection.part.is_by_subscription and selection.part.currency is None
    return plain and measure.kind is MeasureKind.MRR and measure.at is None and measure.since is None


def _whole(amount: Fraction) -> int:
    return amount.numerator // amount.denominator


def _key_of(row: AccountRow, grouping: Grouping | None) -> str:
    if grouping is Grouping.PAYMENT_STATUS:
        return "none" if row.payment_status is None else row.payment_status.value
    if grouping is Grouping.HEALTH:
        return health_level(row.health_score)
    return ""


def health_level(score: int | None) -> str:
    """The mark that a health score gets on its card."""
    if score is None:
        return "none"
    return "ok" if score >= 70 else "warning" if score >= 40 else "critical"


def _total(key: str, members: Sequence[tuple[AccountRow, MoneyBag]], *, scored: bool) -> GroupTotal:
    amounts = sum((amount for _, amount in members), start=MoneyBag.empty())
    scores = [row.health_score for row, _ in members if scored and row.health_score is not None]
    bearing = sum(any(held != ZERO for _, held in amount) for _, amount in members)
    return GroupTotal(key, len(members), bearing, amounts, sum(scores), len(scores))


def _is_of(row: SubscriptionRow, which: SubscriptionWord) -> bool:
    ended = row.status in (SubscriptionStatus.CANCELED, SubscriptionStatus.INCOMPLETE_EXPIRED)
    if which is SubscriptionWord.ANY:
        return True
    if which in (SubscriptionWord.TRIALING, SubscriptionWord.PAST_DUE):
        return row.status == which.value
    if which is SubscriptionWord.CANCELING:
        return not ended and row.cancel_at is not None
    return ended is (which is SubscriptionWord.ENDED)
