"""Receive deliveries that come at the same time in one go (ADR 0023).

A durable commit costs a flush to disk and handing work over several round trips to the queue, each far more than
verifying a delivery. One thread takes in whatever has come while it was busy with those before, all of it in one
transaction, so that nobody waits longer than two of them. The queue is told afterwards by another thread: an
acknowledgement says that the event is durable, and waits for nothing else. Refusals are noted by a third one, since
a note may have to wait for the database's write lock, and whoever knows an address must not be able to hold up
everybody else's deliveries.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Generic, TypeVar

from clynto.application.receive_webhook import Answered, Delivery, ReceiveWebhook, Refusal, TakenIn

MOST_AT_ONCE = 256
GATHER_SECONDS = 0.001
"""Where deliveries come one upon the other, a moment's wait takes in twice as many for the cost of one transaction."""
GATHER_TO_HAND_OVER_SECONDS = 0.02
"""Handing over costs the process as much as taking in, and nobody is answered later for it."""
_LOG = logging.getLogger("clynto.webhooks")
_Work = TypeVar("_Work")


class ReceiveTogether:
    """A ``Receiving`` before ``ReceiveWebhook``. Threads are started by the first delivery, so after a fork."""

    def __init__(self, receive: ReceiveWebhook) -> None:
        self._receive = receive
        self._arrivals = _InTurns[tuple[Delivery, Answered]]("deliveries", self._take_in, gather_seconds=GATHER_SECONDS)
        self._refusals = _InTurns[tuple[Refusal, Callable[[], None]]]("refusals", self._note)
        self._handing_over = _InTurns[str]("hand-over", self._hand_over, gather_seconds=GATHER_TO_HAND_OVER_SECONDS)

    def __call__(self, token: str, body: bytes, signature_header: str | None) -> None:
        """Return once the event is durable. Raises ``WebhookRefused`` for whatever is not genuinely signed."""
        done: Future[None] = Future()
        self.submit(Delivery(token, body, signature_header), partial(_settle, done))
        done.result()

    def submit(self, delivery: Delivery, answered: Answered) -> None:
        """See ``Receiving``. ``answered`` is called by the thread that everybody waits for: it must not linger."""
        self._arrivals.put((delivery, answered))

    def _take_in(self, arrived: Sequence[tuple[Delivery, Answered]]) -> None:
        try:
            taken = self._receive.take_in([delivery for delivery, _ in arrived])
        except Exception as fault:  # noqa: BLE001 - carried to the senders, none of whom may wait for ever
            taken = TakenIn([fault] * len(arrived))
        for workspace_id in taken.workspaces:
            self._handing_over.put(workspace_id)
        for number, (_, answered) in enumerate(arrived):
            answer = partial(answered, taken.faults[number])
            refusal = taken.refusals.get(number)
            if refusal is None:
                _tell(answer)
            else:
                self._refusals.put((refusal, answer))

    def _note(self, refused: Sequence[tuple[Refusal, Callable[[], None]]]) -> None:
        try:
            self._receive.note({refusal.workspace_id: refusal for refusal, _ in refused}.values())
        finally:
            for _, answer in refused:
                _tell(answer)

    def _hand_over(self, workspace_ids: Sequence[str]) -> None:
        self._receive.hand_over(set(workspace_ids))


class _InTurns(Generic[_Work]):
    """A thread that is given everything that came while it was busy. Between two turns it lets ``gather_seconds`` go
    by, so that what comes one by one in quick succession is done together, and what comes alone is done at once."""

    def __init__(self, name: str, work: Callable[[Sequence[_Work]], None], *, gather_seconds: float = 0.0) -> None:
        self._gather_seconds = gather_seconds
        self._name = name
        self._work = work
        self._waiting: queue.SimpleQueue[_Work] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, work: _Work) -> None:
        """Have it done soon; the order is kept."""
        self._waiting.put(work)
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name=f"webhook {self._name}", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        not_before = 0.0
        while True:
            those = [self._waiting.get()]
            early = not_before - time.monotonic()
            if early > 0.0:
                time.sleep(early)
            while len(those) < MOST_AT_ONCE and not self._waiting.empty():
                those.append(self._waiting.get())
            try:
                self._work(those)
            except Exception:  # noqa: BLE001 - the thread has to stay for those who come
                # Whoever had to be told was told.
                _LOG.exception("a turn of the %s went wrong", self._name)
            not_before = time.monotonic() + self._gather_seconds


def _tell(answer: Callable[[], None]) -> None:
    try:
        answer()
    except Exception:  # noqa: BLE001 - one sender's trouble must not keep the others from their answers
        _LOG.exception("a sender could not be told what became of its delivery")


def _settle(done: Future[None], fault: Exception | None) -> None:
    if fault is None:
        done.set_result(None)
    else:
        done.set_exception(fault)
