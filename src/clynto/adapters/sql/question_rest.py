"""Sums and counts over most accounts: those over all, which are kept or soon counted, less those of the few others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlalchemy import ColumnElement, select

from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.held_accounts import Counted, HeldAccounts, HeldAmounts
from clynto.adapters.sql.kept_sums import KeptTotal
from clynto.adapters.sql.kept_totals import by_currency, kept_totals
from clynto.adapters.sql.question_amounts import AmountsSql
from clynto.adapters.sql.question_counts import KEYS, counted
from clynto.adapters.sql.question_selection import RANKING, SelectingSql
from clynto.adapters.sql.scope import Scope
from clynto.domain.money import MoneyBag
from clynto.domain.questions.query import Grouping
from clynto.ports.question_data import EVERYTHING, GroupTotal, Lacking, Measure, Selection

Totals = tuple[dict[str, MoneyBag], dict[str, int]]
"""Exact sums, and how many accounts have an amount that is not zero, by key."""


class Rest:
    """Reads the accounts that a selection leaves out, once in a unit of work. ``most``: so many of them at most."""

    def __init__(self, scope: Scope, selecting: SelectingSql, amounts: AmountsSql, most: int) -> None:
        self._scope = scope
        self._selecting = selecting
        self._amounts = amounts
        self._most = most
        self._others: dict[Selection, HeldAccounts | None] = {}
        self._held: dict[tuple[Selection, Measure], HeldAmounts] = {}

    def counted(self, selection: Selection, grouping: Grouping | None, *, scored: bool) -> dict[str, Counted] | None:
        """Selected accounts by payment status or health. None: too many are left out, or too few for this to serve."""
        others = self.others(selection)
        if others is None:
            return None
        groups = counted(self._scope, (), grouping, scored=scored)
        for key, few in others.counted(KEYS.get(grouping), scored=scored).items():
            held = groups[key]
            groups[key] = Counted(held.accounts - few.accounts, held.scores - few.scores, held.scored - few.scored)
        return {key: held for key, held in groups.items() if held.accounts or grouping is None}

    def totals(self, selection: Selection, measure: Measure, grouping: Grouping | None) -> Totals | None:
        """Of MRR and lifetime value, whose sums over all accounts are kept. None: as with ``counted``."""
        everyone = self._everyone(selection, measure, grouping)
        if everyone is None:
            return None
        held, key = self._amounts_of_others(selection, measure), self._key(selection, grouping)
        sums, bearing = held.sums(key), held.bearing(key)
        left = {
            name: (one.amounts - sums.get(name, MoneyBag.empty())).without_zeros() for name, one in everyone.items()
        }
        return left, {name: one.bearing - bearing.get(name, 0) for name, one in everyone.items()}

    def by_currency(self, selection: Selection, measure: Measure) -> list[GroupTotal] | None:
        """The same, one group for each currency in which a selected account has an amount that is not zero."""
        everyone = self._everyone(selection, measure, Grouping.CURRENCY)
        if everyone is None:
            return None
        held, key = self._amounts_of_others(selection, measure), self._key(selection, None)
        sums, bearing = held.sums(key).get("", MoneyBag.empty()), held.bearing_by_currency(key)
        found = []
        for group in by_currency(everyone.values()):
            accounts = group.accounts - bearing.get(group.key, 0)
            amounts = MoneyBag.of(group.key, group.amounts.amounts[group.key] - sums.amounts.get(group.key, 0))
            found += [GroupTotal(group.key, accounts, accounts, amounts)] if accounts else []
        return found

    def _everyone(
        self, selection: Selection, measure: Measure, grouping: Grouping | None
    ) -> Mapping[str, KeptTotal] | None:
        if measure.at is not None or measure.since is not None or self.others(selection) is None:
            return None
        return kept_totals(self._scope, Selection(), measure, grouping)

    def others(self, selection: Selection) -> HeldAccounts | None:
        """Accounts that are left out, where a plan, product or debt that few have is all that leaves them out."""
        if not _leaves_few_out(selection):
            return None
        if selection not in self._others:
            columns = (RANKING.c.account_id, RANKING.c.status_rank, RANKING.c.mrr_up, RANKING.c.health_up)
            query = select(*columns).where(self._scope.here(RANKING), self._selecting.left_out(selection))
            rows = self._scope.connection.execute(query.limit(self._most + 1)).all()
            self._others[selection] = None if len(rows) > self._most else HeldAccounts(rows)
        return self._others[selection]

    def is_other(self, selection: Selection, owner: ColumnElement[str]) -> ColumnElement[bool] | None:
        """The account whose id ``owner`` is is left out. Who owes takes as long to find as all the rest, so it is found
        once. None: as with ``others``."""
        others = self.others(selection)
        if others is None:
            return None
        named = Lacking.DEBT in selection.lacking
        return is_any_of(owner, others.ids) if named else self._selecting.left_out(selection, owner)

    def _key(self, selection: Selection, grouping: Grouping | None) -> Callable[[str], str | None]:
        key, others = KEYS.get(grouping), self.others(selection)
        if key is None or others is None:
            return lambda _: ""
        return {row.account_id: key(row) for row in others.rows}.get

    def _amounts_of_others(self, selection: Selection, measure: Measure) -> HeldAmounts:
        wanted = selection, measure
        if wanted not in self._held:
            others = self.others(selection)
            ids = [] if others is None else others.ids
            self._held[wanted] = HeldAmounts(
                self._scope.connection.execute(self._amounts.amounts(EVERYTHING, measure, ids))
            )
        return self._held[wanted]


def _leaves_few_out(selection: Selection) -> bool:
    others = replace(selection, without_plan=None, without_product=None, lacking=selection.lacking - {Lacking.DEBT})
    return selection != others and others == Selection()
