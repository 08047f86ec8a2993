"""Whatever happens to a connection and to a sync run, their promises hold (guarantees 4 and 5)."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from clynto.domain.connection import Connection, ConnectionFault, ConnectionStatus, Mode, StripeIdentity
from clynto.domain.errors import DifferentMode, DifferentStripeAccount, NotConnected
from clynto.domain.moments import UnixMicros
from clynto.domain.sync_run import RunFault, RunState, StepName, StepState, SyncRun

identities = st.builds(StripeIdentity, st.sampled_from(Mode), st.sampled_from([None, "acct_1", "acct_2"]), st.none())


class ConnectionStory(RuleBasedStateMachine):
    """Connects, syncs and disconnects in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = Connection()
        self.clock = 0
        self.last_success: int | None = None

    def _tick(self) -> UnixMicros:
        self.clock += 1
        return UnixMicros(self.clock)

    @rule(identity=identities, full=st.booleans())
    def connect(self, identity: StripeIdentity, full: bool) -> None:
        before = self.connection
        try:
            self.connection = before.connect(identity, key_last4="wxyz", full_secret_key=full, at=self._tick())
        except DifferentMode:
            assert before.mode is not None
            assert before.mode is not identity.mode
        except DifferentStripeAccount:
            assert before.stripe_account_id != identity.account_id
        else:
            assert self.connection.generation == before.generation + 1
            assert before.mode in (None, self.connection.mode)
            assert before.stripe_account_id in (None, self.connection.stripe_account_id)

    @rule()
    def disconnect(self) -> None:
        before = self.connection
        if not before.has_key:
            with pytest.raises(NotConnected):
                before.disconnect(self._tick())
            return
        self.connection = before.disconnect(self._tick())
        assert self.connection.frozen
        assert self.connection.generation == before.generation + 1

    @rule()
    def sync_succeeds(self) -> None:
        at, had_key = self._tick(), self.connection.has_key
        self.connection = self.connection.sync_succeeded(at)
        if had_key:
            self.last_success = at
            assert self.connection.status is ConnectionStatus.CONNECTED

    @rule()
    def sync_fails(self) -> None:
        self.connection = self.connection.sync_failed(ConnectionFault("stripe_unreachable", "Stripe did not answer."))
        assert not self.connection.has_key or self.connection.status is ConnectionStatus.ERROR

    @invariant()
    def last_sync_moves_only_on_success(self) -> None:
        assert self.connection.last_sync_at == self.last_success

    @invariant()
    def nothing_of_a_key_is_shown_without_one(self) -> None:
        assert self.connection.has_key is (self.connection.key_last4 is not None)

    @invariant()
    def a_fault_is_shown_exactly_in_the_error_state(self) -> None:
        assert (self.connection.fault is not None) is (self.connection.status is ConnectionStatus.ERROR)


class SyncRunStory(RuleBasedStateMachine):
    """Workers take a run up, advance its steps in any order, crash, and end it."""

    def __init__(self) -> None:
        super().__init__()
        self.run = SyncRun.request("run_1", requested_by="user_1", at=UnixMicros(1))
        self.clock = 1
        self.highest = 0

    def _tick(self) -> UnixMicros:
        self.clock += 1
        return UnixMicros(self.clock)

    @initialize()
    def waiting(self) -> None:
        assert self.run.state is RunState.QUEUED
        assert self.run.percent == 0

    @rule()
    def take_up(self) -> None:
        before = self.run
        if not before.is_active:
            with pytest.raises(ValueError):
                before.take_up(self._tick())
            return
        self.run = before.take_up(self._tick())
        assert self.run.attempt == before.attempt + 1
        assert before.window_end in (None, self.run.window_end)

    @precondition(lambda self: self.run.state is RunState.RUNNING)
    @rule(name=st.sampled_from(StepName))
    def begin(self, name: StepName) -> None:
        was_done = self.run.step(name).state is StepState.DONE
        self.run = self.run.begin_step(name)
        assert (self.run.step(name).state is StepState.DONE) is was_done

    @precondition(lambda self: self.run.state is RunState.RUNNING)
    @rule(
        name=st.sampled_from(StepName),
        records=st.integers(min_value=0, max_value=10**6),
        permille=st.integers(min_value=0, max_value=2000),
    )
    def progress(self, name: StepName, records: int, permille: int) -> None:
        before = self.run.step(name)
        self.run = self.run.progress(name, records=records, done_permille=permille)
        assert self.run.step(name).records >= before.records

    @precondition(lambda self: self.run.state is RunState.RUNNING)
    @rule(name=st.sampled_from(StepName))
    def finish(self, name: StepName) -> None:
        self.run = self.run.finish_step(name, records=self.run.step(name).records)

    @precondition(lambda self: self.run.state is RunState.RUNNING)
    @rule()
    def succeed(self) -> None:
        if any(step.state is not StepState.DONE for step in self.run.steps):
            with pytest.raises(ValueError):
                self.run.succeed(self._tick(), customers_matched=0)
            return
        self.run = self.run.succeed(self._tick(), customers_matched=3)
        assert self.run.percent == 100

    @precondition(lambda self: self.run.is_active)
    @rule()
    def fail(self) -> None:
        self.run = self.run.fail(RunFault("stripe_unreachable", "Stripe did not answer."), self._tick())

    @precondition(lambda self: self.run.is_active)
    @rule()
    def supersede(self) -> None:
        self.run = self.run.supersede(self._tick())

    @invariant()
    def percent_never_falls_and_stays_in_bounds(self) -> None:
        assert self.highest <= self.run.percent <= 100
        self.highest = self.run.percent

    @invariant()
    def an_ended_run_says_when(self) -> None:
        assert self.run.is_active is (self.run.finished_at is None)

    @invariant()
    def only_a_complete_run_succeeds(self) -> None:
        if self.run.state is RunState.SUCCEEDED:
            assert all(step.state is StepState.DONE for step in self.run.steps)


TestConnectionStory = ConnectionStory.TestCase
TestConnectionStory.settings = settings(deadline=None)
TestSyncRunStory = SyncRunStory.TestCase
TestSyncRunStory.settings = settings(deadline=None)
