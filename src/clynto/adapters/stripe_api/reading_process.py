"""Reads lists in a process of its own, so that reading and storing share no interpreter (ADR 0036).

Fetching and mapping a page costs as much processor time as storing it. In one process the two keep each other waiting
for the interpreter's lock; in two they run side by side. What crosses over are pages, ready to be stored. Single
objects are few, and are read in the process that asks.
"""

from __future__ import annotations

import logging
import math
import mmap
import multiprocessing
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from typing import Any

from clynto.adapters.stripe_api.page_pickling import packed, unpacked
from clynto.adapters.stripe_api.reader import StripeApiReader, StripeApiReaders, one_at_a_time
from clynto.domain.catalogue import Price, Product
from clynto.domain.customer import StripeCustomer
from clynto.domain.discount_readings import DiscountReading
from clynto.domain.errors import RunSuperseded, SyncInterrupted
from clynto.domain.invoice import Invoice
from clynto.domain.secret import Secret
from clynto.domain.subscription import Subscription
from clynto.domain.time_span import Span
from clynto.ports.stripe_reading import Listing, Page

LOOK_UP_SECONDS = 0.1
"""How often a waiting list asks whether it is still wanted."""
STILL_SECONDS = 30.0
"""How long the process may give no sign of life before it counts as frozen."""
_BEAT_SECONDS = 1.0
_LENGTH = struct.Struct(">I")
_PATIENCE_SECONDS = 2.0
"""How long the process may take to end by itself."""
_WANTED, _UNWANTED = 1, 0
_WISH, _BEAT = 0, 1
"""Places in the memory that both processes share: whether reading is wanted, and a count that moves with life."""
_LOG = logging.getLogger("clynto.worker")

Opened = AbstractContextManager[StripeApiReader]


class ReadingProcessEnded(SyncInterrupted):
    """The process that reads ended before its lists did: it was killed, stood still, or memory ran out."""


class ReadersInTwoProcesses:
    """See ``ports.stripe_reading.StripeReaders``: ``readers`` open a reader in either process. One that gives no sign
    of life for ``still_seconds`` is ended."""

    def __init__(self, readers: StripeApiReaders, *, still_seconds: float = STILL_SECONDS) -> None:
        self._readers = readers
        self._looks = math.ceil(still_seconds / LOOK_UP_SECONDS)

    @contextmanager
    def open(self, key: Secret, *, still_wanted: Callable[[], bool]) -> Iterator[ReaderInTwoProcesses]:
        """See ``StripeReaders.open``. The process begins here and ends with the block."""
        asked = one_at_a_time(still_wanted)
        with self._readers.open(key, still_wanted=asked) as nearby:
            process = _ReadingProcess(lambda wanted: self._readers.open(key, still_wanted=wanted), self._looks)
            try:
                yield ReaderInTwoProcesses(nearby, process, asked)
            finally:
                process.end()


class ReaderInTwoProcesses:
    """Lists come from the other process, single objects from this one; see ``StripeReader``."""

    def __init__(self, nearby: StripeApiReader, process: _ReadingProcess, still_wanted: Callable[[], bool]) -> None:
        self._process = process
        self._still_wanted = still_wanted
        self.product: Callable[[str], Product | None] = nearby.product
        self.price: Callable[[str], Price | None] = nearby.price
        self.customer: Callable[[str], StripeCustomer | None] = nearby.customer
        self.subscription: Callable[[str], tuple[Subscription, DiscountReading | None] | None] = nearby.subscription
        self.invoice: Callable[[str], Invoice | None] = nearby.invoice
        self.events = nearby.events

    def pages(self, listing: Listing, spans: Sequence[Span]) -> Generator[Page, None, None]:
        """See ``StripeReader.pages``. Raises ``ReadingProcessEnded`` if the other process is gone."""
        with self._process.channel() as channel:
            try:
                _send(channel, (listing, tuple(spans)))
            except BrokenPipeError:
                raise self._process.ended() from None
            channel.settimeout(LOOK_UP_SECONDS)
            watch = _Watch(self._process)
            while (frame := self._receive(channel, watch)) is not None:
                yield frame

    def _receive(self, channel: socket.socket, watch: _Watch) -> Page | None:
        """The next page, None at the end. Raises what reading failed with."""
        self._demand_interest()
        (length,) = _LENGTH.unpack(self._bytes(channel, _LENGTH.size, watch))
        kind, content = unpacked(self._bytes(channel, length, watch))
        if kind == "fault":
            raise _rebuilt(*content)
        page: Page | None = content
        return page

    def _bytes(self, channel: socket.socket, count: int, watch: _Watch) -> bytearray:
        held = bytearray(count)
        view, place = memoryview(held), 0
        while place < count:
            try:
                received = channel.recv_into(view[place:])
            except TimeoutError:
                self._demand_interest()
                watch.look()
                continue
            if received == 0:
                raise self._process.ended()
            place += received
        return held

    def _demand_interest(self) -> None:
        if not self._still_wanted():
            self._process.is_unwanted()
            raise RunSuperseded


class _ReadingProcess:
    """The other process, seen from the one that stores. Every list has a channel of its own, which is bounded: what
    is not taken is not read (guarantees D12)."""

    def __init__(self, open_reader: Callable[[Callable[[], bool]], Opened], looks: int) -> None:
        self.looks = looks
        self._flag = mmap.mmap(-1, 2)
        self._flag[_WISH] = _WANTED
        self._control, theirs = socket.socketpair()
        self._process = multiprocessing.get_context("fork").Process(
            target=_serve, args=(self._control, theirs, self._flag, open_reader), name="stripe-lists"
        )
        with theirs:
            self._process.start()

    @contextmanager
    def channel(self) -> Iterator[socket.socket]:
        """A new list's connection; closing it ends the reading of that list."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, suppress(BrokenPipeError):
                socket.send_fds(self._control, [b"+"], [theirs.fileno()])
            yield ours

    def is_unwanted(self) -> None:
        """Let no further request leave."""
        self._flag[_WISH] = _UNWANTED

    @property
    def beat(self) -> int:
        """Moves every second while the process runs."""
        return self._flag[_BEAT]

    def ended(self) -> ReadingProcessEnded:
        """What to raise for its lists; the log says it, for the card only says that the sync was interrupted."""
        _LOG.warning("the process that reads Stripe's lists ended before them")
        return ReadingProcessEnded()

    def has_frozen(self) -> ReadingProcessEnded:
        """End it, for nothing else will; what to raise for its lists."""
        _LOG.warning("the process that reads Stripe's lists gave no sign of life and was ended")
        self._process.kill()
        return ReadingProcessEnded()

    def end(self) -> None:
        """End it, gently first."""
        self.is_unwanted()
        self._control.close()
        self._process.join(_PATIENCE_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
        self._flag.close()


class _Watch:
    """Tells a list that is slow from a process that stands still (ADR 0036).

    It counts looks in vain and no seconds: when the whole worker was frozen, time passed for both.
    """

    def __init__(self, process: _ReadingProcess) -> None:
        self._process = process
        self._beat = process.beat
        self._in_vain = 0

    def look(self) -> None:
        """Raises ``ReadingProcessEnded`` once there was no beat for too many looks in a row."""
        beat = self._process.beat
        self._in_vain = self._in_vain + 1 if beat == self._beat else 0
        self._beat = beat
        if self._in_vain >= self._process.looks:
            raise self._process.has_frozen()


def _serve(
    parents: socket.socket, control: socket.socket, flag: mmap.mmap, open_reader: Callable[[Callable[[], bool]], Opened]
) -> None:
    """Read lists until the other side closes ``control``, or is gone."""
    parents.close()
    # Whoever stops the worker speaks to the process that stores; this one follows when its control closes.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_keep_beating, args=(flag,), daemon=True).start()
    with open_reader(lambda: flag[_WISH] == _WANTED) as reader:
        while True:
            _, received, _, _ = socket.recv_fds(control, 1, 1)
            if not received:
                # Threads may still wait for an answer that nobody wants: nothing here is worth waiting for.
                os._exit(0)
            channel = socket.socket(fileno=received[0])
            threading.Thread(target=_send_pages, args=(reader, channel), daemon=True).start()


def _keep_beating(flag: mmap.mmap) -> None:
    while True:
        flag[_BEAT] = (flag[_BEAT] + 1) % 256
        time.sleep(_BEAT_SECONDS)


def _send_pages(reader: StripeApiReader, channel: socket.socket) -> None:
    with channel, suppress(BrokenPipeError, ConnectionResetError):
        try:
            listing, spans = _request(channel)
            with closing(reader.pages(listing, spans)) as pages:
                for page in pages:
                    _send(channel, ("page", page))
        except (BrokenPipeError, ConnectionResetError):
            return
        except Exception as fault:  # noqa: BLE001 - carried to the process that stores, and raised there
            _send(channel, ("fault", _described(fault)))
            return
        _send(channel, ("page", None))


def _request(channel: socket.socket) -> tuple[Listing, tuple[Span, ...]]:
    with channel.makefile("rb") as incoming:
        (length,) = _LENGTH.unpack(incoming.read(_LENGTH.size))
        asked: tuple[Listing, tuple[Span, ...]] = unpacked(incoming.read(length))
    return asked


def _send(channel: socket.socket, content: object) -> None:
    written = packed(content)
    channel.sendall(_LENGTH.pack(len(written)) + written)


def _described(fault: Exception) -> tuple[type[Exception], tuple[Any, ...], dict[str, Any]]:
    """What ``_rebuilt`` needs. Errors of ours take keywords only, so pickle alone could not make them again."""
    described = type(fault), fault.args, dict(vars(fault))
    try:
        packed(described)
    except Exception:  # noqa: BLE001 - whatever an odd exception holds, its name always travels
        return RuntimeError, (type(fault).__name__,), {}
    return described


def _rebuilt(kind: type[Exception], arguments: tuple[Any, ...], held: dict[str, Any]) -> Exception:
    fault = kind.__new__(kind, *arguments)
    vars(fault).update(held)
    return fault
