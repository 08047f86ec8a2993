"""What is asked next about the accounts that were found, and money that was paid or lost: questions once misread."""

from __future__ import annotations

from tests.integration.larry.books import Bag, Books, added, less, plain_sum
from tests.integration.larry.expecting import Case, accounts, every, family, money, number, refused, said
from tests.integration.larry.portfolio import WITHOUT_CUSTOMER
from tests.integration.larry.questions_on_accounts import top
from tests.integration.larry.questions_on_the_past import OCTOBER, SEPTEMBER

LATE = "Which accounts are overdue?"
ON_TEAM = "only those on Team"


def _late(books: Books) -> list[str]:
    return books.with_status("overdue")


def _late_on(books: Books, product: str) -> list[str]:
    """Overdue accounts with a counted subscription of the product."""
    held = {name: [books.product_names(one) for one in books.counted(name)] for name in _late(books)}
    return [name for name, products in held.items() if any(product in names for names in products)]


def _lost(books: Books) -> Bag:
    changes = [less(books.mrr(name, OCTOBER), books.mrr(name, SEPTEMBER)) for name in books.names]
    return added(change for change in changes if plain_sum(change) < 0)


OF_THOSE = family(
    "of those",
    (["how many is that?", "how many?", "and how many are they?"], number("accounts", lambda b: len(_late(b))), LATE),
    (["how many is that?"], number("accounts", lambda b: len(_late_on(b, "Team"))), LATE, ON_TEAM),
    (
        ["how much is that?", "how much MRR is that?", "what is their total MRR?"],
        every(money("mrr", lambda b: b.mrr_of(_late(b))), said("with payment status overdue")),
        LATE,
    ),
    (["what is their total ARR?"], money("arr", lambda b: added([b.mrr_of(_late(b))], 12)), LATE),
    (["how much do they owe?"], money("outstanding", lambda b: added(b.owed(name) for name in _late(b))), LATE),
    (["how many of them are on Starter?"], number("accounts", lambda b: len(_late_on(b, "Starter"))), LATE),
    (["which of those are on Starter?"], accounts(lambda b: _late_on(b, "Starter")), LATE),
    (["list them"], accounts(_late), LATE),
    (["list them"], accounts(_late), "How many accounts are overdue?"),
    (["how many is that?"], said("2 accounts fell"), "Whose MRR fell most this quarter?"),
    # Conditions do not tell which they are, so no sum is made of others.
    (["what is their total ARR?"], refused("that"), "Top 3 accounts by MRR"),
    (["how much MRR is that?"], refused("that"), "Whose MRR fell most this quarter?"),
    (["how much MRR is that?"], refused("that"), "Show unpaid invoices"),
)
PAID_AND_OWED = family(
    "paid and owed",
    (["who paid the most?", "which accounts have paid us the most?"], top("lifetime", 20)),
    ("customers who paid more than 1k this year", refused("bounds nothing")),
    (["customers who paid more than 500 a month", "who paid over $200 per month?"], refused("is their MRR")),
)
PAYERS = family(
    "payers",
    (["how many accounts pay in EUR?"], number("accounts", lambda b: len([n for n in b.names if "EUR" in b.mrr(n)]))),
    (
        ["how many customers are paying us?", "how many customers pay?"],
        number("accounts", lambda b: len([n for n in b.names if n not in WITHOUT_CUSTOMER and b.mrr(n)])),
    ),
)
LOSSES = family(
    "what went",
    (["how much did we lose in October", "how much did we lose last month?"], money("change", _lost)),
    (["why did MRR drop last month", "why did our MRR fall in October"], said("$319.00 MRR churned", "-$499.00")),
)
CASES: list[Case] = [*OF_THOSE, *PAID_AND_OWED, *PAYERS, *LOSSES]
