"""Stripe customers in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from clynto.adapters.memory.aged_facts import by_id, is_younger, older_than, present
from clynto.adapters.memory.database import Transaction
from clynto.domain.customer import StripeCustomer
from clynto.domain.provenance import Provenance


class MemoryCustomerStore:
    """See ``ports.stripe_facts.CustomerStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def put_many(self, customers: Iterable[StripeCustomer], provenance: Provenance) -> None:
        """Upsert where younger."""
        table = self._transaction.changing().customers
        for customer_id, customer in by_id(customers).items():
            held = table.get(customer_id)
            if is_younger(provenance, held):
                known = customer if held is None or not customer.deleted else _buried(customer, held[0])
                table[customer_id] = (known, provenance)

    def get_many(self, customer_ids: Iterable[str]) -> Mapping[str, tuple[StripeCustomer, Provenance]]:
        """Those that are stored, with the age of the picture."""
        return present(self._transaction.records.customers, customer_ids)

    def ids(self, *, after: str | None, limit: int) -> Sequence[str]:
        """Ids in ascending order, behind ``after``."""
        ids = sorted(self._transaction.records.customers)
        return [customer_id for customer_id in ids if after is None or customer_id > after][:limit]

    def not_seen_since(self, moment: Provenance) -> Iterator[str]:
        """Ids of living customers whose picture is older than ``moment``."""
        table = self._transaction.records.customers
        return iter(older_than(moment, {key: held for key, held in table.items() if not held[0].deleted}))

    def count(self) -> int:
        """How many customers are held, tombstones left out."""
        return sum(not customer.deleted for customer, _ in self._transaction.records.customers.values())


def _buried(tombstone: StripeCustomer, known: StripeCustomer) -> StripeCustomer:
    """What Stripe no longer tells of a deleted customer stays known."""
    return replace(
        tombstone,
        name=known.name if tombstone.name is None else tombstone.name,
        email=known.email if tombstone.email is None else tombstone.email,
        created=known.created if tombstone.created is None else tombstone.created,
        currency=known.currency if tombstone.currency is None else tombstone.currency,
    )
