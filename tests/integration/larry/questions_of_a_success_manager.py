"""Questions in a success manager's own words that were once misread, refused, or answered with less than was asked."""

from __future__ import annotations

from fractions import Fraction

from tests.integration.larry.books import Books, added, is_unpaid, plain_sum
from tests.integration.larry.expecting import Case, Names, accounts, every, family, money, number, refused, rows, said
from tests.integration.larry.portfolio import TODAY
from tests.integration.larry.questions_on_figures import annual
from tests.integration.larry.questions_on_payments import OCTOBER, YEAR, paid_in, received, received_from


def _annually(low: int, high: int) -> Names:
    return lambda b: [n for n in b.names if b.mrr(n) and low <= round(12 * plain_sum(b.mrr(n)), 2) <= high]


def _refused_charges(books: Books) -> int:
    return len([invoice for invoice in books.all_invoices() if is_unpaid(invoice) and invoice.attempt_count > 0])


A_YEAR = family(
    "a year",
    ("accounts paying 1200-5000 a year", accounts(_annually(1200, 5000))),
    ("accounts paying more than 12k per year", accounts(_annually(12_001, 10**9))),
    ("how much does Acme pay a year?", money("arr", lambda b: annual(b.mrr("Acme Robotics")))),
    ("how much are we making a year?", money("arr", lambda b: annual(b.mrr_of(b.names)))),
    (["accounts with MRR of exactly 300", "accounts paying exactly 300"], accounts(lambda b: _paying_exactly(b, 300))),
)


def _paying_exactly(books: Books, amount: int) -> list[str]:
    return [name for name in books.names if plain_sum(books.mrr(name)) == amount]


PAYMENTS = family(
    "payments",
    (["how many payments did we receive in October?", "payments in October"], received(*OCTOBER)),
    (["payments of Acme this year", "Acme's payments this year"], received_from("Acme Robotics", YEAR, TODAY)),
    ("did Acme make a payment in October?", received_from("Acme Robotics", *OCTOBER)),
    (["largest payments in October", "biggest payment this year"], refused("by when they were paid alone")),
    (
        "largest payment of Acme this year",
        said("has 11 invoices paid in 2026", "The largest are 2PHUCKMM-00"),
    ),
    ("payments", refused("say in which period")),
    ("how much revenue did we receive in October?", received(*OCTOBER)),
    ("how much MRR did we receive in October?", refused("mrr")),
    ("how much did Globex pay per month this year?", refused("for a period as a whole")),
    ("Acme's payment history", number("invoices", lambda b: len(b.invoices("Acme Robotics")))),
    ("was Initrode's payment refused?", said("Initrode has 1 payment failure signal.")),
    ("why was Initrode's payment refused?", said("Initrode is failed")),
    ("how many invoices were unpaid at the end of October?", refused("open on a past day is not kept")),
    ("who was overdue at the end of October?", accounts(lambda _: ["Hooli"])),
    ("who was overdue at the end of August?", said("No accounts overdue at some time between 2026-08-31")),
    ("how much did Hooli and Acme pay in October?", refused("of one account at a time")),
    ("and in October?", paid_in(*OCTOBER), "invoices paid in September"),
    ("of Acme", paid_in(*OCTOBER, of="Acme Robotics"), "invoices paid in October"),
    (
        ["how many payments failed this month?", "how many failed payments did we have this month?"],
        number("signals", _refused_charges),
    ),
    ("has anybody's card been declined this month?", number("accounts", lambda _: 3)),
    (
        ["overdue amount by currency", "what is the overdue amount?", "total overdue"],
        money("outstanding", lambda b: added(b.owed(name) for name in b.with_status("overdue"))),
    ),
    ("exactly 5 accounts", rows(lambda b: b.by_mrr(b.names)[:5], total=lambda b: len(b.names))),
    ("draft invoices", refused("drafts are no invoices yet")),
    ("when was Hooli last invoiced?", said("The newest, N4UDWMEI-0003 of 1 November 2026, is open")),
)
WHAT_AND_WHEN = family(
    "what and when",
    (["how long has Hooli been overdue?", "since when is Hooli overdue?"], said("1 September 2026", "is past due")),
    ("how long does a trial last?", refused("this rate or statistic")),
    ("what happened to Umbrella?", said("9 November 2026: The subscription to Business x 7 is canceled")),
    ("how many cancellations this month?", number("signals", lambda _: 2)),
    ("how many customers cancelled in November?", number("accounts", lambda _: 2)),
    (
        "how much new MRR did we add in November?",
        rows(lambda _: ["New", "Expansion", "Contraction", "Churn"], column="movement"),
    ),
    ("why is Two Rivers' MRR so high?", said("from 2 lines")),
    ("accounts with Premium support", accounts(lambda _: ["Churn Labs"])),
    ("how many accounts did we have in June?", refused("how many accounts there were is not kept")),
    (["how do I cancel Acme?", "how can I cancel Acme's subscription?"], refused("changes nothing")),
    ("wat is the mrr of globex", money("mrr", lambda b: b.mrr("Globex GmbH"))),
)


def _paid_so_far(books: Books) -> dict[str, Fraction]:
    return added([books.lifetime("Acme Robotics")])


ON_A_PAGE = [
    Case("on its page", "have they ever paid?", said("No: Hooli does not have a lifetime value"), (), "Hooli"),
    Case(
        "on its page",
        "have they ever paid?",
        every(said("Yes: Acme Robotics has a lifetime value"), money("lifetime_value", _paid_so_far)),
        (),
        "Acme Robotics",
    ),
    Case(
        "on its page",
        "how many invoices?",
        number("invoices", lambda b: len(b.invoices("Acme Robotics"))),
        (),
        "Acme Robotics",
    ),
    Case(
        "on its page",
        "how many unpaid invoices do we have?",
        number("invoices", lambda b: len([i for i in b.all_invoices() if is_unpaid(i)])),
        (),
        "Acme Robotics",
    ),
    Case(
        "on its page",
        "how much did they pay in October?",
        received_from("Acme Robotics", *OCTOBER),
        (),
        "Acme Robotics",
    ),
    Case("on its page", "were they overdue last month?", said("Yes: Hooli was overdue at some time"), (), "Hooli"),
]
CASES: list[Case] = [*A_YEAR, *PAYMENTS, *WHAT_AND_WHEN, *ON_A_PAGE]
