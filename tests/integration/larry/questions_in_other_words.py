"""Questions as people put them who have not read how to: the short, the vague, and those that were once misread."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

from tests.integration.larry.books import Bag, Books, added, less, plain_sum
from tests.integration.larry.expecting import Case, accounts, every, family, money, number, refused, rows, said
from tests.integration.larry.portfolio import TODAY, WITHOUT_CUSTOMER, second
from tests.integration.larry.questions_on_accounts import renewing, status, top
from tests.integration.larry.questions_on_figures import annual
from tests.integration.larry.questions_on_lists import bills
from tests.integration.larry.questions_on_the_past import OCTOBER, SEPTEMBER, value

from clynto.application.answer_question import Answered
from stripe_sandbox.records import Invoice

FIRST_KNOWN = dt.date(2025, 11, 30)
"""The oldest month end that is rebuilt."""
LEAVING = ("Umbrella Health", "Renewal Garden")


def _paying_dollars(books: Books) -> list[str]:
    """Above 500 dollars; yen and euros are not dollars."""
    return [name for name in books.names if books.mrr(name).get("USD", Fraction(0)) > 500_00]


def _above_ten_thousand_a_year(books: Books) -> list[str]:
    return [name for name in books.names if 12 * plain_sum(books.mrr(name)) > 10_000]


def _paying_nothing(books: Books) -> list[str]:
    return [name for name in books.names if name not in WITHOUT_CUSTOMER and not books.mrr(name)]


def _fallen(books: Books) -> Bag:
    """What accounts lost from the end of September to the end of October, growth of others not set against it."""
    changes = [less(books.mrr(name, OCTOBER), books.mrr(name, SEPTEMBER)) for name in books.names]
    return added(change for change in changes if plain_sum(change) < 0)


def _settled(books: Books) -> list[Invoice]:
    """As far back as invoices are held for sure."""
    held = [i for i in books.invoices("Globex GmbH") if i.status == "paid" and i.paid_at is not None]
    return [i for i in held if (i.paid_at or 0) >= second(2025, 11, 26, 0)]


def _last_paid(answered: Answered, books: Books) -> None:
    """The day is that of the payment, not that of the bill."""
    newest = max(_settled(books), key=lambda invoice: invoice.paid_at or 0)
    assert newest.paid_at is not None
    day = dt.datetime.fromtimestamp(newest.paid_at, tz=dt.UTC)
    said(f"The last one paid, {newest.number} of ", f"left to pay, paid on {day.day} {day:%B %Y}.")(answered, books)


DEBTS = family(
    "who owes",
    (["who hasn't paid?", "who owes us money?", "accounts not paid"], top("owed", 20)),
)
UNITS_OF_AMOUNTS = family(
    "amount with a unit",
    (["accounts over $500 MRR", "customers paying more than 500 dollars a month"], accounts(_paying_dollars)),
    # 10,000 a year is no round sum a month.
    (["customers with ARR over 10k", "accounts with an ARR above 10000"], accounts(_above_ten_thousand_a_year)),
    # As amounts are written elsewhere: a thousand, and not one.
    (
        ["accounts over 1.000", "accounts above 1'000", "MRR over 1.000,00", "accounts with MRR over 1,000.00"],
        number("accounts", lambda b: sum(plain_sum(b.mrr(name)) > 1000 for name in b.names)),
    ),
    (
        ["MRR over 100,5 €", "accounts with an MRR of more than 100.5 EUR", "accounts paying more than €100,50"],
        every(accounts(lambda _: ["Globex GmbH"]), said("The MRR in EUR alone is bounded, unconverted.")),
    ),
    (["accounts without MRR", "free accounts"], accounts(_paying_nothing)),
)
ENDS = family(
    "ends of a ranking",
    (["top three by lifetime value", "top three accounts by lifetime value"], top("lifetime", 3)),
    ("worst 2 accounts by health", said("The lowest health scores are those of", "(0)")),
    (
        ["which plan brings the most MRR?", "which currency has the most MRR?"],
        money("mrr", lambda b: b.mrr_of(b.names)),
    ),
    ("accounts by payment status", number("accounts", lambda b: len(b.names))),
)
LOSSES = family(
    "losses",
    (["how much MRR did we lose last month?", "MRR lost in October"], money("change", _fallen)),
    ("biggest MRR increase this month", said("rose most")),
)


def _on(books: Books, plan: str) -> list[str]:
    return [n for n in books.names if any(books.product_names(s) == [plan] for s in books.counted(n))]


CANCELLATIONS = family(
    "cancellations",
    (
        ["how much ARR is at risk from cancellations?", "ARR at risk from cancelations"],
        money("arr", lambda b: {c: 12 * a for c, a in b.mrr_of(LEAVING).items()}),
    ),
    ("MRR at risk from cancellations", money("mrr", lambda b: b.mrr_of(LEAVING))),
    (["who is about to churn?", "which accounts are about to leave?"], accounts(lambda _: list(LEAVING))),
    ("which subscriptions were downgraded?", rows(lambda _: ["Acme Robotics"])),
)
COURSES = family(
    "course",
    (["show mrr over the last 6 months", "our MRR in the last 6 months"], said("rose by $3,390.16, from")),
    ("net new MRR this month", said("The MRR of all accounts")),
    (["ARPA", "average revenue per account"], said("The average MRR is")),
    ("how much do we make per month?", money("mrr", lambda b: b.mrr_of(b.names))),
)
DAYS_AHEAD = family(
    "days ahead",
    (
        "renewals between 27 november and 15 december",
        renewing(TODAY + dt.timedelta(days=1), dt.date(2026, 12, 15)),
    ),
    (["upcoming renewals", "renewals"], renewing(TODAY, TODAY + dt.timedelta(days=29))),
    (
        ["accounts renewing in 60 days", "renewals in 60 days", "who renews within 60 days"],
        renewing(TODAY, TODAY + dt.timedelta(days=59)),
    ),
    (
        ["accounts renewing in two months", "renewals within 2 months", "renewing in the next two months"],
        renewing(TODAY, dt.date(2027, 1, 26)),
    ),
    (
        "accounts renewing between December and February",
        renewing(dt.date(2026, 12, 1), dt.date(2027, 2, 28)),
    ),
    ("which customers renew within 14 days", renewing(TODAY, TODAY + dt.timedelta(days=13))),
)
BILLS = family(
    "latest invoice",
    (
        ["last invoice of Hooli", "has Hooli paid its last invoice?", "most recent invoice of Hooli"],
        every(number("invoices", lambda b: len(b.invoices("Hooli"))), said("The newest, ")),
    ),
    ("latest invoices of Hooli", bills("Hooli")),
    (
        ["when did Globex last pay?", "last payment of Globex", "what was Globex's most recent payment?"],
        every(number("invoices", lambda b: len(_settled(b))), _last_paid),
    ),
)
PLANS = family(
    "seats",
    (
        ["which accounts have no plan?", "accounts without a plan", "who has no plan", "customers not on any plan"],
        accounts(lambda b: [name for name in b.names if not b.lives(name)]),
    ),
    (
        ['accounts on "Team"', 'Which customers are on "team"?', 'who is on "Team"'],
        number("accounts", lambda b: len(_on(b, "Team"))),
    ),
    ('how many accounts are on "Team"?', number("accounts", lambda b: len(_on(b, "Team")))),
    (
        ['Which accounts on "Business" are overdue?', 'overdue accounts on "Business"'],
        number("accounts", lambda b: sum(b.status(name) == "overdue" for name in _on(b, "Business"))),
    ),
    ('accounts without plan "Team"', accounts(lambda b: [name for name in b.names if name not in _on(b, "Team")])),
    (["how many seats does Acme have?", "what plan is Acme on?"], said("Acme Robotics has", " x ")),
)
WITHOUT_EFFECT = family(
    "said, but of no effect",
    # An answer that leaves a condition out is worse than none.
    ("unpaid invoices by plan", refused("by plan")),
    ("top 5 accounts by plan", refused("5")),
    ("unpaid invoices of overdue accounts", refused("not of the ones in a list")),
    ("which accounts have two subscriptions", refused("two")),
)
SMALL_TALK = family(
    "small talk",
    (["hello", "what can you do?", "thanks!", "help"], refused("Ask about MRR")),
    ("hi Larry, which accounts are overdue?", accounts(lambda b: b.with_status("overdue"))),
)
RISK = family(
    "risk",
    (["what needs my attention?", "what's urgent?"], said("open signals")),
    ("what's at risk?", said("ARR is at risk")),
    ("why is Hooli's health score low?", said("health score of Hooli")),
    ("Who upgraded this month?", said("rose most")),
    ("Hooli's ARR and MRR", said("MRR, which is")),
)
PAYING = family(
    "whether and how much",
    # Each was once told as the MRR.
    (["Is Hooli paying?", "Does Hooli pay?"], said("payment status of Hooli")),
    ("How much is Hooli paying?", money("mrr", lambda b: b.mrr("Hooli"))),
    (
        ["How much did Tyrell pay us in total?", "How much has Tyrell paid us?"],
        money("lifetime_value", lambda b: b.lifetime("Tyrell")),
    ),
    ("How long has Hooli been a customer?", refused("not one of his answers")),
    ("rank all accounts by lifetime value", said("The highest lifetime values are those of")),
)
EVERYDAY = family(
    "everyday words",
    ("which accounts have a renewal coming up within 14 days", renewing(TODAY, TODAY + dt.timedelta(days=13))),
    ("accounts worth more than $500 MRR", rows(_paying_dollars, ordered=False)),
    ("which accounts failed to pay", said("with open payment failure signals")),
    ("which Stripe customers don't match?", said("no account; their MRR is")),
)
LATE = family(
    "not paying",
    (["which customers are not paying?", "customers not paying", "who isn't paying"], status("overdue", "failed")),
    (
        ["how much revenue is at risk this month", "revenue at risk this month"],
        money("arr_at_risk", lambda b: annual(b.mrr_of(["Initech", "Initrode", "Paid Media Partners"]))),
    ),
    (["was Initech overdue?", "why was Hooli overdue"], refused("as it is now")),
)
NAMED_MONTHS = family(
    "which month",
    (["MRR last December", "what was our MRR last december"], value("mrr", None, dt.date(2025, 12, 31))),
    ("ARR last October", value("arr", None, OCTOBER, times=12)),
    (["accounts renewing next January", "renewals next jan"], renewing(dt.date(2027, 1, 1), dt.date(2027, 1, 31))),
)
LAST_YEAR = family(
    "last twelve months",
    (
        [
            "which accounts churned in the last 12 months?",
            "customers we lost over the last year",
            "who churned in the past year",
        ],
        every(
            accounts(lambda b: [n for n in b.names if b.mrr(n, FIRST_KNOWN) and not b.mrr(n)]),
            said("Churned compares the MRR at the end of 30 November 2025 with now."),
        ),
    ),
    (
        "how did MRR change over the last 12 months",
        every(
            money("change", lambda b: less(b.mrr_of(b.names), b.mrr_of(b.names, FIRST_KNOWN))),
            said("at the end of 30 November 2025"),
        ),
    ),
    ("accounts that churned last year", said("no record of the MRR at the end of 31 December 2024")),
    ("which accounts churned in the last 14 months?", said("no record of the MRR at the end of 25 September 2025")),
)
COUNTED = family(
    "counted as listed",
    ("highest health score accounts", said("of them have no health score and are not listed")),
    ("top accounts by lifetime value", said("of them have no lifetime value and are not listed")),
)
CASES: list[Case] = [
    *PAYING,
    *EVERYDAY,
    *LATE,
    *NAMED_MONTHS,
    *LAST_YEAR,
    *COUNTED,
    *DEBTS,
    *UNITS_OF_AMOUNTS,
    *ENDS,
    *LOSSES,
    *CANCELLATIONS,
    *COURSES,
    *DAYS_AHEAD,
    *BILLS,
    *PLANS,
    *WITHOUT_EFFECT,
    *SMALL_TALK,
    *RISK,
]
