"""What every ``SyncRunStore`` keeps and refuses, and what ``StalledRuns`` sees."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import HARD_TEXT, HERE, THERE, a_run, committed, moment, second

from clynto.domain.errors import RunSuperseded, SyncAlreadyRunning
from clynto.domain.sync_run import RunFault, RunState, StepName, SyncRun
from clynto.ports.stripe_reading import Listing, Span
from clynto.ports.sync_runs import StalledRuns
from clynto.ports.unit_of_work import UnitsOfWork

FAULT = RunFault(code="stripe_unreachable", message=HARD_TEXT, step=StepName.INVOICES, request_id="req_1")


def _taken_up(units: UnitsOfWork, run_id: str = "run_1") -> SyncRun:
    run = a_run(run_id).take_up(moment(1))
    with committed(units) as unit:
        unit.sync_runs.add(a_run(run_id))
        unit.sync_runs.save(run, holding=0)
    return run


class SyncRunStoreContract(InTwoWorkspaces):
    """Decided: "newest first" is by ``requested_at``, then by id; a run that is unknown is as superseded as one that
    is over; an empty checkpoint means that the whole list is read."""

    def test_gives_back_every_part(self, units: UnitsOfWork) -> None:
        run = _taken_up(units)
        run = run.begin_step(StepName.PRODUCTS).finish_step(StepName.PRODUCTS, records=12)
        run = run.begin_step(StepName.PRICES).progress(StepName.PRICES, records=7, done_permille=333)
        run = run.skip(["price price_1: no currency", HARD_TEXT])
        run = run.note_drift(["invoice in_1: open, now paid", HARD_TEXT])
        with committed(units) as unit:
            unit.sync_runs.save(run, holding=1)
        with units.reading(HERE) as unit:
            assert unit.sync_runs.get("run_1") == run
            assert unit.sync_runs.active() == run
            assert unit.sync_runs.get("run_2") is None

    def test_gives_back_a_fault(self, units: UnitsOfWork) -> None:
        failed = replace(_taken_up(units).fail(FAULT, moment(9)), customers_matched=0)
        with committed(units) as unit:
            unit.sync_runs.save(failed, holding=1)
        with units.reading(HERE) as unit:
            assert unit.sync_runs.get("run_1") == failed
            assert unit.sync_runs.active() is None

    def test_begins_without_an_active_run(self, units: UnitsOfWork) -> None:
        with units.reading(HERE) as unit:
            assert unit.sync_runs.active() is None
            assert list(unit.sync_runs.history(before=None, limit=9)) == []

    def test_a_second_active_run_is_refused_while_the_first_waits(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.sync_runs.add(a_run("run_1"))
        with units.writing(HERE) as unit, pytest.raises(SyncAlreadyRunning):
            unit.sync_runs.add(a_run("run_2"))
        with units.reading(HERE) as unit:
            assert unit.sync_runs.active() == a_run("run_1")
            assert unit.sync_runs.get("run_2") is None

    def test_a_second_active_run_is_refused_while_the_first_runs(self, units: UnitsOfWork) -> None:
        _taken_up(units)
        with units.writing(HERE) as unit, pytest.raises(SyncAlreadyRunning):
            unit.sync_runs.add(a_run("run_2"))

    def test_a_second_active_run_is_refused_in_the_same_transaction(self, units: UnitsOfWork) -> None:
        with units.writing(HERE) as unit:
            unit.sync_runs.add(a_run("run_1"))
            with pytest.raises(SyncAlreadyRunning):
                unit.sync_runs.add(a_run("run_2"))

    @pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.FAILED, RunState.SUPERSEDED])
    def test_a_run_that_is_over_makes_room(self, units: UnitsOfWork, state: RunState) -> None:
        over = replace(_taken_up(units), state=state, finished_at=moment(5))
        with committed(units) as unit:
            unit.sync_runs.save(over, holding=1)
            unit.sync_runs.add(a_run("run_2", at=moment(6)))
        with units.reading(HERE) as unit:
            assert unit.sync_runs.active() == a_run("run_2", at=moment(6))
            assert unit.sync_runs.get("run_1") == over

    def test_whoever_holds_an_older_attempt_may_not_write(self, units: UnitsOfWork) -> None:
        first = _taken_up(units)
        second_attempt = first.take_up(moment(60))
        with committed(units) as unit:
            unit.sync_runs.save(second_attempt, holding=1)
        with units.writing(HERE) as unit, pytest.raises(RunSuperseded):
            unit.sync_runs.save(first.beat(moment(61)), holding=1)
        with units.writing(HERE) as unit, pytest.raises(RunSuperseded):
            unit.sync_runs.save(second_attempt, holding=3)
        with units.reading(HERE) as unit:
            assert unit.sync_runs.get("run_1") == second_attempt

    @pytest.mark.parametrize("state", [RunState.SUCCEEDED, RunState.FAILED, RunState.SUPERSEDED])
    def test_nobody_writes_to_a_run_that_is_over(self, units: UnitsOfWork, state: RunState) -> None:
        running = _taken_up(units)
        over = replace(running, state=state, finished_at=moment(5))
        with committed(units) as unit:
            unit.sync_runs.save(over, holding=1)
        with units.writing(HERE) as unit, pytest.raises(RunSuperseded):
            unit.sync_runs.save(running, holding=1)
        with units.reading(HERE) as unit:
            assert unit.sync_runs.get("run_1") == over

    def test_a_run_that_was_never_stored_cannot_be_saved(self, units: UnitsOfWork) -> None:
        with units.writing(HERE) as unit, pytest.raises(RunSuperseded):
            unit.sync_runs.save(a_run("run_9"), holding=0)
        with units.reading(HERE) as unit:
            assert unit.sync_runs.get("run_9") is None

    def test_hands_out_the_history_newest_first_page_by_page(self, units: UnitsOfWork) -> None:
        runs = [a_run(f"run_{number}", at=moment(number)).fail(FAULT, moment(99)) for number in range(4)]
        runs.append(a_run("run_4", at=moment(3)))
        with committed(units) as unit:
            for run in runs:
                unit.sync_runs.add(run)
        newest_first = runs[::-1]
        with units.reading(HERE) as unit:
            assert list(unit.sync_runs.history(before=None, limit=2)) == newest_first[:2]
            assert list(unit.sync_runs.history(before="run_3", limit=2)) == newest_first[2:4]
            assert list(unit.sync_runs.history(before="run_1", limit=2)) == newest_first[4:]
            assert list(unit.sync_runs.history(before="run_0", limit=2)) == []

    def test_checkpoints_belong_to_a_run_and_a_list(self, units: UnitsOfWork) -> None:
        spans = (Span(second(50), second(99)), Span(second(0), second(9)))
        with committed(units) as unit:
            unit.sync_runs.add(a_run())
            assert unit.sync_runs.remaining("run_1", Listing.INVOICES) is None
            unit.sync_runs.put_remaining("run_1", Listing.INVOICES, spans)
        with units.reading(HERE) as unit:
            assert unit.sync_runs.remaining("run_1", Listing.INVOICES) == spans
            assert unit.sync_runs.remaining("run_1", Listing.CUSTOMERS) is None
            assert unit.sync_runs.remaining("run_2", Listing.INVOICES) is None

    def test_a_checkpoint_is_replaced_and_can_be_empty(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.sync_runs.add(a_run())
            unit.sync_runs.put_remaining("run_1", Listing.PRICES, [Span(second(0), second(99))])
            unit.sync_runs.put_remaining("run_1", Listing.PRICES, [Span(second(0), second(9))])
            assert unit.sync_runs.remaining("run_1", Listing.PRICES) == (Span(second(0), second(9)),)
            unit.sync_runs.put_remaining("run_1", Listing.PRICES, [])
        with units.reading(HERE) as unit:
            assert unit.sync_runs.remaining("run_1", Listing.PRICES) == ()

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        ours = _taken_up(units)
        with committed(units) as unit:
            unit.sync_runs.put_remaining("run_1", Listing.PRICES, [])
        with units.writing(THERE) as unit:
            assert unit.sync_runs.get("run_1") is None
            assert unit.sync_runs.active() is None
            assert list(unit.sync_runs.history(before=None, limit=9)) == []
            assert unit.sync_runs.remaining("run_1", Listing.PRICES) is None
            with pytest.raises(RunSuperseded):
                unit.sync_runs.save(ours.beat(moment(9)), holding=1)
        with committed(units, THERE) as unit:
            unit.sync_runs.add(a_run("run_9"))
        with units.reading(HERE) as unit:
            assert unit.sync_runs.active() == ours


class StalledRunsContract(InTwoWorkspaces):
    """Needs the fixtures ``units`` and ``stalled_runs`` over the same store.

    Decided: a queued run gave its last sign of life when it was requested, a running one without a heartbeat none; a
    sign exactly at ``silent_since`` still counts.
    """

    def test_finds_silent_runs_of_every_workspace(self, units: UnitsOfWork, stalled_runs: StalledRuns) -> None:
        ours = _taken_up(units)
        with committed(units, THERE) as unit:
            unit.sync_runs.add(a_run("run_2", at=moment(2)))
        assert list(stalled_runs.across_workspaces(silent_since=moment(1))) == []
        assert list(stalled_runs.across_workspaces(silent_since=moment(1, 1))) == [(HERE, ours)]
        assert list(stalled_runs.across_workspaces(silent_since=moment(2))) == [(HERE, ours)]
        found = stalled_runs.across_workspaces(silent_since=moment(3))
        assert sorted(found, key=lambda pair: pair[0]) == [(HERE, ours), (THERE, a_run("run_2", at=moment(2)))]

    def test_a_heartbeat_is_a_sign_of_life(self, units: UnitsOfWork, stalled_runs: StalledRuns) -> None:
        run = _taken_up(units)
        with committed(units) as unit:
            unit.sync_runs.save(run.beat(moment(50)), holding=1)
        assert list(stalled_runs.across_workspaces(silent_since=moment(50))) == []
        assert list(stalled_runs.across_workspaces(silent_since=moment(51))) == [(HERE, run.beat(moment(50)))]

    def test_a_run_that_gave_up_its_heartbeat_is_silent(self, units: UnitsOfWork, stalled_runs: StalledRuns) -> None:
        run = _taken_up(units).beat(moment(50)).without_heartbeat()
        with committed(units) as unit:
            unit.sync_runs.save(run, holding=1)
        assert list(stalled_runs.across_workspaces(silent_since=moment(20))) == [(HERE, run)]
        before_it_was_requested = stalled_runs.across_workspaces(silent_since=moment(-20))
        assert list(before_it_was_requested) == [(HERE, run)], "it was released, so nobody need wait"

    def test_a_queued_run_counts_from_its_request(self, units: UnitsOfWork, stalled_runs: StalledRuns) -> None:
        with committed(units) as unit:
            unit.sync_runs.add(a_run(at=moment(5)))
        assert list(stalled_runs.across_workspaces(silent_since=moment(5))) == []
        assert list(stalled_runs.across_workspaces(silent_since=moment(5, 1))) == [(HERE, a_run(at=moment(5)))]

    def test_a_released_run_that_is_over_is_not_stalled(self, units: UnitsOfWork, stalled_runs: StalledRuns) -> None:
        run = _taken_up(units)
        with committed(units) as unit:
            unit.sync_runs.save(run.without_heartbeat().supersede(moment(2)), holding=1)
        assert list(stalled_runs.across_workspaces(silent_since=moment(9999))) == []

    def test_a_run_that_is_over_is_not_stalled(self, units: UnitsOfWork, stalled_runs: StalledRuns) -> None:
        run = _taken_up(units)
        with committed(units) as unit:
            unit.sync_runs.save(run.supersede(moment(2)), holding=1)
        assert list(stalled_runs.across_workspaces(silent_since=moment(9999))) == []
