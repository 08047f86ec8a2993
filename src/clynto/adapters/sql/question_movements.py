"""What made MRR change between two moments, summed over all accounts by kind (billing rules 6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, literal, select, union_all

from clynto.adapters.sql import exact_amounts
from clynto.adapters.sql.question_amounts import AmountsSql
from clynto.adapters.sql.question_sums import HALVES
from clynto.adapters.sql.scope import Scope
from clynto.domain.money import MoneyBag
from clynto.domain.questions.query import MovementKind
from clynto.ports.question_data import Measure, MovementTotal

_SIDES = ("now", "was")


def movement_totals(scope: Scope, amounts: AmountsSql, measure: Measure) -> Sequence[MovementTotal]:
    """One for each kind that some account had, of the change that ``measure`` is."""
    pairs = amounts.pairs(measure).cte("pairs").prefix_with("MATERIALIZED")
    kind = _kind(pairs)
    sums = [part for side in _SIDES for part in _summing(pairs, side)]
    summed = select(
        kind.label("kind"),
        pairs.c.currency.label("currency"),
        pairs.c.now_den.label("now_den"),
        pairs.c.was_den.label("was_den"),
        *sums,
        literal(0).label("accounts"),
    ).group_by(kind, pairs.c.currency, pairs.c.now_den, pairs.c.was_den)
    # An account that moved so in two currencies is one account.
    counted = select(
        kind,
        literal(""),
        literal(1),
        literal(1),
        *(literal(0) for _ in sums),
        func.count(func.distinct(pairs.c.account_id)),
    ).group_by(kind)
    accounts: dict[str, int] = {}
    bags: dict[str, MoneyBag] = {}
    row: Any
    for row in scope.connection.execute(union_all(summed, counted)):
        accounts[row.kind] = accounts.get(row.kind, 0) + row.accounts
        if row.currency:
            change = _sum(row, "now") - _sum(row, "was")
            bags[row.kind] = bags.get(row.kind, MoneyBag.empty()) + MoneyBag.of(row.currency, change)
    return [
        MovementTotal(held, accounts[held], bags.get(held, MoneyBag.empty()))
        for held in MovementKind
        if accounts.get(held)
    ]


def _kind(pairs: Any) -> ColumnElement[str]:
    had, has = ((pairs.c[f"{side}_whole"] != 0) | (pairs.c[f"{side}_num"] != 0) for side in ("was", "now"))
    whole = pairs.c.now_whole, pairs.c.was_whole
    grows = (whole[0] > whole[1]) | (
        (whole[0] == whole[1]) & (pairs.c.now_num * pairs.c.was_den > pairs.c.was_num * pairs.c.now_den)
    )
    return case(
        (~had & ~has, "none"),
        (~had, MovementKind.NEW.value),
        (~has, MovementKind.CHURN.value),
        (grows, MovementKind.EXPANSION.value),
        else_=MovementKind.CONTRACTION.value,
    )


def _summing(pairs: Any, side: str) -> list[ColumnElement[Any]]:
    """The wholes in two halves, since a sum of them might not fit into 64 bits."""
    whole = cast(pairs.c[f"{side}_whole"], BigInteger)
    return [
        func.sum(whole // HALVES).label(f"{side}_high"),
        func.sum(whole % HALVES).label(f"{side}_low"),
        func.sum(pairs.c[f"{side}_num"]).label(f"{side}_rest"),
    ]


def _sum(row: Any, side: str) -> Any:
    high, low, rest = (int(getattr(row, f"{side}_{part}")) for part in ("high", "low", "rest"))
    return exact_amounts.join(high * HALVES + low, rest, getattr(row, f"{side}_den"))
