"""Words about what happened to subscriptions."""

from __future__ import annotations

from clynto.domain.questions.filters import CancelsIn, OnTrial, StatusWord, WithSignal
from clynto.domain.questions.lists import USUAL_LIMIT, Subscriptions, SubscriptionWord
from clynto.domain.questions.query import AccountFact, Accounts, Fact, Query
from clynto.domain.questions.understanding.gathering import Gathered, Unreadable
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.signals import SignalType


def subscriptions_of(said: Gathered, accounts_listed: bool) -> Query:
    """The subscriptions that are asked for, or the accounts of which they are. Raises ``Unreadable``."""
    said.take(Tag.SUBSCRIPTIONS, Tag.PLAN, Tag.PRODUCT, Tag.HOW_MANY)
    if len(said.names) > 1:
        raise Unreadable(*said.names)
    account = said.names[0] if said.names else None
    if account is not None and said.take(Tag.RENEWAL):
        return AccountFact(account, Fact.RENEWAL)
    if said.limit is not None and accounts_listed and account is None:
        # "Accounts with two subscriptions": how many an account has is no condition here.
        raise Unreadable(said.limit_words)
    happened = _happened(said)
    if happened is not None:
        return happened
    plan = _plan(said)
    return Subscriptions(account, _which(said), said.limit or USUAL_LIMIT, plan)


def _which(said: Gathered) -> SubscriptionWord:
    live, ended = said.take(Tag.LIVE), said.take(Tag.ENDED)
    types = said.take_all(Tag.SIGNAL_TYPE)
    which = SubscriptionWord.LIVE
    if said.take(Tag.CANCELING):
        which = SubscriptionWord.CANCELING
    elif said.take(Tag.TRIAL):
        which = SubscriptionWord.TRIALING
    elif said.has(Tag.STATUS) and said.statuses() == (StatusWord.OVERDUE,):
        which = SubscriptionWord.PAST_DUE
    elif live and ended:
        which = SubscriptionWord.ANY
    elif ended or types or said.take(Tag.CHURNED):
        which = SubscriptionWord.ENDED
    if said.has(Tag.ALL) and not (live or ended or types):
        which = SubscriptionWord.ANY if which is SubscriptionWord.LIVE else which
    return which


def _plan(said: Gathered) -> str | None:
    found = [chunk.value.split(" ", 1) for chunk in said.take_all(Tag.PLAN_NAME)]
    if len(found) > 1 or any(kind == "product" for kind, _ in found):
        raise Unreadable(*(name for _, name in found))
    said.take(Tag.PLAN)
    return found[0][1] if found else None


def _happened(said: Gathered) -> Accounts | None:
    """Subscriptions are not kept by what happened to them when: the accounts that had such an event answer."""
    if said.names:
        return None
    when = said.event_periods.get(Tag.CANCELING)
    if said.has(Tag.CANCELING) and when is not None:
        said.take(Tag.CANCELING)
        return Accounts((CancelsIn(when),), limit=said.limit or USUAL_LIMIT)
    ends = said.event_periods.get(Tag.TRIAL)
    if said.has(Tag.TRIAL) and ends is not None:
        said.take(Tag.TRIAL)
        return Accounts((OnTrial(ends),), limit=said.limit or USUAL_LIMIT)
    kinds = {chunk.value for chunk in said.left if chunk.tag is Tag.SIGNAL_TYPE}
    dated = said.signal_period is not None or bool(said.periods)
    if not kinds or (kinds == {SignalType.SUBSCRIPTION_CANCELED} and not dated):
        return None
    condition = said.signal_filter()
    if condition is None:
        return None
    if not dated:
        condition = WithSignal(condition.types, (), None)
    return Accounts((condition,), limit=said.limit or USUAL_LIMIT)
