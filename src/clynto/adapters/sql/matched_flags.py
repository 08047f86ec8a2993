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
    table = stripe_customers
    has_account = (
        select(matches.c.customer_id)
        .where(scope.here(matches), matches.c.customer_id == table.c.id, matches.c.account_id.is_not(None))
        .exists()
    )
    those = scope.here(table), is_any_of(table.c.id, ids)
    for flag, differs in ((True, has_account), (False, ~has_account)):
        changed = update(table).where(*those, table.c.matched.is_(not flag), differs)
        scope.connection.execute(changed.values(matched=flag))
