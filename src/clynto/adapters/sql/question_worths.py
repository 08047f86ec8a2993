"""Accounts in the order of what their amounts are worth together, told by weights of the currencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Double, Numeric, Select, case, cast, func

from clynto.adapters.sql.scope import Scope
from clynto.domain.questions.query import Order

EXACT_BELOW = 2**53
"""Floating numbers hold each integer below this, and so each sum of positive ones that stays below it."""


def first_by_worth(
    scope: Scope,
    chosen: Select[Any],
    rows: Any,
    weights: Mapping[str, int],
    order: Order,
    limit: int,
    *,
    is_single: bool = False,
) -> Sequence[str]:
    """Account ids of ``chosen`` by the sum of wholes times the weights, then by id. ``chosen`` asks for them account by
    account, or row by row where each has a single one.

    PostgreSQL adds up floating numbers in less than half the time that decimals take. What comes first is then in exact
    order if all of it is so small that each sum is an integer held exactly; otherwise decimals are added up.
    """
    if scope.connection.dialect.name == "postgresql":
        worth = _worth(rows, weights, Double, is_single=is_single)
        found = scope.connection.execute(
            _in_order(chosen.add_columns(worth.label("worth")), worth, rows, order, limit)
        ).all()
        if all(abs(row.worth) < EXACT_BELOW for row in found):
            return [row.account_id for row in found]
    worth = _worth(rows, weights, Numeric, is_single=is_single)
    return scope.connection.scalars(_in_order(chosen, worth, rows, order, limit)).all()


def _worth(
    rows: Any, weights: Mapping[str, int], kind: type[Double[Any]] | type[Numeric[Any]], *, is_single: bool
) -> ColumnElement[Any]:
    worth: ColumnElement[Any] = cast(rows.c.whole, kind)
    if weights:
        weight = case(*((rows.c.currency == code, held) for code, held in sorted(weights.items())), else_=1)
        worth = worth * (cast(weight, Double) if kind is Double else weight)
    return worth if is_single else func.sum(worth)


def _in_order(query: Select[Any], worth: ColumnElement[Any], rows: Any, order: Order, limit: int) -> Select[Any]:
    return query.order_by(worth.desc() if order is Order.HIGHEST else worth, rows.c.account_id).limit(limit)
