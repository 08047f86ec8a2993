"""Questions for what everybody paid in a period, and for the largest of all invoices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from fractions import Fraction

from tests.integration.larry.books import Bag, Books, added, plain_sum
from tests.integration.larry.expecting import Case, Check, cells, every, family, figure_of, money, number, refused, said
from tests.integration.larry.expecting import result_of as result
from tests.integration.larry.portfolio import TODAY

from clynto.application.answer_question import Answered
from stripe_sandbox.records import Invoice

HELD_SINCE = dt.date(2025, 11, 26)


def _day(moment: int) -> dt.date:
    return dt.datetime.fromtimestamp(moment, tz=dt.UTC).date()


def _paid(books: Books, first: dt.date, last: dt.date) -> list[Invoice]:
    """By when they were paid, whoever paid."""
    return [
        invoice
        for invoice in books.all_invoices()
        if invoice.status == "paid"
        and invoice.amount_paid > 0
        and invoice.paid_at is not None
        and first <= _day(invoice.paid_at) <= last
    ]


def received(first: dt.date, last: dt.date) -> Check:
    """What was paid, currency by currency, and on how many invoices."""

    def bag(books: Books) -> Bag:
        return added({i.currency.upper(): Fraction(i.amount_paid)} for i in _paid(books, first, last))

    def by_currency(answered: Answered, books: Books) -> None:
        assert cells(result(answered), "group") == sorted(bag(books))

    return every(
        money("received", bag),
        number("invoices", lambda b: len(_paid(b, first, last))),
        by_currency,
        said("Invoices are held since 26 November 2025", "without an account are included; refunds are not subtracted"),
    )


def biggest(limit: int, wanted: Callable[[Invoice], bool] = lambda _: True, *, smallest: bool = False) -> Check:
    """By amount, whatever the currency, ties by id in the same direction; and how many there are in all."""

    def check(answered: Answered, books: Books) -> None:
        held = [invoice for invoice in books.all_invoices() if wanted(invoice)]
        held.sort(key=lambda i: (_worth(i), i.id), reverse=not smallest)
        answer = result(answered)
        assert cells(answer, "invoice") == [i.number for i in held[:limit]], answer.text
        assert figure_of(answer, "invoices").number == len(held)

    return check


def _worth(invoice: Invoice) -> Fraction:
    return plain_sum({invoice.currency.upper(): Fraction(invoice.amount_due)})


def _created(invoice: Invoice, first: dt.date, last: dt.date = TODAY) -> bool:
    return first <= _day(invoice.created) <= last


def _over(invoice: Invoice, amount: int) -> bool:
    return _worth(invoice) > amount


OCTOBER = dt.date(2026, 10, 1), dt.date(2026, 10, 31)
YEAR = dt.date(2026, 1, 1)
RECEIVED = family(
    "received",
    (
        [
            "How much was paid in October?",
            "how much did customers pay us in October?",
            "total collected last month",
            "payments received last month",
            "how much did we collect in October 2026?",
            "how much money came in last month?",
            "what did customers pay us last month",
            "collected last month by currency",
            "total payments in October",
        ],
        received(*OCTOBER),
    ),
    (
        ["How much was paid this year?", "how much have we collected this year?", "received since January"],
        received(YEAR, TODAY),
    ),
    (["how much has been paid since June"], received(dt.date(2026, 6, 1), TODAY)),
    (["how much money came in this month", "collected this month so far"], received(dt.date(2026, 11, 1), TODAY)),
    (["how much did we collect in Q3?"], received(dt.date(2026, 7, 1), dt.date(2026, 9, 30))),
    ("how much came in yesterday?", received(dt.date(2026, 11, 25), dt.date(2026, 11, 25))),
    ("and in September?", received(dt.date(2026, 9, 1), dt.date(2026, 9, 30)), "how much did we collect in October?"),
    (
        ["how much was paid last year?", "how much did customers pay us in 2025?"],
        every(
            received(HELD_SINCE, dt.date(2025, 12, 31)),
            said(
                "was paid between 26 November 2025 and 31 December 2025",
                "What was paid between 1 January 2025 and 25 November 2025 is not known, and not in this figure.",
            ),
        ),
    ),
    ("how much did we collect last November?", received(HELD_SINCE, dt.date(2025, 11, 30))),
    (
        ["how much was paid in 2024?", "how much did we collect in October 2025?"],
        said("what was paid before 26 November 2025 is not known"),
    ),
    (["how much have we collected?", "total payments received"], refused("say in which period")),
    (
        "how much did we collect from Acme last month?",
        money("paid", lambda b: {"USD": Fraction(sum(i.amount_paid for i in _of_october(b, "Acme Robotics")))}),
    ),
)
LARGEST = family(
    "largest of all",
    (["largest invoices", "biggest invoices", "top 20 invoices by amount"], biggest(20)),
    (["largest invoice", "what is our biggest invoice?"], biggest(1)),
    (["top 5 invoices by amount this year"], biggest(5, lambda i: _created(i, YEAR))),
    (
        ["biggest paid invoices this year", "largest paid invoices of this year"],
        biggest(20, lambda i: i.status == "paid" and _created(i, YEAR)),
    ),
    (
        ["biggest invoice this month", "the largest invoice of this month"],
        biggest(1, lambda i: _created(i, dt.date(2026, 11, 1))),
    ),
    ("smallest paid invoice", biggest(1, lambda i: i.status == "paid", smallest=True)),
    (["invoices above 300", "largest invoices over 300"], biggest(20, lambda i: _over(i, 300))),
    ("paid invoices over 300 last month", biggest(20, lambda i: _is_large_of_october(i) and i.status == "paid")),
    (
        ["paid invoices in EUR", "largest paid invoices in EUR"],
        biggest(20, lambda i: i.status == "paid" and i.currency == "eur"),
    ),
    ("newest paid invoices over 300", refused("in the order of their amounts alone")),
    ("largest invoices in 2024", said("Of those held, there are no invoices created in 2024.", "some may be missing")),
    ("and last month?", biggest(20, lambda i: _created(i, *OCTOBER)), "largest invoices this year"),
)


def _of_october(books: Books, name: str) -> list[Invoice]:
    return [i for i in books.invoices(name) if i.status == "paid" and _created(i, *OCTOBER)]


def _is_large_of_october(invoice: Invoice) -> bool:
    return _over(invoice, 300) and _created(invoice, *OCTOBER)


CASES: list[Case] = [*RECEIVED, *LARGEST]
