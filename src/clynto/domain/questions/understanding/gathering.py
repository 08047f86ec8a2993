"""Puts meanings that belong together into conditions: a bound with its amount, an event with its period."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from clynto.domain.questions.filters import (
    CancelsIn,
    ChurnedIn,
    Filter,
    HasProduct,
    HealthIs,
    HealthUnknown,
    InCurrency,
    LifetimeRange,
    MrrRange,
    NeverPaid,
    NewIn,
    NoSubscription,
    NotMatched,
    NotOnPlan,
    OnPlan,
    OnTrial,
    OutstandingRange,
    OverdueIn,
    OwesNothing,
    PaidEvery,
    PaymentStatusIs,
    RenewsIn,
    SignalStanding,
    StatusWord,
    WithoutProduct,
    WithSignal,
)
from clynto.domain.questions.lists import LARGEST_LIMIT
from clynto.domain.questions.periods import Direction, Period, Relative, Rolling, Unit, Which
from clynto.domain.questions.query import Grouping, Metric, Order
from clynto.domain.questions.understanding.chunks import Chunk, TimeMeant
from clynto.domain.questions.understanding.endings import ends_read
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.questions.understanding.spoken_bounds import (
    LATE,
    as_mrr,
    bounds_of,
    health_range,
    is_late_by,
    is_said_to_be_late,
    metric_beside,
    paid_in_all_said,
    range_words,
    units_of,
)
from clynto.domain.signals import SignalType

THIS_MONTH = Relative(Unit.MONTH, Which.THIS)
NEXT_30_DAYS = Rolling(30, Unit.DAY, Direction.NEXT)
"""What is coming up, where nobody says until when: at the end of a month next to nothing is left of that month."""
_EVENTS = (Tag.RENEWAL, Tag.CANCELING, Tag.TRIAL, Tag.DUE, Tag.NEW, Tag.CHURNED, Tag.WAS_OVERDUE)
_AHEAD = (Tag.RENEWAL, Tag.CANCELING, Tag.TRIAL, Tag.DUE)


_PLAN_FILTERS: dict[tuple[str, bool], type[OnPlan | HasProduct | NotOnPlan | WithoutProduct]] = {
    ("plan", False): OnPlan,
    ("plan", True): NotOnPlan,
    ("product", False): HasProduct,
    ("product", True): WithoutProduct,
}


_ALONE: dict[Tag, type[HealthUnknown | NoSubscription | NotMatched | NeverPaid | OwesNothing]] = {
    Tag.HEALTH_UNKNOWN: HealthUnknown,
    Tag.NO_SUBSCRIPTION: NoSubscription,
    Tag.UNMATCHED: NotMatched,
    Tag.NEVER_PAID: NeverPaid,
    Tag.OWES_NOTHING: OwesNothing,
}


class Unreadable(Exception):
    """The words contradict each other or mean nothing here; ``words`` are those that do not fit."""

    def __init__(self, *words: str) -> None:
        super().__init__(*words)
        self.words = words


class Gathered:
    """Everything that a question says, each thing taken out at most once, so that nothing is silently ignored."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._left = ends_read(chunks)
        self.names: list[str] = [chunk.value for chunk in self.take_all(Tag.NAME)]
        self.health: HealthIs | None = None
        self.mrr: MrrRange | None = None
        self.event_periods: dict[Tag, Period | None] = {}
        self.signal_period: Period | None = None
        self.signal_period_given = False
        self.amounts: dict[str, Fraction] = {}
        """The bounds of amounts that were said to be of nothing, or of what is owed."""
        self.range_words = ""
        self.health_words = ""
        self.owed: OutstandingRange | None = None
        self.owed_words = ""
        self.paid_in_all: LifetimeRange | None = None
        self.paid_words = ""
        self.money_units: dict[Metric, list[Chunk]] = {}
        """Currencies of bounds on what is owed or was paid: they say nothing of the MRR."""
        self._units: list[Chunk] = []
        self.limit: int | None = None
        self.limit_words = ""
        self.order: Order | None = None
        self._bind_periods()
        self._bind_bounds()
        self._left += self._units
        self._bind_limit()
        self._bind_most_paid()
        periods = self.take_all(Tag.PERIOD)
        self.periods: list[Period] = [chunk.value.past for chunk in periods]
        self.period_words = tuple(chunk.text for chunk in periods)
        self.grouping: Grouping | None = self._one(Tag.GROUPING)
        orders = self.take_all(Tag.ORDER)
        self.order_words = orders[0].text if orders else ""
        self.order = orders[0].value if orders else self.order
        metrics = self.take_all(Tag.METRIC)
        self.by_month = any(chunk.text.casefold() == "monthly mrr" for chunk in metrics)
        self.metrics: list[Metric] = list(dict.fromkeys(chunk.value for chunk in metrics))
        for chunk in self.take_all(Tag.RANKED):
            metric, self.order = chunk.value
            self.metrics += [] if self.metrics and metric is Metric.MRR else [metric]

    # Taking things out.

    def has(self, *tags: Tag) -> bool:
        """Whether one of these is still there."""
        return any(chunk.tag in tags for chunk in self._left)

    def take_all(self, *tags: Tag) -> list[Chunk]:
        """Take out all of these."""
        taken = [chunk for chunk in self._left if chunk.tag in tags]
        self._left = [chunk for chunk in self._left if chunk.tag not in tags]
        return taken

    def take(self, *tags: Tag) -> bool:
        """Take out all of these; whether there was one."""
        return bool(self.take_all(*tags))

    def rename(self, tag: Tag, meant: Tag) -> None:
        """Read every ``tag`` as ``meant``."""
        self._left = [replace(chunk, tag=meant) if chunk.tag is tag else chunk for chunk in self._left]

    @property
    def left(self) -> list[Chunk]:
        """What nobody took."""
        return list(self._left)

    def _one(self, tag: Tag) -> Any:
        found = self.take_all(tag)
        if len({chunk.value for chunk in found}) > 1:
            raise Unreadable(*(chunk.text for chunk in found))
        return found[0].value if found else None

    # Periods.

    def _bind_periods(self) -> None:
        """A period belongs to the event directly before it; what is left over, to events that have none."""
        kept: list[Chunk] = []
        for place, chunk in enumerate(self._left):
            before = self._left[place - 1] if place else None
            if chunk.tag in (Tag.PERIOD, Tag.ANY_TIME) and before is not None and self._takes(before):
                self._give(before.tag, chunk)
                continue
            if chunk.tag is Tag.ANY_TIME and chunk.text.casefold() == "ever":
                continue
            kept.append(chunk)
        self._left = kept
        for chunk in [chunk for chunk in kept if chunk.tag is Tag.PERIOD]:
            wanting = next((tag for tag in _EVENTS if self.has(tag) and tag not in self.event_periods), None)
            if wanting is not None and not self.has(Tag.LOST, Tag.FELL, Tag.ROSE, Tag.CHANGED):
                self._give(wanting, chunk)
                self._left.remove(chunk)

    def _takes(self, chunk: Chunk) -> bool:
        return chunk.tag in _EVENTS or chunk.tag in (Tag.SIGNALS, Tag.SIGNAL_TYPE)

    def _give(self, tag: Tag, chunk: Chunk) -> None:
        meant: TimeMeant | None = chunk.value if chunk.tag is Tag.PERIOD else None
        if tag in (Tag.SIGNALS, Tag.SIGNAL_TYPE):
            self.signal_period = None if meant is None else meant.past
            self.signal_period_given = True
        elif meant is None:
            self.event_periods[tag] = None
        else:
            self.event_periods[tag] = meant.ahead if tag in _AHEAD else meant.past

    # Bounds and limits.

    def _bind_bounds(self) -> None:
        """``MRR of at least 1000 and at most 2000``, ``over 5k``, ``between 1k and 2k``, ``health below 40``."""
        ranges: dict[Metric, dict[str, Fraction]] = {}
        metric = Metric.MRR
        kept: list[Chunk] = []
        waiting, behind_a_bound, named = list(self._left), False, False
        while waiting:
            chunk = waiting.pop(0)
            waiting_before = list(waiting)
            bounds = bounds_of(chunk, waiting)
            if bounds is None:
                kept.append(chunk)
                behind_a_bound = False
                continue
            if bounds:
                units = units_of([chunk, *waiting_before[: len(waiting_before) - len(waiting)]])
                if waiting and waiting[0].tag is Tag.CURRENCY and waiting[0].start == waiting_before[0].end:
                    units.append(waiting.pop(0))
                # "At least 10 and at most 20": the second bound is about what the first one was about.
                stated = self._bounded_by_a_verb(kept) or metric_beside([] if behind_a_bound else kept, waiting)
                if stated is None and (is_said_to_be_late(waiting_before, waiting) or is_late_by(kept, chunk)):
                    stated = Metric.OUTSTANDING
                metric = stated or metric
                if metric in (Metric.OUTSTANDING, Metric.LIFETIME_VALUE):
                    self.money_units.setdefault(metric, []).extend(units)
                else:
                    self._units += units
                named = named or stated is not None
                if metric is Metric.OUTSTANDING or not named:
                    self.amounts.update(bounds)
                behind_a_bound = True
                ranges.setdefault(metric, {}).update(bounds)
        self._left = kept
        for about, found in ranges.items():
            self._set_range(found, about)

    def _set_range(self, found: dict[str, Fraction], metric: Metric) -> None:
        try:
            if metric is Metric.OUTSTANDING:
                self.owed_words = range_words(found)
                self.owed = OutstandingRange(**found, currency=self._unit_of(metric))
            elif metric is Metric.LIFETIME_VALUE:
                self.paid_words = range_words(found)
                self.paid_in_all = LifetimeRange(**found, currency=self._unit_of(metric))
            elif metric is Metric.HEALTH:
                self.health = health_range(found)
                self.health_words = range_words(found)
            else:
                self.range_words = range_words(found)
                self.mrr = MrrRange(**{bound: as_mrr(amount, metric) for bound, amount in found.items()})
        except ValueError as fault:
            raise Unreadable(*(str(int(amount)) for amount in found.values())) from fault
        if metric not in (Metric.MRR, Metric.ARR, Metric.HEALTH, Metric.OUTSTANDING, Metric.LIFETIME_VALUE):
            raise Unreadable(metric.value)

    def _bounded_by_a_verb(self, before: list[Chunk]) -> Metric | None:
        """Take out the "paid" of "that paid over 50k". Of an invoice it is its state."""
        found = None if self.has(Tag.INVOICES) else paid_in_all_said(before)
        if found is not None:
            before.pop()
        return found

    def _unit_of(self, metric: Metric) -> str | None:
        units = list(dict.fromkeys(chunk.value for chunk in self.money_units.get(metric, ())))
        if len(units) > 1:
            raise Unreadable(*units)
        return units[0] if units else None

    def take_owed(self) -> list[Chunk]:
        """Take out the bounds on what is owed, where they are those of invoices; the currencies that go with them."""
        self.owed, self.owed_words = None, ""
        return self.money_units.pop(Metric.OUTSTANDING, [])

    def _bind_limit(self) -> None:
        counts = [chunk for chunk in self._left if chunk.tag is Tag.AMOUNT and chunk.value.count is not None]
        tops = self.take_all(Tag.TOP)
        self.top_words = tops[0].text.casefold() if tops else ""
        if tops and self.order is None:
            self.order = tops[0].value
        if len(counts) == 1 and 1 <= counts[0].value.count <= LARGEST_LIMIT:
            self.limit, self.limit_words = counts[0].value.count, counts[0].text
            self._left.remove(counts[0])

    def _bind_most_paid(self) -> None:
        """``Who paid the most?`` ranks by the money that was paid; no payment status is meant."""
        for place, chunk in enumerate(self._left[1:], start=1):
            if chunk.tag is Tag.ORDER and paid_in_all_said(self._left[:place]) is not None:
                paid = self._left[place - 1]
                self._left[place - 1] = replace(paid, tag=Tag.METRIC, value=Metric.LIFETIME_VALUE)

    # Conditions.

    def filters(self) -> list[Filter]:
        """Take out everything that is a condition on accounts."""
        ranges = (self.mrr, self.owed, self.paid_in_all, self.health)
        found: list[Filter] = [condition for condition in ranges if condition is not None]
        if self.take(Tag.PAYING):
            found.append(MrrRange(above=Fraction(0)))
        if self.take(Tag.NOT_PAYING):
            found.append(MrrRange(maximum=Fraction(0)))
        # Plans first: payment statuses take every negation that is left.
        found += self._plan_filters()
        found += self._status_filters()
        found += [InCurrency(code) for code in dict.fromkeys(c.value for c in self.take_all(Tag.CURRENCY))]
        found += [PaidEvery(interval) for interval in dict.fromkeys(c.value for c in self.take_all(Tag.INTERVAL))]
        for chunk in self.take_all(Tag.HEALTH_RANGE):
            found.append(HealthIs(*chunk.value))
        found += [condition() for tag, condition in _ALONE.items() if self.take(tag)]
        found += self._event_filters()
        signal = self.signal_filter()
        return found if signal is None else [*found, signal]

    def statuses(self) -> tuple[StatusWord, ...]:
        """Take out the payment statuses that are named, negations included."""
        found: list[StatusWord] = []
        for place, chunk in enumerate(self._left):
            if chunk.tag is Tag.STATUS:
                before = self._left[place - 1] if place else None
                negated = before is not None and before.tag is Tag.NOT
                found += [word for word in StatusWord if word is not chunk.value] if negated else [chunk.value]
        if found:
            self.take(Tag.STATUS, Tag.NOT, Tag.STATUS_NAME)
        if self.take(Tag.AT_RISK):
            found += LATE
        return tuple(found)

    def _status_filters(self) -> list[Filter]:
        statuses = self.statuses()
        return [PaymentStatusIs(statuses)] if statuses else []

    def _plan_filters(self) -> list[Filter]:
        found: list[Filter] = []
        negated = False
        for chunk in list(self._left):
            if chunk.tag is Tag.PLAN_NAME:
                kind, name = chunk.value.split(" ", 1)
                found.append(_PLAN_FILTERS[kind, negated](name))
                self._left.remove(chunk)
            elif _denies_a_plan(chunk) and self._names_a_plan(chunk):
                self._left.remove(chunk)
                negated = True
            elif chunk.tag not in (Tag.PLAN, Tag.PRODUCT):
                negated = False
        if found:
            self.take(Tag.PLAN, Tag.PRODUCT)
        return found

    def _names_a_plan(self, negation: Chunk) -> bool:
        """``Not on the Team plan``: the plan follows, with nothing but that word between."""
        behind = self._left[self._left.index(negation) + 1 :]
        following = next((chunk for chunk in behind if chunk.tag not in (Tag.PLAN, Tag.PRODUCT)), None)
        return following is not None and following.tag is Tag.PLAN_NAME

    def _event_filters(self) -> list[Filter]:
        found: list[Filter] = []
        if self.take(Tag.RENEWAL):
            found.append(RenewsIn(self.event_periods.get(Tag.RENEWAL) or NEXT_30_DAYS))
        if self.take(Tag.CANCELING):
            found.append(CancelsIn(self.event_periods.get(Tag.CANCELING)))
        if self.take(Tag.TRIAL):
            found.append(OnTrial(self.event_periods.get(Tag.TRIAL)))
        if self.take(Tag.NEW):
            found.append(NewIn(self.event_periods.get(Tag.NEW) or THIS_MONTH))
        if self.take(Tag.CHURNED):
            found.append(ChurnedIn(self.event_periods.get(Tag.CHURNED) or THIS_MONTH))
        if self.take(Tag.WAS_OVERDUE):
            found.append(OverdueIn(self.event_periods.get(Tag.WAS_OVERDUE)))
        return found

    def kinds_of_signals(self) -> set[SignalType]:
        """What is named of them, left where it is."""
        return {chunk.value for chunk in self._left if chunk.tag is Tag.SIGNAL_TYPE}

    def signal_filter(self) -> WithSignal | None:
        """Take out what is said of signals; without a period or a standing the open ones are meant."""
        if not self.has(Tag.SIGNALS, Tag.SIGNAL_TYPE):
            return None
        noun = self.take(Tag.SIGNALS)
        types = tuple(chunk.value for chunk in self.take_all(Tag.SIGNAL_TYPE))
        period = self.signal_period
        if period is None and not self.signal_period_given and self.periods:
            period = self.periods.pop(0)
        return WithSignal(types, self.standings(asked_for_news=period is not None and not noun), period)

    def standings(self, *, asked_for_news: bool) -> tuple[SignalStanding, ...]:
        """Take out what is said of their state. "Which accounts canceled last month" asks for what happened, whether
        or not it is over; without a period the question is what is so now."""
        named = tuple(chunk.value for chunk in self.take_all(Tag.STANDING))
        if named:
            return named
        return () if asked_for_news else (SignalStanding.OPEN,)


def _denies_a_plan(chunk: Chunk) -> bool:
    """``Not``, and ``without plan`` where the name of one follows."""
    return chunk.tag is Tag.NOT or (chunk.tag is Tag.NO_SUBSCRIPTION and "plan" in chunk.text.casefold())


def words_of(chunks: Iterable[Chunk]) -> tuple[str, ...]:
    """How the chunks were written."""
    return tuple(chunk.text for chunk in chunks)
