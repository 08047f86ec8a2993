"""What every ``SignalStore`` keeps, refuses and sorts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.news_samples import FULL_SIGNAL, a_cancellation, a_signal, an_overdue, resolved
from tests.contracts.samples import (
    HARD_TEXT,
    HERE,
    THERE,
    a_customer,
    a_match,
    an_account,
    an_account_billing,
    committed,
    moment,
    read_at,
    second,
)

from clynto.domain.errors import Conflict, InvalidInput
from clynto.domain.signal_cases import debt_case, subscription_case
from clynto.domain.signals import Signal, SignalOutcome, SignalType
from clynto.ports.signals import InboxStatus, SignalOrder, SignalsPage, SignalsQuery, StoredSignal
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork

AT = moment(10)


def put(unit: UnitOfWork, *signals: Signal, seconds: int = 10) -> None:
    """Store signals under ids made of their types and identities."""
    unit.signals.put_many([(f"sig {signal.key}", signal) for signal in signals], at=moment(seconds))


def page(units: UnitsOfWork, query: SignalsQuery, workspace_id: str = HERE) -> SignalsPage:
    """One page."""
    with units.reading(workspace_id) as unit:
        return unit.signals.page(query)


def identities(rows: Iterable[StoredSignal]) -> list[str]:
    """By which the tests tell signals apart."""
    return [row.signal.identity for row in rows]


def _all_pages(units: UnitsOfWork, query: SignalsQuery) -> list[str]:
    found: list[str] = []
    while True:
        one = page(units, query)
        assert len(one.rows) <= query.limit
        found.extend(identities(one.rows))
        if one.next_cursor is None:
            return found
        assert len(one.rows) == query.limit
        query = replace(query, after=one.next_cursor)


class SignalStoreContract(InTwoWorkspaces):
    """Decided: "newest" is by the time of the fact, then by descending id; a dismissed signal is dismissed, resolved or
    not; dismissing is a change, and the same signal put again is none."""

    def test_gives_back_every_part(self, units: UnitsOfWork) -> None:
        hard = a_signal("in_hard", plan=HARD_TEXT, case_key=HARD_TEXT, customer_id=None, subscription_id=None)
        with committed(units) as unit:
            unit.signals.put_many([("sig_1", FULL_SIGNAL), ("sig_2", hard)], at=AT)
        with units.reading(HERE) as unit:
            assert unit.signals.get("sig_1") == StoredSignal(
                id="sig_1",
                signal=FULL_SIGNAL,
                status=InboxStatus.RESOLVED,
                detected_at=AT,
                dismissed_at=None,
                account_id=None,
                account_name=None,
                customer_name=None,
            )
            found = unit.signals.get("sig_2")
            assert found is not None
            assert (found.signal, found.status) == (hard, InboxStatus.OPEN)
            assert unit.signals.get("sig_3") is None
            assert unit.signals.get(FULL_SIGNAL.key) is None

    def test_names_account_and_customer_as_they_are_now(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account("acc_1", name="Globex"), an_account("acc_2", name="Initech")])
            unit.customers.put_many([a_customer("cus_1", name="Globex AG")], read_at())
            unit.matches.put_many([a_match("cus_1", "acc_1"), a_match("cus_2", "acc_2")])
            put(unit, a_signal())
        for account_id, name in (("acc_1", "Globex"), ("acc_2", "Initech"), (None, None)):
            with committed(units) as unit:
                unit.matches.put_many([a_match("cus_1", account_id)])
            (row,) = page(units, SignalsQuery()).rows
            assert (row.account_id, row.account_name, row.customer_name) == (account_id, name, "Globex AG")

    def test_replaces_by_type_and_identity(self, units: UnitsOfWork) -> None:
        changed = resolved(a_signal(occurred_at=second(-9), customer_id="cus_2"))
        with committed(units) as unit:
            unit.signals.put_many([("sig_1", a_signal())], at=AT)
        with committed(units) as unit:
            unit.signals.put_many([("sig_2", changed), ("sig_3", an_overdue("in_1"))], at=moment(20))
        with units.reading(HERE) as unit:
            found = unit.signals.get("sig_1")
            assert found is not None
            assert (found.signal, found.status, found.detected_at) == (changed, InboxStatus.RESOLVED, AT)
            assert unit.signals.get("sig_2") is None
            assert len(unit.signals.page(SignalsQuery()).rows) == 2

    def test_a_dismissal_survives_an_update(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.signals.put_many([("sig_1", a_signal())], at=AT)
            unit.signals.dismiss("sig_1", moment(15))
        with committed(units) as unit:
            unit.signals.put_many([("sig_2", resolved(a_signal()))], at=moment(20))
            found = unit.signals.get("sig_1")
            assert found is not None
            assert (found.status, found.dismissed_at) == (InboxStatus.DISMISSED, moment(15))
            assert found.signal == resolved(a_signal())
            unit.signals.reopen("sig_1", moment(16))
        with units.reading(HERE) as unit:
            found = unit.signals.get("sig_1")
            assert found is not None
            assert (found.status, found.dismissed_at) == (InboxStatus.RESOLVED, None)

    def test_dismissing_touches_one_signal_only(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            put(unit, a_signal("in_1"), a_signal("in_2"))
            unit.signals.dismiss("sig payment_failed in_1", moment(15))
            unit.signals.dismiss("sig_unknown", moment(15))
        rows = page(units, SignalsQuery(statuses=frozenset({InboxStatus.DISMISSED}))).rows
        assert identities(rows) == ["in_1"]

    @pytest.mark.parametrize("one", [an_overdue, a_cancellation])
    @pytest.mark.parametrize("turned", [False, True])
    def test_the_former_makes_room_in_the_same_call(
        self, units: UnitsOfWork, one: Callable[[str], Signal], turned: bool
    ) -> None:
        # Named so that the new one would be stored first by its key as well.
        former, new = one("sub_1 zz"), one("sub_1 aa")
        changed = [resolved(former), new]
        with committed(units) as unit:
            put(unit, former)
        with committed(units) as unit:
            put(unit, *(changed[::-1] if turned else changed))
        rows = page(units, SignalsQuery(statuses=frozenset({InboxStatus.OPEN}))).rows
        assert identities(rows) == ["sub_1 aa"]
        assert len(page(units, SignalsQuery()).rows) == 2

    @pytest.mark.parametrize("one", [an_overdue, a_cancellation])
    def test_a_second_open_one_of_a_subscription_is_refused(
        self, units: UnitsOfWork, one: Callable[[str], Signal]
    ) -> None:
        with committed(units) as unit:
            put(unit, one("sub_1 a"))
        with pytest.raises(Conflict), units.writing(HERE) as unit:
            put(unit, one("sub_1 b"))
        with pytest.raises(Conflict), units.writing(THERE) as unit:
            put(unit, one("sub_1 a"), one("sub_1 b"))
        assert identities(page(units, SignalsQuery()).rows) == ["sub_1 a"]

    def test_all_else_may_be_open_side_by_side(self, units: UnitsOfWork) -> None:
        downgrade = SignalType.SUBSCRIPTION_DOWNGRADED
        with committed(units) as unit:
            put(
                unit,
                a_signal("in_1"),
                a_signal("in_2"),
                a_signal("sub_1 #1", type=downgrade),
                a_signal("sub_1 #2", type=downgrade),
                an_overdue("a"),
                an_overdue("b", subscription_id="sub_2"),
                an_overdue("c", subscription_id=None),
                an_overdue("d", subscription_id=None),
                resolved(an_overdue("e")),
                resolved(an_overdue("f"), SignalOutcome.RECOVERED),
                a_cancellation("a"),
            )
        assert len(page(units, SignalsQuery()).rows) == 11

    def test_of_the_same_signal_twice_in_one_call_the_last_counts(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            put(unit, a_signal(), resolved(a_signal()))
        (row,) = page(units, SignalsQuery()).rows
        assert row.signal == resolved(a_signal())

    def test_filters(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account("acc_1"), an_account("acc_2")])
            unit.matches.put_many([a_match("cus_1", "acc_1"), a_match("cus_2", "acc_2")])
            put(
                unit,
                a_signal("f1", occurred_at=second(4)),
                resolved(a_signal("f2", customer_id="cus_2", occurred_at=second(3))),
                an_overdue("o1", customer_id="cus_2", subscription_id="sub_2", occurred_at=second(2)),
                a_cancellation("c1", customer_id="cus_3", occurred_at=second(1)),
                resolved(a_cancellation("c2", customer_id=None, occurred_at=second(0))),
            )
            unit.signals.dismiss("sig payment_failed f2", moment(15))
            unit.signals.dismiss("sig subscription_canceled c1", moment(15))

        def found(**filters: object) -> list[str]:
            return identities(page(units, SignalsQuery(**filters)).rows)  # type: ignore[arg-type]

        assert found() == ["f1", "f2", "o1", "c1", "c2"]
        assert found(types=frozenset({SignalType.PAYMENT_FAILED})) == ["f1", "f2"]
        both = frozenset({SignalType.PAYMENT_OVERDUE, SignalType.SUBSCRIPTION_CANCELED})
        assert found(types=both) == ["o1", "c1", "c2"]
        assert found(statuses=frozenset({InboxStatus.OPEN})) == ["f1", "o1"]
        assert found(statuses=frozenset({InboxStatus.RESOLVED})) == ["c2"]
        assert found(statuses=frozenset({InboxStatus.DISMISSED})) == ["f2", "c1"]
        assert found(statuses=frozenset({InboxStatus.OPEN, InboxStatus.DISMISSED})) == ["f1", "f2", "o1", "c1"]
        assert found(account_id="acc_2") == ["f2", "o1"]
        assert found(account_id="acc_9") == []
        assert found(subscription_id="sub_2") == ["o1"]
        assert found(account_id="acc_2", statuses=frozenset({InboxStatus.OPEN}), types=both) == ["o1"]

    def test_the_account_filter_follows_the_match(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account("acc_1"), an_account("acc_2")])
            unit.matches.put_many([a_match("cus_1", "acc_1")])
            put(unit, a_signal())
        assert len(page(units, SignalsQuery(account_id="acc_1")).rows) == 1
        with committed(units) as unit:
            unit.matches.put_many([a_match("cus_1", "acc_2")])
        assert page(units, SignalsQuery(account_id="acc_1")).rows == ()
        assert len(page(units, SignalsQuery(account_id="acc_2")).rows) == 1
        with committed(units) as unit:
            unit.accounts.remove("acc_2")
        assert page(units, SignalsQuery(account_id="acc_2")).rows == ()
        (row,) = page(units, SignalsQuery()).rows
        assert (row.account_id, row.account_name) == (None, None)

    @pytest.mark.parametrize("limit", [1, 2, 3, 99])
    def test_the_newest_come_first_page_by_page(self, units: UnitsOfWork, limit: int) -> None:
        with committed(units) as unit:
            put(
                unit,
                a_signal("b", occurred_at=second(5)),
                a_signal("a", occurred_at=second(9)),
                resolved(a_cancellation("d", occurred_at=second(7))),
                a_signal("c", occurred_at=second(5)),
                an_overdue("e", occurred_at=second(-100)),
            )
        assert _all_pages(units, SignalsQuery(limit=limit)) == ["a", "d", "c", "b", "e"]

    @pytest.mark.parametrize("limit", [1, 2, 4, 99])
    def test_the_most_severe_come_first_page_by_page(self, units: UnitsOfWork, limit: int) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account(f"acc_{name}") for name in ("big", "small", "free", "unknown")])
            keys = {"acc_big": 9_000_000_000_000, "acc_small": 5, "acc_free": 0}
            unit.billing.put_accounts([(an_account_billing(account_id), key) for account_id, key in keys.items()])
            unit.matches.put_many(
                [a_match(f"cus_{name}", f"acc_{name}") for name in ("big", "small", "free", "unknown")]
            )
            downgrade = SignalType.SUBSCRIPTION_DOWNGRADED
            put(
                unit,
                a_signal("medium", type=downgrade, customer_id="cus_big", occurred_at=second(99)),
                an_overdue("high", customer_id="cus_big", occurred_at=second(99)),
                a_signal("unmatched", customer_id="cus_9", occurred_at=second(50)),
                a_signal("nobody", customer_id=None, occurred_at=second(49)),
                a_signal("unknown", customer_id="cus_unknown", occurred_at=second(51)),
                a_signal("free", customer_id="cus_free", occurred_at=second(60)),
                a_signal("small old", customer_id="cus_small", occurred_at=second(1)),
                a_cancellation("small new", customer_id="cus_small", occurred_at=second(2)),
                a_signal("small tie", customer_id="cus_small", occurred_at=second(1)),
                resolved(a_signal("big", customer_id="cus_big", occurred_at=second(0))),
            )
        expected = ["big", "small new", "small tie", "small old", "free", "unknown", "unmatched", "nobody"]
        query = SignalsQuery(order=SignalOrder.SEVERITY, limit=limit)
        assert _all_pages(units, query) == [*expected, "high", "medium"]

    @pytest.mark.parametrize("order", list(SignalOrder))
    def test_refuses_a_foreign_cursor(self, units: UnitsOfWork, order: SignalOrder) -> None:
        with committed(units) as unit:
            put(unit, *(a_signal(f"in_{number}") for number in range(4)))
        cursor = page(units, SignalsQuery(order=order, limit=2)).next_cursor
        assert cursor is not None
        other = SignalOrder.SEVERITY if order is SignalOrder.NEWEST else SignalOrder.NEWEST
        for foreign in (
            SignalsQuery(order=other, after=cursor),
            SignalsQuery(order=order, after=cursor, types=frozenset({SignalType.PAYMENT_FAILED})),
            SignalsQuery(order=order, after=cursor, statuses=frozenset({InboxStatus.OPEN})),
            SignalsQuery(order=order, after=cursor, account_id="acc_1"),
            SignalsQuery(order=order, after=cursor, subscription_id="sub_1"),
            SignalsQuery(order=order, after=cursor[:-3]),
            SignalsQuery(order=order, after="nonsense"),
            SignalsQuery(order=order, after=""),
            SignalsQuery(order=order, after="\x00é"),
        ):
            with units.reading(HERE) as unit, pytest.raises(InvalidInput):
                unit.signals.page(foreign)

    def test_counts_what_is_open_and_not_dismissed(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            assert dict(unit.signals.open_counts()) == {}
            put(
                unit,
                a_signal("1"),
                a_signal("2"),
                a_signal("3"),
                resolved(a_signal("4")),
                an_overdue("5"),
                resolved(a_cancellation("6")),
            )
            unit.signals.dismiss("sig payment_failed 3", moment(15))
        with units.reading(HERE) as unit:
            expected = {SignalType.PAYMENT_FAILED: 2, SignalType.PAYMENT_OVERDUE: 1}
            assert dict(unit.signals.open_counts()) == expected

    def test_counts_what_stands_together_as_one_case(self, units: UnitsOfWork) -> None:
        with units.reading(HERE) as unit:
            assert (unit.signals.open_cases(), dict(unit.signals.open_cases_by_type())) == (0, {})
        with committed(units) as unit:
            put(
                unit,
                a_signal("1", subscription_id="sub_1", case_key=debt_case("sub_1", "in_1")),
                a_signal("2", subscription_id="sub_1", case_key=debt_case("sub_1", "in_2")),
                an_overdue("3", subscription_id="sub_1", case_key=debt_case("sub_1", "in_2")),
                a_cancellation("4", subscription_id="sub_1", case_key=subscription_case("sub_1", "canceled 4")),
                a_signal("5", subscription_id="sub_2", case_key=debt_case("sub_2", "in_5")),
                a_cancellation("6", subscription_id="sub_2", case_key=debt_case("sub_2", "in_5")),
                a_signal("7", subscription_id=None, case_key=debt_case(None, "in_7")),
                a_signal("8", subscription_id=None, case_key=debt_case(None, "in_8")),
                resolved(a_signal("9", subscription_id="sub_9")),
            )
            unit.signals.dismiss("sig payment_failed 8", moment(15))
        with units.reading(HERE) as unit:
            by_type = {kind.value: count for kind, count in unit.signals.open_cases_by_type().items()}
            assert unit.signals.open_cases() == 4
        assert by_type == {"payment_failed": 3, "payment_overdue": 1, "subscription_canceled": 2}
        with committed(units) as unit:
            put(unit, a_signal("7", subscription_id="sub_1", case_key=debt_case("sub_1", "in_7")), seconds=20)
            unit.signals.reopen("sig payment_failed 8", moment(21))
            assert unit.signals.open_cases() == 4, "what is known by now counts"

    def test_tells_when_anything_last_changed(self, units: UnitsOfWork) -> None:
        def newest() -> object:
            with units.reading(HERE) as unit:
                return unit.signals.newest_change()

        assert newest() is None
        with committed(units) as unit:
            put(unit, a_signal("1"), a_signal("2"), seconds=10)
        assert newest() == moment(10)
        with committed(units) as unit:
            put(unit, a_signal("1"), seconds=20)
        assert newest() == moment(10), "the same signal again"
        with committed(units) as unit:
            put(unit, resolved(a_signal("1")), seconds=30)
        assert newest() == moment(30)
        with committed(units) as unit:
            unit.signals.dismiss("sig payment_failed 2", moment(40))
        assert newest() == moment(40)
        with committed(units) as unit:
            unit.signals.reopen("sig payment_failed 2", moment(50))
        assert newest() == moment(50), "on another screen it has to come back as well"
        with committed(units) as unit:
            unit.signals.dismiss("sig payment_failed 2", moment(45))
        assert newest() == moment(50), "time does not go backwards"

    def test_takes_many_at_once(self, units: UnitsOfWork) -> None:
        many = [a_signal(f"in_{number:04}", occurred_at=second(number % 7)) for number in range(1200)]
        with committed(units) as unit:
            put(unit, *many)
            put(unit, *(resolved(signal) for signal in many))
        assert len(page(units, SignalsQuery(limit=5000)).rows) == 1200
        with units.reading(HERE) as unit:
            assert dict(unit.signals.open_counts()) == {}

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account("acc_1")])
            unit.customers.put_many([a_customer("cus_1")], read_at())
            unit.matches.put_many([a_match("cus_1", "acc_1")])
            unit.signals.put_many([("sig_1", an_overdue())], at=AT)
        with committed(units, THERE) as unit:
            assert unit.signals.get("sig_1") is None
            assert unit.signals.page(SignalsQuery()).rows == ()
            assert unit.signals.newest_change() is None
            assert dict(unit.signals.open_counts()) == {}
            assert (unit.signals.open_cases(), dict(unit.signals.open_cases_by_type())) == (0, {})
            unit.signals.dismiss("sig_1", moment(99))
            unit.signals.put_many([("sig_1", an_overdue(plan="Theirs"))], at=moment(50))
        with units.reading(HERE) as unit:
            ours = unit.signals.get("sig_1")
            assert ours is not None
            assert (ours.signal, ours.status, ours.account_id) == (an_overdue(), InboxStatus.OPEN, "acc_1")
            assert unit.signals.newest_change() == AT
        with units.reading(THERE) as unit:
            theirs = unit.signals.get("sig_1")
            assert theirs is not None
            assert (theirs.signal.plan, theirs.account_id, theirs.customer_name) == ("Theirs", None, None)
