"""The control API under `/_sandbox`: JSON in, JSON out, loopback only, no authentication.

Bodies are objects whose members are the arguments of the method of the same name in `stripe_sandbox.control`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from stripe_sandbox.control import Control
from stripe_sandbox.life_cycle.stories import STORY_NAMES
from stripe_sandbox.object_store import Collection
from stripe_sandbox.rate_limits import RateLimits
from stripe_sandbox.records import Json, Record
from stripe_sandbox.rendering.json_text import to_json
from stripe_sandbox.state_file import save_world

if TYPE_CHECKING:
    from stripe_sandbox.webhooks.sender import WebhookSender
    from stripe_sandbox.world import World

Handler = Callable[[Json], Any]


def _answer(content: Any, status: int = 200) -> Response:
    return Response(to_json(content, _plain), status, media_type="application/json")


def _plain(value: Any) -> Any:
    """Turn what orjson does not know into JSON: records show their id, sets become sorted lists."""
    if isinstance(value, Record):
        return {"id": value.id}
    if isinstance(value, set | frozenset):
        return sorted(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def _route(method: str, path: str, handle: Handler) -> Route:
    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        try:
            details: Json = orjson.loads(raw) if raw else {}
            details = {**dict(request.query_params), **details, **request.path_params}
            # Stories may play months of life: not on the event loop.
            result = await run_in_threadpool(handle, details)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            return _answer({"error": f"{type(error).__name__}: {error}"}, 400)
        return _answer({} if result is None else result)

    typed: Callable[[Request], Awaitable[Response]] = endpoint
    return Route(path, typed, methods=[method])


class _ControlApi:
    """The handlers; each takes the request's details and returns something that can be written as JSON."""

    def __init__(self, world: World, sender: WebhookSender, state_file: Path | None) -> None:
        self._world = world
        self._sender = sender
        self._state_file = state_file
        self._control = Control(world, sender)

    def _save(self) -> None:
        if self._state_file is not None:
            save_world(self._world, self._state_file)

    def clock(self, _: Json) -> Json:
        return {"now": self._world.now, "events": len(self._world.store.events)}

    def advance(self, details: Json) -> Json:
        self._control.advance(**{name: int(value) for name, value in details.items()})
        self._save()
        return self.clock({})

    def story(self, details: Json) -> Any:
        result = self._control.story(details.pop("story_name"), **details)
        self._save()
        return result

    def truth(self, _: Json) -> Json:
        return self._world.truth()

    def companies(self, _: Json) -> Json:
        return {"companies": [asdict(company) for company in self._world.companies]}

    def overview(self, _: Json) -> Json:
        store = self._world.store
        sizes = {name: len(value) for name, value in vars(store).items() if isinstance(value, Collection)}
        account = asdict(self._world.account)
        return {"account": account, "now": self._world.now, "seed": self._world.seed, "objects": sizes}

    def keys(self, _: Json) -> Json:
        return {"keys": [asdict(key) for key in self._world.keys.issued()]}

    def put_key(self, details: Json) -> Json:
        permissions = set(details.pop("permissions", []))
        return asdict(self._world.keys.put(details.pop("secret"), permissions, **details))

    def delete_key(self, details: Json) -> None:
        self._world.keys.delete(details["secret"])

    def requests(self, details: Json) -> Json:
        status = details.get("status")
        found = self._control.requests.find(
            path=details.get("path"),
            method=details.get("method"),
            status=None if status is None else int(status),
        )
        return {"requests": [entry.as_json() for entry in found]}

    def request_summary(self, _: Json) -> Json:
        log = self._control.requests
        return {**log.summary(), "per_second": log.per_second()}

    def clear_requests(self, _: Json) -> None:
        self._control.requests.clear()

    def faults(self, _: Json) -> Json:
        return {"faults": [rule.as_json() for rule in self._world.traffic.faults.rules()]}

    def order_fault(self, details: Json) -> Json:
        if details.get("kind") == "mutate":
            raise ValueError("a mutate fault needs a callback and can only be ordered in-process")
        return self._control.order_fault(details.pop("kind"), **details).as_json()

    def release_fault(self, details: Json) -> None:
        self._world.traffic.faults.release(details["id"])

    def clear_faults(self, _: Json) -> None:
        self._control.clear_faults()

    def limits(self, details: Json) -> Json:
        limits = RateLimits(**details)
        self._control.limit_rates(limits)
        return asdict(limits)

    def latency(self, details: Json) -> None:
        self._control.set_latency(details["milliseconds"] / 1000)

    def date_header(self, details: Json) -> None:
        if details["clock"] not in ("sandbox", "real"):
            raise ValueError("clock must be sandbox or real")
        self._world.traffic.date_header = details["clock"]

    def webhook_endpoints(self, _: Json) -> Json:
        return {"endpoints": [asdict(endpoint) for endpoint in self._world.endpoints.values()]}

    def add_webhook_endpoint(self, details: Json) -> Json:
        result = asdict(self._control.add_webhook_endpoint(details.pop("url"), **details))
        self._save()
        return result

    def remove_webhook_endpoint(self, details: Json) -> None:
        self._control.remove_webhook_endpoint(details["id"])

    def roll_webhook_secret(self, details: Json) -> Json:
        return {"secret": self._control.roll_webhook_secret(details["id"], details.get("secret"))}

    def expire_old_secrets(self, details: Json) -> None:
        self._control.expire_old_secrets(details["id"])

    def webhook_settings(self, details: Json) -> Json:
        settings = self._sender.settings
        for name, value in details.items():
            if name not in asdict(settings):
                raise ValueError(f"no such setting: {name}")
            setattr(settings, name, value)
        return asdict(settings)

    def deliveries(self, _: Json) -> Json:
        return {"deliveries": [entry.as_json() for entry in list(self._sender.log)]}

    def resend(self, details: Json) -> None:
        self._sender.resend(details["event"], details.get("endpoint"))

    def pause_deliveries(self, _: Json) -> None:
        self._sender.pause()

    def resume_deliveries(self, _: Json) -> None:
        self._sender.resume()

    def drain_deliveries(self, details: Json) -> Json:
        return {"drained": self._sender.drain(float(details.get("timeout", 10)))}

    def stories(self, _: Json) -> Json:
        return {"stories": sorted(STORY_NAMES)}


def control_routes(world: World, sender: WebhookSender, state_file: Path | None) -> list[BaseRoute]:
    """Return the routes of the control API for a world and its sender."""
    api = _ControlApi(world, sender, state_file)
    return [
        _route("GET", "/", api.overview),
        _route("GET", "/clock", api.clock),
        _route("POST", "/clock/advance", api.advance),
        _route("GET", "/stories", api.stories),
        _route("POST", "/stories/{story_name}", api.story),
        _route("GET", "/truth", api.truth),
        _route("GET", "/companies", api.companies),
        _route("GET", "/keys", api.keys),
        _route("POST", "/keys", api.put_key),
        _route("DELETE", "/keys/{secret}", api.delete_key),
        _route("GET", "/requests", api.requests),
        _route("GET", "/requests/summary", api.request_summary),
        _route("DELETE", "/requests", api.clear_requests),
        _route("GET", "/faults", api.faults),
        _route("POST", "/faults", api.order_fault),
        _route("POST", "/faults/{id}/release", api.release_fault),
        _route("DELETE", "/faults", api.clear_faults),
        _route("POST", "/rate_limits", api.limits),
        _route("POST", "/latency", api.latency),
        _route("POST", "/date_header", api.date_header),
        _route("GET", "/webhook_endpoints", api.webhook_endpoints),
        _route("POST", "/webhook_endpoints", api.add_webhook_endpoint),
        _route("DELETE", "/webhook_endpoints/{id}", api.remove_webhook_endpoint),
        _route("POST", "/webhook_endpoints/{id}/roll_secret", api.roll_webhook_secret),
        _route("POST", "/webhook_endpoints/{id}/expire_old_secrets", api.expire_old_secrets),
        _route("POST", "/webhook_settings", api.webhook_settings),
        _route("GET", "/deliveries", api.deliveries),
        _route("POST", "/deliveries/resend", api.resend),
        _route("POST", "/deliveries/pause", api.pause_deliveries),
        _route("POST", "/deliveries/resume", api.resume_deliveries),
        _route("POST", "/deliveries/drain", api.drain_deliveries),
    ]
