"""Questions that bound what accounts pay in one currency, owe, or have paid in all."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from tests.integration.larry.books import DIGITS, Bag, Books, added, is_unpaid, plain_sum
from tests.integration.larry.expecting import (
    SHOWN,
    Case,
    Check,
    accounts,
    every,
    family,
    money,
    number,
    refused,
    rows,
    said,
)

from stripe_sandbox.records import Invoice

Of = Callable[[Books, str], Bag]


def _owed(books: Books, name: str) -> Bag:
    return books.owed(name)


def _paid(books: Books, name: str) -> Bag:
    return books.lifetime(name)


def _only(bag: Bag, currency: str) -> Bag:
    return {held: amount for held, amount in bag.items() if held == currency}


def _found(of: Of, books: Books, is_in: Callable[[Fraction], bool], currency: str | None, late: bool) -> list[str]:
    """Accounts that have something and whose amount is in, highest first."""

    def value(name: str) -> Fraction:
        bag = of(books, name)
        return plain_sum(bag if currency is None else _only(bag, currency))

    held = [name for name in books.names if value(name) and is_in(value(name))]
    if late:
        held = [name for name in held if books.status(name) == "overdue"]
    return sorted(held, key=lambda name: (-plain_sum(of(books, name)), books.names.index(name)))


def _bounded(
    figure: str, of: Of, is_in: Callable[[Fraction], bool], currency: str | None = None, *, late: bool = False
) -> Check:
    """The accounts, how many they are, and what they owe or have paid."""

    def found(books: Books) -> list[str]:
        return _found(of, books, is_in, currency, late)

    return every(
        number("accounts", lambda books: len(found(books))),
        rows(lambda books: found(books)[:SHOWN]),
        lambda answered, books: (
            money(figure, lambda b: added(of(b, name) for name in found(b)))(answered, books) if found(books) else None
        ),
    )


def owing(is_in: Callable[[Fraction], bool], currency: str | None = None, *, late: bool = False) -> Check:
    """Those that owe so much."""
    return _bounded("outstanding", _owed, is_in, currency, late=late)


def having_paid(is_in: Callable[[Fraction], bool], currency: str | None = None) -> Check:
    """Those that have paid so much in all."""
    return _bounded("lifetime_value", _paid, is_in, currency)


def paying(currency: str, is_in: Callable[[Fraction], bool]) -> Check:
    """Those whose MRR in the currency is so high, with that part of it alone."""

    def found(books: Books) -> list[str]:
        held = {name: plain_sum(_only(books.mrr(name), currency)) for name in books.names}
        return sorted(
            (name for name in books.names if held[name] and is_in(held[name])),
            key=lambda name: (-held[name], books.names.index(name)),
        )

    def bag(books: Books) -> Bag:
        return added(_only(books.mrr(name), currency) for name in found(books))

    return every(
        number("accounts", lambda books: len(found(books))),
        rows(found),
        money("mrr", bag),
        said(f"The MRR in {currency} alone is bounded, unconverted."),
    )


def _over(bound: int) -> Callable[[Fraction], bool]:
    return lambda amount: amount > bound


def _under(bound: int) -> Callable[[Fraction], bool]:
    return lambda amount: amount < bound


def _count(books: Books, of: Of, above: int) -> int:
    return len([name for name in books.names if plain_sum(of(books, name)) > above])


def _is_large(invoice: Invoice, above: int) -> bool:
    digits = DIGITS.get(invoice.currency.upper(), 2)
    return is_unpaid(invoice) and invoice.amount_remaining > above * 10**digits


IN_ONE_CURRENCY = family(
    "in one currency",
    (["accounts over 300 EUR", "customers paying more than €300 a month", "MRR > 300 EUR"], paying("EUR", _over(300))),
    (["accounts under 300 EUR", "which customers pay less than 300 euros?"], paying("EUR", _under(300))),
    ("customers paying more than 400 USD a month", paying("USD", _over(400))),
    ("accounts paying at most 99 EUR", paying("EUR", lambda amount: amount <= 99)),
    ("accounts paying at least 99 EUR", paying("EUR", lambda amount: amount >= 99)),
    ("is Two Rivers paying more than 300 EUR?", said("No: Two Rivers is no account in EUR, with an MRR of more than")),
    ("is Two Rivers paying more than 300 USD?", said("Yes: Two Rivers is an account in USD, with an MRR of more than")),
)
OWED = family(
    "owed so much",
    (
        [
            "who owes more than 200?",
            "who owes us more than 200?",
            "which customers owe over 200?",
            "accounts with more than 200 outstanding",
            "accounts with an outstanding balance above 200",
            "whose open balance is > 200?",
            "accounts with over 200 unpaid",
        ],
        owing(_over(200)),
    ),
    (["who owes less than 200?", "accounts owing < 200"], owing(_under(200))),
    ("who owes between 100 and 1k?", owing(lambda amount: 100 <= amount <= 1000)),
    (["who owes more than 200 USD?", "accounts with over $200 outstanding"], owing(_over(200), "USD")),
    ("who owes more than 200 EUR?", owing(_over(200), "EUR")),
    (["who has more than $500 overdue?", "more than 500 USD overdue"], owing(_over(500), "USD", late=True)),
    ("accounts with more than 500 EUR overdue", owing(_over(500), "EUR", late=True)),
    ("accounts with more than 500 overdue", said("Outstanding is all that is left to pay, be it overdue or not yet")),
    ("who owes less than 10?", said("Accounts that owe nothing are not among them.")),
    ("how many accounts owe more than 200?", number("accounts", lambda b: _count(b, _owed, 200))),
    ("does Hooli owe more than 1000?", said("Yes: Hooli has an outstanding amount of more than 1,000.", "$8,100.00")),
    ("does Initech owe at least 500 EUR?", said("No: Initech does not have an outstanding amount of at least 500 EUR")),
    (
        ["accounts with unpaid invoices over 200", "customers with unpaid invoices of more than 200"],
        number("invoices", lambda b: len([i for i in b.all_invoices() if _is_large(i, 200)])),
    ),
)
PAID_IN_ALL = family(
    "paid so much",
    (
        [
            "accounts with lifetime value above 4k",
            "lifetime value above 4k",
            "LTV > 4000",
            "accounts that paid over 4k in total",
            "who has paid us more than 4k?",
            "customers who paid more than 4,000 so far",
        ],
        having_paid(_over(4000)),
    ),
    (["who paid less than 100", "accounts with an LTV below 100"], having_paid(_under(100))),
    (["lifetime value over 1k EUR", "customers who paid us more than €1k"], having_paid(_over(1000), "EUR")),
    ("how many accounts have a lifetime value over 2k?", number("accounts", lambda b: _count(b, _paid, 2000))),
    ("has Globex paid us more than 1k?", said("Yes: Globex GmbH has a lifetime value of more than 1,000.")),
    ("accounts with lifetime value under 10", said("Accounts that never paid are not among them.")),
)


def _between(low: int, high: int) -> Callable[[Fraction], bool]:
    return lambda amount: low <= amount <= high


def _all_paying(is_in: Callable[[Fraction], bool]) -> Check:
    """Those whose whole MRR lies so, whatever the currency."""
    return accounts(lambda b: [name for name in b.names if b.mrr(name) and is_in(plain_sum(b.mrr(name)))])


RANGES = family(
    "both ends in one",
    (
        [
            "100–300 MRR",
            "100-300 MRR",
            "100 - 300 MRR",
            "accounts with MRR 100-300",
            "accounts with an MRR of 100 to 300",
            "MRR from 100 to 300",
            "MRR range 100 to 300",
            "customers in the 100-300 range",
            "accounts in the 0.1-0.3k MRR range",
            "who pays us 100-300 a month?",
        ],
        _all_paying(_between(100, 300)),
    ),
    (["500-2k MRR", "accounts with MRR 0.5-2k"], _all_paying(_between(500, 2000))),
    ("between 1k and 2.5k MRR", _all_paying(_between(1000, 2500))),
    ("1-3k MRR", _all_paying(_between(1000, 3000))),
    ("how many accounts pay 100-300?", number("accounts", lambda b: len(_within(b, 100, 300)))),
    (
        ["$100-$300 MRR", "$100-300 MRR", "from $100 to $300 MRR", "accounts paying 100 USD to 300 USD"],
        paying("USD", _between(100, 300)),
    ),
    (
        ["accounts paying 50 to 100 EUR", "accounts paying 50-100 EUR", "accounts paying between 50 EUR and 100 EUR"],
        paying("EUR", _between(50, 100)),
    ),
    ("100-300?", _all_paying(_between(100, 300)), "accounts over 500"),
    (["who owes 100-500", "accounts owing from 100 to 500"], owing(_between(100, 500))),
    (["lifetime value 1k-5k", "accounts that have paid us 1-5k"], having_paid(_between(1000, 5000))),
    ("health 40-60", accounts(lambda b: [n for n in b.names if 40 <= (b.score(n) or 0) <= 60])),
    (
        "unpaid invoices 100-500",
        number("invoices", lambda b: len([i for i in b.all_invoices() if _is_large(i, 99) and not _is_large(i, 500)])),
    ),
    ("is Acme's MRR 200-400?", said("Yes: Acme Robotics has an MRR of at least 200 and at most 400.")),
    (["MRR 2025-2026", "MRR October 1-15", "top 5-10 accounts", "accounts with 10-20 seats"], refused("understand")),
    (["$100-€300 MRR", "customers with 300-100 MRR"], refused("understand")),
)


def _billed(books: Books, name: str) -> bool:
    return bool(books.invoices(name)) or books.lives(name) > 0


def _never_paid(books: Books) -> list[str]:
    return [name for name in books.names if _billed(books, name) and not books.lifetime(name)]


def _owe_nothing(books: Books) -> list[str]:
    return [name for name in books.names if not books.owed(name)]


NOTHING = family(
    "nothing paid, nothing owed",
    (
        [
            "who never paid?",
            "customers who never paid",
            "who has never paid us?",
            "which accounts have never paid an invoice?",
            "accounts without a single payment",
            "accounts with zero lifetime value",
        ],
        every(
            accounts(_never_paid),
            said(
                "2 accounts that never paid.",
                "They have an invoice or a live subscription, and a lifetime value of zero.",
                "Invoices are held since 26 November 2025",
            ),
        ),
    ),
    ("how many customers have never paid?", number("accounts", lambda b: len(_never_paid(b)))),
    (
        "overdue accounts that never paid",
        accounts(lambda b: [name for name in _never_paid(b) if b.status(name) == "overdue"]),
    ),
    (
        ["accounts that owe nothing", "who doesn't owe us anything?", "customers without unpaid invoices"],
        every(
            number("accounts", lambda b: len(_owe_nothing(b))),
            rows(lambda b: b.by_mrr(_owe_nothing(b))[:SHOWN], total=lambda b: len(_owe_nothing(b))),
            said("23 accounts with nothing left to pay.", "Accounts without a Stripe customer are among them."),
        ),
    ),
    ("how many accounts owe nothing?", number("accounts", lambda b: len(_owe_nothing(b)))),
    (
        "accounts on the Team plan that owe nothing",
        number(
            "accounts",
            lambda b: len([n for n in _owe_nothing(b) if any("Team" in b.product_names(s) for s in b.counted(n))]),
        ),
    ),
    ("MRR of accounts with nothing left to pay by currency", money("mrr", lambda b: b.mrr_of(_owe_nothing(b)))),
    ("does Acme owe nothing?", said("Yes: Acme Robotics is an account with nothing left to pay.")),
    ("does Hooli owe nothing?", said("No: Hooli is no account with nothing left to pay.", "$8,100.00")),
    ("Acme has no unpaid invoices?", said("Acme Robotics has nothing left to pay.")),
    ("has Hooli never paid?", said("Yes: Hooli is an account that never paid.")),
    ("has Acme never paid?", said("No: Acme Robotics is no account that never paid.")),
    (
        ["customers who never paid late", "accounts that never paid more than 500"],
        refused("by how much they have paid"),
    ),
    ("who never paid in October?", refused("not for the past")),
)


def _within(books: Books, low: int, high: int) -> list[str]:
    return [name for name in books.names if books.mrr(name) and low <= plain_sum(books.mrr(name)) <= high]


CASES: list[Case] = [*IN_ONE_CURRENCY, *OWED, *PAID_IN_ALL, *RANGES, *NOTHING]
