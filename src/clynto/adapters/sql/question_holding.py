"""What is read once for all sums, counts and orders of an answer: the accounts that are selected, and their amounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, func, literal, select

from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.held_accounts import HeldAccount, HeldAccounts, HeldAmounts
from clynto.adapters.sql.question_amounts import AmountsSql
from clynto.adapters.sql.question_rest import Rest
from clynto.adapters.sql.question_selection import RANKING, SelectingSql, plain
from clynto.adapters.sql.scope import Scope
from clynto.domain.money import MoneyBag
from clynto.ports.question_data import EVERYTHING, Measure, MeasureKind, Selection
from clynto.ports.workspaces import MrrBasis

MOST_HELD = 25_000
"""Accounts, and amounts, that are held here: of more the database itself makes the sums sooner."""
_SUMMED_HERE = {"sqlite": 5_000, "postgresql": MOST_HELD}
"""Accounts whose amounts are added up here, where they need not be joined together first: SQLite adds up the amounts of
more sooner than it hands them out, and PostgreSQL takes longer to find so many again, for each sum, than to hand them
out once."""
_LISTED = 10_000
"""Accounts of a list in which others are looked up sooner than each of them is looked at."""
_ANY = Measure(MeasureKind.MRR, MrrBasis.LIST)


@dataclass(frozen=True, slots=True)
class Held:
    """Amounts, and which of their accounts are selected (None: all of them)."""

    amounts: HeldAmounts
    accounts: HeldAccounts | None

    def chosen(self, account_id: str) -> str | None:
        """One key for all selected accounts."""
        return "" if self.accounts is None or account_id in self.accounts else None

    def bag(self, account_id: str) -> MoneyBag:
        """What one account brings."""
        return self.amounts.bag(account_id)


class Holding:
    """Reads each selection, and its amounts in each measure, once in a unit of work."""

    def __init__(self, scope: Scope, selecting: SelectingSql, amounts: AmountsSql, rest: Rest, most: int) -> None:
        self._scope = scope
        self._rest = rest
        self._selecting = selecting
        self._amounts = amounts
        self._most = most
        self._accounts: dict[tuple[Selection, Measure], HeldAccounts | None] = {}
        self._held: dict[tuple[Selection, Measure], Held | None] = {}
        self._many: dict[Selection, bool] = {}

    def accounts(self, selection: Selection, measure: Measure) -> HeldAccounts | None:
        """The selected accounts. None: too many are, or all, or all but a few, or those that an index of their own rows
        leads to, along which the database counts and orders them in no time."""
        if measure.kind is not MeasureKind.OUTSTANDING and not self._selecting.looks_elsewhere(selection):
            return None
        if selection == Selection() or is_part(selection):
            return None
        if measure.kind is not MeasureKind.OUTSTANDING and self._rest.others(selection) is not None:
            return None
        wanted = selection, plain(measure)
        if wanted not in self._accounts:
            self._accounts[wanted] = self._read_accounts(selection, measure)
        return self._accounts[wanted]

    def conditions(self, selection: Selection, measure: Measure) -> list[ColumnElement[bool]]:
        """On ``account_ranking``, without the workspace: the accounts by name, where they are held."""
        accounts = self.accounts(selection, measure)
        if accounts is not None:
            return [is_any_of(RANKING.c.account_id, accounts.ids)]
        if self.are_many(selection):
            return self._selecting.among_many(selection, measure)
        return self._selecting.conditions(selection, measure)

    def are_many(self, selection: Selection) -> bool:
        """Whether more accounts than are worth a list of their own meet conditions on their own rows."""
        if selection == Selection() or self._selecting.looks_elsewhere(selection):
            return False
        if selection not in self._many:
            among = self._selecting.conditions(selection, _ANY)
            some = select(literal(1)).select_from(RANKING).where(self._scope.here(RANKING), *among)
            found = self._scope.connection.scalar(
                select(func.count()).select_from(some.limit(min(self._most, _LISTED) + 1).subquery())
            )
            self._many[selection] = (found or 0) > min(self._most, _LISTED)
        return self._many[selection]

    def amounts(self, selection: Selection, measure: Measure) -> Held | None:
        """What the selected accounts bring. None: there are too many amounts."""
        wanted = selection, measure
        if wanted not in self._held:
            self._held[wanted] = self._read_amounts(selection, measure)
        return self._held[wanted]

    def keys(self, held: Held, key: Callable[[HeldAccount], str] | None) -> Callable[[str], str | None]:
        """``key`` by account id: what ``held`` is grouped by."""
        if key is None:
            return held.chosen
        accounts = held.accounts
        if accounts is None:
            accounts = self._accounts_of(held.amounts)
        return {row.account_id: key(row) for row in accounts.rows}.get

    def _read_accounts(self, selection: Selection, measure: Measure) -> HeldAccounts | None:
        conditions = self._selecting.conditions(selection, measure)
        query = select(*_COLUMNS).where(self._scope.here(RANKING), *conditions).limit(self._most + 1)
        rows = self._scope.connection.execute(query).all()
        return None if len(rows) > self._most else HeldAccounts(rows)

    def _accounts_of(self, amounts: HeldAmounts) -> HeldAccounts:
        those = is_any_of(RANKING.c.account_id, amounts.account_ids)
        query = select(*_COLUMNS).where(self._scope.here(RANKING), those)
        return HeldAccounts(self._scope.connection.execute(query).all())

    def _read_amounts(self, selection: Selection, measure: Measure) -> Held | None:
        part = selection.part
        accounts = self.accounts(selection, measure)
        is_owed, is_change = measure.kind is MeasureKind.OUTSTANDING, measure.since is not None
        if accounts is None and not (selection == Selection() and (is_owed or is_change)):
            return None
        ids = None if accounts is None else accounts.ids
        amounts = (self._amounts.owed(part, ids) if is_owed else self._amounts.amounts(part, measure)).subquery()
        query = select(amounts).limit(self._most + 1)
        if ids is not None and not (is_owed or is_change):
            if len(ids) > _SUMMED_HERE[self._scope.connection.dialect.name]:
                return None
            query = query.where(is_any_of(amounts.c.account_id, ids))
        rows = self._scope.connection.execute(query).all()
        return None if len(rows) > self._most else Held(HeldAmounts(rows), accounts)


def is_part(selection: Selection) -> bool:
    """Whether accounts are selected by nothing but some of their subscriptions, whose money is the answer."""
    return selection.part.is_by_subscription and replace(selection, part=EVERYTHING) == Selection()


_COLUMNS = (RANKING.c.account_id, RANKING.c.status_rank, RANKING.c.mrr_up, RANKING.c.health_up)
