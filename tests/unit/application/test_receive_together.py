"""Deliveries that come together share one transaction and one hand-over, and each sender gets its own answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from clynto.application.receive_together import GATHER_TO_HAND_OVER_SECONDS, ReceiveTogether
from clynto.application.receive_webhook import Delivery, Refusal, TakenIn
from clynto.domain.errors import QueueUnavailable, ServiceUnavailable, WebhookRefused
from clynto.domain.moments import UnixMicros
from clynto.ports.webhooks import SignatureCheck, SignatureVerdict


class Receiver:
    """In the place of ``ReceiveWebhook``: notes who came together, and waits where the test says so."""

    def __init__(self) -> None:
        self.turns: list[list[str]] = []
        self.noted: list[str] = []
        self.handed_over: list[set[str]] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.may_note = threading.Event()
        self.may_hand_over = threading.Event()
        for gate in (self.go_on, self.may_note, self.may_hand_over):
            gate.set()

    def take_in(self, deliveries: Sequence[Delivery]) -> TakenIn:
        """Deliveries named "refused" are of a known address and badly signed; "broken" ones make the turn fail."""
        self.begun.set()
        assert self.go_on.wait(20)
        names = [delivery.token for delivery in deliveries]
        if "broken" in names:
            raise ServiceUnavailable(reason="database_unavailable")
        self.turns.append(names)
        taken = TakenIn(faults=[WebhookRefused() if name in {"refused", "unknown"} else None for name in names])
        verdict = SignatureVerdict(SignatureCheck.MISMATCH)
        taken.refusals = {
            number: Refusal("wsp_refused", UnixMicros(1), verdict)
            for number, name in enumerate(names)
            if name == "refused"
        }
        taken.workspaces = {f"wsp_{name}" for name, fault in zip(names, taken.faults, strict=True) if fault is None}
        return taken

    def note(self, refusals: Iterable[Refusal]) -> None:
        """Once the test lets it."""
        assert self.may_note.wait(20)
        self.noted += [refusal.workspace_id for refusal in refusals]

    def hand_over(self, workspace_ids: Iterable[str]) -> None:
        """Once the test lets it."""
        assert self.may_hand_over.wait(20)
        self.handed_over.append(set(workspace_ids))


def together(receiver: Receiver) -> ReceiveTogether:
    return ReceiveTogether(receiver)  # type: ignore[arg-type]  # the three methods that it uses


def sent(receive: ReceiveTogether, name: str) -> Future[Exception | None]:
    """A delivery under way."""
    answer: Future[Exception | None] = Future()
    receive.submit(Delivery(name, b"{}", None), answer.set_result)
    return answer


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_those_who_come_meanwhile_share_the_next_turn() -> None:
    receiver = Receiver()
    receiver.go_on.clear()
    receive = together(receiver)
    first = sent(receive, "0")
    assert receiver.begun.wait(20)
    others = [sent(receive, str(number)) for number in range(1, 9)]
    receiver.go_on.set()
    assert [answer.result(20) for answer in (first, *others)] == [None] * 9
    assert receiver.turns == [["0"], [str(number) for number in range(1, 9)]]


def test_an_answer_does_not_wait_for_the_queue_nor_for_another_ones_note() -> None:
    receiver = Receiver()
    receiver.may_hand_over.clear()
    receiver.may_note.clear()
    receive = together(receiver)
    refused = sent(receive, "refused")
    for number in range(5):
        assert sent(receive, str(number)).result(20) is None
    assert isinstance(sent(receive, "unknown").result(20), WebhookRefused)
    assert not refused.done(), "a refusal can be seen on the card when it is answered"
    receiver.may_note.set()
    assert isinstance(refused.result(20), WebhookRefused)
    assert receiver.noted == ["wsp_refused"]
    receiver.may_hand_over.set()
    eventually(lambda: set().union(*receiver.handed_over) == {f"wsp_{number}" for number in range(5)})
    assert len(receiver.handed_over) <= 2, "what came while the queue was slow is handed over in one go"


def test_what_comes_one_by_one_in_quick_succession_is_handed_over_together() -> None:
    receiver = Receiver()
    receive = together(receiver)
    begun = time.monotonic()
    for number in range(40):
        assert sent(receive, str(number)).result(20) is None
    took = time.monotonic() - begun
    eventually(lambda: set().union(*receiver.handed_over) == {f"wsp_{number}" for number in range(40)})
    assert len(receiver.handed_over) <= took / GATHER_TO_HAND_OVER_SECONDS + 2


def test_what_comes_alone_is_handed_over_at_once() -> None:
    receiver = Receiver()
    receive = together(receiver)
    for number in range(2):
        assert sent(receive, str(number)).result(20) is None
        eventually(lambda: len(receiver.handed_over) == number + 1)  # noqa: B023 - asked before it changes
        time.sleep(GATHER_TO_HAND_OVER_SECONDS * 2)
    assert receiver.handed_over == [{"wsp_0"}, {"wsp_1"}]


def test_a_turn_that_fails_is_told_to_all_of_it_and_the_next_one_goes_well() -> None:
    receiver = Receiver()
    receive = together(receiver)
    with pytest.raises(ServiceUnavailable):
        receive("broken", b"{}", None)
    receive("0", b"{}", None)
    with pytest.raises(WebhookRefused):
        receive("unknown", b"{}", None)


def test_a_hand_over_and_a_note_that_fail_take_nothing_with_them(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Receiver):
        def note(self, refusals: Iterable[Refusal]) -> None:
            raise ServiceUnavailable(reason="database_unavailable")

        def hand_over(self, workspace_ids: Iterable[str]) -> None:
            super().hand_over(workspace_ids)
            raise QueueUnavailable

    receiver = Failing()
    receive = together(receiver)
    for _ in range(2):
        assert isinstance(sent(receive, "refused").result(20), WebhookRefused)
        assert sent(receive, "0").result(20) is None
        eventually(lambda: bool(receiver.handed_over))
        receiver.handed_over.clear()
    eventually(lambda: caplog.text.count("went wrong") == 4)


def test_one_who_cannot_be_told_keeps_nobody_from_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver()
    receiver.go_on.clear()
    receive = together(receiver)

    def broken(_: Exception | None) -> None:
        raise OSError("gone")

    for name in ("0", "refused"):
        receive.submit(Delivery(name, b"{}", None), broken)
    others = [sent(receive, name) for name in ("1", "refused")]
    receiver.go_on.set()
    assert others[0].result(20) is None
    assert isinstance(others[1].result(20), WebhookRefused)
    eventually(lambda: caplog.text.count("could not be told") == 2)


def test_many_threads_never_wait_for_ever() -> None:
    receiver = Receiver()
    receive = together(receiver)
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda number: receive(str(number), b"{}", None), range(400)))
    assert sorted(name for names in receiver.turns for name in names) == sorted(str(number) for number in range(400))
