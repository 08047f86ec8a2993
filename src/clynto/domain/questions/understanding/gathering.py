"""Puts meanings that belong together into conditions: a bound with its amount, an event with its period."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from clynto.domain.money import half_up
from clynto.domain.policies import MONTHS_PER_YEAR
from clynto.domain.questions.filters import (
    CancelsIn,
    ChurnedIn,
    Filter,
    HasProduct,
    HealthIs,
    HealthUnknown,
    InCurrency,
    MrrRange,
    NewIn,
    NoSubscription,
    NotMatched,
    OnPlan,
    PaidEvery,
    PaymentStatusIs,
    RenewsIn,
    SignalStanding,
    StatusWord,
    WithSignal,
)
from clynto.domain.questions.periods import Period, Relative, Unit, Which
from clynto.domain.questions.query import LARGEST_LIMIT, Grouping, Metric, Order
from clynto.domain.questions.understanding.chunks import Chunk, TimeMeant
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.questions.understanding.words import Token

THIS_MONTH = Relative(Unit.MONTH, Which.THIS)
CENTS = 100
LATE = (StatusWord.OVERDUE, StatusWord.FAILED)
_EVENTS = (Tag.RENEWAL, Tag.CANCELING, Tag.NEW, Tag.CHURNED)
_AHEAD = (Tag.RENEWAL, Tag.CANCELING)


class Unreadable(Exception):
    """The words contradict each other or mean nothing here; ``words`` are those that do not fit."""

    def __init__(self, *words: str) -> None:
        super().__init__(*words)
        self.words = words


class Gathered:
    """Everything that a question says, each thing taken out at most once, so that nothing is silently ignored."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._left = list(chunks)
        self.names: list[str] = [chunk.value for chunk in self.take_all(Tag.NAME)]
        self.health: HealthIs | None = None
        self.mrr: MrrRange | None = None
        self.event_periods: dict[Tag, Period | None] = {}
        self.signal_period: Period | None = None
        self.signal_period_given = False
        self.range_words = ""
        self.health_words = ""
        self._units: list[Chunk] = []
        self.limit: int | None = None
        self.limit_words = ""
        self.order: Order | None = None
        self._bind_periods()
        self._bind_bounds()
        self._left += self._units
        self._bind_limit()
        periods = self.take_all(Tag.PERIOD)
        self.periods: list[Period] = [chunk.value.past for chunk in periods]
        self.period_words = tuple(chunk.text for chunk in periods)
        self.grouping: Grouping | None = self._one(Tag.GROUPING)
        orders = self.take_all(Tag.ORDER)
        self.order_words = orders[0].text if orders else ""
        self.order = orders[0].value if orders else self.order
        self.metrics: list[Metric] = list(dict.fromkeys(chunk.value for chunk in self.take_all(Tag.METRIC)))

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
        waiting, behind_a_bound = list(self._left), False
        while waiting:
            chunk = waiting.pop(0)
            waiting_before = list(waiting)
            bounds = _bounds_of(chunk, waiting)
            if bounds is None:
                kept.append(chunk)
                behind_a_bound = False
                continue
            if bounds:
                self._units += _units_of([chunk, *waiting_before[: len(waiting_before) - len(waiting)]])
                # "At least 10 and at most 20": the second bound is about what the first one was about.
                if waiting and waiting[0].tag is Tag.CURRENCY and waiting[0].start == waiting_before[0].end:
                    self._units.append(waiting.pop(0))
                metric = _metric_beside([] if behind_a_bound else kept, waiting) or metric
                behind_a_bound = True
                ranges.setdefault(metric, {}).update(bounds)
        self._left = kept
        for about, found in ranges.items():
            self._set_range(found, about)

    def _set_range(self, found: dict[str, Fraction], metric: Metric) -> None:
        try:
            if metric is Metric.HEALTH:
                self.health = _health_range(found)
                self.health_words = _range_words(found)
            else:
                self.range_words = _range_words(found)
                self.mrr = MrrRange(**{bound: _as_mrr(amount, metric) for bound, amount in found.items()})
        except ValueError as fault:
            raise Unreadable(*(str(int(amount)) for amount in found.values())) from fault
        if metric not in (Metric.MRR, Metric.ARR, Metric.HEALTH):
            raise Unreadable(metric.value)

    def _bind_limit(self) -> None:
        counts = [chunk for chunk in self._left if chunk.tag is Tag.AMOUNT and chunk.value.count is not None]
        tops = self.take_all(Tag.TOP)
        if tops and self.order is None:
            self.order = tops[0].value
        if len(counts) == 1 and 1 <= counts[0].value.count <= LARGEST_LIMIT:
            self.limit, self.limit_words = counts[0].value.count, counts[0].text
            self._left.remove(counts[0])

    # Conditions.

    def filters(self) -> list[Filter]:
        """Take out everything that is a condition on accounts."""
        found: list[Filter] = [condition for condition in (self.mrr, self.health) if condition is not None]
        if self.take(Tag.PAYING):
            found.append(MrrRange(above=Fraction(0)))
        if self.take(Tag.NOT_PAYING):
            found.append(MrrRange(maximum=Fraction(0)))
        found += self._status_filters()
        found += self._plan_filters()
        found += [InCurrency(code) for code in dict.fromkeys(c.value for c in self.take_all(Tag.CURRENCY))]
        found += [PaidEvery(interval) for interval in dict.fromkeys(c.value for c in self.take_all(Tag.INTERVAL))]
        for chunk in self.take_all(Tag.HEALTH_RANGE):
            found.append(HealthIs(*chunk.value))
        if self.take(Tag.HEALTH_UNKNOWN):
            found.append(HealthUnknown())
        if self.take(Tag.NO_SUBSCRIPTION):
            found.append(NoSubscription())
        if self.take(Tag.UNMATCHED):
            found.append(NotMatched())
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
        for chunk in self.take_all(Tag.PLAN_NAME):
            kind, name = chunk.value.split(" ", 1)
            found.append(HasProduct(name) if kind == "product" else OnPlan(name))
        if found:
            self.take(Tag.PLAN, Tag.PRODUCT)
        return found

    def _event_filters(self) -> list[Filter]:
        found: list[Filter] = []
        if self.take(Tag.RENEWAL):
            found.append(RenewsIn(self.event_periods.get(Tag.RENEWAL) or THIS_MONTH))
        if self.take(Tag.CANCELING):
            found.append(CancelsIn(self.event_periods.get(Tag.CANCELING)))
        if self.take(Tag.NEW):
            found.append(NewIn(self.event_periods.get(Tag.NEW) or THIS_MONTH))
        if self.take(Tag.CHURNED):
            found.append(ChurnedIn(self.event_periods.get(Tag.CHURNED) or THIS_MONTH))
        return found

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


def _bounds_of(chunk: Chunk, behind: list[Chunk]) -> dict[str, Fraction] | None:
    """The bounds that ``chunk`` opens, taken out of what stands behind it. None: it opens none; empty: drop it."""
    amounts = _amounts_behind(behind)
    if chunk.tag is Tag.BETWEEN and len(amounts) > 1:
        del behind[:2]
        return {"minimum": min(amounts[:2]), "maximum": max(amounts[:2])}
    if chunk.tag is Tag.BOUND and amounts:
        del behind[:1]
        return {chunk.value: amounts[0]}
    if chunk.tag is Tag.AMOUNT and behind and behind[0].text.casefold() in ("or more", "or higher"):
        del behind[:1]
        return {"minimum": _amount(chunk)}
    return {} if chunk.tag is Tag.BOUND and chunk.text.casefold() in ("from", "over") else None


def _amounts_behind(chunks: Sequence[Chunk]) -> list[Fraction]:
    """The amounts that follow directly."""
    amounts: list[Fraction] = []
    for chunk in chunks:
        if chunk.tag is not Tag.AMOUNT:
            break
        amounts.append(_amount(chunk))
    return amounts


def _amount(chunk: Chunk) -> Fraction:
    token: Token = chunk.value
    return token.amount if token.amount is not None else Fraction(0)


def _metric_beside(before: list[Chunk], behind: list[Chunk]) -> Metric | None:
    """Take out the metric that a bound is about: the one directly before it, or directly behind its amount."""
    if before and before[-1].tag is Tag.METRIC:
        found: Metric = before.pop().value
        return found
    of_the_next = len(behind) > 1 and behind[1].tag in (Tag.BOUND, Tag.BETWEEN)
    if behind and behind[0].tag is Tag.METRIC and not of_the_next:
        stated: Metric = behind.pop(0).value
        return stated
    return None


def _units_of(bound: Sequence[Chunk]) -> list[Chunk]:
    """``Over $1k`` is over a thousand dollars, so yen are not meant: the sign says as much as "in USD" does."""
    tokens: list[tuple[Chunk, Token]] = [(chunk, chunk.value) for chunk in bound if chunk.tag is Tag.AMOUNT]
    signs = {token.currency: chunk for chunk, token in tokens if token.currency is not None}
    return [replace(chunk, tag=Tag.CURRENCY, value=currency) for currency, chunk in signs.items()]


def _as_mrr(amount: Fraction, metric: Metric) -> Fraction:
    """A bound of ARR as one of shown MRR, which has cents: 10,000 a year is 833.33 a month on every page."""
    if metric is not Metric.ARR:
        return amount
    return Fraction(half_up(amount * CENTS / MONTHS_PER_YEAR), CENTS)


def _range_words(found: dict[str, Fraction]) -> str:
    return " and ".join(f"{bound} {int(amount)}" for bound, amount in found.items())


def _health_range(found: dict[str, Fraction]) -> HealthIs:
    if any(amount.denominator != 1 for amount in found.values()):
        raise ValueError("health scores are whole numbers")
    whole = {bound: int(amount) for bound, amount in found.items()}
    low = whole.get("minimum", whole["above"] + 1 if "above" in whole else None)
    high = whole.get("maximum", whole["below"] - 1 if "below" in whole else None)
    return HealthIs(low, high)


def words_of(chunks: Iterable[Chunk]) -> tuple[str, ...]:
    """How the chunks were written."""
    return tuple(chunk.text for chunk in chunks)
