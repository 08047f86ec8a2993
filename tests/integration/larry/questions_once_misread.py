"""Questions of a demanding success manager that were once answered as if something else was asked, or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from fractions import Fraction

from tests.integration.larry.books import Bag, Books, added, less, plain_sum
from tests.integration.larry.expecting import Case, accounts, day, every, family, money, number, refused, rows, said
from tests.integration.larry.portfolio import TODAY, WITHOUT_CUSTOMER, second
from tests.integration.larry.questions_on_accounts import status
from tests.integration.larry.questions_on_figures import by_plan, groups, owes
from tests.integration.larry.questions_on_payers import OCTOBER as IN_OCTOBER
from tests.integration.larry.questions_on_payers import payers
from tests.integration.larry.questions_on_payments import received
from tests.integration.larry.questions_on_the_past import OCTOBER, SEPTEMBER, YEAR, change, course, everybody
from tests.integration.larry.questions_on_what_moved import both_mrr, leading

CONNECTED = dt.date(2025, 11, 30)
Q3 = dt.date(2026, 7, 1), dt.date(2026, 9, 30)
COLLECTED = "how much did we collect in October?"
RENEWING = "which accounts renew next month?"


def _without_mrr(books: Books) -> list[str]:
    """Of those that Stripe knows: of others no MRR is computed."""
    return [name for name in books.names if not books.mrr(name) and name not in WITHOUT_CUSTOMER]


def _over_1k_usd(books: Books) -> list[str]:
    return [name for name in books.names if books.mrr(name).get("USD", Fraction(0)) > 1000_00]


def _everybody(books: Books) -> list[str]:
    return books.by_mrr(books.names)[:20]


def _renewing(books: Books) -> list[str]:
    held = {name: books.renewal(name) for name in books.names}
    days = {n: dt.datetime.fromtimestamp(s, tz=dt.UTC).date() for n, s in held.items() if s is not None}
    return [name for name, on in days.items() if (on.year, on.month) == (2026, 12)]


def _lost_in_october(books: Books) -> Bag:
    changes = [less(books.mrr(name, OCTOBER), books.mrr(name, SEPTEMBER)) for name in books.names]
    return added(one for one in changes if plain_sum(one) < 0)


MONEY = family(
    "what money is meant",
    (
        ["which plan makes the most money?", "which plan makes us the most money", "what plan earns most"],
        groups(by_plan),
    ),
    (
        ["what did we earn in Q3?", "how much did we make in Q3", "how much revenue did we make in Q3?"],
        received(*Q3),
    ),
    ("how much MRR did we make in October?", money("mrr", lambda b: everybody(b, OCTOBER))),
    (
        ["customers not paying us anything", "accounts with zero MRR", "who pays us nothing?"],
        every(number("accounts", lambda b: len(_without_mrr(b))), rows(_without_mrr, ordered=False)),
    ),
    (
        ["what did Wayne pay?", "how much did Wayne pay us"],
        money("lifetime_value", lambda b: b.lifetime("Wayne Enterprises")),
    ),
    (["did Initech pay?", "did initech pay us?"], said("The payment status of Initech is overdue.")),
    (["total MRR of Acme and Globex", "overall MRR of Acme and Globex"], refused("compared and not added")),
    ("how much MRR do Acme and Globex have?", both_mrr("Acme Robotics", "Globex GmbH")),
    (
        ["MRR of each account", "how much does each customer pay us?"],
        rows(_everybody, total=lambda b: len(b.names)),
    ),
    (["accts over $1k/mo", "accts w/ more than $1k MRR"], accounts(_over_1k_usd)),
    (["how much has each account paid this year?"], payers(dt.date(2026, 1, 1), TODAY)),
)
WHEN = family(
    "when it was",
    (["when did Acme's MRR drop?", "when did Acme's MRR change"], course("Acme Robotics", YEAR)),
    ("when did Stark upgrade?", course("Stark Industries", YEAR)),
    ("when did our MRR grow?", course(None, YEAR)),
    (["did Stark upgrade this month?", "has Stark upgraded?"], change("Stark Industries", OCTOBER)),
    (["is MRR up?", "is our MRR going up", "has MRR gone up this month?"], change(None, OCTOBER)),
    (
        ["MRR since we connected", "our MRR since we connected to Stripe", "MRR since Stripe was connected"],
        course(None, YEAR),
    ),
    ("how much have we collected since we connected Stripe?", received(CONNECTED, TODAY)),
    ("who has paid us since we've connected?", payers(CONNECTED, TODAY)),
    (
        ["payments in the last fortnight", "how much did we collect over the past fortnight"],
        received(day(2026, 11, 13), TODAY),
    ),
    (["renewals in a fortnight", "MRR a fortnight ago"], refused("fortnight")),
    (["who renews first?", "which account renews first"], refused("first")),
    (
        [
            "which customers were on trial in October?",
            "did any trial end last month?",
            "trials that ended this week",
            "how many customers cancelled their trial?",
        ],
        refused("trials are known while they run"),
    ),
    (
        [
            "how many paying customers at the end of Q3?",
            "who was paying us in September?",
            "which accounts had MRR in September",
            "MRR of each account in September",
        ],
        leading(SEPTEMBER, 20),
    ),
    ("did Initech's card fail?", said("Initech has 1 payment failure signal.")),
)
SAID_BEFORE = family(
    "said before",
    (["from whom?", "by account?", "who paid the most?", "who was that from?"], payers(*IN_OCTOBER), COLLECTED),
    ("who paid the least?", payers(*IN_OCTOBER, least_first=True), COLLECTED),
    ("who paid the most?", payers(*IN_OCTOBER), "how much did Acme pay in October?"),
    (["in EUR?", "over 500"], refused(), "what is Acme's MRR?"),
    ("from whom?", payers(*IN_OCTOBER, currency="EUR"), "how much did we collect in EUR in October?"),
    (["who is the biggest?", "which is the largest?"], status("overdue"), "which accounts are overdue?"),
    (
        ["show their invoices", "what are their signals?"],
        refused("not of the ones in a list"),
        "which accounts are overdue?",
    ),
    ("show their invoices", refused("not of the ones in a list"), "who paid in October?"),
    (["total MRR?", "and total MRR"], money("mrr", lambda b: b.mrr_of(_renewing(b))), RENEWING),
    (["any unpaid?", "unpaid?"], owes("Hooli"), "what is Hooli's MRR?"),
    (["vs Globex", "compared to Globex?"], both_mrr("Acme Robotics", "Globex GmbH"), "what is Acme's MRR?"),
    ("how much MRR did we lose?", money("change", _lost_in_october), "who churned in October?"),
    (
        "the first 3",
        said("The oldest are 2PHUCKMM-0001 of Acme Robotics"),
        "invoices of Acme",
    ),
)


def _renewing_from(first: int, last: int) -> Callable[[Books], list[str]]:
    def names(books: Books) -> list[str]:
        held = {name: books.renewal(name) for name in books.names}
        days = {n: dt.datetime.fromtimestamp(s, tz=dt.UTC).date() for n, s in held.items() if s is not None}
        return [name for name, on in days.items() if day(2026, 12, first) <= on <= day(2026, 12, last)]

    return names


AMONG = family(
    "days, shares and some invoices",
    (["renewals from 1 to 15 December", "who renews between 1 and 15 December?"], accounts(_renewing_from(1, 15))),
    ("how much did we collect from 1 to 15 October?", received(day(2026, 10, 1), day(2026, 10, 15))),
    (["what is 10% of our MRR?", "MRR up by 5%"], refused("this rate or statistic is not one of his answers")),
    (
        [
            "top 3 customers' invoices",
            "invoices for our top customers",
            "invoices of overdue accounts",
            "how many invoices do the 3 biggest accounts have?",
        ],
        refused("not of the ones in a list"),
    ),
    (
        ["Acme's October invoice", "how much did we bill Acme in October?"],
        said("Acme Robotics has 1 invoice", "of 10 October 2026 is paid: $480.00 in all, $0.00 left to pay"),
    ),
)


def _in(currency: str, on: dt.date | None, times: int = 1) -> Callable[[Books], Bag]:
    def bag(books: Books) -> Bag:
        amount = everybody(books, on).get(currency, Fraction(0)) * times
        return {currency: amount} if amount else {}

    return bag


def _by_currency(on: dt.date) -> Callable[[Books], dict[str, Bag]]:
    return lambda books: {currency: {currency: amount} for currency, amount in everybody(books, on).items()}


def _late_then(books: Books) -> list[str]:
    """With an invoice that was due before October and is unpaid to this day."""
    return [
        name for name in books.names if any(i.due_date and i.due_date < second(2026, 10, 1) for i in books.unpaid(name))
    ]


def _late_on_enterprise(books: Books) -> list[str]:
    return [n for n in _late_then(books) if any("Enterprise" in books.product_names(s) for s in books.counted(n))]


THEN = family(
    "then, and one thing more",
    (
        [
            "MRR in EUR at the end of September",
            "how much MRR did accounts in EUR have at the end of September?",
            "EUR MRR in September",
        ],
        money("mrr", _in("EUR", SEPTEMBER)),
    ),
    ("ARR in GBP last month", money("arr", _in("GBP", OCTOBER, 12))),
    ("and in USD?", money("mrr", _in("USD", OCTOBER)), "MRR in EUR last month"),
    ("MRR in CHF last month", money("mrr", lambda _: {})),
    (["MRR by currency at the end of September", "MRR by currency in September"], groups(_by_currency(SEPTEMBER))),
    ("last month?", groups(_by_currency(OCTOBER)), "MRR by currency"),
    (["MRR in EUR this year", "MRR by currency since March"], refused("over all accounts and of one")),
    ("this year?", refused("that period"), "how much MRR in EUR?"),
    (
        [
            "which accounts on Enterprise were overdue last month?",
            "which Enterprise customers were overdue in October?",
        ],
        every(accounts(_late_on_enterprise), said("All other conditions are as they are now")),
    ),
    (
        [
            "which Team customers were overdue in October?",
            "which Team accounts were overdue last month?",
            "overdue accounts in EUR last month",
        ],
        every(accounts(lambda _: []), said("All other conditions are as they are now")),
    ),
    ("which accounts with MRR over 100 were overdue last month?", refused("known for now")),
)
CASES: list[Case] = [*MONEY, *WHEN, *SAID_BEFORE, *AMONG, *THEN]
