"""Stripe customers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, select

from clynto.adapters.sql.account_store import searchable
from clynto.adapters.sql.bulk_writing import Columns, provenance_of, provenance_values, upsert, younger
from clynto.adapters.sql.codec_discounts import pack_discount, unpack_discount
from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.documents import clean_or_none, clean_text, pack, unpack
from clynto.adapters.sql.matched_flags import tell_matched
from clynto.adapters.sql.question_counts import living_customers
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_stripe_facts import stripe_customers
from clynto.adapters.sql.unseen_ids import unseen_ids
from clynto.domain.customer import StripeCustomer
from clynto.domain.provenance import Provenance


class SqlCustomerStore:
    """See ``ports.stripe_facts.CustomerStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put_many(self, customers: Iterable[StripeCustomer], provenance: Provenance) -> None:
        """Upsert where younger. A tombstone keeps the stored name and email; it is never revived by an older read."""
        age = provenance_values(provenance)
        rows = [{**_values(customer), **age} for customer in customers]
        upsert(self._scope, stripe_customers, rows, where=younger, setting=_kept_by_tombstones)
        tell_matched(self._scope, (row["id"] for row in rows))

    def get_many(self, customer_ids: Iterable[str]) -> Mapping[str, tuple[StripeCustomer, Provenance]]:
        """Those that are stored, with the age of the picture."""
        table = stripe_customers
        query = select(table).where(self._scope.here(table), is_any_of(table.c.id, customer_ids))
        return {row.id: (_customer_of(row), provenance_of(row)) for row in self._scope.connection.execute(query).all()}

    def ids(self, *, after: str | None, limit: int) -> Sequence[str]:
        """Ids in ascending order, behind ``after``."""
        table = stripe_customers
        query = select(table.c.id).where(self._scope.here(table))
        if after is not None:
            query = query.where(table.c.id > clean_text(after))
        return list(self._scope.connection.scalars(query.order_by(table.c.id).limit(limit)))

    def not_seen_since(self, moment: Provenance) -> Iterator[str]:
        """Ids of living customers whose picture is older than ``moment``: candidates for a tombstone."""
        return unseen_ids(self._scope, stripe_customers, stripe_customers.c.deleted.is_(False), moment)

    def count(self) -> int:
        """How many customers are held, tombstones left out."""
        return living_customers(self._scope)


def _kept_by_tombstones(new: Columns, held: Columns) -> dict[str, ColumnElement[Any]]:
    """What Stripe no longer tells of a deleted customer stays known."""
    known = {
        name: case((new["deleted"], func.coalesce(new[name], held[name])), else_=new[name])
        for name in ("name", "email", "created", "currency")
    }
    nothing_new = and_(new["deleted"], new["name"].is_(None), new["email"].is_(None))
    return {**known, "search_text": case((nothing_new, held["search_text"]), else_=new["search_text"])}


def _values(customer: StripeCustomer) -> dict[str, Any]:
    return {
        "id": clean_text(customer.id),
        "name": clean_or_none(customer.name),
        "email": clean_or_none(customer.email),
        "created": customer.created,
        "currency": clean_or_none(customer.currency),
        "discount": None if customer.discount is None else pack(pack_discount(customer.discount)),
        "deleted": customer.deleted,
        "search_text": searchable(customer.name, customer.email, customer.id),
    }


def _customer_of(row: Row[Any]) -> StripeCustomer:
    return StripeCustomer(
        id=row.id,
        email=row.email,
        name=row.name,
        created=row.created,
        currency=row.currency,
        discount=None if row.discount is None else unpack_discount(unpack(row.discount)),
        deleted=row.deleted,
    )
