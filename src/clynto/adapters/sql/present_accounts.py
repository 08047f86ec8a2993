"""Which accounts are there, and stay there until the transaction ends."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, select

from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import account_ranking


def present_accounts(scope: Scope, account_ids: Iterable[str]) -> set[str]:
    """Those of the accounts that exist. They cannot be removed before this transaction ends, so nothing written
    about them can be left behind without its account."""
    return set(scope.connection.scalars(kept_until_the_end(_among(scope, account_ids))))


def claimed_accounts(scope: Scope, account_ids: Iterable[str]) -> set[str]:
    """As ``present_accounts``, and no other transaction can claim one of them before this one ends: what is told of
    rows that were deleted and written (the kept sums) would be wrong if two replaced the same rows."""
    return set(scope.connection.scalars(_among(scope, account_ids).with_for_update(key_share=True)))


def _among(scope: Scope, account_ids: Iterable[str]) -> Select[tuple[str]]:
    return (
        select(account_ranking.c.account_id)
        .where(scope.here(account_ranking), is_any_of(account_ranking.c.account_id, sorted(set(account_ids))))
        .order_by(account_ranking.c.account_id)
    )


def kept_until_the_end(query: Select[tuple[str]]) -> Select[tuple[str]]:
    """``query`` over ``account_ranking``, holding its rows against removal but not against a new ranking."""
    return query.with_for_update(read=True, key_share=True, of=account_ranking)
