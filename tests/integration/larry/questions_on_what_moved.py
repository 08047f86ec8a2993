"""Questions for trials, for what made MRR change, for rankings of the past, and for what accounts do not have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from fractions import Fraction

from tests.integration.larry.books import Bag, Books, added, is_live, is_overdue, is_unpaid, less, plain_sum
from tests.integration.larry.expecting import (
    Case,
    Check,
    accounts,
    cells,
    every,
    family,
    figure_of,
    money,
    number,
    refused,
    result_of,
    rows,
    said,
)
from tests.integration.larry.portfolio import NOW
from tests.integration.larry.questions_on_lists import debts, subscriptions
from tests.integration.larry.questions_on_the_past import NEW_YEAR, OCTOBER, SEPTEMBER, YEAR, course

from clynto.application.answer_question import Answered
from stripe_sandbox.records import Invoice

DAY = 86_400


def on_trial(books: Books, until: dt.date | None = None) -> list[str]:
    """Accounts with a trial that runs, and ends by that day."""
    found = []
    for name in books.names:
        ends = [s.trial_end for s in books.subscriptions(name) if s.status == "trialing"]
        if any(until is None or dt.datetime.fromtimestamp(end or 0, dt.UTC).date() <= until for end in ends):
            found.append(name)
    return found


TRIALS = family(
    "trial",
    (
        [
            "who is on trial?",
            "Which accounts are trialing?",
            "customers in a free trial",
            "which customers are in trial right now",
            "accounts on trial",
        ],
        accounts(on_trial),
    ),
    (["how many trials do we have?", "number of accounts on trial"], number("accounts", lambda b: len(on_trial(b)))),
    (
        ["trials ending this week", "which trials end this month?", "whose trial ends this week?"],
        accounts(lambda b: on_trial(b, dt.date(2026, 11, 30))),
    ),
    (
        ["trials ending in the next 14 days", "which trials expire in December?", "whose trial will end next month"],
        accounts(lambda b: on_trial(b, dt.date(2026, 12, 31))),
    ),
    (
        ["When does Cyberdyne's trial end?", "is Cyberdyne on a trial?", "trial of Cyberdyne Systems"],
        said("Cyberdyne Systems is on trial: Team until 5 December 2026"),
    ),
    ("Is Acme on trial?", said("Acme Robotics is not on trial now")),
    (["trialing subscriptions", "subscriptions in trial"], subscriptions(None, lambda s: s.status == "trialing")),
    (
        ["past due subscriptions", "which subscriptions are past due"],
        subscriptions(None, lambda s: s.status == "past_due"),
    ),
)


def moved(kind: str, since: dt.date, until: dt.date | None, times: int = 1) -> Check:
    """The exact sum of one kind of movement over all accounts, and how many had it."""

    def totals(books: Books) -> tuple[Bag, int]:
        bags, count = [], 0
        for name in books.names:
            before, after = books.mrr(name, since), books.mrr(name, until)
            own = {
                currency: change
                for currency, change in less(after, before).items()
                if _kind(before.get(currency), after.get(currency)) == kind
            }
            count += bool(own)
            bags.append(own)
        return added(bags, times), count

    return every(
        money(kind, lambda b: totals(b)[0]),
        number(f"{kind}_accounts", lambda b: totals(b)[1]),
    )


def _kind(before: Fraction | None, after: Fraction | None) -> str:
    if not before:
        return "new"
    if not after:
        return "churn"
    return "expansion" if after > before else "contraction"


def all_moved(since: dt.date, until: dt.date | None) -> Check:
    """All kinds, which add up to the difference."""
    kinds = [moved(kind, since, until) for kind in ("new", "expansion", "contraction", "churn")]
    return every(*kinds, money("change", lambda b: less(b.mrr_of(b.names, until), b.mrr_of(b.names, since))))


MOVEMENTS = family(
    "movement by kind",
    (
        [
            "churned MRR last month",
            "How much MRR churned in October?",
            "how much churned in October",
            "how much MRR did we lose to churn last month?",
            "MRR churn in October",
            "gross churn last month",
            "gross MRR churn in October",
        ],
        moved("churn", SEPTEMBER, OCTOBER),
    ),
    ("churned ARR last month", moved("churn", SEPTEMBER, OCTOBER, 12)),
    (["churned MRR this quarter"], moved("churn", SEPTEMBER, None)),
    (
        ["expansion MRR this month", "how much expansion did we have in November", "MRR expansion this month"],
        moved("expansion", OCTOBER, None),
    ),
    (["contraction MRR in October", "downgraded MRR last month"], moved("contraction", SEPTEMBER, OCTOBER)),
    (["new MRR this month", "how much new MRR was there in November?"], moved("new", OCTOBER, None)),
    (["new MRR this year"], moved("new", NEW_YEAR, None)),
    (
        ["MRR movements last month", "break down the MRR change last month", "MRR waterfall in October"],
        all_moved(SEPTEMBER, OCTOBER),
    ),
    (["MRR movements this year"], all_moved(NEW_YEAR, None)),
    ("churn rate last month", refused("not one of his answers")),
    ("which accounts expanded this month?", said("rose most")),
)


def leading(day: dt.date, limit: int, *, lowest: bool = False, times: int = 1) -> Check:
    """Accounts with MRR at the end of a day, most (or least) first."""

    def names(books: Books) -> list[str]:
        held = [name for name in books.names if books.mrr(name, day)]
        sign = 1 if lowest else -1
        held.sort(key=lambda name: (sign * plain_sum(books.mrr(name, day)), books.names.index(name)))
        return held

    def check(answered: Answered, books: Books) -> None:
        answer = result_of(answered)
        assert cells(answer, "account") == names(books)[:limit], answer.text
        assert answer.table.total == len(names(books))
        metric = "arr" if times == 12 else "mrr"
        assert figure_of(answer, metric).on == day
        money(metric, lambda b: added([b.mrr_of(b.names, day)], times))(answered, books)

    return check


PAST_RANKINGS = family(
    "ranking of the past",
    (
        [
            "top 5 accounts by MRR last quarter",
            "Top 5 customers by MRR at the end of September",
            "5 biggest accounts by MRR in September",
        ],
        leading(SEPTEMBER, 5),
    ),
    (
        ["Who were our biggest customers last month?", "which accounts had the highest MRR in October"],
        leading(OCTOBER, 20),
    ),
    ("bottom 3 accounts by MRR last month", leading(OCTOBER, 3, lowest=True)),
    ("top 2 accounts by ARR at the end of October", leading(OCTOBER, 2, times=12)),
    ("top 5 overdue accounts by MRR last month", refused("known for now")),
    ("top 5 accounts by lifetime value last month", refused("known for the past")),
)


def without(plan: str) -> Callable[[Books], Iterable[str]]:
    """Accounts none of whose counted subscriptions has that product, which is what its plan is called after."""

    def names(books: Books) -> list[str]:
        return [n for n in books.names if not any(plan in books.product_names(s) for s in books.counted(n))]

    return names


NEGATED = family(
    "not on a plan",
    (
        [
            "Customers not on the Team plan",
            "which accounts don't have the Team plan",
            "accounts except the Team plan",
            "accounts without the Team product",
        ],
        accounts(without("Team")),
    ),
    (["which accounts are not on Business?", "accounts not using Business"], accounts(without("Business"))),
    (
        ["accounts without Premium support", 'accounts without the product "Premium support"'],
        accounts(without("Premium support")),
    ),
    (
        "How many paid customers are not on the Team plan?",
        number("accounts", lambda b: len([n for n in without("Team")(b) if b.status(n) == "paid"])),
    ),
    (
        "how much do customers not on the Business plan owe?",
        money("outstanding", lambda b: added(b.owed(n) for n in without("Business")(b))),
    ),
)


def largest(wanted: Callable[[Invoice], bool], limit: int, *, smallest: bool = False, oldest: bool = False) -> Check:
    """Invoices in order, with how many there are and what is left to pay."""

    def ordered(books: Books) -> list[Invoice]:
        held = [invoice for invoice in books.all_invoices() if wanted(invoice)]
        if oldest:
            return sorted(held, key=lambda i: (i.created, i.id))
        sign = 1 if smallest else -1
        held.sort(key=lambda i: i.id, reverse=not smallest)
        return sorted(held, key=lambda i: sign * plain_sum({i.currency.upper(): Fraction(i.amount_remaining)}))

    def check(answered: Answered, books: Books) -> None:
        answer = result_of(answered)
        assert cells(answer, "invoice") == [str(i.number) for i in ordered(books)[:limit]], answer.text
        number("invoices", lambda b: len(ordered(b)))(answered, books)
        left = added({i.currency.upper(): Fraction(i.amount_remaining)} for i in ordered(books))
        money("outstanding", lambda _: left)(answered, books)

    return check


def late_for(days: int) -> Callable[[Invoice], bool]:
    """Unpaid, and due so many days ago or longer."""
    return lambda i: is_overdue(i) and i.due_date is not None and i.due_date <= NOW - days * DAY


BY_AMOUNT = family(
    "invoice by amount",
    (
        ["biggest unpaid invoices", "largest open invoices", "Show the largest unpaid invoices", "top unpaid invoices"],
        largest(is_unpaid, 20),
    ),
    (["What is our largest unpaid invoice?", "the biggest unpaid invoice"], largest(is_unpaid, 1)),
    (["top 3 unpaid invoices", "top 3 unpaid invoices by amount"], largest(is_unpaid, 3)),
    ("top 5 overdue invoices by amount", largest(is_overdue, 5)),
    (["smallest unpaid invoice"], largest(is_unpaid, 1, smallest=True)),
    (["oldest unpaid invoice"], largest(is_unpaid, 1, oldest=True)),
    (["oldest unpaid invoices"], largest(is_unpaid, 20, oldest=True)),
    (
        ["unpaid invoices over 500", "unpaid invoices of more than $500", "open invoices above 0.5k"],
        debts(None, lambda i: is_unpaid(i) and i.amount_remaining > 500_00),
    ),
    (
        ["unpaid invoices between 100 and 200"],
        debts(None, lambda i: is_unpaid(i) and 100_00 <= i.amount_remaining <= 200_00),
    ),
    (["unpaid invoices in EUR"], debts(None, lambda i: is_unpaid(i) and i.currency == "eur")),
    (
        ["invoices more than 30 days overdue", "overdue by more than 30 days", "who is more than 30 days late?"],
        debts(None, late_for(31)),
    ),
    (["invoices at least 2 weeks overdue", "invoices 14 days past due"], debts(None, late_for(14))),
    (
        ["which invoices are due this month?", "invoices due in November"],
        debts(None, lambda i: is_unpaid(i) and _is_due(i, dt.date(2026, 11, 1), dt.date(2026, 11, 30))),
    ),
    ("invoices due next week", debts(None, lambda i: _is_due(i, dt.date(2026, 11, 30), dt.date(2026, 12, 6)))),
)


def _is_due(invoice: Invoice, first: dt.date, last: dt.date) -> bool:
    if invoice.due_date is None or not is_unpaid(invoice):
        return False
    return first <= dt.datetime.fromtimestamp(invoice.due_date, dt.UTC).date() <= last


def paid_on(name: str, first: dt.date, last: dt.date) -> Check:
    """What was paid on an account's invoices on these days, whenever they were created."""

    def of(books: Books) -> Bag:
        held = [i for i in books.invoices(name) if i.status == "paid" and i.paid_at is not None]
        days = ((i, dt.datetime.fromtimestamp(i.paid_at or 0, dt.UTC).date()) for i in held)
        return added({i.currency.upper(): Fraction(i.amount_paid)} for i, day in days if first <= day <= last)

    return money("received", of)


PAID = family(
    "what was paid",
    (
        [
            "how much did Acme pay last month?",
            "How much has Acme paid us in October?",
            "How much did Acme pay in October?",
        ],
        paid_on("Acme Robotics", dt.date(2026, 10, 1), dt.date(2026, 10, 31)),
    ),
    ("How much has Globex paid this year?", paid_on("Globex GmbH", dt.date(2026, 1, 1), dt.date(2026, 12, 31))),
    (["How much is overdue?", "how much money is overdue?"], money("outstanding", lambda b: _owed_by_overdue(b))),
    ("how much did we invoice in October?", refused("how much")),
)


def _owed_by_overdue(books: Books) -> Bag:
    return added(books.owed(name) for name in books.with_status("overdue"))


LOOKING_BACK = family(
    "what happened",
    (
        ["Did Wayne cancel?", "When did Wayne Enterprises cancel?", "Why did Wayne churn?", "why did Wayne cancel?"],
        said("14 October 2026: The subscription to Business x 11 was canceled"),
    ),
    (["Did Acme downgrade?", "When did Acme downgrade?"], said("31 October 2026: ", "from $480.00 to $300.00")),
    (["is Umbrella cancelling?", "When does Umbrella end?"], said("ending on 18 February 2027")),
    ("did anyone cancel this month?", rows(lambda _: ["Umbrella Health", "Renewal Garden"])),
    ("what happened this week?", said("signals in all that occurred between")),
    ("Cancel Umbrella's subscription", refused("changes nothing")),
    ("please cancel Umbrella", refused("changes nothing")),
)


def both_mrr(first: str, second: str) -> Check:
    """The MRR of two accounts."""
    return every(money("first", lambda b: b.mrr(first)), money("second", lambda b: b.mrr(second)))


IN_OTHER_WORDS = family(
    "in other words",
    # Ordinary words in small letters were once taken for names: for Stark Industries and Last Month Coffee.
    ("our MRR at the start of this year", refused("start")),
    (["MRR by month", "MRR month over month"], course(None, YEAR)),
    ("monthly MRR this year", course(None, YEAR[1:])),
    (["initech and initrode mrr", "MRR of Initech and Initrode"], both_mrr("Initech", "Initrode")),
    (
        ["Does Acme pay more than Globex?", "Which is bigger, Acme or Globex?"],
        both_mrr("Acme Robotics", "Globex GmbH"),
    ),
    ("difference between Acme and Stark MRR", both_mrr("Acme Robotics", "Stark Industries")),
    ("compare Acme with Globex and Hooli", refused("more than two accounts")),
    (["How healthy is our portfolio?"], said("The average health score is")),
    ("healthiest accounts", said("The highest health scores are those of")),
    (["all accounts", "show me all customers"], accounts(lambda b: b.names)),
    (["biggest debtors", "how many accounts are not paid?"], said("4 accounts owe something")),
    (["give me an overview", "summary of the portfolio"], money("mrr", lambda b: b.mrr_of(b.names))),
    (["which plan has the most customers?", "most popular plan"], number("accounts", lambda b: len(b.names))),
    ("accounts sorted by name", refused("by name")),
    (["what does ARR mean?", "what do you mean by churn?"], refused("twelve times")),
    (["who are you?", "what can I ask?"], refused("Ask about MRR")),
    ("revenue at risk by plan", said("ARR is at risk: 4 accounts")),
    (
        "payments failed since monday",
        rows(lambda b: b.by_mrr(["Initech", "Paid Media Partners"])),
    ),
    ("when does Acme's subscription renew?", said("Acme Robotics renews on 10 December 2026")),
    ("how often does Tyrell pay?", said("billed every week")),
    ("subscriptions on the Team plan", number("subscriptions", lambda b: len(_on_team(b)))),
)
FOLLOWED = family(
    "follow-up",
    ("and last quarter?", leading(SEPTEMBER, 5), "Top 5 accounts by MRR"),
    ("and this month?", moved("churn", OCTOBER, None), "churned MRR last month"),
    ("and next month?", accounts(lambda b: on_trial(b, dt.date(2026, 12, 31))), "trials ending this week"),
    ("what about Hooli?", said("Hooli is not on trial now"), "When does Cyberdyne's trial end?"),
)


def _on_team(books: Books) -> list[str]:
    """Live subscriptions called after the Team product alone."""
    held = [s for name in books.names for s in books.subscriptions(name) if is_live(s)]
    return [s.id for s in held if books.product_names(s) == ["Team"]]


CASES: list[Case] = [
    *TRIALS,
    *MOVEMENTS,
    *PAST_RANKINGS,
    *NEGATED,
    *BY_AMOUNT,
    *PAID,
    *LOOKING_BACK,
    *IN_OTHER_WORDS,
    *FOLLOWED,
]
