"""Questions as they are typed in a hurry: rude, misspelt, and in pieces; some were once misread."""

from __future__ import annotations

from fractions import Fraction

from tests.integration.larry.books import Bag, Books, added, is_overdue, is_unpaid, plain_sum
from tests.integration.larry.expecting import Case, accounts, every, family, money, number, refused, said
from tests.integration.larry.questions_on_accounts import status, top
from tests.integration.larry.questions_on_amounts import having_paid, owing
from tests.integration.larry.questions_on_lists import bills
from tests.integration.larry.questions_on_payments import biggest
from tests.integration.larry.questions_on_the_past import SEPTEMBER

from stripe_sandbox.records import Invoice


def _risen(books: Books) -> Bag:
    changes = [(books.mrr(name), books.mrr(name, SEPTEMBER)) for name in books.names]
    rises = [(now, was) for now, was in changes if plain_sum(now) > plain_sum(was)]
    return added([added(now for now, _ in rises), added((was for _, was in rises), -1)])


def _over_500(amount: Fraction) -> bool:
    return amount > 500


def _owing(books: Books) -> list[str]:
    return [name for name in books.names if books.owed(name)]


def _is_large(invoice: Invoice) -> bool:
    return is_unpaid(invoice) and invoice.amount_remaining > 500_00


IN_A_HURRY = family(
    "in a hurry",
    (
        ["who's late again??", "whos late", "which customers r overdue", "list of overdue accts", "overdue accs pls"],
        status("overdue"),
    ),
    (["who the hell hasnt payed us yet", "who STILL hasn't paid, damn it?"], top("owed", 20)),
    (["whos upgraded since october", "who has upgraded since October"], money("change", _risen)),
    ("who is our smallest paying customer", said("The lowest MRR is that of Last Month Coffee ($24.00).")),
    (["why did wayne leave", "why did Wayne leave us?"], said("14 October 2026", "$319.00 a month")),
    ("which product brings in most", money("mrr", lambda b: b.mrr_of(b.names))),
    (["how much did we invoice last month", "total invoices last month"], refused("billed is not kept")),
    ("overdue more than 60 days", said("There is 1 overdue invoice that is at least 61 days late")),
)
BY_HOW_MUCH = family(
    "by how much",
    (["overdue by more than 500", "overdue over 500", "who is late by more than 500?"], owing(_over_500, late=True)),
    ("overdue over 500 USD", owing(_over_500, "USD", late=True)),
    (["accounts owing us 100+", "who owes 100 or more?"], owing(lambda amount: amount >= 100)),
    (
        ["accounts with at least 3 unpaid invoices", "customers with 2 overdue invoices", "who has 3 unpaid invoices?"],
        refused("how many invoices an account has"),
    ),
    ("did everyone pay last month", refused("whether everybody paid is not told")),
    (
        ["has Hooli ever paid?", "has hooli ever paid us"],
        said("No: Hooli does not have a lifetime value of"),
    ),
    ("has Initech ever paid?", said("Yes: Initech has a lifetime value of more than 0.")),
)
LAST_AND_FIRST = family(
    "last and first",
    (
        ["first invoice of Acme", "what was acme's first invoice?", "when was Acme's first invoice"],
        said("The oldest, 2PHUCKMM-0001 of 10 September 2025, is paid"),
    ),
    (
        ["Hooli's latest unpaid invoice", "latest overdue invoice of Hooli", "last open invoice of hooli"],
        said("Hooli has 3 ", "The newest, N4UDWMEI-0003 of 1 November 2026, is open"),
    ),
    ("acme's latest unpaid invoice", said("Acme Robotics has no unpaid invoices.")),
    ("has Acme paid its last invoice?", said("The newest, 2PHUCKMM-0015 of 10 November 2026, is paid")),
    (["sum of acme and globex", "Acme and Globex combined"], refused("compared and not added")),
    ("everything about Hooli", said("Hooli has $2,700.00 MRR")),
)
IN_PIECES = family(
    "in pieces",
    ("only those over 500", bills(None, _is_large), "unpaid invoices"),
    ("only the overdue ones", bills(None, is_overdue), "unpaid invoices"),
    ("of Hooli", bills("Hooli", is_unpaid), "unpaid invoices"),
    ("only unpaid", bills(None, is_unpaid), "show invoices"),
    ("only those over 300", number("invoices", lambda b: _over_300(b)), "invoices of Acme"),
    ("and the paid ones?", biggest(20, lambda i: i.status == "paid"), "largest invoices"),
    ("top 3 of those", top("lifetime", 3), "top 10 customers by lifetime value"),
    ("top 2 of those", top("owed", 2), "who owes us money?"),
    (
        ["how much MRR is that?", "what's their MRR?"],
        money("mrr", lambda b: b.mrr_of(_owing(b))),
        "who owes us money?",
    ),
    (
        "which of them renew this quarter",
        accounts(lambda b: [n for n in b.with_status("overdue", "failed") if b.renewal(n)]),
        "how much arr is at risk",
    ),
    (["and more than 200?", "over 200"], owing(lambda amount: amount > 200), "who owes more than 50?"),
    ("in USD?", owing(lambda amount: amount > 50, "USD"), "who owes more than 50?"),
    ("and above 4k?", having_paid(lambda amount: amount > 4000), "accounts with lifetime value above 1k"),
    ("compared to September?", refused("is not compared"), "how much did we collect in October?"),
    (
        "sort by lifetime value",
        every(
            number("accounts", lambda b: len([n for n in b.names if b.mrr(n).get("USD", 0) > 400_00])),
            said("1 of them has no lifetime value and is not listed."),
        ),
        "accounts paying more than 400 USD",
    ),
    ("how many of them are overdue", refused("the first of a list"), "top 10 customers by lifetime value"),
)


def _over_300(books: Books) -> int:
    held = books.invoices("Acme Robotics")
    return len([invoice for invoice in held if Fraction(invoice.amount_due) > 300_00])


CASES: list[Case] = [*IN_A_HURRY, *BY_HOW_MUCH, *LAST_AND_FIRST, *IN_PIECES]
