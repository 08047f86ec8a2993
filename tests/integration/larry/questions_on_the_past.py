"""Questions about what was: changes, trajectories, periods compared, and why."""

from __future__ import annotations

import calendar
import datetime as dt

from tests.integration.larry.books import Bag, Books, added, less, plain_sum, texts
from tests.integration.larry.expecting import (
    Case,
    Check,
    accounts,
    cells,
    day,
    every,
    family,
    money,
    number,
    refused,
    result_of,
    said,
)
from tests.integration.larry.portfolio import LOOKED_AT

from clynto.application.answer_question import Answered

AUGUST, SEPTEMBER, OCTOBER = day(2026, 8, 31), day(2026, 9, 30), day(2026, 10, 31)
LAST_SUNDAY, YESTERDAY, NEW_YEAR = day(2026, 11, 22), day(2026, 11, 25), day(2025, 12, 31)


def everybody(books: Books, on: dt.date | None = None) -> Bag:
    """Over all accounts."""
    return books.mrr_of(books.names, on)


def value(name: str, of: str | None, on: dt.date | None, times: int = 1) -> Check:
    """The MRR (or so many times of it) of an account or of all on a day."""
    return money(name, lambda b: added([everybody(b, on) if of is None else b.mrr(of, on)], times))


def change(of: str | None, since: dt.date, until: dt.date | None = None, times: int = 1) -> Check:
    """How much it changed, and from what to what."""

    def difference(books: Books) -> Bag:
        bags = [everybody(books, on) if of is None else books.mrr(of, on) for on in (until, since)]
        return added([less(*bags)], times)

    return every(money("change", difference), value("before", of, since, times), value("after", of, until, times))


def months(first: tuple[int, int], last: tuple[int, int]) -> list[dt.date]:
    """The month ends from one month through another."""
    found = []
    year, month = first
    while (year, month) <= last:
        found.append(dt.date(year, month, calendar.monthrange(year, month)[1]))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found


YEAR = months((2025, 11), (2026, 10))
assert all((held.year, held.month, held.day) in LOOKED_AT for held in YEAR)


def course(of: str | None, ends: list[dt.date], *, now: bool = True, times: int = 1) -> Check:
    """The points of a trajectory, each to the cent, with the chart's months."""

    def check(answered: Answered, books: Books) -> None:
        answer = result_of(answered)
        days: list[dt.date | None] = [*ends, None] if now else [*ends]
        bags = [added([everybody(books, on) if of is None else books.mrr(of, on)], times) for on in days]
        told = [
            {currency: text for currency, text in point.amount.by_currency.items() if text.strip("0.")}
            for point in answer.points
        ]
        assert told == [texts(bag) for bag in bags], answer.text
        assert [point.month for point in answer.points] == [f"{on or dt.date(2026, 11, 1):%Y-%m}" for on in days]
        assert [point.is_live for point in answer.points] == [on is None for on in days]
        assert len(answer.table.rows) == len(bags)

    return check


TRAJECTORIES = family(
    "trajectory",
    (
        [
            "What's Acme's MRR trajectory?",
            "what's acme's mrr trajectory",
            "Show the MRR trajectory of Acme",
            "acme mrr over time",
            "MRR history of Acme Robotics",
            "chart of Acme's MRR",
            "how did Acme's MRR develop over time?",
        ],
        course("Acme Robotics", YEAR),
    ),
    (["Show the MRR trajectory of all accounts", "MRR over time", "our MRR history", "MRR trend"], course(None, YEAR)),
    (["ARR trajectory of Stark", "Stark's ARR over time"], course("Stark Industries", YEAR, times=12)),
    (["MRR trajectory of Wayne Enterprises"], course("Wayne Enterprises", YEAR)),
    (["trajectory of Acme's MRR this year", "Acme MRR trend this year"], course("Acme Robotics", YEAR[1:])),
    (["MRR trajectory of Globex in the last 6 months"], course("Globex GmbH", months((2026, 5), (2026, 10)))),
    (["MRR history of Sakura since June"], course("Sakura KK", months((2026, 5), (2026, 10)))),
    (
        ["Acme's MRR since March", "acme mrr since march 2026", "How has Acme's MRR developed since March?"],
        every(
            course("Acme Robotics", YEAR[3:]),
            money("change", lambda b: less(b.mrr("Acme Robotics"), b.mrr("Acme Robotics", YEAR[3]))),
            said("fell by $180.00, from $480.00 at the end of February 2026 to $300.00 now"),
        ),
    ),
    (
        ["MRR this year", "our MRR YTD", "How has MRR developed since January?", "how has our MRR evolved this year"],
        every(
            course(None, YEAR[1:]),
            money("change", lambda b: less(everybody(b), everybody(b, YEAR[1]))),
        ),
    ),
    (["ARR since June"], course(None, YEAR[6:], times=12)),
    (["MRR in the last 90 days"], course(None, YEAR[9:])),
    (
        ["MRR from January to October", "mrr between January and October 2026", "MRR from 2026-01-01 to 2026-10-31"],
        course(None, YEAR[1:], now=False),
    ),
    ("since March?", course("Acme Robotics", YEAR[3:]), "Acme's MRR"),
    ("and this year?", course(None, YEAR[1:]), "MRR"),
    ("total MRR this year", value("mrr", None, None)),
    (["MRR trajectory last quarter"], course(None, months((2026, 6), (2026, 9)), now=False)),
)

PAST = family(
    "past figure",
    (
        ["What was our MRR last month?", "MRR last month", "mrr at the end of last month", "total MRR in October"],
        value("mrr", None, OCTOBER),
    ),
    (["What was our MRR in August?", "MRR in August 2026"], value("mrr", None, AUGUST)),
    (["our ARR last quarter", "What was the ARR of all accounts last quarter?"], value("arr", None, SEPTEMBER, 12)),
    (["MRR yesterday"], value("mrr", None, YESTERDAY)),
    (["MRR last week"], value("mrr", None, LAST_SUNDAY)),
    (["our MRR last year"], value("mrr", None, NEW_YEAR)),
    (
        ["What was Acme's MRR last month?", "acme mrr in october", "Acme's MRR at the end of October 2026"],
        value("mrr", "Acme Robotics", OCTOBER),
    ),
    (["What was the MRR of Wayne Enterprises in September?"], value("mrr", "Wayne Enterprises", SEPTEMBER)),
    (["Stark's ARR last month"], value("arr", "Stark Industries", OCTOBER, 12)),
)

CHANGES = family(
    "change",
    (
        ["How did MRR change this month?", "MRR change this month", "How much did our MRR change this month?"],
        change(None, OCTOBER),
    ),
    (["How did MRR change last month?", "change of MRR last month"], change(None, SEPTEMBER, OCTOBER)),
    (["How did our ARR change this year?"], change(None, NEW_YEAR, None, 12)),
    (
        ["How did Acme's MRR change last month?", "did Acme's MRR fall last month?", "acme mrr change in October"],
        change("Acme Robotics", SEPTEMBER, OCTOBER),
    ),
    (["How much did Stark's MRR grow this month?"], change("Stark Industries", OCTOBER)),
    (["How did MRR change this week?"], change(None, LAST_SUNDAY)),
    (["How did MRR change this quarter?", "MRR growth this quarter"], change(None, SEPTEMBER)),
    (["How did Globex's MRR change this month?"], every(change("Globex GmbH", OCTOBER), said("did not change"))),
)

PERIODS = family(
    "periods compared",
    (
        ["Compare MRR this month with last month", "MRR this month vs last month", "compare our MRR with last month"],
        every(value("first", None, None), value("second", None, OCTOBER)),
    ),
    (
        ["Compare Acme's MRR in September with October"],
        every(value("first", "Acme Robotics", SEPTEMBER), value("second", "Acme Robotics", OCTOBER)),
    ),
    (
        ["compare ARR in August with last month"],
        every(value("first", None, AUGUST, 12), value("second", None, OCTOBER, 12)),
    ),
)


def movers(since: dt.date, until: dt.date | None, *, fell: bool) -> Check:
    """Accounts that moved that way, most first."""

    def check(answered: Answered, books: Books) -> None:
        moved = {name: plain_sum(books.mrr(name, until)) - plain_sum(books.mrr(name, since)) for name in books.names}
        wanted = [name for name in books.names if (moved[name] < 0 if fell else moved[name] > 0)]
        wanted.sort(key=lambda name: (moved[name] if fell else -moved[name], books.names.index(name)))
        answer = result_of(answered)
        assert cells(answer, "account") == wanted[:20], answer.text

    return check


MOVERS = family(
    "movers",
    (
        [
            "Which accounts' MRR fell last month?",
            "accounts whose MRR dropped last month",
            "Whose MRR fell most last month?",
        ],
        movers(SEPTEMBER, OCTOBER, fell=True),
    ),
    (
        ["Which accounts grew this month?", "accounts whose MRR grew this month", "whose MRR rose most this month?"],
        movers(OCTOBER, None, fell=False),
    ),
    (["Which accounts shrank this quarter?"], movers(SEPTEMBER, None, fell=True)),
)

WHY = family(
    "why",
    (
        ["Why is Initech overdue?", "why is initech past due", "explain why Initech is overdue"],
        said("Initech is overdue", "past due", "$232.00 is left to pay"),
    ),
    (["Why is Hooli overdue?"], said("Hooli is overdue", "$8,100.00 is left to pay")),
    (
        ["Why has Initrode failed?", "why is Initrode failed"],
        said("Initrode is failed", "no further attempt", "$145.00 is left to pay"),
    ),
    (["Why is Acme paid?"], said("Acme Robotics is paid")),
    (
        ["How is Tyrell's MRR computed?", "how is the MRR of Tyrell calculated?", "explain Tyrell's MRR"],
        every(money("mrr", lambda b: b.mrr("Tyrell")), said("from 1 line")),
    ),
    (
        ["How is the MRR of Blue Harbor made up?", "break down the MRR of Blue Harbor"],
        every(money("mrr", lambda b: b.mrr("Blue Harbor")), said("from 2 lines")),
    ),
    (
        [
            "Why did Acme's MRR fall last month?",
            "why did the MRR of acme drop last month",
            "what happened to Acme's MRR last month",
        ],
        every(change("Acme Robotics", SEPTEMBER, OCTOBER), said("1 cancellation or downgrade in October 2026")),
    ),
    (
        ["Why did Wayne's MRR fall in October?"],
        every(change("Wayne Enterprises", SEPTEMBER, OCTOBER), said("1 cancellation or downgrade")),
    ),
    (["Why did Stark's MRR grow this month?"], every(change("Stark Industries", OCTOBER), said("rose by $200.00"))),
)


def _late_by(books: Books, on: dt.date) -> list[str]:
    """Accounts with an invoice that nobody has paid since: nothing in these books was late and paid afterwards."""
    end = calendar.timegm((on + dt.timedelta(days=1)).timetuple())
    return [name for name in books.names if any(invoice.created < end for invoice in books.unpaid(name))]


def were_late(on: dt.date) -> Check:
    """Those that were overdue in a period which ended so."""
    return every(
        accounts(lambda b: _late_by(b, on)),
        said(
            "overdue at some time",
            "goes by payment overdue signals of subscriptions that were open then",
            "raised since Stripe was connected on 30 November 2025.",
        ),
    )


WERE_OVERDUE = family(
    "were overdue",
    (
        [
            "which accounts were overdue last month?",
            "who was overdue last month",
            "accounts overdue in October",
            "overdue accounts in October",
            "were any accounts overdue last month?",
            "accounts overdue at some time last month",
        ],
        were_late(OCTOBER),
    ),
    ("and last month?", were_late(OCTOBER), "which accounts are overdue?"),
    ("and in September?", were_late(SEPTEMBER), "who was overdue last month?"),
    ("which accounts were overdue last week?", were_late(LAST_SUNDAY)),
    ("which accounts were overdue in the last 30 days?", were_late(day(2026, 11, 26))),
    ("who was overdue in August?", number("accounts", lambda b: len(_late_by(b, AUGUST)))),
    ("how many accounts were overdue last month?", number("accounts", lambda b: len(_late_by(b, OCTOBER)))),
    (
        ["was Hooli overdue last month?", "has Hooli been overdue this year?"],
        said("Yes: Hooli was overdue at some time"),
    ),
    (["was Acme overdue last month?", "was Acme ever overdue?"], said("No: Acme Robotics was not overdue at any time")),
    (
        "was Initech overdue in October?",
        said("No: Initech was not overdue at any time in October 2026.", "24 November 2026"),
    ),
    ("who became overdue this month?", accounts(lambda b: [n for n in _late_by(b, day(2026, 11, 26)) if n != "Hooli"])),
    ("which accounts were overdue in October 2025?", said("connected on 30 November 2025: what was overdue before")),
    (
        [
            "which accounts were not overdue last month?",
            "which accounts were overdue for the last 30 days?",
            "which accounts are overdue this month?",
        ],
        refused("known for now and not for the past"),
    ),
    ("how much ARR was overdue last month?", refused("the past is kept as total MRR and ARR")),
)
CASES: list[Case] = [*TRAJECTORIES, *PAST, *CHANGES, *PERIODS, *MOVERS, *WHY, *WERE_OVERDUE]
