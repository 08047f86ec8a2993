"""Completes lists inside objects: Stripe sends only their first page (stripe_facts 2.4, 2.5; guarantees D4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clynto.adapters.stripe_api.api_versions import WITH_INLINE_COUPONS
from clynto.adapters.stripe_api.careful_reads import CarefulReads, Found, JsonObject, Read
from clynto.adapters.stripe_api.refusals import Refusal
from clynto.adapters.stripe_api.slices import PAGE_SIZE
from clynto.adapters.stripe_api.transport import path_is_readable
from clynto.domain.errors import StripeAnswerUnusable


def complete_nested(
    reads: CarefulReads, owner: JsonObject, key: str, version: str, abandoned: Callable[[], bool] = lambda: False
) -> None:
    """Replace the list under ``key`` (``items`` of a subscription, ``lines`` of an invoice) by the whole of it.

    The list is read again from its start, so that it is of one moment. If the owner is gone meanwhile it keeps the
    part that it came with, marked as such by its ``has_more``. Raises as ``CarefulReads.read`` does.
    """
    nested, owner_id = owner.get(key), owner.get("id")
    if not isinstance(nested, dict) or nested.get("has_more") is not True or not isinstance(owner_id, str):
        return
    first = _first_read(key, owner_id, version)
    if not path_is_readable(first.path):
        return
    entries = _drained(reads, first, abandoned)
    if entries is not None:
        owner[key] = {**nested, "data": entries, "has_more": False}


def _first_read(key: str, owner_id: str, version: str) -> Read:
    limit = ("limit", str(PAGE_SIZE))
    if key == "lines":
        path = f"/v1/invoices/{owner_id}/lines"
        return Read("invoice_lines", "invoices", path, version, "list", (limit,))
    expand = (("expand[]", "data.discounts"),) if version == WITH_INLINE_COUPONS else ()
    parameters = (limit, ("subscription", owner_id), *expand)
    return Read("subscription_items", "subscriptions", "/v1/subscription_items", version, "list", parameters)


def _drained(reads: CarefulReads, first: Read, abandoned: Callable[[], bool]) -> list[Any] | None:
    entries: list[Any] = []
    seen: set[str] = set()
    cursor: tuple[tuple[str, str], ...] = ()
    while True:
        wanted = Read(
            first.endpoint, first.resource, first.path, first.version, first.expects, (*first.parameters, *cursor)
        )
        found = reads.read(wanted, abandoned=abandoned)
        if isinstance(found, Refusal):
            if found.resource_missing:
                return None
            raise found.as_error(first.resource)
        page = found.body["data"]
        ids = {entry["id"] for entry in page if isinstance(entry.get("id"), str)}
        if not seen.isdisjoint(ids):
            raise _no_progress(found)
        seen |= ids
        entries.extend(page)
        if found.body["has_more"] is False:
            return entries
        last = page[-1].get("id") if page else None
        if not isinstance(last, str):
            raise _no_progress(found)
        cursor = (("starting_after", last),)


def _no_progress(found: Found) -> StripeAnswerUnusable:
    return StripeAnswerUnusable(request_id=found.request_id)
