"""From what a question says to the churn signals that it asks for."""

from __future__ import annotations

from clynto.domain.questions.filters import SignalStanding, StatusWord
from clynto.domain.questions.lists import USUAL_LIMIT, Signals
from clynto.domain.questions.periods import Relative, Unit, Which
from clynto.domain.questions.understanding.gathering import Gathered, Unreadable
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.questions.understanding.portfolio_readings import period_of
from clynto.domain.signals import SignalType

THIS_WEEK = Relative(Unit.WEEK, Which.THIS)
_REFUSED = ("refused", "declined")
_NOUNS = ("ations", "failures", "payments", "charges", "declines", "cards", "downgrades", "reductions", "failed")
"""Ends of what is counted as such: "how many cancellations", and not "how many canceled"."""
_BESIDE = frozenset({Tag.HOW_MANY, Tag.SIGNAL_TYPE, Tag.STANDING, Tag.ALL, Tag.NAME, Tag.FOLLOW_UP})


def signals_of(said: Gathered, accounts_listed: bool) -> Signals | None:
    """The query; None if no signals are asked for, but accounts or figures."""
    if said.has(Tag.INVOICES):
        return _refused(said) if _asks_for_refused(said) and not accounts_listed else None
    if said.has(Tag.WHY) and not said.names and _tells_what_happened(said):
        return Signals(None, (), (), period_of(said, THIS_WEEK))
    if accounts_listed or said.metrics or not (said.has(Tag.SIGNALS) or _counts_events(said)):
        return None
    return _listed(said)


def signals_of_one(said: Gathered) -> Signals | None:
    """``What happened to Acme?``, ``since when is it overdue?``: the signals know what, and when."""
    if len(said.names) != 1 or said.metrics or said.periods:
        return None
    tags = {chunk.tag for chunk in said.left}
    if tags == {Tag.WHY} and all(chunk.text.casefold() == "what happened" for chunk in said.left):
        said.take(Tag.WHY)
        return Signals(said.names[0], (), ())
    late = [chunk.value for chunk in said.left if chunk.tag is Tag.STATUS]
    if Tag.SINCE_WHEN in tags and not tags - {Tag.SINCE_WHEN, Tag.STATUS} and late == [StatusWord.OVERDUE]:
        said.take(Tag.SINCE_WHEN, Tag.STATUS)
        return Signals(said.names[0], (SignalType.PAYMENT_OVERDUE,), (SignalStanding.OPEN,))
    return None


def one_name(said: Gathered) -> str | None:
    """The account that is named, if any. Raises ``Unreadable`` for several."""
    if len(said.names) > 1:
        raise Unreadable(*said.names)
    return said.names[0] if said.names else None


def _listed(said: Gathered) -> Signals:
    condition = said.signal_filter()
    if condition is None:
        raise Unreadable("signals")
    said.take(Tag.NEW, Tag.HOW_MANY, Tag.LATEST)
    standings = condition.standings
    return Signals(one_name(said), condition.types, standings, condition.period, said.limit or USUAL_LIMIT)


def _counts_events(said: Gathered) -> bool:
    """``How many cancellations were there?`` counts them, and not the accounts that had one."""
    events = [chunk.text.casefold() for chunk in said.left if chunk.tag is Tag.SIGNAL_TYPE]
    plain = not {chunk.tag for chunk in said.left} - _BESIDE and said.grouping is None and said.limit is None
    return said.has(Tag.HOW_MANY) and bool(events) and plain and all(text.endswith(_NOUNS) for text in events)


def _asks_for_refused(said: Gathered) -> bool:
    """``How many invoices were refused last month?``: the signals tell, of which each invoice has one."""
    texts = [chunk.text.casefold() for chunk in said.left if chunk.tag is Tag.SIGNAL_TYPE]
    failed = any(chunk.tag is Tag.STATUS and chunk.value is StatusWord.FAILED for chunk in said.left)
    refused = bool(texts) and all(text.endswith(_REFUSED) for text in texts)
    return refused or (failed and not texts and bool(said.periods))


def _refused(said: Gathered) -> Signals:
    said.take(Tag.INVOICES, Tag.HOW_MANY, Tag.SIGNAL_TYPE, Tag.STATUS)
    period = said.signal_period if said.signal_period_given else period_of(said, None)
    return Signals(one_name(said), (SignalType.PAYMENT_FAILED,), (), period, said.limit or USUAL_LIMIT)


def _tells_what_happened(said: Gathered) -> bool:
    kinds = {chunk.tag for chunk in said.left} - {Tag.WHY, Tag.ALL, Tag.FOLLOW_UP}
    if kinds or said.metrics or not said.periods:
        return False
    return any(chunk.text.casefold() == "what happened" for chunk in said.take_all(Tag.WHY))
