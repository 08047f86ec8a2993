"""Events that arrive together share one transaction, and each caller gets its own answer."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from clynto.application.group_commit import GroupCommit
from clynto.domain.moments import UnixMicros, UnixTime
from clynto.domain.webhook_event import EventEnvelope
from clynto.ports.webhooks import ArrivedEvent


def an_event(name: str) -> ArrivedEvent:
    """An event with this id."""
    envelope = EventEnvelope(name, "customer.created", UnixTime(1), True, None, None, "customer", "cus_1")
    return ArrivedEvent("wsp_1", envelope, b"{}", UnixMicros(1))


class SlowIntake:
    """Stores in a list; the first transaction waits until it is told to go on; one id cannot be stored."""

    def __init__(self) -> None:
        self.transactions: list[list[str]] = []
        self.go_on = threading.Event()
        self.begun = threading.Event()

    def store(self, events: Sequence[ArrivedEvent]) -> int:
        """One transaction."""
        self.begun.set()
        self.go_on.wait(10)
        names = [event.envelope.id for event in events]
        if "evt_bad" in names:
            raise ValueError("cannot be stored")
        self.transactions.append(names)
        return len(names)


def test_those_who_wait_are_stored_together() -> None:
    intake = SlowIntake()
    group = GroupCommit(intake)
    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(group.store, [an_event("evt_0")])
        intake.begun.wait(10)
        others = [threads.submit(group.store, [an_event(f"evt_{number}")]) for number in range(1, 9)]
        while len(group._waiting) < 8:
            threading.Event().wait(0.005)
        intake.go_on.set()
        assert [done.result(10) for done in [first, *others]] == [1] * 9
    assert intake.transactions[0] == ["evt_0"]
    assert len(intake.transactions) == 2
    assert sorted(intake.transactions[1]) == [f"evt_{number}" for number in range(1, 9)]


def test_one_bad_event_fails_alone() -> None:
    intake = SlowIntake()
    group = GroupCommit(intake)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(group.store, [an_event("evt_0")])
        intake.begun.wait(10)
        good = threads.submit(group.store, [an_event("evt_good")])
        bad = threads.submit(group.store, [an_event("evt_bad")])
        while len(group._waiting) < 2:
            threading.Event().wait(0.005)
        intake.go_on.set()
        assert (first.result(10), good.result(10)) == (1, 1)
        with pytest.raises(ValueError, match="cannot be stored"):
            bad.result(10)


def test_many_threads_never_wait_for_ever() -> None:
    intake = SlowIntake()
    intake.go_on.set()
    group = GroupCommit(intake)
    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(lambda number: group.store([an_event(f"evt_{number}")]), range(400)))
    assert sum(results) == 400
    assert sorted(name for names in intake.transactions for name in names) == sorted(f"evt_{n}" for n in range(400))
