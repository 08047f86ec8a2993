"""Everything that can be steered from the same process; the control API over HTTP is a thin skin over this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stripe_sandbox.faults import FaultKind, FaultRule
from stripe_sandbox.life_cycle.stories import STORY_NAMES
from stripe_sandbox.rate_limits import RateLimits
from stripe_sandbox.rendering.api_versions import shape_of
from stripe_sandbox.request_log import RequestLog
from stripe_sandbox.webhooks.endpoint import WebhookEndpoint

if TYPE_CHECKING:
    from stripe_sandbox.webhooks.sender import WebhookSender
    from stripe_sandbox.world import World


class Control:
    """Steers a world and its server: clock, stories, faults, limits, webhook endpoints."""

    def __init__(self, world: World, sender: WebhookSender) -> None:
        self.world = world
        self.sender = sender

    @property
    def requests(self) -> RequestLog:
        """The log of requests to `/v1`."""
        return self.world.traffic.log

    def advance(self, *, days: int = 0, hours: int = 0, seconds: int = 0) -> int:
        """Move the sandbox's clock, playing what falls due, and return the new present."""
        return self.world.advance(seconds, days=days, hours=hours)

    def story(self, story_name: str, /, **details: Any) -> Any:
        """Tell a story by name, for example `story("cut_seats", subscription="sub_..", quantity=3)`."""
        if story_name not in STORY_NAMES:
            raise ValueError(f"no story is called {story_name!r}")
        return getattr(self.world.stories, story_name)(**details)

    def order_fault(self, kind: FaultKind, /, **details: Any) -> FaultRule:
        """Order a fault; see `stripe_sandbox.faults.FaultRule` for the details."""
        return self.world.traffic.faults.add(kind, **details)

    def clear_faults(self) -> None:
        """Drop every fault and release what is held."""
        self.world.traffic.faults.clear()

    def limit_rates(self, limits: RateLimits) -> None:
        """Put rate limits in force."""
        self.world.traffic.limiter.set(limits)

    def set_latency(self, seconds: float) -> None:
        """Add this delay to every answer."""
        self.world.traffic.latency = seconds

    def add_webhook_endpoint(
        self,
        url: str,
        *,
        secret: str | None = None,
        api_version: str | None = None,
        enabled_events: list[str] | None = None,
    ) -> WebhookEndpoint:
        """Register a webhook endpoint; without `secret` it gets one of its own (`endpoint.secrets[0]`)."""
        if api_version is not None:
            shape_of(api_version)  # refuses what is no version
        world = self.world
        with world.lock:
            endpoint = WebhookEndpoint(
                id=world.new_id("we"),
                url=url,
                secrets=[secret or world.new_id("whsec")],
                api_version=api_version,
                enabled_events=enabled_events or ["*"],
            )
            world.endpoints[endpoint.id] = endpoint
            return endpoint

    def roll_webhook_secret(self, endpoint_id: str, secret: str | None = None) -> str:
        """Give an endpoint a new secret beside the old ones, as a roll with an overlap does."""
        with self.world.lock:
            fresh = secret or self.world.new_id("whsec")
            self.world.endpoints[endpoint_id].secrets.insert(0, fresh)
            return fresh

    def expire_old_secrets(self, endpoint_id: str) -> None:
        """End the overlap of a roll: only the newest secret signs from now on."""
        with self.world.lock:
            del self.world.endpoints[endpoint_id].secrets[1:]

    def remove_webhook_endpoint(self, endpoint_id: str) -> None:
        """Delete an endpoint; what is queued for it is dropped."""
        with self.world.lock:
            self.world.endpoints.pop(endpoint_id, None)
