"""List and net MRR of accounts by day or by month, and their exact sums over all accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, Table, delete, select, tuple_

from clynto.adapters.sql import exact_amounts, pending_sums
from clynto.adapters.sql.bulk_writing import upsert
from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.documents import clean_text
from clynto.adapters.sql.kept_sums import periods, sums_by_period
from clynto.adapters.sql.pending_sums import MoneyRow
from clynto.adapters.sql.scope import Scope
from clynto.domain.money import MoneyBag

BothBags = tuple[MoneyBag, MoneyBag]
"""List MRR and net MRR."""
Place = tuple[str, str]
"""Account id and day or month."""

_LIST, _NET = (tuple(str(column.name) for column in exact_amounts.columns(name)) for name in ("list", "net"))
_AT_ONCE = 400
"""Places named in one statement, far below the number of parameters that any database takes."""


@dataclass(frozen=True, slots=True)
class DatedBags:
    """A table of headers, the table of their money, and the column of both that says when, which is also the name of
    the book in the kept sums."""

    headers: Table
    money: Table
    when: str

    def of(self, scope: Scope, account_ids: Sequence[str], *, since: str) -> Iterable[tuple[Row[Any], BothBags]]:
        """Headers with their bags, by account and then oldest first."""
        money, headers = self.money, self.headers
        listed: dict[Place, dict[str, Fraction]] = {}
        net: dict[Place, dict[str, Fraction]] = {}
        # Taken apart by place, since a page of accounts reads 650 of them and to look columns up by name takes as long.
        names = ("account_id", self.when, "currency", *_LIST, *_NET)
        amounts = select(*(money.c[name] for name in names)).where(*self._among(scope, money, account_ids, since))
        for account_id, when, currency, *parts in scope.connection.execute(amounts):
            for bag, (whole, rest, den) in ((listed, parts[:3]), (net, parts[3:])):
                if whole is not None:
                    bag.setdefault((account_id, when), {})[currency] = exact_amounts.join(whole, rest, den)
        query = select(headers).where(*self._among(scope, headers, account_ids, since))
        for row in scope.connection.execute(query.order_by(headers.c.account_id, headers.c[self.when])):
            place = row.account_id, row._mapping[self.when]
            yield row, (MoneyBag(listed.get(place, {})), MoneyBag(net.get(place, {})))

    def sums(self, scope: Scope, *, since: str) -> dict[str, BothBags]:
        """Exact sums over all accounts. A day on which nobody paid anything is there, and empty."""
        nothing = MoneyBag.empty()
        listed, net = (sums_by_period(scope, self.when, measure, since) for measure in ("list", "net"))
        return {
            period: (listed.get(period, nothing), net.get(period, nothing))
            for period in periods(scope, self.when, since)
        }

    def forget(self, scope: Scope, account_ids: Sequence[str]) -> None:
        """Delete all that is remembered of these accounts, and take it off the kept sums."""
        headers, money = self.headers, self.money
        those = scope.here(money), is_any_of(money.c.account_id, account_ids)
        gone: dict[Place, list[MoneyRow]] = {}
        for row in scope.connection.execute(delete(money).where(*those).returning(*money.c)):
            gone.setdefault((row.account_id, row._mapping[self.when]), []).append(row._mapping)
        for (_, period), rows in gone.items():
            scope.sums.went(pending_sums.Page(self.when, period), rows)
        of_these = scope.here(headers), is_any_of(headers.c.account_id, account_ids)
        former = delete(headers).where(*of_these).returning(headers.c[self.when])
        scope.sums.headers(self.when, scope.connection.scalars(former).all(), -1)

    def erase_money(self, scope: Scope, places: Iterable[Place]) -> None:
        """Forget the money of these places."""
        wanted = sorted(places)
        place = tuple_(self.money.c.account_id, self.money.c[self.when])
        for start in range(0, len(wanted), _AT_ONCE):
            those = place.in_(wanted[start : start + _AT_ONCE])
            scope.connection.execute(delete(self.money).where(scope.here(self.money), those))

    def put_money(self, scope: Scope, bags: Mapping[Place, BothBags]) -> Mapping[Place, Sequence[MoneyRow]]:
        """Store the money of places that hold none. Returns the rows."""
        stored = {place: list(self._rows(place, both)) for place, both in bags.items()}
        upsert(scope, self.money, [row for rows in stored.values() for row in rows])
        return stored

    def _among(self, scope: Scope, table: Table, account_ids: Sequence[str], since: str) -> list[Any]:
        return [scope.here(table), is_any_of(table.c.account_id, account_ids), table.c[self.when] >= since]

    def _rows(self, place: Place, both: BothBags) -> Iterable[dict[str, Any]]:
        listed, net = both[0].amounts, both[1].amounts
        for currency in {**listed, **net}:
            yield {
                "account_id": place[0],
                self.when: place[1],
                "currency": clean_text(currency),
                **exact_amounts.values("list", listed.get(currency)),
                **exact_amounts.values("net", net.get(currency)),
            }
