"""Tells the signal rules a story of Stripe payloads, the way a sync and a webhook worker would."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from clynto.adapters.stripe_api.map_invoice import map_invoice
from clynto.adapters.stripe_api.map_subscription import map_subscription
from clynto.domain.catalogue import Product
from clynto.domain.moments import UnixMicros, UnixTime, start_of_second
from clynto.domain.money import major_text
from clynto.domain.provenance import Provenance
from clynto.domain.signal_ledger import SignalLedger
from clynto.domain.signal_observation import ObservationContext, observe, observe_all
from clynto.domain.signal_pictures import Picture, invoice_picture, subscription_picture
from clynto.domain.signals import Signal, SignalType

Step = dict[str, Any]

T0 = 1_793_404_800
HOUR, DAY = 3_600, 86_400
PRODUCTS = {f"prod_{name}": Product(f"prod_{name}", name, active=True) for name in ("pro", "basic", "usage", "extra")}


@dataclass
class Told:
    """What a story led to."""

    ledger: SignalLedger
    non_events: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)

    def of(self, signal_type: str) -> list[Signal]:
        """All signals of one type, by identity."""
        found = [signal for signal in self.ledger.signals.values() if signal.type == SignalType(signal_type)]
        return sorted(found, key=lambda signal: signal.identity)

    def only(self, signal_type: str) -> Signal:
        """The one signal of that type."""
        (found,) = self.of(signal_type)
        return found

    @property
    def open_keys(self) -> set[str]:
        """Which signals are open."""
        return {signal.key for signal in self.ledger.open_signals}


def pictures_of(step: Step) -> list[Picture]:
    """The pictures that one sync or one event carries, through the real mapping."""
    if step["kind"] == "sync":
        seen = Provenance.of_read(start_of_second(UnixTime(step["at"])))
        return [
            *(_subscription(payload, seen) for payload in step["subscriptions"]),
            *(invoice_picture(map_invoice(payload), seen) for payload in step["invoices"]),
        ]
    seen = Provenance.of_event(UnixTime(step["created"]))
    if step["type"].startswith("customer.subscription."):
        return [_subscription(step["object"], seen)]
    return [invoice_picture(map_invoice(step["object"]), seen, event_type=step["type"])]


def tell(steps: Iterable[Step], *, ledger: SignalLedger | None = None, previous_sync_at: int | None = None) -> Told:
    """Observe step by step; between steps the ledger is stored and loaded."""
    told = Told(ledger or SignalLedger())
    previous = None if previous_sync_at is None else start_of_second(UnixTime(previous_sync_at))
    for step in steps:
        outcome = observe_all(told.ledger, pictures_of(step), ObservationContext(previous))
        told.ledger = SignalLedger.from_document(json.loads(json.dumps(outcome.ledger.to_document())))
        assert told.ledger == outcome.ledger
        told.non_events += map(str, outcome.non_events)
        told.unsettled += outcome.unsettled
        again = [observe(told.ledger, picture, ObservationContext(previous)) for picture in pictures_of(step)]
        assert all(result.ledger == told.ledger and not result.signals_changed for result in again)
        assert not any(result.non_events for result in again)
        if step["kind"] == "sync":
            previous = UnixMicros(step["at"] * 1_000_000)
    return told


def shown(signal: Signal) -> dict[str, Any]:
    """A signal the way the vectors write it."""
    view: dict[str, Any] = {
        "type": signal.type.value,
        "identity_hint": signal.identity,
        "amount": major_text(signal.amount, signal.currency),
        "currency": signal.currency,
        "plan": signal.plan,
        "state": signal.state.value,
        "outcome": None if signal.outcome is None else signal.outcome.value,
    }
    if signal.estimated:
        view["estimated"] = True
    if signal.stage is not None:
        view["stage"] = signal.stage.value
    return view


def sync(at: int, subscriptions: Sequence[Any] = (), invoices: Sequence[Any] = ()) -> Step:
    """A whole read at ``at``."""
    return {"kind": "sync", "at": at, "subscriptions": list(subscriptions), "invoices": list(invoices)}


def event(at: int, payload: dict[str, Any], event_type: str | None = None) -> Step:
    """An event with the picture it carries."""
    usual = "customer.subscription.updated" if "items" in payload else "invoice.payment_failed"
    return {"kind": "event", "created": at, "type": event_type or usual, "object": payload}


def plan_item(
    quantity: int | None = 10,
    amount: int | None = 1_000,
    *,
    product: str = "pro",
    interval: str = "month",
    count: int = 1,
    **price: Any,
) -> dict[str, Any]:
    """A subscription item."""
    recurring = {"interval": interval, "interval_count": count, "usage_type": price.pop("usage_type", "licensed")}
    listed = {
        "id": price.pop("id", f"price_{product}_{amount}_{interval}{count}"),
        "product": f"prod_{product}",
        "currency": "usd",
        "unit_amount": amount,
        "billing_scheme": "per_unit",
        "recurring": recurring,
        **price,
    }
    return {"id": f"si_{product}", "quantity": quantity, "price": listed}


def sub(status: str = "active", *items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A subscription payload; by default ten seats of pro at 10.00."""
    return {
        "id": "sub_1",
        "customer": "cus_1",
        "status": status,
        "currency": "usd",
        "created": T0 - 200 * DAY,
        "latest_invoice": "in_1",
        "items": {"data": list(items) or [plan_item()]},
        **fields,
    }


def inv(status: str = "open", **fields: Any) -> dict[str, Any]:
    """An invoice payload; by default 100.00, refused once, with a retry planned."""
    paid = status == "paid"
    return {
        "id": "in_1",
        "customer": "cus_1",
        "number": "INV-1",
        "status": status,
        "attempt_count": 1,
        "next_payment_attempt": None if paid else T0 + 5 * DAY,
        "collection_method": "charge_automatically",
        "currency": "usd",
        "amount_due": 10_000,
        "amount_paid": 10_000 if paid else 0,
        "amount_remaining": 0 if paid else 10_000,
        "created": T0 + DAY - HOUR,
        "parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_1"}},
        **fields,
    }


def minor(amount: int) -> Fraction:
    """Exact minor units."""
    return Fraction(amount)


def _subscription(payload: dict[str, Any], seen: Provenance) -> Picture:
    return subscription_picture(map_subscription(payload), seen, products=PRODUCTS, listed_prices={})
