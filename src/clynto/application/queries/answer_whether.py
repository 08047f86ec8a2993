"""Whether one account meets conditions: yes or no, and then the figures that show it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from clynto.application.queries.answer_account import answer_account_fact
from clynto.application.queries.answer_lists import answer_signals, answer_subscriptions
from clynto.application.queries.answer_over_time import answer_change
from clynto.application.queries.question_ground import Ground
from clynto.application.queries.select_accounts import selection_of, what_is_compared
from clynto.domain.questions.answers import Answer, AnswerFigure, NamedAccount, Table
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
    WithoutProduct,
    WithSignal,
)
from clynto.domain.questions.lists import LARGEST_LIMIT, Signals, Subscriptions, SubscriptionWord
from clynto.domain.questions.query import AccountFact, Change, Fact, Metric, Whether
from clynto.domain.questions.wording import conditions
from clynto.domain.signals import SignalType

_FACTS: dict[type[Filter], Fact] = {
    PaymentStatusIs: Fact.PAYMENT_STATUS,
    InCurrency: Fact.MRR,
    MrrRange: Fact.MRR,
    OutstandingRange: Fact.OUTSTANDING,
    LifetimeRange: Fact.LIFETIME_VALUE,
    NeverPaid: Fact.LIFETIME_VALUE,
    OwesNothing: Fact.OUTSTANDING,
    HealthIs: Fact.HEALTH,
    HealthUnknown: Fact.HEALTH,
    RenewsIn: Fact.RENEWAL,
    OnTrial: Fact.TRIAL,
    NotMatched: Fact.OVERVIEW,
}
"""What shows a condition; the subscriptions show all others."""


_DENIED = (NotOnPlan, WithoutProduct)
_BY_SUBSCRIPTION = (OnPlan, HasProduct, PaidEvery, *_DENIED)


def answer_whether(ground: Ground, query: Whether, account: NamedAccount) -> Answer:
    """Yes or no. Raises ``NotRecorded``."""
    meets = _meets(ground, query, account)
    verdict = f"{'Yes' if meets else 'No'}: {_told(account.name, query.filters, meets=meets)}."
    decided = [AnswerFigure("accounts", number=Fraction(meets))]
    if _is_undecided(ground, query, account, meets=meets):
        verdict = f"{account.name} has a live subscription that counts for no plan, no interval and no MRR."
        decided = []
    shown = dict.fromkeys(_shown_by(condition, query.account) for condition in query.filters)
    answers = [_answer(ground, asked, account) for asked in shown]
    figures = {figure.name: figure for answer in answers for figure in answer.figures}
    return replace(
        answers[0],
        query=query,
        sentences=(verdict, *(text for answer in answers for text in answer.sentences)),
        notes=tuple(dict.fromkeys([*_explained(ground, query), *(note for held in answers for note in held.notes)])),
        table=next((answer.table for answer in answers if answer.table.rows), Table()),
        figures=(*decided, *figures.values()),
        citations=tuple(dict.fromkeys(cited for answer in answers for cited in answer.citations)),
    )


def _explained(ground: Ground, query: Whether) -> list[str]:
    """What it means to have been overdue; of what is so now the figures tell."""
    return what_is_compared(ground, [held for held in query.filters if isinstance(held, OverdueIn)])


def _meets(ground: Ground, query: Whether, account: NamedAccount) -> bool:
    selection = replace(selection_of(ground, query.filters), account_ids=(account.id,))
    return bool(ground.unit.question_data.totals(selection, ground.measure())[0].accounts)


def _is_undecided(ground: Ground, query: Whether, account: NamedAccount, *, meets: bool) -> bool:
    """Plans and intervals are those of subscriptions that count in MRR. A trial on Team does not, and "no, it is not on
    Team" would mislead whoever asked."""
    kinds = [type(condition) for condition in query.filters]
    if not any(kind in _BY_SUBSCRIPTION for kind in kinds) or (meets and not any(kind in _DENIED for kind in kinds)):
        return False
    _, held = ground.unit.question_data.subscriptions(
        account.id, SubscriptionWord.LIVE, basis=ground.figures.basis, limit=LARGEST_LIMIT
    )
    return any(not one.row.counted for one in held)


def _told(name: str, filters: tuple[Filter, ...], *, meets: bool) -> str:
    """``Acme is on the plan "Team"``, ``Acme does not have payment status overdue``."""
    if len(filters) > 1 or isinstance(filters[0], NeverPaid | OwesNothing):
        return f"{name} is {'an' if meets else 'no'} account{conditions(filters)}"
    phrase = conditions(filters).strip()
    if isinstance(filters[0], OverdueIn):
        return f"{name} was {phrase}" if meets else f"{name} was not {phrase.replace('some', 'any', 1)}"
    if isinstance(filters[0], ChurnedIn):
        return f"{name} has {'' if meets else 'not '}{phrase}"
    if isinstance(filters[0], InCurrency):
        phrase = f"with MRR {phrase}"
    if phrase.startswith("with "):
        return f"{name} {'has' if meets else 'does not have'} {phrase.removeprefix('with ')}"
    return f"{name} is {'' if meets else 'not '}{phrase}"


def _shown_by(condition: Filter, account: str) -> AccountFact | Subscriptions | Signals | Change:
    match condition:
        case NewIn(period) | ChurnedIn(period):
            return Change(Metric.MRR, period, account)
        case WithSignal(types, standings, period):
            return Signals(account, types, standings, period)
        case OverdueIn():
            return Signals(account, (SignalType.PAYMENT_OVERDUE,), ())
        case CancelsIn():
            return Subscriptions(account, SubscriptionWord.CANCELING)
        case _:
            fact = _FACTS.get(type(condition))
            return Subscriptions(account) if fact is None else AccountFact(account, fact)


def _answer(ground: Ground, query: AccountFact | Subscriptions | Signals | Change, account: NamedAccount) -> Answer:
    match query:
        case AccountFact():
            return answer_account_fact(ground, query, account)
        case Subscriptions():
            return answer_subscriptions(ground, query, account)
        case Signals():
            return answer_signals(ground, query, account)
        case Change():
            return answer_change(ground, query, account)
