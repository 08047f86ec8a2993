"""Counts over all accounts, customers and subscriptions, asked for in the way that the indexes answer soonest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from clynto.adapters.sql.held_accounts import Counted, HeldAccount
from clynto.adapters.sql.question_selection import RANK_OF_STATUS, RANKING
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import MISSING
from clynto.adapters.sql.tables_questions import DELETED, LIVES_UNMATCHED
from clynto.adapters.sql.tables_stripe_facts import stripe_customers
from clynto.domain.health import OK_FROM, WARNING_FROM
from clynto.domain.questions.query import Grouping

_STATUS_OF_RANK = {rank: status.value for status, rank in RANK_OF_STATUS.items()}


def _level(score: int) -> str:
    if score == MISSING:
        return "none"
    return "ok" if score >= OK_FROM else "warning" if score >= WARNING_FROM else "critical"


KEYS: Mapping[Grouping | None, Callable[[HeldAccount], str]] = {
    Grouping.PAYMENT_STATUS: lambda account: _STATUS_OF_RANK[account.status_rank],
    Grouping.HEALTH: lambda account: _level(account.health_up),
}
"""What accounts are grouped by that stands in their own rows."""


def counted(
    scope: Scope, conditions: Sequence[ColumnElement[bool]], grouping: Grouping | None, *, scored: bool
) -> dict[str, Counted]:
    """Accounts, and their health scores if they are wanted, by payment status or health, else all under the empty key.

    Each in the order of an index, so that nothing has to be sorted: by score, of which there are a hundred, or by
    status."""
    score, rank = RANKING.c.health_up, RANKING.c.status_rank
    here = scope.here(RANKING), *conditions
    groups: dict[str, Counted] = {}
    if grouping is Grouping.PAYMENT_STATUS and not scored:
        for held, accounts in scope.connection.execute(select(rank, func.count()).where(*here).group_by(rank)):
            groups[_STATUS_OF_RANK[held]] = Counted(accounts)
        return groups
    if grouping is None and not scored:
        return {"": Counted(scope.connection.scalar(select(func.count()).select_from(RANKING).where(*here)) or 0)}
    ranks = sorted(_STATUS_OF_RANK) if grouping is Grouping.PAYMENT_STATUS else ()
    of_ranks = [func.sum(case((rank == one, 1), else_=0)) for one in ranks]
    for held, accounts, *of_each in scope.connection.execute(
        select(score, func.count(), *of_ranks).where(*here).group_by(score)
    ):
        parts = {_STATUS_OF_RANK[one]: int(number) for one, number in zip(ranks, of_each, strict=True)}
        for name, number in (parts or {"" if grouping is None else _level(held): accounts}).items():
            if number:
                groups.setdefault(name, Counted()).add(held, number, scored=scored)
    return groups or ({"": Counted()} if grouping is None else {})


def accounts_of(scope: Scope, owner: ColumnElement[str], among: Sequence[ColumnElement[bool]]) -> int:
    """How many different owners there are."""
    return scope.connection.scalar(select(func.count(func.distinct(owner))).where(*among)) or 0


def living_without_account(scope: Scope) -> int:
    """Customers that are not deleted and belong to no account."""
    query = select(func.count()).select_from(stripe_customers).where(scope.here(stripe_customers), LIVES_UNMATCHED)
    return scope.connection.scalar(query) or 0


def living_customers(scope: Scope) -> int:
    """Customers that are not deleted: all but the few that are, since no column of theirs is read then."""
    everybody = select(func.count()).select_from(stripe_customers).where(scope.here(stripe_customers))
    deleted = scope.connection.scalar(everybody.where(DELETED)) or 0
    return (scope.connection.scalar(everybody) or 0) - deleted


def accounts_by(
    key: ColumnElement[Any], owner: ColumnElement[str], conditions: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    """How many accounts there are by ``key``. The column itself is counted by, and nothing made of it: then both
    databases walk along an index, in which the accounts of each key lie one after the other."""
    counted = func.count(func.distinct(owner)).label("accounts")
    return select(key.label("part"), counted).where(*conditions).group_by(key)
