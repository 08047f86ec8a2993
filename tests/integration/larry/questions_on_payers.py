"""Questions for the accounts that paid in a period, and for the first invoices of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from fractions import Fraction

from tests.integration.larry.books import Bag, Books, added, is_unpaid, plain_sum, texts
from tests.integration.larry.expecting import Case, Check, cells, every, family, money, number, refused, rows, said
from tests.integration.larry.expecting import result_of as result
from tests.integration.larry.portfolio import TODAY, account_id

from clynto.application.answer_question import Answered
from clynto.domain.money_view import MoneyView
from stripe_sandbox.records import Invoice

OCTOBER = dt.date(2026, 10, 1), dt.date(2026, 10, 31)


def _day(moment: int | None) -> dt.date | None:
    return None if moment is None else dt.datetime.fromtimestamp(moment, tz=dt.UTC).date()


def _paid_in(invoices: Iterable[Invoice], first: dt.date, last: dt.date, currency: str | None) -> list[Invoice]:
    """By when they were paid."""
    return [
        invoice
        for invoice in invoices
        if invoice.status == "paid"
        and invoice.amount_paid > 0
        and first <= (_day(invoice.paid_at) or dt.date.min) <= last
        and currency in (None, invoice.currency.upper())
    ]


def _bag(invoices: Iterable[Invoice]) -> Bag:
    return added({invoice.currency.upper(): Fraction(invoice.amount_paid)} for invoice in invoices)


def payers(
    first: dt.date, last: dt.date, *, currency: str | None = None, limit: int = 20, least_first: bool = False
) -> Check:
    """The accounts that paid in that time, by what they paid, how many, on how many invoices and how much together."""

    def paid(books: Books) -> dict[str, list[Invoice]]:
        held = {name: _paid_in(books.invoices(name), first, last, currency) for name in books.names}
        return {name: invoices for name, invoices in held.items() if invoices}

    def in_order(books: Books) -> list[str]:
        sign = 1 if least_first else -1
        return sorted(paid(books), key=lambda n: (sign * plain_sum(_bag(paid(books)[n])), account_id(n)))

    def amounts(answered: Answered, books: Books) -> None:
        views = [cell for cell in cells(result(answered), "received") if isinstance(cell, MoneyView)]
        shown = [{code: text for code, text in view.by_currency.items() if text.strip("0.")} for view in views]
        assert shown == [texts(_bag(paid(books)[name])) for name in in_order(books)[:limit]]
        assert cells(result(answered), "invoices") == [len(paid(books)[name]) for name in in_order(books)[:limit]]

    def strangers(answered: Answered, books: Books) -> None:
        everybody = _paid_in(books.all_invoices(), first, last, currency)
        left_out = len(everybody) - sum(map(len, paid(books).values()))
        assert ("that Stripe customers without an account paid" in answered.answer) is (left_out > 0), answered.answer

    return every(
        number("accounts", lambda b: len(paid(b))),
        number("invoices", lambda b: sum(map(len, paid(b).values()))),
        money("received", lambda b: _bag(i for invoices in paid(b).values() for i in invoices)),
        rows(lambda b: in_order(b)[:limit], total=lambda b: len(paid(b))),
        amounts,
        strangers,
        said("Invoices are held since 26 November 2025", "Refunds are not subtracted."),
    )


PAYERS = family(
    "who paid",
    (
        [
            "Which accounts paid us last month?",
            "who paid in October?",
            "which customers paid last month?",
            "how many accounts paid us last month?",
            "how many customers paid in October?",
            "how much did we receive by account last month?",
            "received per customer in October",
            "payments by customer last month",
            "who paid the most last month?",
            "who did we receive money from last month?",
            "from whom did we collect money in October?",
            "who paid an invoice in October?",
            "which customers paid their invoices last month?",
            "top customers by payments last month",
            "show the customers who paid in October 2026",
        ],
        payers(*OCTOBER),
    ),
    (["which customers paid this week?", "who paid us this week"], payers(dt.date(2026, 11, 23), TODAY)),
    (["did anyone pay yesterday?", "who paid yesterday?"], payers(dt.date(2026, 11, 25), dt.date(2026, 11, 25))),
    ("who paid us today?", said("No account paid anything today.")),
    (
        ["list of customers who paid since September", "who has paid since September?"],
        payers(dt.date(2026, 9, 1), TODAY),
    ),
    (["who has paid us this year?", "which clients paid us this year?"], payers(dt.date(2026, 1, 1), TODAY)),
    (["top 3 payers in October", "the 3 customers who paid most in October"], payers(*OCTOBER, limit=3)),
    (["which customer paid the most last month?", "biggest payer in October"], payers(*OCTOBER, limit=1)),
    (
        ["who paid us the least last month?", "which accounts paid least in October?"],
        payers(*OCTOBER, least_first=True),
    ),
    (["which accounts paid in EUR in October?", "who paid in euros last month?"], payers(*OCTOBER, currency="EUR")),
    ("and in EUR?", payers(*OCTOBER, currency="EUR"), "which accounts paid us last month?"),
    ("and this month?", payers(dt.date(2026, 11, 1), TODAY), "which accounts paid us last month?"),
    ("top 5", payers(*OCTOBER, limit=5), "which accounts paid us last month?"),
    ("how many is that?", payers(*OCTOBER), "which accounts paid us last month?"),
    ("and Globex?", said("Globex GmbH paid €330.00 in October 2026, on 1 invoice."), "who paid in October?"),
    ("which accounts paid in CHF in October?", said("No account paid anything in CHF in October 2026.")),
    (
        ["who paid in 2024?", "which accounts paid us in October 2025?"],
        said("what was paid before 26 November 2025 is not known"),
    ),
    (
        "who paid last year?",
        every(
            payers(dt.date(2025, 11, 26), dt.date(2025, 12, 31)),
            said("What was paid between 1 January 2025 and 25 November 2025 is not known, and not in this figure."),
        ),
    ),
    (
        ["which accounts did not pay us last month?", "who hasn't paid this month?"],
        refused("many had nothing to pay in it"),
    ),
    ("did all customers pay last month?", refused("whether everybody paid is not told")),
    (
        ["which overdue accounts paid us last month?", "who paid by 15 October?", "who paid at the end of October?"],
        refused("who paid in a period is told over all accounts"),
    ),
)


def first_invoices(of: str | None, limit: int, *, newest: bool = False, unpaid: bool = False) -> Check:
    """The oldest so many, or the newest."""

    def numbers(books: Books) -> list[str | None]:
        held = books.all_invoices() if of is None else books.invoices(of)
        held = [invoice for invoice in held if not unpaid or is_unpaid(invoice)]
        return [invoice.number for invoice in (held if newest else held[::-1])][:limit]

    def check(answered: Answered, books: Books) -> None:
        assert cells(result(answered), "invoice") == numbers(books), answered.answer

    return check


FIRST = family(
    "first invoices",
    (
        ["first 3 invoices of Acme", "Acme's first three invoices", "show the first 3 invoices of Acme"],
        first_invoices("Acme Robotics", 3),
    ),
    (
        ["last 3 invoices of Acme", "latest 3 invoices of Acme", "the newest three invoices of Acme"],
        first_invoices("Acme Robotics", 3, newest=True),
    ),
    ("show the first 5 unpaid invoices", first_invoices(None, 5, unpaid=True)),
    ("Acme's first invoice", first_invoices("Acme Robotics", 1)),
)
CASES: list[Case] = [*PAYERS, *FIRST]
