"""Where the amounts of a measure stand, as SQL: rows of an account, a currency and an exact amount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Numeric,
    Select,
    and_,
    case,
    cast,
    except_,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from clynto.adapters.sql.column_types import AMOUNT, contains_text, is_any_of, unindexed
from clynto.adapters.sql.question_names import spellings
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_billing import account_money, matches, subscription_billing
from clynto.adapters.sql.tables_mrr_records import mrr_point_money, mrr_snapshot_money
from clynto.adapters.sql.tables_questions import IS_COUNTED, IS_OPEN
from clynto.adapters.sql.tables_stripe_facts import stripe_invoices, stripe_products
from clynto.ports.question_data import EVERYTHING, Measure, MeasureKind, MoneyPart, RecordedMoment
from clynto.ports.workspaces import MrrBasis

_NOTHING = (("whole", 0), ("num", 0), ("den", 1))
FEW = 500
"""Accounts whose invoices are looked up in less time than all open ones take."""
Amounts = Select[Any] | CompoundSelect[Any]
"""Rows of ``account_id``, ``currency`` and an exact amount in ``whole``, ``num`` and ``den``."""
LEFT_TO_PAY = stripe_invoices.c.amount_remaining


@dataclass(frozen=True, slots=True)
class _AmountColumns:
    """Names of the three columns of an amount in a table of money."""

    whole: str
    num: str
    den: str

    @classmethod
    def of(cls, name: str) -> _AmountColumns:
        return cls(f"{name}_whole", f"{name}_num", f"{name}_den")


class AmountsSql:
    """Builds sources of amounts within one workspace."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def amounts(self, part: MoneyPart, measure: Measure, named: Sequence[str] | None = None) -> Amounts:
        """What accounts bring in a measure; of the past less what they brought before, if that is asked for. Only the
        ``named`` accounts are looked at, if there are any."""
        here = self._amounts_at(part, measure, measure.at, named)
        if measure.since is None:
            return here
        before = self._amounts_at(part, measure, measure.since, named)
        return union_all(self._changed(here, before, 1), self._changed(before, here, -1))

    def source(self, part: MoneyPart, measure: Measure) -> FromClause:
        """``amounts`` as something to select from.

        What is joined together is made first, as a whole: put in one with the query around it, SQLite begins with the
        accounts and looks for the few invoices of each, again and again."""
        amounts = self.amounts(part, measure)
        joins = measure.kind is MeasureKind.OUTSTANDING or part.is_by_subscription or measure.since is not None
        return amounts.cte("amounts").prefix_with("MATERIALIZED") if joins else amounts.subquery()

    def bearing(self, part: MoneyPart, measure: Measure) -> Select[Any]:
        """Accounts with an amount that is not zero."""
        held = self.amounts(part, measure).subquery()
        return select(held.c.account_id).where(or_(held.c.whole != 0, held.c.num != 0))

    def all_but(self, rows: Amounts, others: Amounts) -> CompoundSelect[Any]:
        """Those of ``rows`` that are not among the others, as most are. Asked for them in order, SQLite walks along the
        indexes of both together, and makes a list of neither."""
        left = except_(rows, others)
        in_order = self._scope.connection.dialect.name == "sqlite"
        return left.order_by(*left.selected_columns) if in_order else left

    def has_none_in(self, account_id: ColumnElement[str], others: Select[Any]) -> ColumnElement[bool]:
        """The account is not among the others, as PostgreSQL is best asked: NOT IN it would answer row by row, once
        the others do not fit into its memory."""
        held = others.subquery()
        return ~select(literal(1)).where(held.c.account_id == account_id).exists()

    def differences(self, part: MoneyPart, measure: Measure) -> Select[Any]:
        """By account and currency, how much the wholes of what changed have changed. For PostgreSQL alone, see
        ``pairs``."""
        pairs = self._joined_pairs(part, measure).subquery()
        whole = cast(pairs.c.now_whole, Numeric) - pairs.c.was_whole
        return select(pairs.c.account_id, pairs.c.currency, whole.label("whole"))

    def pairs(self, measure: Measure) -> Select[Any]:
        """By account and currency what changed: the amounts at both moments, nothing being none of one minor unit."""
        if self._scope.connection.dialect.name == "postgresql":
            return self._joined_pairs(EVERYTHING, measure)
        now = self._amounts_at(EVERYTHING, measure, measure.at)
        before = self._amounts_at(EVERYTHING, measure, measure.since)
        rows = union_all(self._of_side(now, before, 1), self._of_side(before, now, 0)).subquery()
        held = [
            func.coalesce(func.max(case((rows.c.side == side, rows.c[name]))), nothing).label(f"{word}_{name}")
            for side, word in ((1, "now"), (0, "was"))
            for name, nothing in _NOTHING
        ]
        return select(rows.c.account_id, rows.c.currency, *held).group_by(rows.c.account_id, rows.c.currency)

    def _joined_pairs(self, part: MoneyPart, measure: Measure) -> Select[Any]:
        """PostgreSQL joins two moments in a quarter of the time that it takes to tell each from the other; there is one
        amount of an account and a currency in each."""
        now = self._amounts_at(part, measure, measure.at).subquery()
        before = self._amounts_at(part, measure, measure.since).subquery()
        same = (now.c.account_id == before.c.account_id) & (now.c.currency == before.c.currency)
        held = {
            f"{word}_{name}": func.coalesce(side.c[name], nothing)
            for word, side in (("now", now), ("was", before))
            for name, nothing in _NOTHING
        }
        differ = [held[f"now_{name}"] != held[f"was_{name}"] for name, _ in _NOTHING]
        return (
            select(
                func.coalesce(now.c.account_id, before.c.account_id).label("account_id"),
                func.coalesce(now.c.currency, before.c.currency).label("currency"),
                *(column.label(name) for name, column in held.items()),
            )
            .select_from(now.join(before, same, full=True))
            .where(or_(*differ))
        )

    def _of_side(self, amounts: Amounts, others: Amounts, side: int) -> Select[Any]:
        held = self.all_but(amounts, others).subquery()
        return select(*held.c, literal(side).label("side"))

    def _changed(self, amounts: Amounts, others: Amounts, sign: int) -> Select[Any]:
        """The amounts, times ``sign``, but for those that stand unchanged among the others."""
        held = self.all_but(amounts, others).subquery()
        whole, num = (sign * held.c.whole).label("whole"), (sign * held.c.num).label("num")
        return select(held.c.account_id, held.c.currency, whole, num, held.c.den)

    def part_conditions(self, part: MoneyPart) -> list[ColumnElement[bool]]:
        """On counted subscriptions of matched customers."""
        table = subscription_billing
        found = [self._scope.here(table), IS_COUNTED]
        if part.plan is not None:
            found.append(is_any_of(table.c.plan_name, spellings(self._scope, part.plan)))
        if part.interval is not None:
            found.append(table.c.interval == part.interval)
        if part.currency is not None:
            found.append(table.c.currency == part.currency)
        if part.product is not None:
            found.append(self._holds_product(part.product))
        return found

    def parts(self, part: MoneyPart, basis: MrrBasis) -> Select[Any]:
        """What counted subscriptions bring."""
        columns = _AmountColumns.of("net" if basis is MrrBasis.NET else "list")
        table = subscription_billing
        return select(
            table.c.account_id,
            table.c.currency,
            table.c[columns.whole].label("whole"),
            table.c[columns.num].label("num"),
            table.c[columns.den].label("den"),
        ).where(*self.part_conditions(part))

    def owed(self, part: MoneyPart, named: Sequence[str] | None = None) -> Select[Any]:
        """What is left to pay on open invoices; of these accounts, if they are ``FEW``."""
        table = stripe_invoices
        among = [is_open()]
        if named is not None and len(named) <= FEW:
            # By the customers' index, so not by that of all open invoices.
            theirs = select(matches.c.customer_id).where(
                self._scope.here(matches), is_any_of(matches.c.account_id, named)
            )
            among = [unindexed(table.c.status) == "open", table.c.customer_id.in_(theirs)]
        matched = and_(matches.c.workspace_id == table.c.workspace_id, matches.c.customer_id == table.c.customer_id)
        query = (
            select(
                matches.c.account_id,
                table.c.currency,
                LEFT_TO_PAY.label("whole"),
                literal_column("0", AMOUNT).label("num"),
                literal_column("1", AMOUNT).label("den"),
            )
            .select_from(table.join(matches, matched))
            .where(self._scope.here(table), *among, LEFT_TO_PAY > 0, matches.c.account_id.is_not(None))
        )
        return query if part.currency is None else query.where(table.c.currency == part.currency)

    def _amounts_at(
        self,
        part: MoneyPart,
        measure: Measure,
        moment: RecordedMoment | None,
        named: Sequence[str] | None = None,
    ) -> Select[Any]:
        if measure.kind is MeasureKind.OUTSTANDING:
            return self.owed(part, named)
        found = self._recorded(part, measure, moment)
        return found if named is None else found.where(is_any_of(found.selected_columns.account_id, named))

    def _recorded(self, part: MoneyPart, measure: Measure, moment: RecordedMoment | None) -> Select[Any]:
        if measure.kind is MeasureKind.LIFETIME:
            return self._money(account_money, "lifetime", part)
        basis = "net" if measure.basis is MrrBasis.NET else "list"
        if moment is not None and moment.day is not None:
            return self._money(mrr_snapshot_money, basis, part).where(
                mrr_snapshot_money.c.day == moment.day.isoformat()
            )
        if moment is not None and moment.month is not None:
            return self._money(mrr_point_money, basis, part).where(mrr_point_money.c.month == str(moment.month))
        if part.is_by_subscription:
            return self.parts(part, measure.basis)
        return self._money(account_money, basis, part)

    def _money(self, table: Any, name: str, part: MoneyPart) -> Select[Any]:
        columns = _AmountColumns.of(name)
        query = select(
            table.c.account_id,
            table.c.currency,
            table.c[columns.whole].label("whole"),
            table.c[columns.num].label("num"),
            table.c[columns.den].label("den"),
        ).where(self._scope.here(table), table.c[columns.den].is_not(None))
        return query if part.currency is None else query.where(table.c.currency == part.currency)

    def _holds_product(self, folded: str) -> ColumnElement[bool]:
        query = select(stripe_products.c.id, stripe_products.c.name).where(self._scope.here(stripe_products))
        ids = [row.id for row in self._scope.connection.execute(query) if row.name.casefold() == folded]
        held = subscription_billing.c.product_ids
        choices = [contains_text(held, orjson.dumps(product_id).decode()) for product_id in ids]
        return or_(*choices) if choices else literal(1) == literal(0)


def is_kept_by_currency(part: MoneyPart, measure: Measure) -> bool:
    """Whether amounts are kept account by account, one of each currency: not so those of subscriptions or invoices."""
    return measure.kind is not MeasureKind.OUTSTANDING and not part.is_by_subscription


def is_open() -> ColumnElement[bool]:
    """An open invoice; the words of the index, so that it is used."""
    return literal_column(f"(stripe_invoices.{IS_OPEN.text})")
