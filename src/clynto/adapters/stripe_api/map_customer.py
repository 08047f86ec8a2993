"""Customers to domain records (stripe_facts 2.3)."""

from __future__ import annotations

from clynto.adapters.stripe_api.map_discount import read_discount
from clynto.adapters.stripe_api.payload_reading import (
    FaultsOf,
    currency,
    is_deleted,
    moment,
    name,
    object_with_id,
)
from clynto.domain.customer import StripeCustomer

CUSTOMER = "customer"


def map_customer(payload: object) -> StripeCustomer:
    """A customer, or its tombstone. Raises ``UnusablePayload``."""
    customer, customer_id = object_with_id(payload, CUSTOMER)
    with FaultsOf(CUSTOMER, customer_id):
        return StripeCustomer(
            id=customer_id,
            email=name(customer, "email"),
            name=name(customer, "name") or name(customer, "business_name") or name(customer, "individual_name"),
            created=moment(customer, "created"),
            currency=currency(customer),
            discount=read_discount(customer.get("discount")),
            deleted=is_deleted(customer),
        )
