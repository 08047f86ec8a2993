"""Words about what happened to subscriptions."""

from __future__ import annotations

from clynto.domain.questions.filters import CancelsIn, WithSignal
from clynto.domain.questions.query import USUAL_LIMIT, Accounts
from clynto.domain.questions.understanding.gathering import Gathered
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.signals import SignalType


def happened_to_subscriptions(said: Gathered) -> Accounts | None:
    """Subscriptions are not kept by what happened to them when: the accounts that had such an event answer."""
    if said.names:
        return None
    when = said.event_periods.get(Tag.CANCELING)
    if said.has(Tag.CANCELING) and when is not None:
        said.take(Tag.CANCELING)
        return Accounts((CancelsIn(when),), limit=said.limit or USUAL_LIMIT)
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
