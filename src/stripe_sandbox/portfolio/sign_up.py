"""A planned customer: when it signs up for what, and what happens to it afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stripe_sandbox.portfolio.catalog import Catalog
from stripe_sandbox.records import ENDED_STATUSES, PaymentBehaviour

if TYPE_CHECKING:
    from stripe_sandbox.world import World


@dataclass(slots=True)
class Act:
    """One story at one moment (Unix seconds).

    In `details`, `$customer`, `$subscription` and `$invoice` (the customer's newest) stand for ids, and `price:NAME`
    and `product:NAME` for those of the catalogue.
    """

    at: int
    story: str
    details: dict[str, Any]


@dataclass(slots=True)
class SignUp:
    """One customer to come. `prices` are (catalogue name, quantity); empty for a customer without subscription."""

    at: int
    name: str | None
    email: str | None
    prices: list[tuple[str, int | None]] = field(default_factory=list)
    terms: dict[str, Any] = field(default_factory=dict)
    payment: PaymentBehaviour = field(default_factory=PaymentBehaviour)
    acts: list[Act] = field(default_factory=list)
    test_clock: str | None = None

    def then(self, at: int, story: str, **details: Any) -> SignUp:
        """Add a story and hand the plan back."""
        self.acts.append(Act(at, story, details))
        return self


class Player:
    """Carries plans out when their time comes."""

    def __init__(self, world: World, catalog: Catalog) -> None:
        self._world = world
        self._catalog = catalog

    def sign_up(self, plan: SignUp) -> None:
        """Create the customer and its subscription, and plan what follows."""
        world = self._world
        customer = world.stories.new_customer(plan.name, plan.email, payment=plan.payment, test_clock=plan.test_clock)
        subscription_id = ""
        if plan.prices:
            prices = [(self._catalog.prices[name], quantity) for name, quantity in plan.prices]
            subscription_id = world.stories.new_subscription(customer.id, prices, **plan.terms).id
        for act in plan.acts:
            world.schedule(act.at, self.play, customer.id, subscription_id, act)

    def play(self, customer_id: str, subscription_id: str, act: Act) -> None:
        """Tell one story about a customer that has signed up, unless it is about a subscription that has ended."""
        subscription = self._world.store.subscriptions.get(subscription_id)
        about_subscription = "$subscription" in act.details.values()
        if about_subscription and (subscription is None or subscription.status in ENDED_STATUSES):
            return
        details = {name: self._resolve(value, customer_id, subscription_id) for name, value in act.details.items()}
        getattr(self._world.stories, act.story)(**details)

    def _resolve(self, value: Any, customer_id: str, subscription_id: str) -> Any:
        match value:
            case "$customer":
                return customer_id
            case "$subscription":
                return subscription_id
            case "$invoice":
                return self._world.store.invoices_of_customer[customer_id][-1].id
            case str() if value.startswith("price:"):
                return self._catalog.prices[value.removeprefix("price:")]
            case str() if value.startswith("product:"):
                return self._catalog.products[value.removeprefix("product:")]
            case list() if value and isinstance(value[0], tuple) and str(value[0][0]).startswith("price:"):
                return [(self._resolve(name, "", ""), quantity) for name, quantity in value]
        return value
