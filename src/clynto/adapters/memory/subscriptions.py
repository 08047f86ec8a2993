"""Subscriptions and readable discounts in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from clynto.adapters.memory.aged_facts import by_id, is_younger, older_than, present
from clynto.adapters.memory.database import Transaction
from clynto.domain.discount_readings import DiscountReading
from clynto.domain.provenance import Provenance
from clynto.domain.subscription import Subscription


class MemorySubscriptionStore:
    """See ``ports.stripe_facts.SubscriptionStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def put_many(self, subscriptions: Iterable[Subscription], provenance: Provenance) -> None:
        """Upsert parent and items together where younger."""
        table = self._transaction.changing().subscriptions
        for subscription_id, subscription in by_id(subscriptions).items():
            if is_younger(provenance, table.get(subscription_id)):
                table[subscription_id] = (subscription, provenance)

    def put_discounts(self, readings: Iterable[DiscountReading], provenance: Provenance) -> None:
        """Upsert readable discounts where younger."""
        table = self._transaction.changing().discount_readings
        for subscription_id, reading in {reading.subscription_id: reading for reading in readings}.items():
            if is_younger(provenance, table.get(subscription_id)):
                table[subscription_id] = (reading, provenance)

    def get_many(self, subscription_ids: Iterable[str]) -> Mapping[str, tuple[Subscription, Provenance]]:
        """Those that are stored, with the age of the picture."""
        return present(self._transaction.records.subscriptions, subscription_ids)

    def of_customers(self, customer_ids: Sequence[str]) -> Mapping[str, list[tuple[Subscription, Provenance]]]:
        """All subscriptions of the customers, by customer id."""
        wanted = set(customer_ids)
        found: dict[str, list[tuple[Subscription, Provenance]]] = {}
        for _, held in sorted(self._transaction.records.subscriptions.items()):
            customer_id = held[0].customer_id
            if customer_id is not None and customer_id in wanted:
                found.setdefault(customer_id, []).append(held)
        return found

    def discounts(self, subscription_ids: Iterable[str]) -> Mapping[str, DiscountReading]:
        """Readable discounts, by subscription id."""
        found = present(self._transaction.records.discount_readings, subscription_ids)
        return {subscription_id: reading for subscription_id, (reading, _) in found.items()}

    def live_not_seen_since(self, moment: Provenance) -> Iterator[str]:
        """Ids of subscriptions stored as not ended whose picture is older than ``moment``."""
        table = self._transaction.records.subscriptions
        return iter(older_than(moment, {key: held for key, held in table.items() if not held[0].is_ended}))

    def count(self) -> int:
        """How many subscriptions are held."""
        return len(self._transaction.records.subscriptions)
