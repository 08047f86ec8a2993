"""Deliveries that come at the same time share a look-up, which never began before any of them came."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from tests.contracts.news_samples import an_endpoint

from clynto.application.shared_look_up import SharedLookUp
from clynto.domain.moments import UnixMicros
from clynto.ports.webhooks import AddressedEndpoint

PATIENCE = 20


class SlowAddresses:
    """Holds whoever looks up until the test lets it go; answers with the number of the look-up as workspace."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.leave = threading.Semaphore(0)
        self.looked_up: list[str] = []
        self.refusals: list[str] = []
        self.broken = False

    def find(self, token: str) -> AddressedEndpoint | None:
        """Wait, then tell."""
        self.looked_up.append(token)
        number = len(self.looked_up)
        self.begun.release()
        assert self.leave.acquire(timeout=PATIENCE)
        if self.broken:
            raise ConnectionError
        return AddressedEndpoint(f"look-up {number}", an_endpoint(token), connected=True)

    def note_refusal(self, workspace_id: str, at: UnixMicros, *, reason: str, skew_seconds: int | None) -> None:
        """Remember it."""
        self.refusals.append(f"{workspace_id} {at} {reason} {skew_seconds}")


def told(answer: Future[AddressedEndpoint | None]) -> str:
    """Which look-up it was that answered."""
    found = answer.result(timeout=PATIENCE)
    assert found is not None
    return found.workspace_id


def test_whoever_comes_while_one_is_under_way_shares_the_next_one() -> None:
    slow = SlowAddresses()
    shared = SharedLookUp(slow)
    with ThreadPoolExecutor(30) as threads:
        first = threads.submit(shared.find, "a")
        assert slow.begun.acquire(timeout=PATIENCE)
        others = [threads.submit(shared.find, "a") for _ in range(20)]
        # Time to come, for all or nearly all of them.
        threading.Event().wait(0.5)
        slow.leave.release(1 + len(others))
        assert told(first) == "look-up 1"
        assert "look-up 1" not in {told(other) for other in others}, "it began before they came"
    assert len(slow.looked_up) < len(others) // 2


def test_another_address_waits_for_nobody_and_nothing_is_kept() -> None:
    slow = SlowAddresses()
    shared = SharedLookUp(slow)
    with ThreadPoolExecutor(2) as threads:
        answers = [threads.submit(shared.find, token) for token in ("a", "b")]
        assert slow.begun.acquire(timeout=PATIENCE)
        assert slow.begun.acquire(timeout=PATIENCE), "both are under way"
        slow.leave.release(2)
        assert {told(answer) for answer in answers} == {"look-up 1", "look-up 2"}
        again = threads.submit(shared.find, "a")
        slow.leave.release()
        assert told(again) == "look-up 3"


def test_a_fault_reaches_everybody_who_shares_it_and_the_next_look_up_is_a_new_one() -> None:
    slow = SlowAddresses()
    slow.broken = True
    shared = SharedLookUp(slow)
    slow.leave.release()
    with pytest.raises(ConnectionError):
        shared.find("a")
    slow.broken = False
    slow.leave.release()
    found = shared.find("a")
    assert found is not None
    assert found.workspace_id == "look-up 2"


def test_refusals_are_passed_on() -> None:
    slow = SlowAddresses()
    SharedLookUp(slow).note_refusal("wsp_1", UnixMicros(5), reason="mismatch", skew_seconds=None)
    assert slow.refusals == ["wsp_1 5 mismatch None"]
