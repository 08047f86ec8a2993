"""What Larry has no answer to, and the words that ask for it."""

from __future__ import annotations

import enum
from collections.abc import Mapping


class Refusal(enum.StrEnum):
    """Why a question has no answer here."""

    FORECAST = "forecast"
    USAGE = "usage"
    ACTION = "action"
    SECRET = "secret"  # noqa: S105 - a kind of question, no secret
    OTHER_WORKSPACE = "other_workspace"
    COLLECTED = "collected"
    RATE = "rate"
    PERSON = "person"
    DEFINITION = "definition"
    NOTHING_ASKED = "nothing_asked"


REFUSED_PHRASES: Mapping[Refusal, str] = {
    Refusal.FORECAST: (
        "how likely|likely"
        "|forecast|forecasts|predict|prediction|projection|project|projected|forecasted|future|probability|likelihood"
        "|will churn|likely to churn|going to churn|estimate|anticipate|expected"
    ),
    Refusal.USAGE: (
        "usage|how many users|login|logins|log in|logged in|active user|active users|session|sessions|feature|features"
        "|adoption|seats used"
        "|engagement|nps|ticket|tickets|support ticket|csat|page view|page views|api calls|dau|mau"
        "|open tickets|logged-in"
    ),
    Refusal.ACTION: (
        "refund|refunds|refunded|charge|delete|remove|email|send|create|update|upgrade|pause|retry|remind"
        "|reminder|dunning"
        "|apply|edit|assign|void the invoice|cancel the subscription|write off|mark|set|reactivate|resume"
        "|call|message|notify"
        "|dismiss|resync|re-sync|disconnect|connect"
    ),
    Refusal.SECRET: (
        "api key|secret|secrets|password|token|webhook secret|stripe key|credential|secret key|signing secret"
        "|api token"
        "|card number|credit card|bank account|key|passwords|private key|cvc|iban"
    ),
    Refusal.OTHER_WORKSPACE: (
        "other workspace|another workspace|other workspaces|all workspaces|other tenant|other tenants|workspaces"
        "|every workspace|other companies' data|competitor|competitors"
    ),
    Refusal.COLLECTED: (
        "cash|cash flow|profit|margin|cost|costs|tax|taxes|vat|fees|payout|payouts|cogs|cac|gross profit|ebitda"
    ),
    Refusal.RATE: (
        "churn rate|mrr churn rate|revenue churn rate|gross churn rate|gross mrr churn rate|net churn|quick ratio"
        "|net revenue retention|nrr|grr|retention"
        "|retention rate|gross revenue retention|conversion rate"
        "|percentage|percent|ratio|share|median|growth rate|standard deviation|variance|correlation"
    ),
    Refusal.DEFINITION: "|".join(
        f"{before}{word}{behind}"
        for before, behind in (("does ", " mean"), ("do you mean by ", ""), ("definition of ", ""), ("define ", ""))
        for word in ("mrr", "arr", "churn", "ltv", "lifetime value", "arr at risk", "overdue", "failed", "outstanding")
    ),
    Refusal.NOTHING_ASKED: "who are you|what are you|how are you|what can i ask|can i ask",
    Refusal.PERSON: (
        "email address|phone|phone number|contact|contacts|address|csm|owner|account manager|employees|employee|ceo"
    ),
}
"""Phrases by what they ask for, in the form of the lexicon's."""
