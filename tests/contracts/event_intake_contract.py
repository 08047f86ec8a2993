"""What every ``EventIntake`` makes durable."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.news_samples import an_arrival, an_envelope, arrive
from tests.contracts.samples import HARD_TEXT, HERE, THERE, committed, moment

from clynto.domain.webhook_event import EventUse
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.webhooks import EventIntake, EventState, InboxCounts, InboxEvent

FAR = moment(10**9)


def _waiting(units: UnitsOfWork, intake: EventIntake, workspace_id: str = HERE) -> list[InboxEvent]:
    intake.bring_in(workspace_id)
    with units.reading(workspace_id) as unit:
        return list(unit.event_inbox.due(at=FAR, limit=10_000))


class EventIntakeContract(InTwoWorkspaces):
    """Needs the fixtures ``units`` and ``event_intake`` over the same store. Decided: the first delivery of an event
    id stands, and what arrived is due at once, whatever our clocks say."""

    def test_gives_back_every_part(self, units: UnitsOfWork, event_intake: EventIntake) -> None:
        bare = an_arrival(
            "evt_2",
            body=b"",
            livemode=None,
            account_id=None,
            api_version=None,
            object_kind=None,
            object_id=None,
            customer_id=None,
            subscription_id=None,
        )
        raw = bytes(range(256)) + HARD_TEXT.encode()
        assert event_intake.store([an_arrival("evt_1", body=raw, received_at=moment(3)), bare]) == 2
        assert _waiting(units, event_intake) == [
            InboxEvent(an_envelope("evt_1"), raw, moment(3)),
            InboxEvent(bare.envelope, b"", bare.received_at),
        ]

    @pytest.mark.parametrize("hard", [HARD_TEXT, "x" * 10_000])
    def test_takes_whatever_text_an_event_holds(self, units: UnitsOfWork, event_intake: EventIntake, hard: str) -> None:
        hostile = an_arrival(type=hard, api_version=hard, object_id=hard, customer_id=hard)
        assert event_intake.store([hostile]) == 1
        assert _waiting(units, event_intake)[0].envelope == hostile.envelope

    def test_nothing_is_nothing(self, units: UnitsOfWork, event_intake: EventIntake) -> None:
        assert event_intake.store([]) == 0
        assert _waiting(units, event_intake) == []

    def test_an_event_that_comes_again_is_left_as_it_is(self, units: UnitsOfWork, event_intake: EventIntake) -> None:
        assert event_intake.store([an_arrival(body=b"first")]) == 1
        assert event_intake.store([an_arrival(body=b"again", received_at=moment(9)), an_arrival("evt_2")]) == 1
        assert [event.body for event in _waiting(units, event_intake)] == [b"first", an_arrival().body]

    def test_an_event_twice_in_one_call_is_one(self, units: UnitsOfWork, event_intake: EventIntake) -> None:
        assert event_intake.store([an_arrival(body=b"first"), an_arrival(body=b"again"), an_arrival("evt_0")]) == 2
        assert [event.body for event in _waiting(units, event_intake)] == [an_arrival().body, b"first"]

    def test_an_id_that_was_finished_is_refused_for_ever(self, units: UnitsOfWork, event_intake: EventIntake) -> None:
        arrive(event_intake, [an_arrival("evt_1"), an_arrival("evt_2"), an_arrival("evt_3")])
        with committed(units) as unit:
            unit.event_inbox.finish({"evt_1": (EventState.DONE, EventUse.INVOICE)}, at=moment(5))
            unit.event_inbox.finish({"evt_2": (EventState.IGNORED, EventUse.IGNORED)}, at=moment(5))
            unit.event_inbox.park(["evt_3"], fault="stripe_unreachable")
        assert event_intake.store([an_arrival("evt_1"), an_arrival("evt_2"), an_arrival("evt_3")]) == 0
        assert _waiting(units, event_intake) == []

    def test_two_workspaces_may_have_the_same_event(self, units: UnitsOfWork, event_intake: EventIntake) -> None:
        ours, theirs = an_arrival(body=b"ours"), an_arrival(workspace_id=THERE, body=b"theirs")
        assert event_intake.store([ours, theirs]) == 2
        assert event_intake.store([theirs, ours]) == 0
        assert [event.body for event in _waiting(units, event_intake)] == [b"ours"]
        assert [event.body for event in _waiting(units, event_intake, THERE)] == [b"theirs"]

    def test_is_committed_when_it_returns(self, units: UnitsOfWork, event_intake: EventIntake) -> None:
        with units.reading(HERE) as before:
            assert list(before.event_inbox.due(at=FAR, limit=9)) == []
        event_intake.store([an_arrival()])
        with units.reading(HERE) as unit:
            assert unit.event_inbox.counts().pending == 1
        assert len(_waiting(units, event_intake)) == 1

    def test_counts_at_once_and_once(self, units: UnitsOfWork, event_intake: EventIntake) -> None:
        """Before it is brought in, and afterwards; what came again, and what was not delivered, included."""
        event_intake.store([an_arrival("evt_1", received_at=moment(7)), an_arrival("evt_1", workspace_id=THERE)])
        not_delivered = replace(an_arrival("evt_2", received_at=moment(9)), delivered=False)
        event_intake.store([not_delivered, an_arrival("evt_1", received_at=moment(8))])
        expected = InboxCounts(2, 0, moment(7), {})
        for _ in range(3):
            with units.reading(HERE) as unit:
                assert unit.event_inbox.counts() == expected
            event_intake.bring_in(HERE)
        with units.reading(THERE) as unit:
            assert unit.event_inbox.counts().pending == 1

    def test_what_was_brought_in_is_there_once(self, units: UnitsOfWork, event_intake: EventIntake) -> None:
        event_intake.store([an_arrival("evt_1"), an_arrival("evt_9", workspace_id=THERE)])
        assert [one.envelope.id for one in _waiting(units, event_intake)] == ["evt_1"]
        with committed(units) as unit:
            unit.event_inbox.finish({"evt_1": (EventState.DONE, EventUse.INVOICE)}, at=moment(5))
        assert event_intake.bring_in(HERE) == 0
        assert _waiting(units, event_intake) == []
        assert event_intake.bring_in("ws_nobody") == 0
        assert [one.envelope.id for one in _waiting(units, event_intake, THERE)] == ["evt_9"]

    def test_takes_many_at_once(self, units: UnitsOfWork, event_intake: EventIntake) -> None:
        assert event_intake.store([an_arrival(f"evt_{number:04}") for number in range(1500)]) == 1500
        assert len(_waiting(units, event_intake)) == 1500

    def test_many_at_the_same_time_store_each_event_once(self, units: UnitsOfWork, event_intake: EventIntake) -> None:
        ids = [f"evt_{number:02}" for number in range(30)]
        start, new, faults = threading.Barrier(6), [], list[BaseException]()

        def deliver(turned: bool) -> None:
            start.wait(timeout=10)
            try:
                for first in range(0, len(ids), 5):
                    batch = [an_arrival(event_id) for event_id in ids[first : first + 5]]
                    new.append(event_intake.store(batch[::-1] if turned else batch))
            except Exception as fault:  # noqa: BLE001 - carried over to the test's own thread
                faults.append(fault)

        threads = [threading.Thread(target=deliver, args=(number % 2 == 0,), daemon=True) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert faults == []
        assert sum(new) == len(ids)
        assert [event.envelope.id for event in _waiting(units, event_intake)] == ids
