"""Questions for invoices, subscriptions, signals and unmatched customers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from fractions import Fraction

from tests.integration.larry.books import Bag, Books, added, is_live, is_overdue, is_unpaid
from tests.integration.larry.expecting import Case, Check, every, family, money, number, rows

from clynto.application.answer_question import Answered
from stripe_sandbox.records import Invoice, Subscription


def bills(of: str | None, wanted: Callable[[Invoice], bool] = lambda _: True) -> Check:
    """Invoices, newest first, up to twenty of them, and how many there are."""

    def chosen(books: Books) -> list[Invoice]:
        held = books.all_invoices() if of is None else books.invoices(of)
        return [invoice for invoice in held if wanted(invoice)]

    def numbers(books: Books) -> list[str]:
        return [str(invoice.number) for invoice in chosen(books)[:20]]

    def check(answered: Answered, books: Books) -> None:
        number("invoices", lambda b: len(chosen(b)))(answered, books)
        if len(chosen(books)) <= 20:
            rows(numbers, column="invoice")(answered, books)

    return check


def debts(of: str | None, wanted: Callable[[Invoice], bool]) -> Check:
    """The same with what is left to pay on them."""

    def left(books: Books) -> Bag:
        held = books.all_invoices() if of is None else books.invoices(of)
        return added({i.currency.upper(): Fraction(i.amount_remaining)} for i in held if wanted(i))

    return every(bills(of, wanted), money("outstanding", left))


def created_in(first: dt.date, last: dt.date) -> Callable[[Invoice], bool]:
    """Created on these days."""
    return lambda invoice: first <= dt.datetime.fromtimestamp(invoice.created, dt.UTC).date() <= last


INVOICES = family(
    "invoice",
    (
        [
            "Show unpaid invoices",
            "unpaid invoices",
            "which invoices are unpaid?",
            "open invoices",
            "list all open invoices",
        ],
        debts(None, is_unpaid),
    ),
    (["Show overdue invoices", "overdue invoices", "which invoices are overdue?"], debts(None, is_overdue)),
    (
        ["Show the invoices of Acme", "acme invoices", "Acme's invoices", "list the bills of Acme"],
        bills("Acme Robotics"),
    ),
    (
        ["unpaid invoices of Hooli", "Hooli's open invoices", "which invoices has Hooli not paid?"],
        debts("Hooli", is_unpaid),
    ),
    (["overdue invoices of Hooli"], debts("Hooli", is_overdue)),
    (["paid invoices of Globex"], bills("Globex GmbH", lambda i: i.status == "paid")),
    (
        ["invoices this month", "invoices created this month"],
        bills(None, created_in(dt.date(2026, 11, 1), dt.date(2026, 11, 30))),
    ),
    (["invoices of Tyrell in November"], bills("Tyrell", created_in(dt.date(2026, 11, 1), dt.date(2026, 11, 30)))),
    (["invoices of Acme last month"], bills("Acme Robotics", created_in(dt.date(2026, 10, 1), dt.date(2026, 10, 31)))),
    (["void invoices"], bills(None, lambda i: i.status == "void")),
    (["uncollectible invoices"], bills(None, lambda i: i.status == "uncollectible")),
    (["invoices of Vandelay Imports"], bills("Vandelay Imports")),
)


def subscriptions(of: str | None, wanted: Callable[[Subscription], bool]) -> Check:
    """How many, and their plans."""

    def chosen(books: Books) -> list[str]:
        names = books.names if of is None else [of]
        held = [s for name in names for s in books.subscriptions(name) if wanted(s)]
        return [" + ".join(books.product_names(s)) for s in held]

    def check(answered: Answered, books: Books) -> None:
        number("subscriptions", lambda b: len(chosen(b)))(answered, books)
        if len(chosen(books)) <= 20:
            rows(chosen, column="plan", ordered=False)(answered, books)

    return check


SUBSCRIPTIONS = family(
    "subscription",
    (
        ["Show the subscriptions of Blue Harbor", "blue harbor subscriptions", "Blue Harbor's plan"],
        subscriptions("Blue Harbor", is_live),
    ),
    (["live subscriptions", "active subscriptions"], subscriptions(None, is_live)),
    (
        ["Which subscriptions are canceling?", "subscriptions set to cancel"],
        subscriptions(None, lambda s: is_live(s) and (s.cancel_at_period_end or s.cancel_at is not None)),
    ),
    ("ended subscriptions", subscriptions(None, lambda s: not is_live(s))),
    (["ended subscriptions of Wayne Enterprises"], subscriptions("Wayne Enterprises", lambda s: not is_live(s))),
)


def signals(*names: str) -> Check:
    """Signals of exactly these accounts."""
    return every(number("signals", lambda _: len(names)), rows(lambda _: names, ordered=False))


SIGNALS = family(
    "signal",
    (["signals of Hooli", "open signals of Hooli", "Show the signals of Hooli"], signals("Hooli")),
    (
        ["open payment failure signals", "show open payment failure signals"],
        signals("Initech", "Initrode", "Paid Media Partners"),
    ),
    (["open payment overdue signals"], signals("Hooli", "Initech", "Initrode", "Paid Media Partners")),
    ("open downgrade signals", signals("Acme Robotics")),
    (["open cancellation signals"], signals("Renewal Garden", "Umbrella Health", "Wayne Enterprises")),
    ("downgrade signals in October", signals("Acme Robotics")),
)

WITH_SIGNALS = family(
    "account with a signal",
    (
        ["Which accounts downgraded this quarter?", "accounts that downgraded in October"],
        rows(lambda _: ["Acme Robotics"]),
    ),
    (["Which accounts canceled last month?"], rows(lambda _: ["Wayne Enterprises"])),
    (
        [
            "Which accounts had a failed payment this month?",
            "accounts with failed payments this month",
            "accounts with payment failures this month",
        ],
        rows(lambda b: b.by_mrr(["Initech", "Initrode", "Paid Media Partners"])),
    ),
    (
        ["Which accounts have failed payments?", "accounts with open payment failures"],
        rows(lambda b: b.by_mrr(["Initech", "Initrode", "Paid Media Partners"])),
    ),
)

UNMATCHED = family(
    "unmatched",
    (
        [
            "Which Stripe customers have no account?",
            "unmatched customers",
            "Show the unmatched Stripe customers",
            "unmatched MRR",
        ],
        every(
            number("unmatched_customers", lambda b: len(b.strangers())),
            money("unmatched_mrr", lambda b: b.strangers_mrr()),
            rows(lambda _: ["Lone Star LLC", "John Smith"], column="customer", ordered=False),
        ),
    ),
)
CASES: list[Case] = [*INVOICES, *SUBSCRIPTIONS, *SIGNALS, *WITH_SIGNALS, *UNMATCHED]
