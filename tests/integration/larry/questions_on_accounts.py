"""Questions for lists of accounts: by payment status, plan, currency, interval, amount, health, events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from tests.integration.larry.books import Bag, Books, added, is_live, plain_sum
from tests.integration.larry.expecting import (
    Case,
    Check,
    accounts,
    cells,
    every,
    family,
    money,
    number,
    result_of,
    rows,
    said,
)
from tests.integration.larry.portfolio import TODAY, WITHOUT_CUSTOMER

from clynto.application.answer_question import Answered
from stripe_sandbox.records import Subscription


def status(*wanted: str | None) -> Check:
    """Accounts of these statuses."""
    return accounts(lambda b: b.with_status(*wanted))


def paying(low: int | None = None, high: int | None = None, *, strictly: bool = True) -> Check:
    """Accounts whose shown MRR lies above ``low`` and below ``high``, in major units."""

    def chosen(books: Books) -> list[str]:
        found = []
        for name in books.names:
            shown = round(plain_sum(books.mrr(name)), 2)
            over = low is None or shown > low or (not strictly and shown == low)
            under = high is None or shown < high or (not strictly and shown == high)
            # What was never computed is not less than anything.
            if over and under and name not in WITHOUT_CUSTOMER:
                found.append(name)
        return found

    return accounts(chosen)


def part(of: Callable[[Books, Subscription], bool]) -> Check:
    """Accounts with a counted subscription that ``of`` accepts, with the MRR of those subscriptions alone."""

    def shares(books: Books) -> dict[str, Bag]:
        found: dict[str, Bag] = {}
        for name in books.names:
            held = [s for s in books.counted(name) if of(books, s)]
            if held:
                found[name] = books.share(name, held)
        return found

    def ranked(books: Books) -> list[str]:
        held = shares(books)
        return sorted(held, key=lambda name: (-plain_sum(held[name]), name))

    return every(
        number("accounts", lambda b: len(shares(b))),
        rows(ranked, ordered=False),
        money("mrr", lambda b: added(shares(b).values())),
    )


def renewing(first: dt.date, last: dt.date) -> Check:
    """Accounts whose next renewal lies in these days."""

    def chosen(books: Books) -> list[str]:
        found = []
        for name in books.names:
            moment = books.renewal(name)
            if moment is not None and first <= dt.datetime.fromtimestamp(moment, dt.UTC).date() <= last:
                found.append(name)
        return found

    return accounts(chosen)


def these(*names: str) -> Check:
    """Accounts that the portfolio was made with for this."""
    return accounts(lambda _: names)


def gained(since: dt.date, until: dt.date | None) -> Check:
    """No MRR then and some later."""
    return accounts(lambda b: [n for n in b.names if not b.mrr(n, since) and b.mrr(n, until)])


DECEMBER = (dt.date(2026, 12, 1), dt.date(2026, 12, 31))
STATUSES = family(
    "status",
    (
        [
            "Which accounts are overdue?",
            "which accounts are overdue",
            "overdue accounts",
            "show me all overdue accounts",
            "Show overdue customers",
            "List accounts that are past due",
            "who is overdue?",
            "who's late on payment?",
            "which customers are behind on payments?",
            "Which of our accounts are overdue right now?",
            "accounts with payment status overdue",
            "Please list the overdue clients",
            "which companies are past-due?",
            "delinquent accounts",
            "what accounts are late?",
        ],
        status("overdue"),
    ),
    (
        [
            "Which accounts have failed?",
            "failed accounts",
            "show accounts with payment status failed",
            "which accounts are failing?",
            "list customers with status failed",
        ],
        status("failed"),
    ),
    (
        [
            "Which accounts are paid?",
            "accounts in good standing",
            "which customers are paid up?",
            "show all accounts with payment status paid",
            "who is up to date?",
        ],
        status("paid"),
    ),
    (
        [
            "Which accounts are overdue or failed?",
            "accounts that are failed or overdue",
            "which accounts are at risk?",
            "customers at risk",
        ],
        status("overdue", "failed"),
    ),
    (
        ["Which accounts have no payment status?", "accounts without a payment status"],
        status(None),
    ),
)

COUNTS = family(
    "count",
    (
        ["How many accounts are there?", "how many customers do we have", "number of accounts"],
        number("accounts", lambda b: len(b.names)),
    ),
    (
        ["How many accounts are overdue?", "how many customers are past due?", "number of overdue accounts"],
        number("accounts", lambda b: len(b.with_status("overdue"))),
    ),
    (
        "how many accounts have failed payments status failed",
        number("accounts", lambda b: len(b.with_status("failed"))),
    ),
    (
        ["How many accounts are on the Team plan?", "how many customers are on Team?"],
        number("accounts", lambda b: sum(any("Team" in b.product_names(s) for s in b.counted(n)) for n in b.names)),
    ),
    (
        "How many accounts pay more than 100?",
        number("accounts", lambda b: sum(plain_sum(b.mrr(n)) > 100 for n in b.names)),
    ),
    ("how many accounts have no subscription", number("accounts", lambda b: sum(not b.lives(n) for n in b.names))),
    ("how many accounts churned last month", number("accounts", lambda _: 1)),
    ("How many new customers did we win this month?", number("accounts", lambda _: 1)),
)

AMOUNTS = family(
    "amount",
    (
        [
            "Which accounts pay more than 500?",
            "accounts with MRR over 500",
            "customers with more than 0.5k MRR",
            "accounts with MRR above 500",
            "which accounts have an MRR greater than 500?",
        ],
        paying(500),
    ),
    (
        ["accounts with MRR below 100", "which customers pay less than 100?", "accounts under 100 mrr"],
        paying(None, 100),
    ),
    (
        ["accounts with MRR between 100 and 200", "which accounts have an MRR between 0.1k and 0.2k"],
        paying(100, 200, strictly=False),
    ),
    (["accounts with at least 300 MRR", "accounts with MRR of at least 300"], paying(300, strictly=False)),
    ("accounts with more than 1m MRR", paying(1_000_000)),
    ("accounts with ARR over 6k", paying(500)),
    ("accounts with MRR of at most 36", paying(None, 36, strictly=False)),
    (
        ["Which paying customers are overdue?", "overdue accounts with more than 0 MRR"],
        status("overdue"),
    ),
    (
        "overdue accounts with MRR over 200",
        accounts(lambda b: [n for n in b.with_status("overdue") if plain_sum(b.mrr(n)) > 200]),
    ),
)

PARTS = family(
    "plan",
    (
        ["Which accounts are on the Business plan?", "accounts on Business", "business plan customers"],
        part(lambda b, s: b.product_names(s) == ["Business"]),
    ),
    (
        ["Which accounts are on the plan Team?", "customers on the team plan"],
        part(lambda b, s: b.product_names(s) == ["Team"]),
    ),
    ("accounts on the Enterprise plan", part(lambda b, s: b.product_names(s) == ["Enterprise"])),
    ("Which accounts have the product Extra storage?", part(lambda b, s: "Extra storage" in b.product_names(s))),
    ('accounts on the plan "Classic (2022)"', part(lambda b, s: b.product_names(s) == ["Classic (2022)"])),
    (
        ["Which accounts pay yearly?", "accounts billed annually", "customers on annual billing"],
        part(lambda b, s: b.interval(s) == "year"),
    ),
    (["accounts billed quarterly", "accounts billed every 3 months"], part(lambda b, s: b.interval(s) == "3 months")),
    (["accounts billed weekly"], part(lambda b, s: b.interval(s) == "week")),
    (["accounts in EUR", "Which customers pay in euros?"], part(lambda b, s: s.currency == "eur")),
    ("accounts in JPY", part(lambda b, s: s.currency == "jpy")),
    ("accounts in GBP", part(lambda b, s: s.currency == "gbp")),
    (
        "Which accounts on the Team plan are billed yearly?",
        part(lambda b, s: b.product_names(s) == ["Team"] and b.interval(s) == "year"),
    ),
)

EVENTS = family(
    "event",
    (
        [
            "Which accounts renew next month?",
            "renewals next month",
            "accounts up for renewal next month",
            "who renews next month?",
        ],
        renewing(*DECEMBER),
    ),
    (["accounts renewing in December", "renewals in December 2026"], renewing(*DECEMBER)),
    (
        ["Which accounts renew in the next 7 days?", "renewals in the next 7 days"],
        renewing(TODAY, TODAY + dt.timedelta(days=6)),
    ),
    ("accounts renewing in January", renewing(dt.date(2027, 1, 1), dt.date(2027, 1, 31))),
    ("which accounts renew tomorrow", renewing(dt.date(2026, 11, 27), dt.date(2026, 11, 27))),
    ("which accounts renew next quarter", renewing(dt.date(2027, 1, 1), dt.date(2027, 3, 31))),
    (
        [
            "Which accounts are set to cancel?",
            "accounts with a scheduled cancellation",
            "who is about to cancel?",
            "which customers are leaving?",
        ],
        these("Umbrella Health", "Renewal Garden"),
    ),
    (
        ["Which accounts churned last month?", "who churned last month", "which customers did we lose last month?"],
        these("Wayne Enterprises"),
    ),
    ("Which accounts churned this month?", these()),
    (
        ["Which accounts are new this month?", "new customers this month", "who signed up this month?"],
        these("Soylent Foods"),
    ),
    ("new accounts in August", gained(dt.date(2026, 7, 31), dt.date(2026, 8, 31))),
    ("new accounts since July", gained(dt.date(2026, 6, 30), None)),
    ("accounts that churned in October 2026", these("Wayne Enterprises")),
    (
        [
            "Which accounts have no subscription?",
            "accounts without a subscription",
            "customers with no active subscription",
        ],
        accounts(lambda b: [n for n in b.names if not any(is_live(s) for s in b.subscriptions(n))]),
    ),
    (
        ["Which accounts are unmatched?", "accounts without a Stripe customer", "accounts not matched"],
        these(*WITHOUT_CUSTOMER),
    ),
)

HEALTH = family(
    "health",
    (
        ["Which accounts are unhealthy?", "accounts in poor health", "critical accounts"],
        accounts(lambda b: [n for n in b.names if b.score(n) is not None and (b.score(n) or 0) < 40]),
    ),
    (["healthy accounts"], accounts(lambda b: [n for n in b.names if (b.score(n) or 0) >= 70])),
    (
        ["accounts with a health score below 60"],
        accounts(lambda b: [n for n in b.names if b.score(n) is not None and (b.score(n) or 0) < 60]),
    ),
    (
        ["accounts with unknown health", "accounts without a health score"],
        accounts(lambda b: [n for n in b.names if b.score(n) is None]),
    ),
    (
        ["What is the average health score?", "average health"],
        said(),
    ),
)


def top(metric: str, count: int, *, lowest: bool = False) -> Check:
    """The first accounts by an amount; those without any are left out, but for MRR."""

    def ranked(books: Books) -> list[str]:
        bags = {name: getattr(books, metric)(name) for name in books.names}
        names = [n for n in books.names if bags[n] or (metric == "mrr" and n not in WITHOUT_CUSTOMER)]
        sign = 1 if lowest else -1
        return sorted(names, key=lambda name: (sign * plain_sum(bags[name]), books.names.index(name)))[:count]

    def check(answered: Answered, books: Books) -> None:
        assert cells(result_of(answered), "account") == ranked(books), result_of(answered).text

    return check


RANKINGS = family(
    "ranking",
    (
        ["Top 5 accounts by MRR", "our 5 biggest accounts", "show the top 5 customers", "5 largest accounts by MRR"],
        top("mrr", 5),
    ),
    ("top 3 accounts by ARR", top("mrr", 3)),
    (["top 3 accounts by outstanding amount", "top 3 accounts by outstanding balance"], top("owed", 3)),
    (["top 4 accounts by lifetime value", "4 highest accounts by lifetime value"], top("lifetime", 4)),
    (["Which account has the highest MRR?"], every(top("mrr", 1), said("Sakura KK"))),
    (
        ["Which accounts owe money?", "Which accounts have not paid?", "Which accounts have unpaid invoices?"],
        top("owed", 20),
    ),
)
CASES: list[Case] = [*STATUSES, *COUNTS, *AMOUNTS, *PARTS, *EVENTS, *HEALTH, *RANKINGS]
