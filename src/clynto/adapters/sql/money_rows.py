"""Money bags as rows, one per currency, so that sums over any number of accounts are made in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, select

from clynto.adapters.sql import exact_amounts
from clynto.adapters.sql.bulk_writing import upsert
from clynto.adapters.sql.column_types import is_any_of, unindexed
from clynto.adapters.sql.documents import clean_or_none, clean_text
from clynto.adapters.sql.pending_sums import MoneyRow
from clynto.adapters.sql.scope import Scope
from clynto.domain.money import MoneyBag


@dataclass(frozen=True, slots=True)
class Bags:
    """What an account or a customer pays."""

    list_mrr: MoneyBag = field(default_factory=MoneyBag.empty)
    net_mrr: MoneyBag = field(default_factory=MoneyBag.empty)
    lifetime: MoneyBag = field(default_factory=MoneyBag.empty)


NOTHING = Bags()

Sums = tuple[MoneyBag, MoneyBag]
"""Of list and of net MRR."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """Rows by owner: those that were deleted and those that were written."""

    went: Mapping[str, list[MoneyRow]]
    came: Mapping[str, list[MoneyRow]]


def replace_bags(
    scope: Scope, table: Table, bags: Mapping[str, Bags], *, accounts: Mapping[str, str | None] | None = None
) -> Replaced:
    """Replace the rows of every owner that is a key of ``bags``. ``accounts``: of customers, the account of each."""
    owner = _owner(table)
    former = delete(table).where(scope.here(table), is_any_of(table.c[owner], sorted(bags))).returning(*table.c)
    went = by_owner(owner, (row._mapping for row in scope.connection.execute(former)))
    rows: list[dict[str, Any]] = []
    for owner_id, held in bags.items():
        named = {} if accounts is None else {"account_id": clean_or_none(accounts.get(owner_id))}
        rows += [{**row, **named} for row in _rows(owner, owner_id, held)] if named else _rows(owner, owner_id, held)
    upsert(scope, table, rows)
    return Replaced(went, by_owner(owner, rows))


def by_owner(owner: str, rows: Iterable[MoneyRow]) -> dict[str, list[MoneyRow]]:
    """Rows by the value of their column ``owner``."""
    grouped: dict[str, list[MoneyRow]] = {}
    for row in rows:
        grouped.setdefault(row[owner], []).append(row)
    return grouped


def read_bags(scope: Scope, table: Table, owner_ids: Sequence[str]) -> dict[str, Bags]:
    """The bags of the owners; those that have none are absent."""
    owner = _owner(table)
    query = select(table).where(scope.here(table), is_any_of(table.c[owner], owner_ids))
    amounts: dict[str, tuple[dict[str, Fraction], dict[str, Fraction], dict[str, Fraction]]] = {}
    for row in scope.connection.execute(query).all():
        listed, net, lifetime = amounts.setdefault(row._mapping[owner], ({}, {}, {}))
        list_amount, net_amount, received = (exact_amounts.read(row, name) for name in ("list", "net", "lifetime"))
        if list_amount is not None:
            listed[row.currency] = list_amount
        if net_amount is not None:
            net[row.currency] = net_amount
        if received is not None:
            lifetime[row.currency] = received
    return {owner_id: Bags(*(MoneyBag(held) for held in three)) for owner_id, three in amounts.items()}


def summed_bags(
    scope: Scope,
    table: Table,
    among: Sequence[ColumnElement[bool]],
    by: ColumnElement[Any] | None = None,
    *,
    few: bool = False,
) -> dict[Any, Sums]:
    """Exact sums of list and net MRR over the rows ``among``, in one bag each for every value of ``by``.

    ``few``: they are a small part of the table, so each is looked up, where SQLite would else walk along the index in
    whose order the sums are grouped and pick them out.
    """
    currency = unindexed(table.c.currency) if few else table.c.currency
    wanted: list[ColumnElement[Any]] = [currency, table.c.list_den, table.c.net_den]
    columns = [
        currency.label("currency"),
        *wanted[1:],
        *exact_amounts.sums(table, "list"),
        *exact_amounts.sums(table, "net"),
    ]
    if by is not None:
        columns.append(by.label("part"))
        wanted.append(by)
    query = select(*columns).where(scope.here(table), *among).group_by(*wanted)
    parts: dict[Any, Sums] = {}
    for row in scope.connection.execute(query):
        part = None if by is None else row.part
        parts[part] = added_to(parts.get(part, (MoneyBag.empty(), MoneyBag.empty())), row)
    return parts


def added_to(held: Sums, row: Any) -> Sums:
    """With the sums of one more group: a row that has its currency, both denominators and ``exact_amounts.sums``."""
    listed, net = held
    return _with(listed, row.currency, "list", row), _with(net, row.currency, "net", row)


def _with(bag: MoneyBag, currency: str, name: str, row: Any) -> MoneyBag:
    amount = exact_amounts.summed(row, name)
    return bag if amount is None else bag + MoneyBag.of(currency, amount)


def _owner(table: Table) -> str:
    return next(str(column.name) for column in table.primary_key if column.name not in ("workspace_id", "currency"))


def _rows(owner: str, owner_id: str, bags: Bags) -> Iterable[dict[str, Any]]:
    listed, net, lifetime = bags.list_mrr.amounts, bags.net_mrr.amounts, bags.lifetime.amounts
    for currency in {**listed, **net, **lifetime}:
        yield {
            owner: clean_text(owner_id),
            "currency": clean_text(currency),
            **exact_amounts.values("list", listed.get(currency)),
            **exact_amounts.values("net", net.get(currency)),
            **exact_amounts.values("lifetime", lifetime.get(currency)),
        }
