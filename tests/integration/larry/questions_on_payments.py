"""Questions for what everybody paid in a period, and for the largest of all invoices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from fractions import Fraction

from tests.integration.larry.books import Bag, Books, added, is_overdue, is_unpaid, plain_sum
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


def received(first: dt.date, last: dt.date, *, currency: str | None = None) -> Check:
    """What was paid, currency by currency, and on how many invoices."""

    def paid(books: Books) -> list[Invoice]:
        held = _paid(books, first, last)
        return held if currency is None else [i for i in held if i.currency.upper() == currency]

    def bag(books: Books) -> Bag:
        return added({i.currency.upper(): Fraction(i.amount_paid)} for i in paid(books))

    def by_currency(answered: Answered, books: Books) -> None:
        assert cells(result(answered), "group") == sorted(bag(books))

    return every(
        money("received", bag),
        number("invoices", lambda b: len(paid(b))),
        by_currency,
        said("Invoices are held since 26 November 2025", "without an account are included; refunds are not subtracted"),
    )


def received_from(name: str, first: dt.date, last: dt.date, *, currency: str | None = None) -> Check:
    """What one account paid in that time, on which invoices, the last one paid first."""

    def paid(books: Books) -> list[Invoice]:
        own = {invoice.id for invoice in books.invoices(name)}
        held = [i for i in _paid(books, first, last) if i.id in own]
        return held if currency is None else [i for i in held if i.currency.upper() == currency]

    def shown(answered: Answered, books: Books) -> None:
        held = sorted(paid(books), key=lambda i: (i.paid_at or 0, i.id), reverse=True)
        assert cells(result(answered), "invoice") == [i.number for i in held][:20]

    return every(
        money("received", lambda b: added({i.currency.upper(): Fraction(i.amount_paid)} for i in paid(b))),
        number("invoices", lambda b: len(paid(b))),
        shown,
        said("Refunds are not subtracted"),
    )


def paid_in(first: dt.date, last: dt.date, *, of: str | None = None, currency: str | None = None) -> Check:
    """The invoices that were paid in that time, the last one paid first, and what was paid on them."""

    def paid(books: Books) -> list[Invoice]:
        own = {invoice.id for invoice in (books.all_invoices() if of is None else books.invoices(of))}
        return [
            i for i in _paid(books, first, last) if i.id in own and (currency is None or i.currency.upper() == currency)
        ]

    def shown(answered: Answered, books: Books) -> None:
        held = sorted(paid(books), key=lambda i: (i.paid_at or 0, i.id), reverse=True)
        assert cells(result(answered), "invoice") == [i.number for i in held][:20]

    return every(
        money("paid", lambda b: added({i.currency.upper(): Fraction(i.amount_paid)} for i in paid(b))),
        number("invoices", lambda b: len(paid(b))),
        shown,
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
        [
            "how much did we collect from Acme last month?",
            "how much did Acme pay in October?",
            "how much did we receive from Acme in October",
            "what did Acme pay us last month?",
            "what was paid by Acme in October?",
            "did Acme pay last month?",
            "how much has Acme spent in October?",
        ],
        received_from("Acme Robotics", *OCTOBER),
    ),
    # Its invoice of 10 September was paid in September; an invoice of 30 September would have been in October.
    (
        ["how much has Two Rivers spent this year?", "how much has Two Rivers paid this year?"],
        received_from("Two Rivers", YEAR, TODAY),
    ),
    ("and in October?", received_from("Acme Robotics", *OCTOBER), "how much did Acme pay this year?"),
    ("and Globex?", received_from("Globex GmbH", *OCTOBER), "how much did Acme pay in October?"),
    ("how much has Hooli paid since September?", said("Hooli paid nothing since 1 September 2026.")),
    (
        [
            "how much did we receive in EUR in October?",
            "how much was paid in euros last month?",
            "received in EUR in October",
        ],
        received(*OCTOBER, currency="EUR"),
    ),
    ("and in GBP?", received(*OCTOBER, currency="GBP"), "how much did we collect in October?"),
    ("how much did we receive in CHF in October?", said("Nothing was paid in CHF in October 2026.")),
    ("how much did Two Rivers pay in EUR this year?", received_from("Two Rivers", YEAR, TODAY, currency="EUR")),
    (
        ["how much did we receive by plan in October?", "how much was received from the Team plan last month?"],
        refused("one invoice can bill several plans", "by plan there is the MRR"),
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


def _is_large_of_october(invoice: Invoice) -> bool:
    return _over(invoice, 300) and _created(invoice, *OCTOBER)


def _counted(wanted: Callable[[Invoice], bool], of: str | None = None) -> Check:
    """So many invoices."""
    return number("invoices", lambda b: len([i for i in (b.invoices(of) if of else b.all_invoices()) if wanted(i)]))


def _was_refused(invoice: Invoice) -> bool:
    return invoice.status == "open" and invoice.attempt_count > 0


HOW_MANY = family(
    "how many invoices",
    (
        ["how many invoices does Acme have?", "number of invoices of Acme", "count Acme's invoices"],
        every(
            _counted(lambda _: True, "Acme Robotics"),
            said("Acme Robotics has 15 invoices.", "of older ones some may be missing"),
        ),
    ),
    (
        ["how many open invoices does Hooli have?", "how many unpaid invoices does Hooli have?"],
        _counted(is_unpaid, "Hooli"),
    ),
    ("how many overdue invoices does Hooli have?", _counted(is_overdue, "Hooli")),
    ("how many paid invoices does Acme have?", _counted(lambda i: i.status == "paid", "Acme Robotics")),
    ("how many invoices did Acme get this year?", _counted(lambda i: _created(i, YEAR), "Acme Robotics")),
    (["how many invoices are there in all?", "how many invoices do we have?"], _counted(lambda _: True)),
    (["how many unpaid invoices do we have?", "how many invoices are unpaid in all?"], _counted(is_unpaid)),
    ("how many invoices are overdue?", _counted(is_overdue)),
    ("how many invoices did we send in October?", _counted(lambda i: _created(i, *OCTOBER))),
    ("how many invoices are unpaid from last month?", _counted(lambda i: is_unpaid(i) and _created(i, *OCTOBER))),
    (
        [
            "how many invoices were refused this month?",
            "how many invoices were declined in November?",
            "how many invoices failed this month?",
        ],
        number("signals", lambda b: len([i for i in b.all_invoices() if _was_refused(i)])),
    ),
    (["how many invoices were refused last month?"], number("signals", lambda _: 0)),
    (
        "how many of Initrode's invoices were refused?",
        number("signals", lambda b: len([i for i in b.invoices("Initrode") if _was_refused(i)])),
    ),
    (
        ["how many invoices were paid last month?", "invoices paid in October", "which invoices were paid in October?"],
        paid_in(*OCTOBER),
    ),
    ("which invoices did Acme pay in October?", paid_in(*OCTOBER, of="Acme Robotics")),
    ("invoices in EUR paid in October", paid_in(*OCTOBER, currency="EUR")),
    ("invoices over 300 paid in October", refused("by when they were paid alone")),
)
CASES: list[Case] = [*RECEIVED, *LARGEST, *HOW_MANY]
