"""The nearest questions that Larry can answer, for one that he cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clynto.domain.questions.phrases import quoted
from clynto.domain.questions.understanding.lexicon import singular
from clynto.domain.questions.understanding.refusals import Refusal
from clynto.domain.questions.understanding.words import TokenKind, normalised, tokens_of

SHOWN = 3

OPENING = (
    "Which accounts are overdue?",
    "How much ARR is at risk from payment failures this month?",
    "Show the MRR trajectory of all accounts",
    "Which accounts renew next month?",
    "Top 5 accounts by MRR",
    "Which accounts churned last month?",
)
"""For a conversation that has not begun."""

_PORTFOLIO = (
    *OPENING,
    "How much MRR do we have?",
    "What is our ARR by plan?",
    "MRR by currency",
    "How many accounts are there by payment status?",
    "How much is outstanding?",
    "How much was received last month?",
    "Show the largest invoices of this year",
    "Show unpaid invoices",
    "Show overdue invoices",
    "Show the largest unpaid invoices",
    "Which accounts were overdue last month?",
    "Which accounts never paid?",
    "Show invoices paid last month",
    "Which accounts are on trial?",
    "Which trials end this month?",
    "How much MRR churned last month?",
    "MRR movements last month",
    "Top 5 accounts by MRR last quarter",
    "Which accounts have failed payments?",
    "Which accounts are set to cancel?",
    "Which subscriptions are canceling?",
    "Which accounts have no subscription?",
    "Which accounts are unmatched?",
    "Which Stripe customers have no account?",
    "Show open signals",
    "Which accounts downgraded this quarter?",
    "Which accounts are new this month?",
    "Whose MRR fell most this quarter?",
    "How did MRR change this month?",
    "Compare MRR this month with last month",
    "What is the average health score?",
    "Which accounts are unhealthy?",
    "Which accounts have more than 1k MRR?",
    "What is the lifetime value of all accounts?",
    "What is the average MRR?",
)
_OF_AN_ACCOUNT = (
    "Tell me about {}",
    "What is the MRR of {}?",
    "Show the MRR trajectory of {}",
    "Why does {} have its payment status?",
    "How is the MRR of {} computed?",
    "When does {} renew?",
    "How much does {} owe?",
    "Show the invoices of {}",
    "How much did {} pay this year?",
    "Show the subscriptions of {}",
    "Show the signals of {}",
    "What is the health score of {}?",
    "What is the lifetime value of {}?",
)
_INSTEAD = {
    Refusal.FORECAST: (
        "Show the MRR trajectory of all accounts",
        "Which accounts renew next month?",
        "Which accounts are set to cancel?",
    ),
    Refusal.USAGE: ("Which accounts are unhealthy?", "What is the average health score?", "Top 5 accounts by MRR"),
    Refusal.ACTION: ("Show overdue invoices", "Which accounts have failed payments?", "Show open signals"),
    Refusal.SECRET: ("Which accounts are overdue?", "How much MRR do we have?", "Show open signals"),
    Refusal.OTHER_WORKSPACE: ("How much MRR do we have?", "Top 5 accounts by MRR", "Which accounts are overdue?"),
    Refusal.COLLECTED: (
        "What is the lifetime value of all accounts?",
        "How much is outstanding?",
        "How much MRR do we have?",
    ),
    Refusal.RATE: (
        "Which accounts churned last month?",
        "How did MRR change this month?",
        "What is our ARR by plan?",
    ),
    Refusal.PERSON: ("Top 5 accounts by MRR", "Which accounts renew next month?", "Which accounts are overdue?"),
    Refusal.DEFINITION: ("How much MRR do we have?", "How much ARR is at risk?", "Which accounts churned last month?"),
    Refusal.NOTHING_ASKED: OPENING,
}
_REASONS = {
    Refusal.FORECAST: "The future is not in the data: Larry tells what is and what was, and what is already scheduled.",
    Refusal.USAGE: "How the product is used and supported is not in the billing data.",
    Refusal.ACTION: "Larry only answers questions. He changes nothing in Clynto and cannot write to Stripe.",
    Refusal.SECRET: "Keys, tokens and payment details are never shown, and Larry cannot read them.",
    Refusal.OTHER_WORKSPACE: "Larry sees this workspace alone.",
    Refusal.COLLECTED: "Cash, costs, taxes and payouts are not kept here.",
    Refusal.RATE: "Larry gives exact amounts and counts; this rate or statistic is not one of his answers.",
    Refusal.PERSON: "Who works at or for an account is not in the billing data.",
    Refusal.DEFINITION: (
        "MRR is what active and past due subscriptions bring a month at today's prices, and ARR is twelve times that. "
        "ARR at risk is the ARR of accounts that are overdue or failed; an account has churned if it had MRR and has "
        "none; lifetime value is what was paid on invoices; outstanding is what is left to pay on open ones."
    ),
    Refusal.NOTHING_ASKED: "Ask about MRR, ARR, payments, invoices, subscriptions, renewals or signals.",
}
_LIGHT = frozenset(["the", "of", "a", "an", "is", "are", "what", "which", "show", "how", "do", "does", "me", "in"])


@dataclass(frozen=True, slots=True)
class _Scored:
    likeness: int
    place: int
    question: str


def refusal_text(reason: Refusal) -> str:
    """Why there is no answer."""
    return _REASONS[reason]


def instead_of(reason: Refusal) -> tuple[str, ...]:
    """What can be asked instead."""
    return _INSTEAD[reason]


def examples() -> tuple[str, ...]:
    """One question of every kind, those about an account with a name in place of its own."""
    return (*_PORTFOLIO, *(pattern.format(quoted("Acme")) for pattern in _OF_AN_ACCOUNT))


def nearest(question: str, accounts: Sequence[str] = ()) -> tuple[str, ...]:
    """The questions that share most words with ``question``; about the account, where one was recognised."""
    known = [text.format(quoted(accounts[0])) for text in _OF_AN_ACCOUNT] if accounts else list(_PORTFOLIO)
    asked = _words(question)
    scored = [_Scored(len(asked & _words(text)), place, text) for place, text in enumerate(known)]
    scored.sort(key=lambda one: (-one.likeness, one.place))
    return tuple(one.question for one in scored[:SHOWN])


def _words(text: str) -> frozenset[str]:
    found = (token.text for token in tokens_of(normalised(text)) if token.kind is TokenKind.WORD)
    return frozenset(singular(word) or word for word in found) - _LIGHT
