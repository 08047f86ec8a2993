"""Which customers belong to an account, told in their own rows: so those without one are counted from a short index."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select, update

from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_billing import matches
from clynto.adapters.sql.tables_stripe_facts import stripe_customers


def tell_matched(scope: Scope, customer_ids: Iterable[str]) -> None:
    """Set ``matched`` of these customers by their rows in ``matches``, which were written before in this transaction:
    whoever writes the same rows waited for them, so the last one to write them also sets the flag last."""
    ids = sorted(set(customer_ids))
    if not ids:
        # A sync stores pages of other objects through the same door, hundreds of them.
        return
    owned = select(matches.c.customer_id).where(
        scope.here(matches), is_any_of(matches.c.customer_id, ids), matches.c.account_id.is_not(None)
    )
    with_account = set(scope.connection.scalars(owned))
    table = stripe_customers
    for flag in (True, False):
        those = [customer_id for customer_id in ids if (customer_id in with_account) is flag]
        if those:
            changed = update(table).where(
                scope.here(table), is_any_of(table.c.id, those), table.c.matched.is_(not flag)
            )
            scope.connection.execute(changed.values(matched=flag))
