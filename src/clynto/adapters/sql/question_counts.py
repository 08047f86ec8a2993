"""Counts over all customers and subscriptions, asked for in the way that the indexes answer soonest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_billing import matches
from clynto.adapters.sql.tables_stripe_facts import stripe_customers


def living_without_account(scope: Scope) -> int:
    """Customers that are not deleted and belong to no account.

    All customers less the matched ones, and less the deleted ones without a match: each by an index that holds all it
    needs, and no long list is made of the matched ones.
    """
    held, run = stripe_customers, scope.connection
    is_matched = (
        select(matches.c.customer_id)
        .where(scope.here(matches), matches.c.customer_id == held.c.id, matches.c.account_id.is_not(None))
        .exists()
    )
    is_known = select(held.c.id).where(scope.here(held), held.c.id == matches.c.customer_id).exists()
    every = select(func.count()).select_from(held).where(scope.here(held))
    matched = select(func.count()).select_from(matches)
    matched = matched.where(scope.here(matches), matches.c.account_id.is_not(None), is_known)
    gone = every.where(held.c.deleted.is_(True), ~is_matched)
    counts = [run.scalar(query) or 0 for query in (every, matched, gone)]
    return counts[0] - counts[1] - counts[2]


def accounts_by(
    scope: Scope,
    key: ColumnElement[Any],
    owner: ColumnElement[str],
    is_some: ColumnElement[bool],
    conditions: Sequence[ColumnElement[bool]],
) -> Select[Any]:
    """By ``key``, labelled ``part``: how many accounts, and how many with an amount that is not zero. PostgreSQL sorts
    to count different ones, and SQLite to group by them, so each is asked in the other way."""
    if scope.connection.dialect.name == "postgresql":
        some = func.max(case((is_some, 1), else_=0)).label("some")
        each = select(key, owner, some).where(*conditions).group_by("part", owner).subquery()
        counts = func.count().label("accounts"), func.sum(each.c.some).label("bearing")
        return select(each.c.part, *counts).group_by(each.c.part)
    bearing = func.count(func.distinct(case((is_some, owner)))).label("bearing")
    counted = select(key, func.count(func.distinct(owner)).label("accounts"), bearing)
    return counted.where(*conditions).group_by("part")
