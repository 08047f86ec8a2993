"""What every ``MrrRecordStore`` remembers."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.news_samples import a_point, a_snapshot
from tests.contracts.samples import (
    FOURTEEN_DIGITS,
    HARD_TEXT,
    HERE,
    MOMENT,
    THERE,
    an_account,
    an_account_billing,
    committed,
    moment,
)

from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import Month
from clynto.domain.mrr_history import MrrPoint, MrrSnapshot
from clynto.domain.mrr_past import MrrPast, RememberedTimes
from clynto.ports.unit_of_work import UnitsOfWork

A_DAY = 24 * 60 * 60
LONG_AGO = dt.date(2000, 1, 1)
FIRST_MONTH = Month(2000, 1)
DAY = dt.datetime.fromtimestamp(MOMENT // MICROS_PER_SECOND, tz=dt.UTC).date()
MIDNIGHT = UnixMicros(int(dt.datetime(DAY.year, DAY.month, DAY.day, tzinfo=dt.UTC).timestamp()) * MICROS_PER_SECOND)
NOTHING = MoneyBag.empty()


def _snapshots(units: UnitsOfWork, since: dt.date = LONG_AGO, workspace_id: str = HERE) -> dict[str, list[MrrSnapshot]]:
    with units.reading(workspace_id) as unit:
        return dict(unit.mrr_records.snapshots(["acc_2", "acc_1", "acc_3", "acc_9"], since=since))


def _points(units: UnitsOfWork, since: Month = FIRST_MONTH, workspace_id: str = HERE) -> dict[str, list[MrrPoint]]:
    with units.reading(workspace_id) as unit:
        return dict(unit.mrr_records.points(["acc_2", "acc_1", "acc_3", "acc_9"], since=since))


class MrrRecordStoreContract(InTwoWorkspaces):
    """Decided: the last snapshot of a day is the one taken last, not the one stored last; accounts without any are
    absent; a day on which nobody paid anything is there, with empty sums; what is said of an account that is not there
    is dropped; points of an account that ``replace_points`` does not name replace that account's points too."""

    @pytest.fixture(autouse=True)
    def _accounts(self, _stored_workspaces: None, units: UnitsOfWork) -> None:
        for workspace_id in (HERE, THERE):
            with committed(units, workspace_id) as unit:
                unit.accounts.put_many([an_account("acc_1"), an_account("acc_2"), an_account("acc_3")])

    def test_gives_back_snapshots_oldest_first(self, units: UnitsOfWork) -> None:
        full = MoneyBag({"USD": Fraction(2500, 3), "JPY": Fraction(0), "KWD": Fraction(-1, 7)})
        many = a_snapshot(at=moment(A_DAY), list_mrr=full, net_mrr=MoneyBag.of("EUR", FOURTEEN_DIGITS))
        bare = a_snapshot(at=moment(-A_DAY), list_mrr=NOTHING, net_mrr=NOTHING)
        other = a_snapshot("acc_2")
        with committed(units) as unit:
            unit.mrr_records.put_snapshots([many, a_snapshot(), other, bare])
        assert _snapshots(units) == {
            "acc_1": [bare.snapshot, a_snapshot().snapshot, many.snapshot],
            "acc_2": [other.snapshot],
        }
        assert _snapshots(units, since=DAY) == {
            "acc_1": [a_snapshot().snapshot, many.snapshot],
            "acc_2": [other.snapshot],
        }
        assert _snapshots(units, since=DAY + dt.timedelta(days=1)) == {"acc_1": [many.snapshot]}
        with units.reading(HERE) as unit:
            assert dict(unit.mrr_records.snapshots([], since=LONG_AGO)) == {}

    def test_the_last_one_of_a_day_stands(self, units: UnitsOfWork) -> None:
        first = a_snapshot(at=MIDNIGHT)
        last = a_snapshot(at=UnixMicros(MIDNIGHT + A_DAY * MICROS_PER_SECOND - 1), list_mrr=MoneyBag.of("EUR", 1))
        tomorrow = a_snapshot(at=UnixMicros(MIDNIGHT + A_DAY * MICROS_PER_SECOND))
        yesterday = a_snapshot(at=UnixMicros(MIDNIGHT - 1))
        for one in (first, tomorrow, last, yesterday, first):
            with committed(units) as unit:
                unit.mrr_records.put_snapshots([one])
        assert _snapshots(units) == {"acc_1": [yesterday.snapshot, last.snapshot, tomorrow.snapshot]}

    def test_the_last_one_of_a_day_stands_in_one_call_too(self, units: UnitsOfWork) -> None:
        later = a_snapshot(at=moment(1), list_mrr=MoneyBag.of("EUR", 1))
        again = a_snapshot(at=moment(1), list_mrr=MoneyBag.of("EUR", 2))
        with committed(units) as unit:
            unit.mrr_records.put_snapshots([later, again, a_snapshot()])
        assert _snapshots(units) == {"acc_1": [again.snapshot]}

    def test_takes_a_snapshot_of_every_account_with_customers(self, units: UnitsOfWork) -> None:
        listed = MoneyBag({"USD": Fraction(2500, 3), "JPY": Fraction(0)})
        net = MoneyBag.of("EUR", Fraction(FOURTEEN_DIGITS, 7))
        with committed(units) as unit:
            billings = [
                an_account_billing("acc_1", list_mrr=listed, net_mrr=net, lifetime_value=MoneyBag.of("GBP", 5)),
                an_account_billing("acc_2", list_mrr=NOTHING, net_mrr=NOTHING),
                an_account_billing("acc_3", customers=0),
            ]
            unit.billing.put_accounts([(billing, 1) for billing in billings])
        with committed(units) as unit:
            assert unit.mrr_records.take_snapshots(day=DAY, at=moment(9)) == 2
        expected = {
            "acc_1": [MrrSnapshot(moment(9), listed, net)],
            "acc_2": [MrrSnapshot(moment(9), NOTHING, NOTHING)],
        }
        assert _snapshots(units) == expected
        assert _snapshots(units, workspace_id=THERE) == {}
        with committed(units, THERE) as unit:
            assert unit.mrr_records.take_snapshots(day=DAY, at=moment(9)) == 0

    def test_a_second_look_on_the_same_day_replaces_the_first(self, units: UnitsOfWork) -> None:
        changed = an_account_billing(list_mrr=MoneyBag.of("EUR", 7), net_mrr=NOTHING)
        with committed(units) as unit:
            unit.billing.put_accounts([(an_account_billing("acc_1"), 1), (an_account_billing("acc_2"), 1)])
            unit.mrr_records.take_snapshots(day=DAY, at=moment(1))
            unit.billing.put_accounts([(changed, 1)])
            assert unit.mrr_records.take_snapshots(day=DAY, at=moment(2)) == 2
        with committed(units) as unit:
            unit.billing.put_accounts([(an_account_billing("acc_1"), 1)])
            assert unit.mrr_records.take_snapshots(day=DAY, at=moment(0)) == 0, "looked at before what is stored"
        unchanged = an_account_billing("acc_2")
        assert _snapshots(units) == {
            "acc_1": [MrrSnapshot(moment(2), changed.list_mrr, NOTHING)],
            "acc_2": [MrrSnapshot(moment(2), unchanged.list_mrr, unchanged.net_mrr)],
        }
        with committed(units) as unit:
            assert unit.mrr_records.take_snapshots(day=DAY + dt.timedelta(days=1), at=moment(A_DAY)) == 2
        assert [len(held) for held in _snapshots(units).values()] == [2, 2]

    def test_gives_back_points_oldest_first(self, units: UnitsOfWork) -> None:
        old = a_point(month=Month(2025, 12), list_mrr=NOTHING, net_mrr=NOTHING, notes=())
        new = a_point(month=Month(2026, 9), notes=("a", HARD_TEXT))
        other = a_point("acc_2")
        with committed(units) as unit:
            unit.mrr_records.replace_points(["acc_1", "acc_2"], [new, other, old, a_point()])
        assert _points(units) == {"acc_1": [old.point, a_point().point, new.point], "acc_2": [other.point]}
        assert _points(units, since=Month(2026, 8)) == {"acc_1": [a_point().point, new.point], "acc_2": [other.point]}
        assert _points(units, since=Month(2026, 10)) == {}

    def test_replaces_all_points_of_the_accounts(self, units: UnitsOfWork) -> None:
        changed = a_point(list_mrr=MoneyBag.of("JPY", 5), net_mrr=NOTHING)
        ids = ["acc_1", "acc_2", "acc_3"]
        with committed(units) as unit:
            points = [a_point(account_id, Month(2026, month)) for account_id in ids for month in (7, 8)]
            unit.mrr_records.replace_points(ids, points)
        with committed(units) as unit:
            unit.mrr_records.replace_points(["acc_1", "acc_2"], [changed])
        assert _points(units) == {
            "acc_1": [changed.point],
            "acc_3": [a_point("acc_3", Month(2026, month)).point for month in (7, 8)],
        }
        with committed(units) as unit:
            unit.mrr_records.replace_points([], [a_point("acc_3")])
        assert _points(units)["acc_3"] == [a_point("acc_3").point]

    def test_snapshots_and_points_leave_each_other_alone(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.mrr_records.put_snapshots([a_snapshot()])
            unit.mrr_records.replace_points(["acc_1"], [a_point()])
            unit.mrr_records.replace_points(["acc_1"], [])
        assert _snapshots(units) == {"acc_1": [a_snapshot().snapshot]}
        assert _points(units) == {}

    def test_sums_of_days_are_exact(self, units: UnitsOfWork) -> None:
        third = MoneyBag({"USD": Fraction(FOURTEEN_DIGITS, 3), "JPY": Fraction(0)})
        with committed(units) as unit:
            unit.mrr_records.put_snapshots(
                [
                    a_snapshot("acc_1", list_mrr=third, net_mrr=NOTHING),
                    a_snapshot("acc_2", list_mrr=third, net_mrr=MoneyBag.of("EUR", Fraction(1, 7))),
                    a_snapshot("acc_3", list_mrr=MoneyBag.of("USD", Fraction(-1, 12)), net_mrr=MoneyBag.of("EUR", 1)),
                    a_snapshot("acc_1", at=moment(A_DAY), list_mrr=NOTHING, net_mrr=NOTHING),
                    a_snapshot("acc_1", at=moment(-A_DAY)),
                ]
            )
        listed = MoneyBag({"USD": Fraction(2 * FOURTEEN_DIGITS, 3) - Fraction(1, 12), "JPY": Fraction(0)})
        with units.reading(HERE) as unit:
            assert dict(unit.mrr_records.workspace_snapshots(since=DAY)) == {
                DAY: (listed, MoneyBag.of("EUR", Fraction(8, 7))),
                DAY + dt.timedelta(days=1): (NOTHING, NOTHING),
            }
            assert len(unit.mrr_records.workspace_snapshots(since=LONG_AGO)) == 3

    def test_sums_of_months_are_exact(self, units: UnitsOfWork) -> None:
        third = MoneyBag.of("USD", Fraction(1, 3))
        with committed(units) as unit:
            points = [a_point(f"acc_{number}", list_mrr=third, net_mrr=NOTHING) for number in (1, 2)]
            points.append(a_point("acc_3", net_mrr=MoneyBag.of("USD", Fraction(-1, 7))))
            unit.mrr_records.replace_points(
                ["acc_1", "acc_2", "acc_3"],
                [*points, a_point("acc_3", Month(2026, 7)), a_point("acc_3", Month(2026, 6))],
            )
        rich = a_point().point
        with units.reading(HERE) as unit:
            assert dict(unit.mrr_records.workspace_points(since=Month(2026, 7))) == {
                Month(2026, 7): (rich.list_mrr, rich.net_mrr),
                Month(2026, 8): (rich.list_mrr + third + third, MoneyBag.of("USD", Fraction(-1, 7))),
            }

    def test_an_account_that_is_not_there_is_left_out(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.mrr_records.put_snapshots([a_snapshot("acc_9"), a_snapshot("acc_1")])
            unit.mrr_records.replace_points(["acc_9", "acc_1"], [a_point("acc_9"), a_point("acc_1")])
        assert _snapshots(units) == {"acc_1": [a_snapshot().snapshot]}
        assert _points(units) == {"acc_1": [a_point().point]}

    def test_goes_with_its_account(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.mrr_records.put_snapshots([a_snapshot("acc_1"), a_snapshot("acc_2")])
            unit.mrr_records.replace_points(["acc_1", "acc_2"], [a_point("acc_1"), a_point("acc_2")])
            unit.accounts.remove("acc_1")
            unit.accounts.put_many([an_account("acc_1")])
        assert (list(_snapshots(units)), list(_points(units))) == (["acc_2"], ["acc_2"])
        with units.reading(HERE) as unit:
            snapshot, point = a_snapshot().snapshot, a_point().point
            sums = unit.mrr_records.workspace_snapshots(since=LONG_AGO)
            assert dict(sums) == {DAY: (snapshot.list_mrr, snapshot.net_mrr)}
            months = unit.mrr_records.workspace_points(since=Month(2000, 1))
            assert dict(months) == {Month(2026, 8): (point.list_mrr, point.net_mrr)}

    def test_takes_many_at_once(self, units: UnitsOfWork) -> None:
        ids = [f"acc_{number}" for number in range(900)]
        with committed(units) as unit:
            unit.accounts.put_many(an_account(account_id) for account_id in ids)
            unit.mrr_records.put_snapshots(a_snapshot(account_id) for account_id in ids)
            unit.mrr_records.put_snapshots(a_snapshot(account_id, at=moment(1)) for account_id in ids)
            unit.mrr_records.replace_points(ids, (a_point(account_id) for account_id in ids))
        with units.reading(HERE) as unit:
            assert len(unit.mrr_records.snapshots(ids, since=LONG_AGO)) == 900
            listed, _ = unit.mrr_records.workspace_snapshots(since=LONG_AGO)[DAY]
            assert listed.amounts["USD"] == Fraction(2500, 3) * 900
            assert len(unit.mrr_records.points(ids, since=Month(2000, 1))) == 900

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.mrr_records.put_snapshots([a_snapshot()])
            unit.mrr_records.replace_points(["acc_1"], [a_point()])
        assert (_snapshots(units, workspace_id=THERE), _points(units, workspace_id=THERE)) == ({}, {})
        with committed(units, THERE) as unit:
            assert dict(unit.mrr_records.workspace_snapshots(since=LONG_AGO)) == {}
            assert dict(unit.mrr_records.workspace_points(since=Month(2000, 1))) == {}
            unit.mrr_records.put_snapshots([a_snapshot(at=moment(1), list_mrr=NOTHING)])
            unit.mrr_records.replace_points(["acc_1"], [])
            unit.billing.erase_all()
        assert _snapshots(units) == {"acc_1": [a_snapshot().snapshot]}
        assert _points(units) == {"acc_1": [a_point().point]}

    def test_reads_the_past_at_a_few_times(self, units: UnitsOfWork) -> None:
        full = MoneyBag({"USD": Fraction(2500, 3), "JPY": Fraction(0)})
        first = a_snapshot(list_mrr=full, net_mrr=MoneyBag.of("EUR", FOURTEEN_DIGITS))
        other, bare = a_snapshot(at=moment(A_DAY)), a_snapshot("acc_2", list_mrr=NOTHING, net_mrr=NOTHING)
        old, new, noted = (a_point(month=month) for month in (Month(2026, 6), Month(2026, 7), Month(2026, 8)))
        with committed(units) as unit:
            unit.mrr_records.put_snapshots([other, first, bare])
            unit.mrr_records.replace_points(["acc_1"], [noted, new, old])
        with committed(units, THERE) as unit:
            unit.mrr_records.put_snapshots([a_snapshot("acc_3")])
        times = RememberedTimes(frozenset({DAY, LONG_AGO}), frozenset({old.point.month, noted.point.month}))
        with units.reading(HERE) as unit:
            records = unit.mrr_records
            assert records.pasts(["acc_3", "acc_2", "acc_1"], times) == {
                "acc_1": MrrPast([first.snapshot], {one.point.month: one.point for one in (old, noted)}),
                "acc_2": MrrPast([bare.snapshot], {}),
            }
            both = RememberedTimes(frozenset({DAY, DAY + dt.timedelta(days=1)}), frozenset())
            assert records.pasts(["acc_1"], both) == {"acc_1": MrrPast([first.snapshot, other.snapshot], {})}
            assert records.pasts(["acc_1"], RememberedTimes(frozenset(), frozenset())) == {}
            assert records.pasts([], both) == {}
