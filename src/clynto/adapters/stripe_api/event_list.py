"""Reads Stripe's own list of past events, so that what was never delivered can be made up for (guarantees C1 to C5)."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import orjson

from clynto.adapters.stripe_api.api_versions import NEWEST
from clynto.adapters.stripe_api.careful_reads import CarefulReads, Read
from clynto.adapters.stripe_api.refusals import Refusal
from clynto.adapters.stripe_api.slices import PAGE_SIZE
from clynto.domain.errors import StripeAnswerUnusable
from clynto.domain.moments import UnixTime


def event_bodies(
    reads: CarefulReads, since: UnixTime, event_types: Sequence[str]
) -> Generator[tuple[bytes, ...], None, None]:
    """Bodies of the events created since then, a page at a time, newest first.

    A body keeps the API version that it was first rendered in, whatever version is asked for (stripe_facts 1.5).
    Raises as ``CarefulReads.read`` does, and ``StripeAnswerUnusable`` for a list that does not get on.
    """
    asked = (
        ("limit", str(PAGE_SIZE)),
        ("created[gte]", str(since)),
        *(("types[]", event_type) for event_type in event_types),
    )
    seen: set[str] = set()
    cursor: tuple[tuple[str, str], ...] = ()
    while True:
        found = reads.read(Read("events", "events", "/v1/events", NEWEST, "list", (*asked, *cursor)))
        if isinstance(found, Refusal):
            raise found.as_error("events")
        events = found.body["data"]
        yield tuple(orjson.dumps(event) for event in events)
        if found.body["has_more"] is False:
            return
        last = events[-1].get("id") if events else None
        if not isinstance(last, str) or last in seen:
            raise StripeAnswerUnusable(request_id=found.request_id)
        seen.add(last)
        cursor = (("starting_after", last),)
