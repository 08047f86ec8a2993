"""What Larry's answers are made of: exact sums, counts and ranked rows over all accounts of one workspace."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

from clynto.domain.moments import UnixTime
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import Month
from clynto.domain.questions.lists import InvoiceOrder, InvoiceWord, SubscriptionWord
from clynto.domain.questions.query import Grouping, MovementKind, Order
from clynto.domain.questions.shown_bounds import UNBOUNDED, AmountBounds
from clynto.domain.signals import SignalType
from clynto.ports.read_models import InvoiceRow, StatusFilter, SubscriptionRow
from clynto.ports.signals import InboxStatus, StoredSignal
from clynto.ports.workspaces import MrrBasis


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``since`` up to, but without, ``until``."""

    since: UnixTime
    until: UnixTime


@dataclass(frozen=True, slots=True)
class RecordedMoment:
    """A moment at which every account's MRR is known: the snapshots of ``day``, else the rebuilt end of ``month``, else
    now. ``end_of`` is the day whose end it stands for."""

    end_of: dt.date
    day: dt.date | None = None
    month: Month | None = None

    @property
    def is_now(self) -> bool:
        """The present figures."""
        return self.day is None and self.month is None


@dataclass(frozen=True, slots=True)
class Movement:
    """From one recorded moment to another one."""

    start: RecordedMoment
    end: RecordedMoment


class Lacking(enum.StrEnum):
    """What a selected account does not have: a live subscription, a Stripe customer, a health score; a payment, though
    it has an invoice, which keeps its currency in the lifetime value, or a live subscription; anything left to pay."""

    SUBSCRIPTION = "subscription"
    CUSTOMER = "customer"
    HEALTH_SCORE = "health_score"
    PAYMENT = "payment"
    DEBT = "debt"


@dataclass(frozen=True, slots=True)
class SignalCondition:
    """Empty sets select everything."""

    types: frozenset[SignalType] = frozenset()
    statuses: frozenset[InboxStatus] = frozenset()
    within: Stretch | None = None


@dataclass(frozen=True, slots=True)
class MoneyPart:
    """Which part of an account's money counts. ``plan`` and ``product`` are compared case-folded with the name of the
    plan and of any of the products of one counted subscription; ``currency`` is upper case."""

    plan: str | None = None
    product: str | None = None
    interval: str | None = None
    currency: str | None = None

    @property
    def is_by_subscription(self) -> bool:
        """Needs the subscriptions and not only the accounts' sums."""
        return any(word is not None for word in (self.plan, self.product, self.interval))


EVERYTHING = MoneyPart()


class MeasureKind(enum.StrEnum):
    """What is measured. ``outstanding`` is what is left to pay on open invoices; ``health`` is the score; with
    ``accounts`` nothing but their number is asked for."""

    MRR = "mrr"
    OUTSTANDING = "outstanding"
    LIFETIME = "lifetime"
    HEALTH = "health"
    ACCOUNTS = "accounts"


@dataclass(frozen=True, slots=True)
class AmountCondition:
    """What an account has now, in one of the kinds that are money, lies from ``low`` (inclusive) up to ``behind``
    (exclusive), in millionths of a major unit; MRR is that of the measure's basis.

    ``currency``: its amount in that currency alone; MRR is bounded so only. None: all its amounts together. ``rates``
    are then major units that one of each currency is worth, and what has no rate does not count; without ``rates``
    amounts are added as they are. An account without an amount that counts and is not zero is not selected.
    """

    kind: MeasureKind
    low: int | None
    behind: int | None
    currency: str | None = None
    rates: tuple[tuple[str, Fraction], ...] | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Accounts that meet all conditions; None and empty ones do not count.

    ``mrr_from`` (inclusive) and ``mrr_below`` (exclusive) are millionths of a shown major unit, as the MRR column is
    sorted by (``BillingStore.put_accounts``). ``part`` also selects accounts: those that have money in it; a part
    in one currency alone does not where ``amounts`` bound the MRR in that currency, which selects them. Plans and
    products are case-folded, as in ``MoneyPart``. A trial without a known end lies in a stretch from zero.
    ``overdue``: a signal of that type was open at some moment of the stretch: it occurred before its end, and is open
    or was resolved behind its beginning.
    """

    account_ids: tuple[str, ...] | None = None
    statuses: frozenset[StatusFilter] = frozenset()
    part: MoneyPart = EVERYTHING
    without_plan: str | None = None
    without_product: str | None = None
    mrr_from: int | None = None
    mrr_below: int | None = None
    amounts: tuple[AmountCondition, ...] = ()
    health_from: int | None = None
    health_to: int | None = None
    lacking: frozenset[Lacking] = frozenset()
    signal: SignalCondition | None = None
    renewal: Stretch | None = None
    cancellation: Stretch | None = None
    trial: Stretch | None = None
    overdue: Stretch | None = None
    gained: Movement | None = None
    lost: Movement | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """``at`` and ``since`` concern MRR only: its amount at a moment, less what it was at another one."""

    kind: MeasureKind
    basis: MrrBasis
    at: RecordedMoment | None = None
    since: RecordedMoment | None = None


@dataclass(frozen=True, slots=True)
class GroupTotal:
    """``key`` is the payment status, plan, currency, interval or health level; empty without grouping, and where
    there is none. ``bearing`` counts the accounts whose amount is not zero; by plan and interval they are not counted.
    Scores are those that are known, where health is measured; there are none by plan, interval and currency, since an
    account is in several of their groups."""

    key: str
    accounts: int
    bearing: int
    amounts: MoneyBag
    score_sum: int = 0
    scored: int = 0


@dataclass(frozen=True, slots=True)
class MovementTotal:
    """``accounts`` moved so in some currency, by ``amounts`` in all; of contraction and churn they are negative."""

    kind: MovementKind
    accounts: int
    amounts: MoneyBag


@dataclass(frozen=True, slots=True)
class RankedAccount:
    """One account with its exact amount in the measure, without currencies of amount zero where MRR is compared with
    the past."""

    account_id: str
    amounts: MoneyBag


@dataclass(frozen=True, slots=True)
class InvoiceCondition:
    """Which invoices. ``bounds`` are of what is left to pay on unpaid and overdue ones, else of what was billed.
    ``paid``: those on which anything was paid, and when; newest and oldest go by that. Without an account nothing but
    a currency goes with it."""

    which: InvoiceWord = InvoiceWord.ANY
    account_id: str | None = None
    created: Stretch | None = None
    due: Stretch | None = None
    currency: str | None = None
    bounds: AmountBounds = UNBOUNDED
    paid: Stretch | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """How many there are in all; of invoices what is still to be paid on unpaid and overdue ones, and what was paid on
    those of one account, and on those that were paid in a stretch of time."""

    total: int
    remaining: MoneyBag
    paid: MoneyBag = field(default_factory=MoneyBag.empty)


@dataclass(frozen=True, slots=True)
class Received:
    """What was paid on so many invoices."""

    invoices: int
    amounts: MoneyBag


@dataclass(frozen=True, slots=True)
class Payer:
    """An account, and what it paid on so many invoices."""

    account_id: str
    invoices: int
    amounts: MoneyBag


@dataclass(frozen=True, slots=True)
class Payers:
    """How many accounts paid, what they paid together, and the first of them."""

    accounts: int
    together: Received
    first: Sequence[Payer]


@dataclass(frozen=True, slots=True)
class OwnedInvoice:
    """An invoice with the account its customer is matched to."""

    row: InvoiceRow
    account_id: str | None
    account_name: str | None


@dataclass(frozen=True, slots=True)
class OwnedSubscription:
    """A subscription with the account its customer is matched to."""

    row: SubscriptionRow
    account_id: str
    account_name: str


@dataclass(frozen=True, slots=True)
class UnmatchedTotal:
    """Stripe customers without an account and their exact MRR."""

    customers: int
    list_mrr: MoneyBag
    net_mrr: MoneyBag


class QuestionData(Protocol):
    """Set-based reads over one workspace."""

    def recorded_moment(self, day: dt.date, *, today: dt.date) -> RecordedMoment | None:
        """How the MRR at the end of ``day`` is known: now from ``today`` on; else by snapshots of that very day; else
        by the rebuilt end of the newest month that is over by then. None: not at all."""
        ...

    def totals(
        self, selection: Selection, measure: Measure, *, grouping: Grouping | None = None
    ) -> Sequence[GroupTotal]:
        """Exact sums, by key. Without grouping exactly one. Groups without any account are absent.

        Changes (``Measure.since``) are not asked for by currency. By plan, interval and currency an account counts in
        each group in which it has a counted subscription, or (by currency) an amount that is not zero."""
        ...

    def ranked(
        self, selection: Selection, measure: Measure, *, order: Order, limit: int, weights: Mapping[str, int]
    ) -> Sequence[RankedAccount]:
        """The first ``limit`` of the selected accounts by their amount, ties by ascending account id.

        MRR of now without a part goes by the sort key of the accounts table, and accounts without one come last. All
        other amounts are put in order by ``weights`` (millionths of a major unit per minor unit, by currency; others
        count as they are), and accounts with an amount of zero, or without a score, are left out."""
        ...

    def movements(self, movement: Movement, basis: MrrBasis) -> Sequence[MovementTotal]:
        """What made MRR change, over all accounts, in the order of the kinds; those that nobody had are absent."""
        ...

    def invoices(
        self,
        wanted: InvoiceCondition,
        *,
        now: UnixTime,
        limit: int,
        order: InvoiceOrder = InvoiceOrder.NEWEST,
        weights: Mapping[str, int] | None = None,
    ) -> tuple[Found, Sequence[OwnedInvoice]]:
        """By when they were created, or by amount times the weight of its currency (as in ``ranked``), then by id in
        the same direction; drafts left out."""
        ...

    def billed_currencies(self) -> Sequence[str]:
        """Every currency that an invoice is in, in their order."""
        ...

    def received(self, within: Stretch, *, account_id: str | None = None, currency: str | None = None) -> Received:
        """What was paid on paid invoices whose payment lies in the stretch, where that was anything: of one account, or
        of everybody, customers without an account included. ``currency``: on invoices in it (upper case) alone."""
        ...

    @property
    def most_payments(self) -> int:
        """So many payments ``payers`` adds up in the time that an answer has."""
        ...

    def payers(
        self, within: Stretch, *, currency: str | None, order: Order, limit: int, weights: Mapping[str, int]
    ) -> Payers:
        """The accounts of the customers whose payments ``received`` adds up, by amount times the weight of its currency
        (as in ``ranked``), ties by ascending account id."""
        ...

    def subscriptions(
        self, account_id: str | None, which: SubscriptionWord, *, basis: MrrBasis, limit: int, plan: str | None = None
    ) -> tuple[Found, Sequence[OwnedSubscription]]:
        """Computed subscriptions of matched customers, highest MRR first (in minor units, currencies added plainly),
        then by id. ``plan`` is case-folded."""
        ...

    def signals(
        self, account_id: str | None, condition: SignalCondition, *, limit: int
    ) -> tuple[Found, Sequence[StoredSignal]]:
        """Newest first by when they occurred, then by id, highest first."""
        ...

    def unmatched(self) -> UnmatchedTotal:
        """What the accounts' figures leave out."""
        ...
