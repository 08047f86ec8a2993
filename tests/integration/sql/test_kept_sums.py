"""Sums that are kept beside their rows equal the sums over all rows, whatever was written, and by how many at once."""

from __future__ import annotations

import datetime as dt
import random
from fractions import Fraction
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, select
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.news_samples import a_point, a_snapshot
from tests.contracts.samples import (
    FOURTEEN_DIGITS,
    HERE,
    MOMENT,
    THERE,
    a_customer,
    a_customer_billing,
    a_match,
    a_subscription_billing,
    an_account,
    an_account_billing,
    an_invoice,
    committed,
    read_at,
)
from tests.integration.sql.test_concurrency import _together

from clynto.adapters.sql import schema
from clynto.adapters.sql.schema import migrate
from clynto.adapters.sql.tables_accounts import account_ranking
from clynto.adapters.sql.tables_billing import (
    account_money,
    customer_billing,
    customer_money,
    matches,
    subscription_billing,
)
from clynto.adapters.sql.tables_mrr_records import mrr_point_money, mrr_points, mrr_snapshot_money, mrr_snapshots
from clynto.adapters.sql.tables_stripe_facts import stripe_customers, stripe_invoices
from clynto.adapters.sql.tables_sums import kept_sums
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.domain.account_billing import CustomerBilling, PaymentStatus
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import Month
from clynto.ports.unit_of_work import UnitOfWork, retrying

ACCOUNTS = [f"acc_{number}" for number in range(9)]
CUSTOMERS = [f"cus_{number}" for number in range(9)]
MONTHS = [Month(2026, 6), Month(2026, 7), Month(2026, 8)]
DAY_MICROS = 86_400 * MICROS_PER_SECOND
STATUSES = (None, *PaymentStatus)
Sums = dict[tuple[str, ...], tuple[Fraction, int, int]]
"""Book, period, part, measure and currency: the sum, how many amounts, how many of them not zero."""


def _plain(connection: Connection) -> Sums:
    """Added up here, amount by amount."""
    rank = {
        (row.workspace_id, row.account_id): str(row.status_rank) for row in connection.execute(select(account_ranking))
    }
    sums: dict[tuple[str, ...], list[Any]] = {}
    accounts: dict[tuple[str, ...], dict[str, bool]] = {}
    for book, money, measures in (
        ("now", account_money, ("list", "net", "lifetime")),
        ("month", mrr_point_money, ("list", "net")),
        ("day", mrr_snapshot_money, ("list", "net")),
    ):
        for row in connection.execute(select(money)).mappings():
            period = "" if book == "now" else row[book]
            part = rank[row["workspace_id"], row["account_id"]] if book == "now" else ""
            for measure in measures:
                if row[f"{measure}_den"] is None:
                    continue
                amount = row[f"{measure}_whole"] + Fraction(row[f"{measure}_num"], row[f"{measure}_den"])
                place = (row["workspace_id"], book, period, part, measure)
                held = sums.setdefault((*place, row["currency"]), [Fraction(0), 0, 0])
                held[0], held[1], held[2] = held[0] + amount, held[1] + 1, held[2] + bool(amount)
                bearing = accounts.setdefault((*place, ""), {})
                bearing[row["account_id"]] = bearing.get(row["account_id"], False) or bool(amount)
    for row in connection.execute(select(subscription_billing)).mappings():
        for measure in ("list", "net") if row["counted"] and row["account_id"] else ():
            amount = row[f"{measure}_whole"] + Fraction(row[f"{measure}_num"], row[f"{measure}_den"])
            place = (row["workspace_id"], "subscription", row["interval"] or "", row["plan_name"], measure)
            held = sums.setdefault((*place, row["currency"]), [Fraction(0), 0, 0])
            held[0], held[1], held[2] = held[0] + amount, held[1] + 1, held[2] + bool(amount)
    for book, headers in (("month", mrr_points), ("day", mrr_snapshots)):
        for row in connection.execute(select(headers)).mappings():
            held = sums.setdefault((row["workspace_id"], book, row[book], "", "headers", ""), [Fraction(0), 0, 0])
            held[1] += 1
    found = {place: (held[0], held[1], held[2]) for place, held in sums.items()}
    return found | {p: (Fraction(0), len(held), sum(held.values())) for p, held in accounts.items()}


def _kept(connection: Connection) -> Sums:
    """As the table has them; rows that nothing is left of must be all zeros."""
    sums: Sums = {}
    for row in connection.execute(select(kept_sums)):
        amount = Fraction((row.high * 10**9 + row.low) * row.den + row.rest, row.den) if row.den else Fraction(0)
        if not row.entries:
            assert not amount, row
            assert not row.bearing, row
            continue
        place = (row.workspace_id, row.book, row.period, row.part, row.measure, row.currency)
        former = sums.get(place, (Fraction(0), 0, 0))
        sums[place] = (former[0] + amount, former[1] + row.entries, former[2] + row.bearing)
    return sums


def _assert_kept(engine: Engine) -> Sums:
    with engine.connect() as connection:
        plain = _plain(connection)
        assert _kept(connection) == plain
        owners = select(customer_billing.c.workspace_id, customer_billing.c.customer_id, customer_billing.c.account_id)
        owner = {(row.workspace_id, row.customer_id): row.account_id for row in connection.execute(owners)}
        for table in (subscription_billing, customer_money):
            for row in connection.execute(select(table)):
                assert row.account_id == owner[row.workspace_id, row.customer_id]
        matched = select(matches.c.workspace_id, matches.c.customer_id).where(matches.c.account_id.is_not(None))
        belonging = {tuple(row) for row in connection.execute(matched)}
        for row in connection.execute(select(stripe_customers)):
            assert row.matched is ((row.workspace_id, row.id) in belonging)
    return plain


def _bag(draw: random.Random) -> MoneyBag:
    """Often empty, sometimes of amount zero, of fractions, or of fourteen digits."""
    amounts = (Fraction(0), Fraction(100), Fraction(2500, 3), Fraction(-1, 7), Fraction(FOURTEEN_DIGITS, 12))
    return MoneyBag({one: draw.choice(amounts) for one in draw.sample(("USD", "EUR", "JPY"), draw.randint(0, 3))})


def _some(draw: random.Random, names: list[str]) -> list[str]:
    return draw.sample(names, draw.randint(1, 4))


def _compute(unit: UnitOfWork, draw: random.Random) -> None:
    """Customers move between accounts, and accounts get new figures and another status."""
    owners = {customer: draw.choice([None, *ACCOUNTS]) for customer in _some(draw, CUSTOMERS)}
    unit.billing.put_customers([_customer(draw, customer) for customer in owners], owners)
    figures = [
        an_account_billing(
            account,
            list_mrr=_bag(draw),
            net_mrr=_bag(draw),
            lifetime_value=_bag(draw),
            payment_status=draw.choice(STATUSES),
            customers=draw.randint(0, 2),
        )
        for account in _some(draw, ACCOUNTS)
    ]
    unit.billing.put_accounts([(billing, draw.randint(0, 9)) for billing in figures])


def _customer(draw: random.Random, customer: str) -> CustomerBilling:
    """With up to two subscriptions, often the same ones as before."""
    held = [
        a_subscription_billing(
            f"sub_{customer}_{place}",
            customer_id=customer,
            counted=draw.random() < 0.8,
            list_mrr=draw.choice((Fraction(0), Fraction(2500, 3))),
            net_mrr=draw.choice((Fraction(100), Fraction(-FOURTEEN_DIGITS, 12))),
            plan_name=draw.choice(("Team", "Pro")),
            interval=draw.choice((None, "month", "year")),
        )
        for place in range(draw.randint(0, 2))
    ]
    return a_customer_billing(customer, list_mrr=_bag(draw), net_mrr=_bag(draw), subscriptions=tuple(held))


def _match(unit: UnitOfWork, draw: random.Random) -> None:
    """Customers are read, before or after they are matched, or lose their match."""
    customers = _some(draw, CUSTOMERS)
    for step in draw.sample(["read", "match"], draw.randint(1, 2)):
        if step == "read":
            unit.customers.put_many((a_customer(one) for one in customers), read_at())
        else:
            unit.matches.put_many(a_match(one, draw.choice([None, *ACCOUNTS])) for one in customers)


def _remember(unit: UnitOfWork, draw: random.Random) -> None:
    """Month points and snapshots, some of them of days that have some already."""
    accounts = _some(draw, ACCOUNTS)
    points = [
        a_point(account, month, list_mrr=_bag(draw), net_mrr=_bag(draw))
        for account in accounts
        for month in draw.sample(MONTHS, draw.randint(0, 3))
    ]
    unit.mrr_records.replace_points(accounts, points)
    at = UnixMicros(MOMENT + draw.randint(0, 2) * DAY_MICROS + draw.randint(0, 999))
    if draw.random() < 0.5:
        unit.mrr_records.put_snapshots(a_snapshot(account, at=at, list_mrr=_bag(draw)) for account in accounts)
    else:
        day = dt.datetime.fromtimestamp(at // MICROS_PER_SECOND, tz=dt.UTC).date()
        unit.mrr_records.take_snapshots(day=day, at=at)


def _remove(unit: UnitOfWork, draw: random.Random) -> None:
    """An account goes, and comes back without anything."""
    account = draw.choice(ACCOUNTS)
    unit.accounts.remove(account)
    if draw.random() < 0.7:
        unit.accounts.put_many([an_account(account)])


def _do_something(unit: UnitOfWork, draw: random.Random) -> None:
    for _ in range(draw.randint(1, 2)):
        draw.choice((_compute, _compute, _match, _remember, _remember, _remove))(unit, draw)


class TestKeptSums(InTwoWorkspaces):
    """Nine accounts in each of two workspaces."""

    @pytest.fixture(autouse=True)
    def _accounts(self, _stored_workspaces: None, units: SqlUnitsOfWork) -> None:
        for workspace_id in (HERE, THERE):
            with committed(units, workspace_id) as unit:
                unit.accounts.put_many(an_account(account) for account in ACCOUNTS)

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_equal_the_sums_over_all_rows(self, units: SqlUnitsOfWork, engine: Engine, seed: int) -> None:
        draw = random.Random(seed)
        for step in range(24):
            with units.writing(draw.choice((HERE, THERE))) as unit:
                _do_something(unit, draw)
                if draw.random() < 0.8:
                    unit.commit()
                    _do_something(unit, draw)
                    unit.commit()
            found = _assert_kept(engine)
            assert step < 12 or {place[1] for place in found} == {"now", "month", "day", "subscription"}

    def test_nothing_is_left_when_all_is_erased(self, units: SqlUnitsOfWork, engine: Engine) -> None:
        draw = random.Random(4)
        for _ in range(6):
            for workspace_id in (HERE, THERE):
                with committed(units, workspace_id) as unit:
                    _compute(unit, draw)
                    _remember(unit, draw)
        with committed(units) as unit:
            _compute(unit, draw)
            unit.billing.erase_all()
        assert {place[0] for place in _assert_kept(engine)} == {THERE}
        with committed(units) as unit:
            unit.billing.erase_all()
            _compute(unit, draw)
        assert {place[0] for place in _assert_kept(engine)} == {HERE, THERE}

    def test_writers_that_meet_lose_nothing(self, units: SqlUnitsOfWork, engine: Engine) -> None:
        def work(seed: int) -> None:
            draw = random.Random(seed)
            for _ in range(8):
                state = draw.getrandbits(32)

                def once(state: int = state) -> None:
                    with committed(units) as unit:
                        _do_something(unit, random.Random(state))

                retrying(once, tries=50)

        faults = _together([lambda seed=seed: work(seed) for seed in range(4)], seconds=120)  # type: ignore[misc]
        assert faults == []
        assert _assert_kept(engine)

    def test_a_subscription_of_another_customer_is_counted_once(self, units: SqlUnitsOfWork, engine: Engine) -> None:
        for customer, account in (("cus_1", "acc_1"), ("cus_2", "acc_2")):
            with committed(units) as unit:
                held = a_subscription_billing("sub_1", customer_id=customer)
                unit.billing.put_customers([a_customer_billing(customer, subscriptions=(held,))], {customer: account})
        kept = _assert_kept(engine)
        assert kept[HERE, "subscription", "year", "Team", "list", "USD"] == (Fraction(2500, 3), 1, 1)

    def test_a_unit_sees_its_own_sums(self, units: SqlUnitsOfWork) -> None:
        with units.writing(HERE) as unit:
            point = a_point()
            unit.mrr_records.replace_points(["acc_1"], [point])
            unit.mrr_records.replace_points(["acc_1"], [point])
            sums = unit.mrr_records.workspace_points(since=Month(2000, 1))
        assert sums == {point.point.month: (point.point.list_mrr, point.point.net_mrr)}
        with units.reading(HERE) as unit:
            assert unit.mrr_records.workspace_points(since=Month(2000, 1)) == {}


@pytest.fixture
def stepping(empty_engine: Engine) -> Engine:
    """A database of its own, migrated."""
    migrate(empty_engine)
    return empty_engine


def test_are_filled_from_what_was_there_before_they_were_kept(stepping: Engine) -> None:
    units, draw = SqlUnitsOfWork(stepping), random.Random(5)
    for workspace_id in (HERE, THERE):
        with committed(units, workspace_id) as unit:
            unit.accounts.put_many(an_account(account) for account in ACCOUNTS)
        for _ in range(9):
            with committed(units, workspace_id) as unit:
                _compute(unit, draw)
                _match(unit, draw)
                _remember(unit, draw)
                invoices = [an_invoice(f"in_{n}", amount_remaining=n) for n in range(3)]
                unit.invoices.put_many(invoices, read_at())
    before = _assert_kept(stepping)
    with stepping.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(schema.MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.downgrade(config, "customers_of_events")
    migrate(stepping)
    assert _assert_kept(stepping) == before
    with stepping.connect() as connection:
        left = select(stripe_invoices.c.id, stripe_invoices.c.amount_remaining)
        assert {tuple(row) for row in connection.execute(left)} == {("in_0", 0), ("in_1", 1), ("in_2", 2)}
