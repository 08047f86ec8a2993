"""The accounts table stands in the order of what it shows, whatever moved: an account, its past, or time alone."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping
from fractions import Fraction

import pytest
from tests.contracts.samples import a_customer_billing, a_rate, second
from tests.unit.application.plain_billing import CATALOGUE_CREATED, catalogue, paid_invoice, plain_customer
from tests.unit.application.plain_billing import plain_subscription as a_plan
from tests.unit.application.sync_product import ADMIN, MEMBER, WORKSPACE, SyncProduct

from clynto.application.audit import AuditTrail
from clynto.application.force_match import DropMatch
from clynto.application.match_customers import RematchWorkspace
from clynto.application.queries.mrr_change import MrrTrend, ReadMrrTrends
from clynto.application.rebuild_history import RebuildHistory
from clynto.domain.exchange_rates import ExchangeRate
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros, seconds_of
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import Month, completed_months
from clynto.domain.mrr_history import Confidence, MrrPoint, MrrSnapshot
from clynto.ports.mrr_records import AccountPoint, AccountSnapshot
from clynto.ports.read_models import AccountSort, AccountsQuery
from clynto.ports.unit_of_work import UnitOfWork
from clynto.ports.workspaces import MrrBasis, Workspace

DAY = 86_400
CHANGES = (AccountSort.MRR_CHANGE_30, AccountSort.MRR_CHANGE_90, AccountSort.MRR_CHANGE_12_MONTHS)


def _ordered(product: SyncProduct, sort: AccountSort, *, descending: bool = False) -> list[str]:
    query = AccountsQuery(sort=sort, descending=descending, limit=200)
    return [shown.row.id for shown in product.accounts(MEMBER, query).rows]


def _shown(sort: AccountSort, trend: MrrTrend | None, *, begins: bool) -> Fraction | None:
    """What the cell says, None for a dash. ``begins``: the line is drawn from its first month to now."""
    if trend is None:
        return None
    if sort is AccountSort.MRR_CHANGE_12_MONTHS:
        return trend.line[-1] - trend.line[0] if begins and (trend.line[-1] or trend.line[0]) else None
    found = trend.changes.get(30 if sort is AccountSort.MRR_CHANGE_30 else 90)
    return None if found is None else found.amount.value


def _assert_order_is_that_shown(product: SyncProduct) -> Mapping[AccountSort, list[str]]:
    rows = product.accounts(MEMBER, AccountsQuery(limit=200)).rows
    trends = ReadMrrTrends(units=product.units, clock=product.clock)(MEMBER, [shown.row for shown in rows])
    ids = sorted(shown.row.id for shown in rows)
    first = completed_months(seconds_of(product.clock.now()), 12)[0]
    with product.units.reading(WORKSPACE) as uow:
        begun = {one for one in ids if _has_figure(uow, one, first)}
    orders = {}
    for sort in CHANGES:
        values = {account_id: _shown(sort, trends.get(account_id), begins=account_id in begun) for account_id in ids}
        known = [account_id for account_id in ids if values[account_id] is not None]
        missing = [account_id for account_id in ids if values[account_id] is None]
        upwards = sorted(known, key=lambda account_id, values=values: values[account_id] or 0)  # type: ignore[misc]
        downwards = sorted(known, key=lambda account_id, values=values: -(values[account_id] or 0))  # type: ignore[misc]
        assert _ordered(product, sort) == upwards + missing
        assert _ordered(product, sort, descending=True) == downwards + missing
        orders[sort] = known
    return orders


def _has_figure(uow: UnitOfWork, account_id: str, month: Month) -> bool:
    """Rebuilt: those that are compared have no snapshots of twelve months ago."""
    return month in [point.month for point in uow.mrr_records.points([account_id], since=month).get(account_id, [])]


def _bag(draw: random.Random) -> MoneyBag:
    amounts = (Fraction(0), Fraction(1000), Fraction(2500, 3), Fraction(99_900))
    return MoneyBag({one: draw.choice(amounts) for one in draw.sample(("USD", "EUR", "GBP"), draw.randint(0, 2))})


def _remember(product: SyncProduct, account_id: str, draw: random.Random) -> None:
    """Some have snapshots around the moments looked at, some rebuilt months, some both, some nothing."""
    now = product.clock.now()
    with product.units.writing(WORKSPACE) as uow:
        for days in draw.sample((29, 30, 31, 32, 33, 34, 89, 90, 92, 95), draw.choice((0, 3, 8))):
            at = UnixMicros(now - days * DAY * MICROS_PER_SECOND - draw.choice((0, 1, 40_000 * MICROS_PER_SECOND)))
            taken = MrrSnapshot(at, _bag(draw), _bag(draw))
            uow.mrr_records.put_snapshots([AccountSnapshot(account_id, taken)])
        if draw.random() < 0.6:
            months = completed_months(seconds_of(now), 12)
            points = [MrrPoint(month, _bag(draw), _bag(draw), Confidence.RECONSTRUCTED) for month in months]
            uow.mrr_records.replace_points([account_id], [AccountPoint(account_id, point) for point in points])
        uow.commit()


@pytest.mark.parametrize("basis", MrrBasis)
@pytest.mark.parametrize(
    ("currency", "rates"),
    [(None, []), ("USD", []), ("USD", [a_rate()]), ("EUR", [a_rate(), a_rate(2, rate=Fraction(11, 10))])],
)
def test_changes_stand_in_the_order_shown(basis: MrrBasis, currency: str | None, rates: list[ExchangeRate]) -> None:
    """Mixed currencies, with and without rates for some or any of them, on either basis."""
    product, draw = SyncProduct(), random.Random(7)
    ids = [product.add_account(f"{number:02}") for number in range(40)]
    for account_id in ids:
        _remember(product, account_id, draw)
    with product.units.writing(WORKSPACE) as uow:
        uow.workspaces.save(Workspace(WORKSPACE, "Rheinwerk", currency, basis, (), product.clock.now()))
        uow.workspaces.replace_exchange_rates(rates)
        billings = [a_customer_billing(one, list_mrr=_bag(draw), net_mrr=_bag(draw)) for one in ids]
        uow.billing.put_customers(billings, {one: one for one in ids})
        product.recompute.accounts(uow, ids[3:])
        uow.commit()
    orders = _assert_order_is_that_shown(product)
    assert all(10 < len(known) < 37 for known in orders.values())


def test_a_lifetime_value_stands_in_the_order_shown() -> None:
    product = SyncProduct()
    values = {"a": MoneyBag.of("USD", 300), "b": MoneyBag({"EUR": Fraction(250), "USD": Fraction(60)}), "c": None}
    with product.units.writing(WORKSPACE) as uow:
        uow.workspaces.save(Workspace(WORKSPACE, "Rheinwerk", "USD", MrrBasis.LIST, (), product.clock.now()))
        uow.workspaces.replace_exchange_rates([a_rate()])
        uow.commit()
    ids = [product.add_account(name) for name in (*values, "d")]
    with product.units.writing(WORKSPACE) as uow:
        for name, paid in values.items():
            if paid is not None:
                uow.billing.put_customers([a_customer_billing(name, lifetime_value=paid)], {name: f"acc_{name}"})
        product.recompute.accounts(uow, ids)
        uow.commit()
    # 3.31 dollars are more than 3.00; who has no customer shows a dash.
    assert _ordered(product, AccountSort.LIFETIME_VALUE) == ["acc_a", "acc_b", "acc_c", "acc_d"]
    assert _ordered(product, AccountSort.LIFETIME_VALUE, descending=True) == ["acc_b", "acc_a", "acc_c", "acc_d"]


class TestWhenSomethingMoves:
    """Two customers since 60 days, 50.00 a month; the accounts' ids are in the other order than their changes."""

    @pytest.fixture
    def product(self) -> SyncProduct:
        product = SyncProduct()
        product.stripe.put(*catalogue(), created=CATALOGUE_CREATED)
        for number, email in ((1, "ann@acme.example"), (2, "bob@zeta.example")):
            since = second(-60 * DAY)
            product.stripe.put(
                plain_customer(number, email), a_plan(number, start_date=since), paid_invoice(number, created=since)
            )
        product.add_account("Acme", "acme.example")
        product.add_account("Zeta", "zeta.example")
        product.add_account("Aaa")
        product.synced()
        return product

    def _hourly(self, product: SyncProduct) -> None:
        RematchWorkspace(units=product.units, matching=product.matching)(WORKSPACE)

    def _look_back(self, product: SyncProduct, account_id: str, cents: int, days: float) -> None:
        at = UnixMicros(product.clock.now() - int(days * DAY) * MICROS_PER_SECOND)
        taken = MrrSnapshot(at, MoneyBag.of("USD", cents), MoneyBag.of("USD", cents))
        with product.units.writing(WORKSPACE) as uow:
            uow.mrr_records.put_snapshots([AccountSnapshot(account_id, taken)])
            uow.commit()

    def test_a_sync_leaves_the_order_that_its_rebuilt_history_gives(self, product: SyncProduct) -> None:
        orders = _assert_order_is_that_shown(product)
        assert orders[AccountSort.MRR_CHANGE_12_MONTHS] == ["acc_acme", "acc_zeta"]

    def test_a_rebuilt_history_brings_its_order_with_it(self, product: SyncProduct) -> None:
        with product.units.writing(WORKSPACE) as uow:
            uow.mrr_records.replace_points(["acc_acme", "acc_zeta"], ())
            product.recompute.accounts(uow, ["acc_acme", "acc_zeta"])
            uow.commit()
        assert _assert_order_is_that_shown(product)[AccountSort.MRR_CHANGE_12_MONTHS] == []
        RebuildHistory(units=product.units, clock=product.clock)(WORKSPACE, stopping=lambda: False)
        assert _assert_order_is_that_shown(product)[AccountSort.MRR_CHANGE_12_MONTHS] == ["acc_acme", "acc_zeta"]

    def test_time_alone_moves_the_past_once_an_hour(self, product: SyncProduct) -> None:
        self._look_back(product, "acc_acme", 9000, days=28)
        self._look_back(product, "acc_zeta", 1000, days=28)
        self._look_back(product, "acc_zeta", 7000, days=26)
        seen = []
        for _ in range(6):
            product.clock.advance(seconds=DAY)
            self._hourly(product)
            _assert_order_is_that_shown(product)
            seen.append(_ordered(product, AccountSort.MRR_CHANGE_30)[0])
        # Of one 70.00 come into reach after four days, of the other 90.00 fall out of it after six.
        assert seen == ["acc_acme", "acc_acme", "acc_acme", "acc_acme", "acc_acme", "acc_zeta"]

    def test_an_account_that_lost_its_customer_is_still_compared(self, product: SyncProduct) -> None:
        self._look_back(product, "acc_zeta", 5000, days=29)
        audit = AuditTrail(product.clock, product.identifiers)
        DropMatch(units=product.units, recompute=product.recompute, audit=audit)(ADMIN, "cus_2")
        assert "acc_zeta" not in _assert_order_is_that_shown(product)[AccountSort.MRR_CHANGE_30]
        product.clock.advance(seconds=2 * DAY)
        self._hourly(product)
        assert _assert_order_is_that_shown(product)[AccountSort.MRR_CHANGE_30] == ["acc_acme", "acc_zeta"]
        assert _ordered(product, AccountSort.MRR_CHANGE_30)[0] == "acc_zeta"
        product.clock.advance(seconds=9 * DAY)
        self._hourly(product)
        assert "acc_zeta" not in _assert_order_is_that_shown(product)[AccountSort.MRR_CHANGE_30]

    def test_without_a_customer_an_account_comes_last_by_mrr_whether_it_had_one(self, product: SyncProduct) -> None:
        """Both show a dash: the one that lost its customer does not stand where 0.00 would."""
        audit = AuditTrail(product.clock, product.identifiers)
        assert _ordered(product, AccountSort.MRR)[-1] == "acc_aaa"
        DropMatch(units=product.units, recompute=product.recompute, audit=audit)(ADMIN, "cus_2")
        for sort in (AccountSort.MRR, AccountSort.ARR):
            for descending in (False, True):
                assert _ordered(product, sort, descending=descending) == ["acc_acme", "acc_aaa", "acc_zeta"]

    def test_a_frozen_workspace_is_compared_with_the_past_of_today(self, product: SyncProduct) -> None:
        self._look_back(product, "acc_zeta", 9000, days=29)
        product.disconnect(ADMIN)
        product.clock.advance(seconds=2 * DAY)
        self._hourly(product)
        _assert_order_is_that_shown(product)
        assert _ordered(product, AccountSort.MRR_CHANGE_30)[0] == "acc_zeta"


def test_a_day_of_a_month_end_is_looked_at_to_the_hour() -> None:
    """36 hours before midnight reach into the day before the last: both are read for the line's beginning."""
    product = SyncProduct()
    account_id = product.add_account("Acme")
    first = completed_months(seconds_of(product.clock.now()), 12)[0]
    for hours, cents in ((35, 700), (37, 900)):
        at = UnixMicros((first.end - hours * 3600) * MICROS_PER_SECOND)
        assert dt.datetime.fromtimestamp(first.end - hours * 3600, tz=dt.UTC).day < 30
        taken = MrrSnapshot(at, MoneyBag.of("USD", cents), MoneyBag.empty())
        with product.units.writing(WORKSPACE) as uow:
            uow.mrr_records.put_snapshots([AccountSnapshot(account_id, taken)])
            uow.commit()
        with product.units.writing(WORKSPACE) as uow:
            uow.billing.put_customers([a_customer_billing("cus_1")], {"cus_1": account_id})
            product.recompute.accounts(uow, [account_id])
            uow.commit()
    (row,) = product.accounts(MEMBER, AccountsQuery()).rows
    trend = ReadMrrTrends(units=product.units, clock=product.clock)(MEMBER, [row.row])[account_id]
    assert trend.line[0] == 7
