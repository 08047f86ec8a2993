"""Subscriptions with their items, and the readable discounts of subscriptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import func, select

from clynto.adapters.sql.bulk_writing import provenance_of, provenance_values, upsert, younger
from clynto.adapters.sql.codec_discounts import pack_reading, unpack_reading
from clynto.adapters.sql.codec_subscriptions import pack_subscription, unpack_subscription
from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.documents import clean_or_none, clean_text, pack, unpack
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_stripe_facts import stripe_discount_readings, stripe_subscriptions
from clynto.adapters.sql.unseen_ids import unseen_ids
from clynto.domain.discount_readings import DiscountReading
from clynto.domain.provenance import Provenance
from clynto.domain.subscription import Subscription


class SqlSubscriptionStore:
    """See ``ports.stripe_facts.SubscriptionStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put_many(self, subscriptions: Iterable[Subscription], provenance: Provenance) -> None:
        """Upsert parent and items together where ``provenance`` is younger than what is stored."""
        age = provenance_values(provenance)
        rows = [
            {
                "id": clean_text(subscription.id),
                "customer_id": clean_or_none(subscription.customer_id),
                "status": clean_text(subscription.status),
                "ended": subscription.is_ended,
                "document": pack(pack_subscription(subscription)),
                **age,
            }
            for subscription in subscriptions
        ]
        upsert(self._scope, stripe_subscriptions, rows, where=younger)

    def put_discounts(self, readings: Iterable[DiscountReading], provenance: Provenance) -> None:
        """Upsert readable discounts where younger."""
        age = provenance_values(provenance)
        rows = [
            {"id": clean_text(reading.subscription_id), "document": pack(pack_reading(reading)), **age}
            for reading in readings
        ]
        upsert(self._scope, stripe_discount_readings, rows, where=younger)

    def get_many(self, subscription_ids: Iterable[str]) -> Mapping[str, tuple[Subscription, Provenance]]:
        """Those that are stored, with the age of the picture."""
        table = stripe_subscriptions
        query = select(table).where(self._scope.here(table), is_any_of(table.c.id, subscription_ids))
        return {
            row.id: (unpack_subscription(unpack(row.document)), provenance_of(row))
            for row in self._scope.connection.execute(query).all()
        }

    def of_customers(self, customer_ids: Sequence[str]) -> Mapping[str, list[tuple[Subscription, Provenance]]]:
        """All subscriptions of the customers, by customer id."""
        table = stripe_subscriptions
        query = (
            select(table)
            .where(self._scope.here(table), is_any_of(table.c.customer_id, customer_ids))
            .order_by(table.c.customer_id, table.c.id)
        )
        held: dict[str, list[tuple[Subscription, Provenance]]] = {}
        for row in self._scope.connection.execute(query).all():
            subscription = unpack_subscription(unpack(row.document))
            held.setdefault(row.customer_id, []).append((subscription, provenance_of(row)))
        return held

    def discounts(self, subscription_ids: Iterable[str]) -> Mapping[str, DiscountReading]:
        """Readable discounts, by subscription id."""
        table = stripe_discount_readings
        query = select(table.c.id, table.c.document)
        query = query.where(self._scope.here(table), is_any_of(table.c.id, subscription_ids))
        return {row.id: unpack_reading(unpack(row.document)) for row in self._scope.connection.execute(query).all()}

    def live_not_seen_since(self, moment: Provenance) -> Iterator[str]:
        """Ids of subscriptions stored as not ended whose picture is older than ``moment``."""
        return unseen_ids(self._scope, stripe_subscriptions, stripe_subscriptions.c.ended.is_(False), moment)

    def count(self) -> int:
        """How many subscriptions are held."""
        query = select(func.count()).select_from(stripe_subscriptions).where(self._scope.here(stripe_subscriptions))
        return self._scope.connection.scalar(query) or 0
