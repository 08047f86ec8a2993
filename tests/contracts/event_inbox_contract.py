"""What every ``EventInbox`` does with the events of a workspace."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.news_samples import an_arrival, an_envelope, arrive
from tests.contracts.samples import HARD_TEXT, HERE, THERE, committed, moment, second

from clynto.domain.moments import UnixMicros
from clynto.domain.webhook_event import EventUse
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.webhooks import ArrivedEvent, EventIntake, EventState, InboxCounts, InboxEvent

NOW = moment(100)
DONE = (EventState.DONE, EventUse.INVOICE)


def _event(arrived: ArrivedEvent, **changes: object) -> InboxEvent:
    return replace(InboxEvent(arrived.envelope, arrived.body, arrived.received_at), **changes)  # type: ignore[arg-type]


def _due(units: UnitsOfWork, workspace_id: str = HERE, *, at: UnixMicros = NOW, limit: int = 99) -> list[str]:
    with units.reading(workspace_id) as unit:
        return [event.envelope.id for event in unit.event_inbox.due(at=at, limit=limit)]


def _counts(units: UnitsOfWork, workspace_id: str = HERE) -> InboxCounts:
    with units.reading(workspace_id) as unit:
        return unit.event_inbox.counts()


class EventInboxContract(InTwoWorkspaces):
    """Needs the fixtures ``units`` and ``event_intake`` over the same store.

    Decided: only pending events are finished, postponed or parked; parking counts the try that failed as postponing
    does; letting parked events be tried again begins their count anew.
    """

    @pytest.fixture(autouse=True)
    def _arrived(self, _stored_workspaces: None, event_intake: EventIntake) -> None:
        neighbours = [an_arrival(f"evt_{number}", workspace_id=THERE) for number in (1, 2, 3, 9)]
        ours = [
            an_arrival("evt_3", created=second(3), received_at=moment(5)),
            an_arrival("evt_2", created=second(7), received_at=moment(6)),
            an_arrival("evt_1", created=second(7), received_at=moment(4)),
        ]
        arrive(event_intake, [*ours, *neighbours])

    def test_hands_out_the_oldest_first_then_by_id(self, units: UnitsOfWork) -> None:
        assert _due(units) == ["evt_3", "evt_1", "evt_2"]
        assert _due(units, limit=2) == ["evt_3", "evt_1"]

    def test_of_too_many_those_of_one_customer_come_together(
        self, units: UnitsOfWork, event_intake: EventIntake
    ) -> None:
        """The customer of the oldest event first, all of its events; then the oldest others, in order."""
        with committed(units) as unit:
            unit.event_inbox.finish({"evt_1": DONE, "evt_2": DONE, "evt_3": DONE}, at=NOW)
        customers = ["cus_a", "cus_b", None, "cus_c"]
        arrive(
            event_intake,
            [
                an_arrival(f"evt_{number:02}", created=second(100 + number), customer_id=customers[number % 4])
                for number in range(16)
            ],
        )
        assert _due(units, limit=6) == ["evt_00", "evt_01", "evt_02", "evt_04", "evt_08", "evt_12"]
        assert _due(units, limit=16) == [f"evt_{number:02}" for number in range(16)]
        assert _due(units, limit=3) == ["evt_00", "evt_04", "evt_08"]
        with committed(units) as unit:
            unit.event_inbox.postpone(["evt_04"], until=moment(9_999), fault="later")
            unit.event_inbox.finish({"evt_01": DONE}, at=NOW)
        assert _due(units, limit=4) == ["evt_00", "evt_02", "evt_08", "evt_12"]

    def test_an_event_about_a_customer_itself_is_one_of_its_own(
        self, units: UnitsOfWork, event_intake: EventIntake
    ) -> None:
        own = an_arrival(
            "evt_own",
            created=second(9),
            type="customer.updated",
            object_kind="customer",
            object_id="cus_1",
            customer_id=None,
        )
        arrive(event_intake, [an_arrival("evt_other", created=second(8), customer_id="cus_2"), own])
        assert _due(units, limit=4) == ["evt_3", "evt_1", "evt_2", "evt_own"]

    def test_the_longest_waiting_event_is_never_left_out_and_no_customer_s_events_swap(
        self, units: UnitsOfWork, event_intake: EventIntake
    ) -> None:
        chance = random.Random(5)
        arrivals = [
            an_arrival(
                f"evt_{number:02}",
                created=second(chance.randrange(40)),
                customer_id=chance.choice([None, *(f"cus_{i}" for i in range(9))]),
            )
            for number in range(10, 90)
        ]
        arrive(event_intake, arrivals)
        left = {arrived.envelope.id: arrived.envelope for arrived in arrivals} | {
            f"evt_{number}": an_envelope(f"evt_{number}", created=second(created))
            for number, created in ((1, 7), (2, 7), (3, 3))
        }
        while left:
            with committed(units) as unit:
                batch = [event.envelope for event in unit.event_inbox.due(at=NOW, limit=12)]
                unit.event_inbox.finish(dict.fromkeys((one.id for one in batch), DONE), at=NOW)
            assert len(batch) == min(12, len(left))
            ages = [(one.created, one.id) for one in batch]
            assert ages == sorted(ages)
            assert ages[0] == min((one.created, one.id) for one in left.values())
            for one in batch:
                del left[one.id]
            handed_out = {one.customer_id: one for one in batch if one.customer_id is not None}
            for one in left.values():
                newest = handed_out.get(one.customer_id or "")
                assert newest is None or (one.created, one.id) > (newest.created, newest.id)

    def test_begins_without_any(self, units: UnitsOfWork) -> None:
        with units.reading("ws_nobody") as unit:
            assert list(unit.event_inbox.due(at=NOW, limit=9)) == []
            assert list(unit.event_inbox.parked(limit=9)) == []
            assert unit.event_inbox.counts() == InboxCounts(0, 0, None, {})

    def test_tells_the_newest_event_that_waits_for_an_object(
        self, units: UnitsOfWork, event_intake: EventIntake
    ) -> None:
        more = [
            an_arrival("evt_4", created=second(9), object_id="in_2"),
            an_arrival("evt_5", created=second(8), object_id=None, object_kind=None),
            an_arrival("evt_6", workspace_id=THERE, created=second(99), object_id="in_1"),
        ]
        arrive(event_intake, more)
        with committed(units) as unit:
            unit.event_inbox.postpone(["evt_4"], until=moment(9_999), fault="later")
            asked = ["in_1", "in_2", "in_unknown", ""]
            assert unit.event_inbox.newest_waiting(asked) == {"in_1": second(7), "in_2": second(9)}
            assert unit.event_inbox.newest_waiting([]) == {}
            unit.event_inbox.finish({"evt_1": DONE, "evt_2": DONE}, at=NOW)
            unit.event_inbox.park(["evt_4"], fault="never")
            assert unit.event_inbox.newest_waiting(asked) == {"in_1": second(3)}

    def test_what_is_finished_is_due_no_more(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            outcomes = {"evt_1": DONE, "evt_3": (EventState.IGNORED, EventUse.OTHER_MODE), "evt_unknown": DONE}
            assert unit.event_inbox.finish(outcomes, at=NOW) == 2
            assert unit.event_inbox.finish(outcomes, at=NOW) == 0
            assert unit.event_inbox.finish({}, at=NOW) == 0
        assert _due(units) == ["evt_2"]
        assert _counts(units) == InboxCounts(
            pending=1,
            parked=0,
            last_event_at=moment(6),
            by_use={EventUse.INVOICE: 1, EventUse.OTHER_MODE: 1},
        )

    def test_what_is_finished_comes_back_in_no_way(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.event_inbox.finish({"evt_1": DONE}, at=NOW)
            unit.event_inbox.postpone(["evt_1"], until=moment(0), fault="later")
            unit.event_inbox.park(["evt_1"], fault="never")
            assert unit.event_inbox.unpark(at=NOW) == 0
        assert _due(units) == ["evt_3", "evt_2"]
        assert (_counts(units).parked, _counts(units).by_use) == (0, {EventUse.INVOICE: 1})

    def test_is_rolled_back_with_everything_else(self, units: UnitsOfWork) -> None:
        with units.writing(HERE) as unit:
            unit.event_inbox.finish({"evt_1": DONE}, at=NOW)
        assert "evt_1" in _due(units)

    def test_a_postponed_event_waits_for_its_time(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.event_inbox.postpone(["evt_3", "evt_2", "evt_9"], until=moment(200), fault=HARD_TEXT)
        assert _due(units) == ["evt_1"]
        assert _due(units, at=moment(200, -1)) == ["evt_1"]
        assert _due(units, at=moment(200)) == ["evt_3", "evt_1", "evt_2"]
        with committed(units) as unit:
            unit.event_inbox.postpone(["evt_3"], until=moment(300), fault="again")
            found = unit.event_inbox.due(at=moment(300), limit=1)[0]
        arrived = an_arrival("evt_3", created=second(3), received_at=moment(5))
        assert found == _event(arrived, attempts=2, fault="again")
        assert _counts(units).pending == 3

    def test_a_postponed_event_tells_its_fault(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.event_inbox.postpone(["evt_3"], until=moment(0), fault=HARD_TEXT)
            assert [(e.attempts, e.fault) for e in unit.event_inbox.due(at=NOW, limit=2)] == [(1, HARD_TEXT), (0, None)]

    def test_parked_events_are_shown_newest_first_without_bodies(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.event_inbox.postpone(["evt_1"], until=NOW, fault="first")
            unit.event_inbox.park(["evt_1", "evt_2", "evt_3", "evt_9"], fault="stripe_unreachable")
            unit.event_inbox.park(["evt_1"], fault="counted once")
        assert _due(units) == []
        with units.reading(HERE) as unit:
            parked = list(unit.event_inbox.parked(limit=9))
            assert [event.envelope.id for event in parked] == ["evt_2", "evt_1", "evt_3"]
            assert [event.attempts for event in parked] == [1, 2, 1]
            assert {event.body for event in parked} == {b""}
            assert {event.fault for event in parked} == {"stripe_unreachable"}
            assert [event.envelope.id for event in unit.event_inbox.parked(limit=1)] == ["evt_2"]
        assert _counts(units) == InboxCounts(pending=0, parked=3, last_event_at=moment(6), by_use={})

    def test_parked_events_can_be_tried_again(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.event_inbox.park(["evt_1", "evt_3"], fault="stripe_unreachable")
            unit.event_inbox.postpone(["evt_2"], until=moment(500), fault="later")
        with committed(units) as unit:
            assert unit.event_inbox.unpark(at=moment(300)) == 2
            assert unit.event_inbox.unpark(at=moment(300)) == 0
        assert _due(units, at=moment(300, -1)) == []
        with units.reading(HERE) as unit:
            found = list(unit.event_inbox.due(at=moment(300), limit=9))
            assert [event.envelope.id for event in found] == ["evt_3", "evt_1"]
            assert [(event.attempts, event.fault) for event in found] == [(0, None), (0, None)]
            assert found[0].body == an_arrival().body

    def test_counts_what_became_of_events(self, units: UnitsOfWork, event_intake: EventIntake) -> None:
        arrive(event_intake, [an_arrival(f"evt_{number}", received_at=moment(50)) for number in (20, 21)])
        with committed(units) as unit:
            unit.event_inbox.finish({"evt_20": DONE, "evt_21": DONE}, at=NOW)
            unit.event_inbox.finish({"evt_1": (EventState.IGNORED, EventUse.FOREIGN_ACCOUNT)}, at=NOW)
            unit.event_inbox.park(["evt_2"], fault="x")
        assert _counts(units) == InboxCounts(
            pending=1,
            parked=1,
            last_event_at=moment(50),
            by_use={EventUse.INVOICE: 2, EventUse.FOREIGN_ACCOUNT: 1},
        )

    def test_the_newest_arrival_counts_wherever_it_stands(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.event_inbox.finish({"evt_1": DONE, "evt_3": DONE}, at=NOW)
            assert unit.event_inbox.counts().last_event_at == moment(6)
            unit.event_inbox.park(["evt_2"], fault="x")
            assert unit.event_inbox.counts().last_event_at == moment(6)

    def test_what_was_read_and_not_delivered_proves_no_delivery(
        self, units: UnitsOfWork, event_intake: EventIntake
    ) -> None:
        arrive(event_intake, [replace(an_arrival("evt_20", received_at=moment(50)), delivered=False)])
        assert (_counts(units).pending, _counts(units).last_event_at) == (4, moment(6))
        with committed(units) as unit:
            unit.event_inbox.finish(dict.fromkeys(("evt_1", "evt_2", "evt_3", "evt_20"), DONE), at=NOW)
        assert _counts(units) == InboxCounts(0, 0, moment(6), {EventUse.INVOICE: 4})

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.event_inbox.finish({"evt_1": DONE}, at=NOW)
            unit.event_inbox.postpone(["evt_2"], until=moment(999), fault="x")
            unit.event_inbox.park(["evt_3"], fault="x")
        assert _due(units, THERE) == ["evt_1", "evt_2", "evt_3", "evt_9"]
        assert _counts(units, THERE) == InboxCounts(4, 0, an_arrival().received_at, {})
        with committed(units, THERE) as unit:
            assert list(unit.event_inbox.parked(limit=9)) == []
            assert unit.event_inbox.unpark(at=NOW) == 0
        assert _counts(units).parked == 1
