"""What every ``WaitingEvents`` sees and prunes."""

from __future__ import annotations

from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.news_samples import an_arrival, arrive
from tests.contracts.samples import HERE, THERE, committed, moment

from clynto.domain.webhook_event import EventUse
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.webhooks import EventIntake, EventState, WaitingEvents

DONE = (EventState.DONE, EventUse.INVOICE)
IGNORED = (EventState.IGNORED, EventUse.IGNORED)


class WaitingEventsContract(InTwoWorkspaces):
    """Needs the fixtures ``units``, ``event_intake`` and ``waiting_events`` over the same store. Decided: a row that
    was received exactly at the limit stays."""

    def test_names_each_workspace_with_due_events_once(
        self, units: UnitsOfWork, event_intake: EventIntake, waiting_events: WaitingEvents
    ) -> None:
        assert list(waiting_events.workspaces_with_due_events(at=moment(0))) == []
        arrive(event_intake, [an_arrival("evt_1"), an_arrival("evt_2"), an_arrival("evt_1", workspace_id=THERE)])
        assert sorted(waiting_events.workspaces_with_due_events(at=moment(0))) == [HERE, THERE]

    def test_leaves_out_what_is_not_due(
        self, units: UnitsOfWork, event_intake: EventIntake, waiting_events: WaitingEvents
    ) -> None:
        arrive(event_intake, [an_arrival("evt_1"), an_arrival("evt_1", workspace_id=THERE)])
        with committed(units) as unit:
            unit.event_inbox.postpone(["evt_1"], until=moment(50), fault="x")
        with committed(units, THERE) as unit:
            unit.event_inbox.park(["evt_1"], fault="x")
        assert list(waiting_events.workspaces_with_due_events(at=moment(50, -1))) == []
        assert list(waiting_events.workspaces_with_due_events(at=moment(50))) == [HERE]
        with committed(units) as unit:
            unit.event_inbox.finish({"evt_1": DONE}, at=moment(60))
        assert list(waiting_events.workspaces_with_due_events(at=moment(99))) == []

    def test_prunes_what_is_finished_and_old(
        self, units: UnitsOfWork, event_intake: EventIntake, waiting_events: WaitingEvents
    ) -> None:
        old = [an_arrival(f"evt_{number}", received_at=moment(1)) for number in (1, 2, 3, 4)]
        young = an_arrival("evt_5", received_at=moment(10))
        theirs = an_arrival("evt_1", workspace_id=THERE, received_at=moment(9))
        arrive(event_intake, [*old, young, theirs])
        with committed(units) as unit:
            unit.event_inbox.finish({"evt_1": DONE, "evt_2": IGNORED, "evt_5": DONE}, at=moment(11))
            unit.event_inbox.park(["evt_3"], fault="x")
        with committed(units, THERE) as unit:
            unit.event_inbox.finish({"evt_1": DONE}, at=moment(11))
        assert waiting_events.prune(received_before=moment(1)) == 0
        assert waiting_events.prune(received_before=moment(10)) == 3
        assert waiting_events.prune(received_before=moment(10)) == 0
        with units.reading(HERE) as unit:
            counts = unit.event_inbox.counts()
            assert (counts.pending, counts.parked, counts.by_use) == (1, 1, {EventUse.INVOICE: 1})
        with units.reading(THERE) as unit:
            assert unit.event_inbox.counts().by_use == {}
        assert event_intake.store([*old, young]) == 2, "a pruned id is new again; Stripe will never send it"
