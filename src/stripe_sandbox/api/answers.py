"""Makes the body of a right answer: finds, renders, expands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from stripe_sandbox.api.access import demand
from stripe_sandbox.api.endpoints import ACCOUNT, Endpoint
from stripe_sandbox.api.expansion import Expander
from stripe_sandbox.api.list_pages import Page
from stripe_sandbox.api.query_parameters import Parameters
from stripe_sandbox.api.stripe_errors import bad_request
from stripe_sandbox.keys import ApiKey
from stripe_sandbox.records import Json
from stripe_sandbox.rendering.api_versions import Shape, shape_of
from stripe_sandbox.rendering.customer_payloads import account_payload
from stripe_sandbox.rendering.invoice_payloads import line_payload
from stripe_sandbox.rendering.json_text import to_json
from stripe_sandbox.rendering.payloads import PayloadCache, payload_of

if TYPE_CHECKING:
    from stripe_sandbox.world import World


class Answers:
    """Answers for one world; keeps the JSON of objects that did not change."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cache = PayloadCache(world.store)

    def answer(
        self, endpoint: Endpoint, path: str, object_id: str, query: Parameters, key: ApiKey, version: str | None
    ) -> bytes:
        """Return the JSON body; raises `StripeError` for anything that Stripe would refuse."""
        world = self._world
        demand(world, key, endpoint.permission)
        try:
            shape = shape_of(version or world.account.api_version)
        except ValueError as error:
            raise bad_request(str(error)) from None
        query.refuse_others(endpoint.parameters, paged=endpoint.find_page is not None)
        expands = query.expands()
        if endpoint is ACCOUNT:
            return to_json(account_payload(world.store))
        expander = Expander(world, key, shape)
        if endpoint.find_page is not None:
            page = endpoint.find_page(world, query, object_id)
            return self._list(page, path, expands, expander, shape)
        assert endpoint.find_one is not None
        record = endpoint.find_one(world, object_id)
        if not expands:
            return self._cache.json_of(record, shape)
        payload = payload_of(world.store, record, shape)
        for expand in expands:
            expander.expand(payload, expand)
        return to_json(payload)

    def _list(self, page: Page[Any], path: str, expands: list[list[str]], expander: Expander, shape: Shape) -> bytes:
        wrapper: Json = {"object": "list", "has_more": page.has_more, "url": path}
        if not expands and not (page.records and isinstance(page.records[0], tuple)):
            data = b",".join([self._cache.json_of(record, shape) for record in page.records])
            wrapper["data"] = orjson.Fragment(b"[" + data + b"]")
            return to_json(wrapper)
        wrapper["data"] = [self._payload(row, shape) for row in page.records]
        for expand in expands:
            if page.records or expand[0] != "data":
                expander.expand(wrapper, expand)
        return to_json(wrapper)

    def _payload(self, row: Any, shape: Shape) -> Json:
        store = self._world.store
        if isinstance(row, tuple):
            invoice, line = row
            return line_payload(store, invoice, line, shape)
        return payload_of(store, row, shape)
