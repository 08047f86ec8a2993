"""Reads one list with several threads, slice by slice (architecture decision 8; guarantees D5 to D8, D12)."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor

from clynto.adapters.stripe_api.call_limits import CallAbandoned
from clynto.adapters.stripe_api.careful_reads import CarefulReads, Found, JsonObject, Read
from clynto.adapters.stripe_api.listings import LIST_PLANS
from clynto.adapters.stripe_api.nested_lists import complete_nested
from clynto.adapters.stripe_api.page_handover import PageHandover
from clynto.adapters.stripe_api.payload_reading import UnusablePayload
from clynto.adapters.stripe_api.refusals import Refusal
from clynto.adapters.stripe_api.slices import (
    PAGE_SIZE,
    NoProgress,
    PageOutline,
    Slice,
    SliceBoard,
    SliceRequest,
)
from clynto.domain.errors import StripeAnswerUnusable
from clynto.domain.moments import UnixTime
from clynto.domain.time_span import Span
from clynto.ports.stripe_reading import Listing, Page, SkippedObject, StripeRecord

_LONGEST_PACED_WAIT = 0.1
"""Seconds. When the budget holds requests back for longer, more readers would only wait in line."""
_LOOK_UP_SECONDS = 0.1


class ParallelReading:
    """One list on its way. ``readers`` is how many threads read at most, ``room`` how many pages may wait."""

    def __init__(
        self, reads: CarefulReads, listing: Listing, spans: Sequence[Span], *, readers: int, room: int
    ) -> None:
        self._reads = reads
        self._listing = listing
        self._plan = LIST_PLANS[listing]
        self._most_readers = readers
        self._board = SliceBoard(spans)
        self._board_changed = threading.Condition()
        self._handover: PageHandover[Page] = PageHandover(room)
        self._paced = False

    def pages(self) -> Generator[Page, None, None]:
        """Yield pages as they come; closing the iterator ends all threads before it returns.

        Raises as ``StripeReader`` says, with the first failure of any thread.
        """
        with ThreadPoolExecutor(self._most_readers, thread_name_prefix=f"stripe-{self._listing}") as pool:
            try:
                hired = self._hire(pool, min(max(self._board.waiting, 1), self._most_readers))
                while (page := self._handover.take()) is not None:
                    if hired < self._most_readers and not self._board.finished:
                        # The first page is in: from now on there may be something to share.
                        hired += self._hire(pool, self._most_readers - hired)
                    yield page
            finally:
                self._handover.close()
                with self._board_changed:
                    self._board_changed.notify_all()

    def _hire(self, pool: ThreadPoolExecutor, count: int) -> int:
        for _ in range(count):
            self._handover.expect(pool.submit(self._read_slices))
        return count

    def _read_slices(self) -> None:
        try:
            while (taken := self._next_slice()) is not None:
                while not taken.done:
                    self._read_page(taken)
        except CallAbandoned:
            # The list was closed or failed elsewhere; there is nobody left to tell.
            return

    def _next_slice(self) -> Slice | None:
        with self._board_changed:
            while not self._handover.closed and not self._board.finished:
                taken = self._board.take(may_split=not self._paced)
                if taken is not None:
                    return taken
                self._board_changed.wait(_LOOK_UP_SECONDS)
        return None

    def _read_page(self, taken: Slice) -> None:
        with self._board_changed:
            asked = self._board.request(taken)
        found = self._reads.read(self._read_of(asked), abandoned=lambda: self._handover.closed)
        if isinstance(found, Refusal):
            self._meet_refusal(taken, asked, found)
            return
        self._paced = found.waited > _LONGEST_PACED_WAIT
        objects: list[JsonObject] = found.body["data"]
        outline = _outline(objects, has_more=found.body["has_more"])
        if any(entry.get("object") != self._plan.kind for entry in objects):
            raise StripeAnswerUnusable(request_id=found.request_id)
        with self._board_changed:
            covered = self._note(taken, asked, outline, found)
            self._board_changed.notify_all()
        self._handover.put(self._page_of(objects, found, covered))

    def _note(self, taken: Slice, asked: SliceRequest, outline: PageOutline, found: Found) -> tuple[Span, ...]:
        try:
            return self._board.answered(taken, asked, outline)
        except NoProgress:
            raise StripeAnswerUnusable(request_id=found.request_id) from None

    def _meet_refusal(self, taken: Slice, asked: SliceRequest, refusal: Refusal) -> None:
        if asked.cursor is None or not refusal.resource_missing:
            raise refusal.as_error(self._plan.resource)
        try:
            with self._board_changed:
                self._board.vanished(taken)
        except NoProgress:
            raise StripeAnswerUnusable(request_id=refusal.request_id) from None

    def _read_of(self, asked: SliceRequest) -> Read:
        parameters = [
            ("limit", str(PAGE_SIZE)),
            ("created[gte]", str(asked.since)),
            ("created[lte]", str(asked.until)),
            *self._plan.parameters,
        ]
        if asked.cursor is not None:
            parameters.append(("starting_after", asked.cursor))
        plan = self._plan
        return Read(plan.endpoint, plan.resource, plan.path, plan.version, "list", tuple(parameters))

    def _page_of(self, objects: Sequence[JsonObject], found: Found, covered: tuple[Span, ...]) -> Page:
        records: list[StripeRecord] = []
        skipped: list[SkippedObject] = []
        for entry in objects:
            if self._plan.nested is not None:
                complete_nested(
                    self._reads, entry, self._plan.nested, self._plan.version, lambda: self._handover.closed
                )
            try:
                record = self._plan.record_of(entry)
            except UnusablePayload as fault:
                skipped.append(SkippedObject(kind=fault.kind, object_id=fault.object_id, reason=fault.reason))
            else:
                if record is not None:
                    records.append(record)
        return Page(
            listing=self._listing,
            records=tuple(records),
            skipped=tuple(skipped),
            sent_at=found.sent_at,
            covered=covered,
        )


def _outline(objects: Sequence[JsonObject], *, has_more: bool) -> PageOutline:
    ids = tuple(entry["id"] if isinstance(entry.get("id"), str) and entry["id"] else None for entry in objects)
    return PageOutline(ids=ids, created=tuple(_second(entry.get("created")) for entry in objects), has_more=has_more)


def _second(value: object) -> UnixTime | None:
    return UnixTime(value) if isinstance(value, int) and not isinstance(value, bool) else None
