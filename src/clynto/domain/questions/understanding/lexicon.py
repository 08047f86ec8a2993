"""The vocabulary: which phrases mean what. Longer phrases win over shorter ones."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from clynto.domain.questions.filters import SignalStanding, StatusWord
from clynto.domain.questions.query import Grouping, Metric, Order
from clynto.domain.questions.understanding.currency_words import SAFE_CURRENCY_WORDS
from clynto.domain.questions.understanding.filler_words import FILLERS
from clynto.domain.questions.understanding.payment_phrases import PAYMENT_PHRASES
from clynto.domain.questions.understanding.refusals import REFUSED_PHRASES
from clynto.domain.signals import SignalType


class Tag(enum.StrEnum):
    """What a phrase contributes."""

    FILLER = "filler"
    WHICH = "which"
    HOW_MANY = "how many"
    TOTAL = "total"
    AVERAGE = "average"
    ACCOUNTS = "accounts"
    ALL = "all"
    ITS = "its"
    METRIC = "metric"
    STATUS = "status"
    STATUS_NAME = "status name"
    AT_RISK = "at risk"
    NOT = "not"
    RENEWAL = "renewal"
    CANCELING = "canceling"
    TRIAL = "trial"
    END = "end"
    NEW = "new"
    CHURNED = "churned"
    LOST = "lost"
    GAINED = "gained"
    CHANGED = "changed"
    FELL = "fell"
    ROSE = "rose"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"
    MOVEMENTS = "movements"
    NO_SUBSCRIPTION = "no subscription"
    UNMATCHED = "unmatched"
    PAYING = "paying"
    NOT_PAYING = "not paying"
    HEALTH_RANGE = "health range"
    HEALTH_UNKNOWN = "health unknown"
    INTERVAL = "interval"
    EVERY = "every"
    CURRENCY = "currency"
    PLAN = "plan"
    PRODUCT = "product"
    GROUPING = "grouping"
    ORDER = "order"
    RANKED = "ranked"
    AGE = "age"
    BY_AMOUNT = "by amount"
    TOP = "top"
    BOUND = "bound"
    BETWEEN = "between"
    RANGE = "range"
    TRAJECTORY = "trajectory"
    COMPARE = "compare"
    WHY = "why"
    COMPUTED = "computed"
    INVOICES = "invoices"
    LAST_PAYMENT = "last payment"
    RECEIVED = "received"
    PAID_IN = "paid in"
    NEVER_PAID = "never paid"
    WAS_OVERDUE = "was overdue"
    SINCE_WHEN = "since when"
    A_YEAR = "a year"
    OWES_NOTHING = "owes nothing"
    DUE = "due"
    DAYS_LATE = "days late"
    UNPAID = "unpaid"
    INVOICE_STATE = "invoice state"
    SUBSCRIPTIONS = "subscriptions"
    LIVE = "live"
    ENDED = "ended"
    SIGNALS = "signals"
    SIGNAL_TYPE = "signal type"
    STANDING = "standing"
    LATEST = "latest"
    FOLLOW_UP = "follow-up"
    ABOUT = "about"
    WILL = "will"
    REFUSAL = "refusal"
    # What no phrase of the lexicon gives: found by looking at names, amounts and dates.
    PERIOD = "period"
    ANY_TIME = "any time"
    NAME = "name"
    PLAN_NAME = "plan name"
    AMOUNT = "amount"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Meaning:
    """A tag and its value."""

    tag: Tag
    value: Any = None


_PLAIN: dict[Meaning, str] = {
    Meaning(Tag.FILLER): (
        "a month|per month|each month|every single|out of|in stripe|from stripe"
        "|at the end of|as of|created|issued|dated|raised|coming up|so far|to date|sent|did we send|we sent"
    ),
    Meaning(Tag.WHICH): "which|wich|who|whose|whom|list|show|display|what accounts|what customers|name|rank",
    Meaning(Tag.HOW_MANY): "how many|number of|count of|count|amount of accounts|how large a number of",
    Meaning(Tag.TOTAL): "total|sum|sum of|combined|altogether|in total|how much|overall",
    Meaning(
        Tag.AVERAGE
    ): "average|avg|mean|on average|typical|arpa|arpu|average revenue per account|average revenue per customer",
    Meaning(
        Tag.ACCOUNTS
    ): "account|customer|client|company|companies|logo|stripe customer|acct|acc|cust|payer|each account|each customer",
    Meaning(Tag.ALL): (
        "all accounts|all customers|all clients|all companies|all of our accounts|all of our customers"
        "|all our accounts|all our customers|every account|every customer|all|our|we|portfolio|whole portfolio"
        "|entire portfolio|workspace|across all accounts|across all customers|across the portfolio|everyone|everybody"
        "|all the accounts|all the customers"
    ),
    Meaning(
        Tag.ITS
    ): "it|its|they|their|them|this account|this customer|this company|that account|that customer|theirs",
    Meaning(Tag.METRIC, Metric.MRR): (
        "mrr|mrr so high|mrr so low|mrr high|mrr low"
        "|monthly mrr|monthly recurring revenue|recurring revenue|monthly revenue|revenue|pay|pays|paying|spend"
        "|spending|monthly spend|monthly income|we make|we earn|we bring in|we are making|we are earning|are we making"
        "|are we earning"
    ),
    Meaning(Tag.METRIC, Metric.ARR): (
        "arr|annual recurring revenue|annualized recurring revenue|annualised recurring revenue"
        "|yearly recurring revenue"
        "|annual revenue|yearly revenue|annualized revenue"
    ),
    Meaning(Tag.METRIC, Metric.ARR_AT_RISK): (
        "arr at risk|at risk arr|at-risk arr|revenue at risk|annual recurring revenue at risk|at risk revenue"
        "|annual revenue at risk|recurring revenue at risk|revenue is at risk|annual revenue is at risk"
        "|recurring revenue is at risk"
    ),
    Meaning(Tag.METRIC, Metric.OUTSTANDING): (
        "outstanding|outstanding amount|outstanding balance|owe|owes|owed|owing|open balance|receivable|debt"
        "|debtor|amount due|unpaid amount|left to pay|unpaid balance|open amount|balance due"
    ),
    Meaning(Tag.METRIC, Metric.LIFETIME_VALUE): (
        "lifetime value|ltv|clv|life time value|customer lifetime value|lifetime revenue|paid in total|paid so far"
        "|total paid|lifetime spend|pay us in total|pay in total|paid us|paid us in total|paid us so far|pay us so far"
        "|paid to date|paid us to date|spent|spent with us|spent in total|spent so far|spent on us"
    ),
    Meaning(
        Tag.METRIC, Metric.HEALTH
    ): "health|how healthy|health score|score|health low|health so low|score low|score so low"
    "|health score low|health score so low",
    Meaning(Tag.METRIC, Metric.ACCOUNTS): "number of accounts|number of customers|account count|customer count",
    Meaning(Tag.STATUS, StatusWord.OVERDUE): (
        "overdue|past due|past-due|late|delinquent|in arrears|behind|behind on payment|late on payment"
        "|behind on payments"
        "|overdue on payment|overdue on their payment|late payer|late payers"
    ),
    Meaning(Tag.STATUS, StatusWord.FAILED): "failed|failing|status failed|fails",
    Meaning(Tag.STATUS, StatusWord.PAID): "paid|paid up|good standing|in good standing|up to date|fully paid",
    Meaning(
        Tag.STATUS, StatusWord.NONE
    ): "no payment status|without payment status|without a payment status|none|no status",
    Meaning(Tag.STATUS_NAME): "payment status|last payment status|status|billing status|payment state",
    Meaning(
        Tag.AT_RISK
    ): "at risk|at-risk|risky|endangered|in danger|not paying|not paying us|isn't paying|stopped paying",
    Meaning(Tag.NOT): "not|no|non|never|except|except for|excluding|other than|isn't|without|lacking",
    Meaning(Tag.RENEWAL): (
        "renew|renews|renewing|renewal|upcoming renewal|coming renewal|renewal date|up for renewal"
        "|due for renewal|coming up for renewal|next renewal"
        "|renewal dates"
    ),
    Meaning(Tag.CANCELING): (
        "cancel|canceling|cancelling|set to cancel|about to cancel|about to churn|about to leave"
        "|scheduled to cancel|scheduled cancellation"
        "|leave|pending cancellation|scheduled for cancellation|about to end|set to end|leaving|cancels"
        "|upcoming cancellation"
    ),
    Meaning(Tag.TRIAL): (
        "trial|on trial|in trial|on a trial|in a trial|free trial|trial period|trialing|trialling|in their trial"
    ),
    Meaning(Tag.END): "end|ending|expire|expiring|run out|running out",
    Meaning(Tag.NEW): "new|newly|sign up|signed up|joined|new business|onboarded|signup|brand new",
    Meaning(Tag.CHURNED): "churned|churn|churning|left us|gone|left|gross churn|gross mrr churn|gross revenue churn",
    Meaning(Tag.LOST): "lost|lose|losing|loss|losses",
    Meaning(Tag.GAINED): "gained|gain|win|won|winning|added|add",
    Meaning(Tag.CHANGED): (
        "change|changed|changing|develop|developed|developing"
        "|move|moved|difference|movement|mover|changes|net change|net new|evolve|evolved|moving"
    ),
    Meaning(Tag.FELL): (
        "fall|fell|fallen|falling|drop|dropped|dropping|shrink|shrank|shrunk|decrease|decreased|decline"
        "|declined|declining|go down|went down|going down|gone down|shrinking|decreasing|contracted|down"
    ),
    Meaning(Tag.ROSE): (
        "rise|rose|risen|rising|grow|grew|grown|growing|growth|increase|increased|increasing|go up|went up"
        "|going up|gone up"
        "|expand|expanded|expanding|up most|upgraded|upsold|upsell"
    ),
    Meaning(Tag.EXPANSION): "expansion",
    Meaning(Tag.CONTRACTION): "contraction|downgraded mrr|downgrade mrr",
    Meaning(Tag.MOVEMENTS): "mrr movement|movement of mrr|revenue movement|mrr waterfall|mrr bridge",
    Meaning(Tag.NO_SUBSCRIPTION): (
        "no subscription|without subscription|without a subscription|without any subscription|not subscribed"
        "|no active subscription|without an active subscription|no live subscription|without a live subscription"
        "|unsubscribed|no subscriptions|without subscriptions|lack a subscription|lacking a subscription"
        "|no plan|without a plan|without plan|without any plan|not on a plan|not on any plan|no active plan"
    ),
    Meaning(Tag.UNMATCHED): (
        "unmatched|not matched|no stripe customer|without a stripe customer|without stripe customer|unlinked|not linked"
        "|no matching customer|without a matching customer|not matched to an account|without an account|not in stripe"
        "|do not match|does not match|don't match|doesn't match|no matching stripe customer"
        "|without a matching stripe customer|no account|without account"
    ),
    Meaning(Tag.HEALTH_RANGE, (70, None)): "healthy|good health|in good health|green",
    Meaning(Tag.HEALTH_RANGE, (40, 69)): "mediocre health|warning health|yellow|medium health",
    Meaning(Tag.HEALTH_RANGE, (None, 39)): (
        "unhealthy|poor health|bad health|critical health|in bad health|in poor health|in critical health"
        "|red|low health"
        "|critical"
    ),
    Meaning(Tag.HEALTH_UNKNOWN): (
        "unknown health|no health score|without a health score|health unknown|without health score|no health"
    ),
    Meaning(Tag.INTERVAL, "month"): (
        "monthly|billed monthly|paid monthly|pay monthly|paying monthly|monthly billing|monthly plan"
        "|billed every month|month to month|month-to-month|pays monthly"
    ),
    Meaning(Tag.INTERVAL, "year"): (
        "yearly|annual|annually|billed yearly|billed annually|paid yearly|paid annually|pay yearly|pay annually"
        "|paying yearly|paying annually|yearly billing|annual billing|annual plan|yearly plan|billed every year"
        "|pays yearly|pays annually|per annum"
    ),
    Meaning(Tag.INTERVAL, "3 months"): "quarterly|billed quarterly|pay quarterly|paying quarterly|quarterly billing",
    Meaning(Tag.INTERVAL, "6 months"): "half-yearly|semiannually|semi-annually|twice a year|biannually",
    Meaning(Tag.INTERVAL, "week"): "weekly|billed weekly|billed every week|paying weekly|pay weekly",
    Meaning(Tag.INTERVAL, "day"): "daily|billed daily|billed every day",
    Meaning(Tag.EVERY): "billed every|paying every|pay every|invoiced every|charged every",
    Meaning(Tag.PLAN): "plan|tier|package|subscription plan",
    Meaning(Tag.PRODUCT): "product",
    Meaning(Tag.GROUPING, Grouping.PAYMENT_STATUS): "{by} payment status|{by} status",
    Meaning(Tag.GROUPING, Grouping.PLAN): "{by} plan|{by} product|{by} tier",
    Meaning(Tag.GROUPING, Grouping.CURRENCY): "{by} currency|{by} currencies|which currency",
    Meaning(Tag.GROUPING, Grouping.INTERVAL): (
        "{by} billing interval|{by} interval|{by} billing period|{by} billing cycle|{by} billing frequency"
    ),
    Meaning(Tag.GROUPING, Grouping.HEALTH): "{by} health|{by} health level|{by} health band",
    Meaning(Tag.ORDER, Order.HIGHEST): (
        "highest|fastest|most popular|biggest|largest|most|greatest|best"
        "|descending|highest first|largest first|biggest first|most valuable"
    ),
    Meaning(Tag.ORDER, Order.LOWEST): (
        "lowest|smallest|least|fewest|worst|ascending|lowest first|smallest first|least valuable"
    ),
    Meaning(Tag.RANKED, (Metric.MRR, Order.HIGHEST)): (
        "brings in most|brings in the most|brings most|earns the most|earns most|makes most|makes the most"
        "|makes us most|makes us the most|generates most|generates the most"
    ),
    Meaning(Tag.RANKED, (Metric.HEALTH, Order.HIGHEST)): "healthiest",
    Meaning(Tag.RANKED, (Metric.HEALTH, Order.LOWEST)): "unhealthiest|least healthy",
    Meaning(Tag.AGE, Order.LOWEST): "oldest|oldest first",
    Meaning(Tag.BY_AMOUNT): "by amount|by size|by value|by amount due|by amount left to pay",
    Meaning(Tag.UNKNOWN, "by name"): "by name|alphabetically|in alphabetical order",
    Meaning(Tag.TOP, Order.HIGHEST): "top|first|limit|at most accounts|up to accounts",
    Meaning(Tag.TOP, Order.LOWEST): "bottom|last accounts",
    Meaning(
        Tag.BOUND, "above"
    ): "over|above|more than|greater than|exceeding|bigger than|larger than|higher than|beyond",
    Meaning(Tag.BOUND, "below"): "under|below|less than|smaller than|lower than|fewer than|beneath",
    Meaning(Tag.BOUND, "minimum"): "at least|minimum|no less than|from|or more|not less than|starting at|min",
    Meaning(Tag.BOUND, "maximum"): "at most|maximum|no more than|up to|not more than|max",
    Meaning(Tag.BOUND, "exactly"): "exactly|equal to|equals",
    Meaning(Tag.BETWEEN): "between|in the range|in the range of|range|ranging|range of|price range|mrr range",
    Meaning(Tag.TRAJECTORY): (
        "trajectory|history|trend|over time|evolution|development|chart|graph|curve|timeline|plot"
        "|progression|month by month|by month|month over month|month on month"
        "|historical|historically|trending|trend line|course"
    ),
    Meaning(
        Tag.COMPARE
    ): "compare|compared|comparison|versus|vs|against|compared to|compared with|comparing|relative to|bigger"
    "|difference between",
    Meaning(Tag.WHY): "why|explain|how come|reason|what happened|reason for|cause|caused|what is behind",
    Meaning(Tag.COMPUTED): (
        "computed|calculated|compute|calculate|made of|composed|breakdown|break down|breakdown of|made up of"
        "|derived|add up|made up"
        "|adds up|come from|comes from|composition|consist of|come about|broken down|calculation"
    ),
    Meaning(Tag.DUE): "due|payable|fall due|falling due|come due|coming due",
    Meaning(Tag.LATEST): "last|latest|newest|most recent|recent",
    Meaning(Tag.INVOICES): "invoice|bill|billing document|invoicing|invoiced",
    Meaning(Tag.INVOICE_STATE, "uncollectible"): "uncollectible|written off|bad debt|uncollectable",
    Meaning(Tag.INVOICE_STATE, "void"): "void|voided",
    Meaning(Tag.INVOICE_STATE, "draft"): "draft|drafted",
    Meaning(Tag.SUBSCRIPTIONS): "subscription|subscribed|contract|seat|licence|license|how often",
    Meaning(Tag.LIVE): "live|active",
    Meaning(Tag.ENDED): "ended|expired|past|former|inactive",
    Meaning(Tag.SIGNALS): (
        "signal|churn signal|alert|inbox|warning|at risk of churning|at risk of churn|churn risk|needs my attention"
        "|need my attention|needs attention|need attention|urgent"
    ),
    Meaning(Tag.SIGNAL_TYPE, SignalType.PAYMENT_FAILED): (
        "payment failure|failed payment|payment failed|payment failing|failed charge|declined payment"
        "|failed invoice payment"
        "|card decline|rejected payment|refused payment|declined card|failed invoice|charge failure|payment_failed"
        "|failed to pay|fail to pay|card was refused|card was declined"
        "|had a payment fail|payment fail|payment problem|last payment failed|latest payment failed|card failed"
        "|payment refused|payment declined|payment been refused|payment been declined|last payment fail"
        "|card fail|payment bounced|card been declined|card been refused|payment was refused|refused"
        "|was declined|were declined|got declined|been declined"
    ),
    Meaning(
        Tag.SIGNAL_TYPE, SignalType.PAYMENT_OVERDUE
    ): "payment overdue|overdue payment|late payment|payment_overdue|became overdue|become overdue|went overdue"
    "|got overdue|turned overdue|fell overdue|newly overdue|gone overdue|overdue signal",
    Meaning(Tag.SIGNAL_TYPE, SignalType.SUBSCRIPTION_CANCELED): (
        "cancellation|canceled|cancelled|subscription canceled|canceled subscription|cancelled subscription"
        "|subscription_canceled|subscription cancelled|cancelation"
    ),
    Meaning(Tag.SIGNAL_TYPE, SignalType.SUBSCRIPTION_DOWNGRADED): (
        "downgrade|downgraded|downgrading|subscription downgraded|downgraded subscription|subscription_downgraded"
        "|seat reduction|plan downgrade|reduced seats"
    ),
    Meaning(Tag.STANDING, SignalStanding.OPEN): "open|unresolved",
    Meaning(Tag.STANDING, SignalStanding.RESOLVED): "resolved|closed|recovered|fixed",
    Meaning(Tag.STANDING, SignalStanding.DISMISSED): "dismissed|ignored",
    Meaning(
        Tag.FOLLOW_UP
    ): "what about|how about|same for|and for|and what about|and how about|and in|only|just|instead",
    Meaning(Tag.ABOUT): (
        "about|overview|overview of|summary|summary of|summarize|summarise|doing|tell me about|everything about"
        "|all about|picture"
    ),
    Meaning(Tag.WILL): "will|going to|gonna|would be|expected to|likely to|might|expect",
    **{Meaning(Tag(tag)): listed for tag, listed in PAYMENT_PHRASES.items()},
    **{Meaning(Tag.REFUSAL, reason): listed for reason, listed in REFUSED_PHRASES.items()},
}

_BY_WORDS = (
    "by", "per", "grouped by", "group by", "broken down by", "split by", "for each", "for every", "split up by", "each",
    "break down by", "breakdown by", "divided by",
)  # fmt: skip


def _phrases() -> Iterator[tuple[tuple[str, ...], Meaning]]:
    for word in FILLERS.split():
        yield (word,), Meaning(Tag.FILLER)
    for word, currency in SAFE_CURRENCY_WORDS.items():
        yield (word,), Meaning(Tag.CURRENCY, currency)
    for meaning, listed in _PLAIN.items():
        for phrase in listed.split("|"):
            for written in [phrase.replace("{by}", by) for by in _BY_WORDS] if "{by}" in phrase else [phrase]:
                yield tuple(written.split()), meaning


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """Every word of every phrase."""
    return frozenset(word for phrase, _ in _phrases() for word in phrase)


@lru_cache(maxsize=1)
def lexicon() -> Mapping[tuple[str, ...], Meaning]:
    """Every phrase, as a tuple of its words in the singular."""
    return {tuple(singular(word) or word for word in phrase): meaning for phrase, meaning in _phrases()}


@lru_cache(maxsize=1)
def longest_phrase() -> int:
    """In words."""
    return max(len(phrase) for phrase in lexicon())


@lru_cache(maxsize=4096)
def singular(word: str) -> str | None:
    """The known word that ``word`` is a plural of, or is; None if there is none."""
    candidates = []
    if len(word) > len("ies") and word.endswith("ies"):
        candidates.append(word[:-3] + "y")
    if len(word) > len("ses") and word.endswith("es"):
        candidates.append(word[:-2])
    if len(word) > len("ss") and word.endswith("s") and not word.endswith("ss"):
        candidates.append(word[:-1])
    return next((candidate for candidate in [*candidates, word] if candidate in known_words()), None)
