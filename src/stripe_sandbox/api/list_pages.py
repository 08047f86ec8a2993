"""Cuts pages out of lists the way Stripe does: newest first, with an object's id as cursor."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from stripe_sandbox.api.query_parameters import Parameters, Range
from stripe_sandbox.api.stripe_errors import bad_request, missing
from stripe_sandbox.records import Record

T = TypeVar("T", bound=Record)
R = TypeVar("R")


@dataclass(slots=True)
class Page(Generic[R]):
    """One page, newest first, and whether the list goes on beyond it in the direction of travel."""

    records: list[R]
    has_more: bool


def _key(record: Record) -> tuple[int, int]:
    return record.created, record.sequence


def cut_page(
    listed: Sequence[T],
    parameters: Parameters,
    find: Callable[[str], T | None],
    *,
    kind: str,
    fits: Callable[[T], bool] | None = None,
    created: Range | None = None,
) -> Page[T]:
    """Return the page that the paging parameters ask for.

    `listed` is oldest first by (created, arrival), `find` looks a cursor up, `fits` is the filter.
    """
    limit = parameters.limit()
    after = parameters.values.get("starting_after")
    before = parameters.values.get("ending_before")
    if after is not None and before is not None:
        raise bad_request("You may only specify one of these parameters: ending_before, starting_after.")
    low, high = 0, len(listed)
    if created is not None and created.first is not None:
        low = bisect_left(listed, (created.first, 0), key=_key)
    if created is not None and created.last is not None:
        high = bisect_left(listed, (created.last + 1, 0), key=_key)
    if before is not None:
        start = max(low, _cursor(listed, find, before, kind, "ending_before") + 1)
        found = _collect((listed[i] for i in range(start, high)), fits, limit)
        return Page(found[:limit][::-1], len(found) > limit)
    if after is not None:
        high = min(high, _cursor(listed, find, after, kind, "starting_after"))
    found = _collect((listed[i] for i in range(high - 1, low - 1, -1)), fits, limit)
    return Page(found[:limit], len(found) > limit)


def _cursor(listed: Sequence[T], find: Callable[[str], T | None], cursor: str, kind: str, param: str) -> int:
    record = find(cursor)
    if record is None:
        raise missing(kind, cursor, param=param, status=400)
    position = bisect_left(listed, _key(record), key=_key)
    if position < len(listed) and listed[position] is record:
        return position
    if kind != "customer" or not getattr(record, "deleted", False):
        return position  # the cursor is not in this filtered list, but its place in it is known
    raise missing(kind, cursor, param=param, status=400)


def _collect(records: Iterable[T], fits: Callable[[T], bool] | None, limit: int) -> list[T]:
    found: list[T] = []
    for record in records:
        if fits is None or fits(record):
            found.append(record)
            if len(found) > limit:
                break
    return found


def cut_nested_page(rows: Sequence[R], parameters: Parameters, id_of: Callable[[R], str], kind: str) -> Page[R]:
    """Return a page of a nested list, whose order is the one its parent shows, first row first."""
    limit = parameters.limit()
    after = parameters.values.get("starting_after")
    before = parameters.values.get("ending_before")
    if after is not None and before is not None:
        raise bad_request("You may only specify one of these parameters: ending_before, starting_after.")
    places = {id_of(row): place for place, row in enumerate(rows)}
    for cursor, param in ((after, "starting_after"), (before, "ending_before")):
        if cursor is not None and cursor not in places:
            raise missing(kind, cursor, param=param, status=400)
    if before is not None:
        end = places[before]
        start = max(0, end - limit)
        return Page(list(rows[start:end]), start > 0)
    start = 0 if after is None else places[after] + 1
    return Page(list(rows[start : start + limit]), start + limit < len(rows))
