"""What is added up over the accounts that have a text, in one reading of their texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, Table, func, null, select, text, union_all

from clynto.adapters.sql.exact_amounts import sums
from clynto.adapters.sql.money_rows import Sums, added_to
from clynto.adapters.sql.scope import Scope
from clynto.domain.money import MoneyBag

_KNOWING_THE_TEXT = text("SET LOCAL plan_cache_mode = force_custom_plan")


def plan_for_the_text(scope: Scope) -> None:
    """Until the end of the transaction PostgreSQL plans with the text that is sought. From the tenth time on it would
    use one plan for every text, which expects a rare one, and jumps from row to row where a hundred thousand have it.
    """
    if scope.connection.dialect.name == "postgresql":
        scope.connection.execute(_KNOWING_THE_TEXT)


def counted_and_summed(scope: Scope, hits: Select[Any], money: Table) -> tuple[Mapping[int, int], Sums]:
    """How many of the ``hits`` each rank of the payment status has, and their exact sums of list and net MRR.

    ``hits`` selects ``account_id`` and ``status_rank``. Both databases read a common table expression once if it is
    used twice, so the text is read once, and what it finds is counted and added up from memory.
    """
    hit = hits.cte("hit")
    grouped = [money.c.currency, money.c.list_den, money.c.net_den]
    amounts = [*sums(money, "list"), *sums(money, "net")]
    held = (
        select(null().label("rank"), null().label("accounts"), *grouped, *amounts)
        .select_from(hit.join(money, (money.c.account_id == hit.c.account_id) & scope.here(money)))
        .group_by(*grouped)
    )
    nothing = [null().label(column.name) for column in (*grouped, *amounts)]
    counted = select(hit.c.status_rank, func.count(), *nothing).group_by(hit.c.status_rank)
    counts: dict[int, int] = {}
    total: Sums = (MoneyBag.empty(), MoneyBag.empty())
    for row in scope.connection.execute(union_all(held, counted)):
        if row.accounts is None:
            total = added_to(total, row)
        else:
            counts[row.rank] = row.accounts
    return counts, total
