"""Words about many accounts that only together say what is meant."""

from __future__ import annotations

from clynto.domain.questions.filters import Filter
from clynto.domain.questions.query import RECURRING, Grouping, Metric
from clynto.domain.questions.understanding.gathering import Gathered, Unreadable
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.questions.understanding.spoken_bounds import LATE
from clynto.domain.signals import SignalType

_PAYMENT_PROBLEMS = {SignalType.PAYMENT_FAILED, SignalType.PAYMENT_OVERDUE}


def lists_accounts(said: Gathered) -> bool:
    """Asks for accounts by name: "which accounts", "who", "top 5 customers"."""
    return said.has(Tag.ACCOUNTS) or any(c.text.casefold() in ("who", "whose") for c in said.left if c.tag is Tag.WHICH)


def lost_or_gained(said: Gathered) -> None:
    """``Which customers did we lose last month`` asks for those that churned."""
    for tag, event in ((Tag.LOST, Tag.CHURNED), (Tag.GAINED, Tag.NEW)):
        if said.has(tag):
            said.rename(tag, event)
            if said.periods:
                said.event_periods[event] = said.periods.pop(0)


def join_risk(said: Gathered) -> None:
    """``How much ARR is at risk from payment failures``: the failures are what the risk comes from. From
    cancellations, it is the ARR of those that are set to cancel, whatever their payments do."""
    kinds = {chunk.value for chunk in said.left if chunk.tag is Tag.SIGNAL_TYPE}
    plain = bool(kinds) and not said.has(Tag.SIGNALS)
    at_risk = said.has(Tag.AT_RISK) or Metric.ARR_AT_RISK in said.metrics
    if plain and at_risk and kinds == {SignalType.SUBSCRIPTION_CANCELED} and len(said.metrics) == 1:
        _set_to_cancel(said)
        return
    if said.has(Tag.AT_RISK) and not said.metrics and not said.has(Tag.ACCOUNTS, Tag.WHICH, Tag.HOW_MANY, Tag.ALL):
        # "What's at risk this quarter?" names no accounts: the amount is meant.
        said.metrics = [Metric.ARR]
    if said.has(Tag.AT_RISK) and said.metrics and said.metrics[0] is Metric.ARR:
        said.take(Tag.AT_RISK)
        said.metrics = [Metric.ARR_AT_RISK]
    if Metric.ARR_AT_RISK not in said.metrics:
        return
    if plain and kinds <= _PAYMENT_PROBLEMS:
        said.take(Tag.SIGNAL_TYPE)
        if said.signal_period is not None:
            said.periods.insert(0, said.signal_period)
            said.signal_period = None
    late = [chunk for chunk in said.left if chunk.tag is Tag.STATUS]
    if len(late) > 1 and {chunk.value for chunk in late} == set(LATE) and not said.has(Tag.ALL):
        # "Of all accounts with payment status overdue or failed" is said of accounts: it stays, for the same amount.
        said.take(Tag.STATUS)


def _set_to_cancel(said: Gathered) -> None:
    said.take(Tag.AT_RISK)
    if Metric.ARR_AT_RISK in said.metrics:
        said.metrics = [Metric.ARR]
    if said.metrics[0] in RECURRING and said.signal_period is None and not said.periods:
        said.rename(Tag.SIGNAL_TYPE, Tag.CANCELING)


def join_health_order(said: Gathered) -> None:
    """``Worst 5 accounts by health`` ranks them; ``accounts by health`` counts those of each level."""
    if said.grouping is Grouping.HEALTH and (said.limit is not None or said.order is not None) and not said.metrics:
        said.grouping = None
        said.metrics.append(Metric.HEALTH)


def deduplicated(filters: list[Filter]) -> tuple[Filter, ...]:
    found: list[Filter] = []
    for condition in filters:
        if condition in found:
            continue
        if any(type(held) is type(condition) for held in found):
            raise Unreadable("two conditions of a kind")
        found.append(condition)
    return tuple(found)
