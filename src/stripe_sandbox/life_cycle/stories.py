"""All stories under one name, as `world.stories`, and the list of those the control API may tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_sandbox.life_cycle.customer_stories import CustomerStories
from stripe_sandbox.life_cycle.subscription_stories import SubscriptionStories

if TYPE_CHECKING:
    from stripe_sandbox.world import World

STORY_NAMES = frozenset(
    name for stories in (SubscriptionStories, CustomerStories) for name in vars(stories) if not name.startswith("_")
)


class Stories(SubscriptionStories, CustomerStories):
    """What sellers and customers do; every method is one story."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
