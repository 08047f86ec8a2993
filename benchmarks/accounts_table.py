"""How long a page of the accounts table takes with 100,000 accounts, on SQLite and PostgreSQL, in this process.

Every sort, both directions, with and without filters and text, first and 1,000th page (or the last one, where a filter
leaves fewer). Prints p50 and p95, and the ratio of the p95 of all to the limit of 50 ms.

Run: ``python -m benchmarks.accounts_table``.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from benchmarks.figures import Figure, show
from benchmarks.surroundings import databases
from sqlalchemy import Engine

from clynto.adapters.sql.accounts_table import SqlAccountsTable
from clynto.adapters.sql.cursors import cursor_after, fingerprint
from clynto.adapters.sql.engines import open_database
from clynto.adapters.sql.schema import migrate
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.transactions import opened
from clynto.adapters.sql.unit_of_work import SqlUnitOfWork, SqlUnitsOfWork
from clynto.domain.account import Account
from clynto.domain.account_billing import AccountBilling, PaymentStatus
from clynto.domain.moments import UnixMicros, UnixTime
from clynto.domain.money import MoneyBag
from clynto.ports.billing_results import AccountPlaces
from clynto.ports.read_models import AccountSort, AccountsQuery, StatusFilter

LIMIT_MS = 50
PAGE = 50
FAR = 1_000
WORKSPACE = "ws_benchmark"
NOW = UnixMicros(1_790_000_000_000_000)
STATUSES = [PaymentStatus.PAID] * 70 + [PaymentStatus.OVERDUE] * 8 + [PaymentStatus.FAILED] * 2 + [None] * 20
WORDS = ("Nord", "Werk", "Data", "Cloud", "Bau", "Licht", "Hafen", "Stern", "Wald", "Turm", "Feld", "Strom")
FORMS = ("GmbH", "AG", "Ltd", "Inc", "SAS")
FILTERS: dict[str, tuple[frozenset[StatusFilter], str]] = {
    "no filter": (frozenset(), ""),
    "one status": (frozenset({StatusFilter.FAILED}), ""),
    "two statuses": (frozenset({StatusFilter.PAID, StatusFilter.NONE}), ""),
    "common text": (frozenset(), "gmbh"),
    "rare text": (frozenset(), "00777"),
    "absent text": (frozenset({StatusFilter.OVERDUE}), "nowhere to be found"),
}


def _accounts(count: int) -> Iterator[Account]:
    draw = random.Random(5)
    for number in range(count):
        name = f"{draw.choice(WORDS)}{draw.choice(WORDS).lower()} {number:06} {draw.choice(FORMS)}"
        domain = f"{name.split(maxsplit=1)[0].lower()}-{number}.example"
        yield Account(f"acc_{number:026}", name, (domain, f"www.{domain}"), f"crm-{number}", NOW)


def _billings(count: int) -> Iterator[tuple[AccountBilling, int]]:
    draw = random.Random(7)
    for number in range(0, count, 1):
        if number % 10 == 0:
            continue
        mrr = MoneyBag.of(
            draw.choice(("USD", "EUR", "JPY")), Fraction(draw.randrange(0, 5_000_00), draw.choice((1, 3, 12)))
        )
        billing = AccountBilling(
            account_id=f"acc_{number:026}",
            list_mrr=mrr,
            net_mrr=mrr,
            partial=False,
            payment_status=draw.choice(STATUSES),
            renewal_at=UnixTime(1_790_000_000 + draw.randrange(366) * 86_400) if number % 7 else None,
            lifetime_value=MoneyBag.of("USD", draw.randrange(10**7)),
            oldest_invoice_at=UnixTime(1_700_000_000),
            live_subscriptions=1,
            customers=1,
            as_of=NOW,
            computed_at=NOW,
        )
        yield billing, sum(amount.__floor__() for _, amount in mrr)


def _places(count: int) -> dict[str, AccountPlaces]:
    """Most MRR did not change lately; every eleventh account has nothing to be compared with."""
    draw = random.Random(11)
    return {
        f"acc_{number:026}": AccountPlaces(
            lifetime_value=draw.randrange(10**7) * 10_000,
            change_30=draw.choice((0, 0, 0, 0, 0, 0, 0, 0, draw.randrange(-(10**9), 10**9), None)),
            change_90=draw.choice((0, 0, 0, draw.randrange(-(10**9), 10**9))) if number % 11 else None,
            change_12_months=draw.randrange(-(10**9), 10**10) if number % 11 else None,
        )
        for number in range(count)
    }


def _fill(units: SqlUnitsOfWork, count: int) -> None:
    started = time.perf_counter()
    with units.writing(WORKSPACE) as unit:
        unit.accounts.put_many(_accounts(count))
        unit.commit()
    stored = time.perf_counter()
    with units.writing(WORKSPACE) as unit:
        unit.billing.put_accounts(_billings(count), places=_places(count))
        unit.commit()
    ended = time.perf_counter()
    print(f"  stored {count} accounts in {stored - started:.1f} s, their billing in {ended - stored:.1f} s")


def _settle(engine: Engine) -> None:
    """What autovacuum does by itself within a minute after so large a change."""
    if engine.dialect.name == "postgresql":
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def _milliseconds(unit: SqlUnitOfWork, query: AccountsQuery) -> float:
    started = time.perf_counter()
    unit.accounts_table.page(query)
    return (time.perf_counter() - started) * 1000


class _FarAway(SqlAccountsTable):
    """Knows where pages begin without making the 50,000 rows before them, which takes seconds for each order."""

    def cursor(self, query: AccountsQuery) -> str | None:
        """The cursor of the 1,000th page, or of the last full one; None if there is but one page."""
        before = PAGE * (FAR - 1)
        places = self._found(query, None, before + 1)
        if len(places) <= PAGE:
            return None
        last = places[min(before, len(places) - PAGE) - 1]
        made_for = fingerprint(query.sort, query.descending, sorted(query.statuses), query.text)
        return cursor_after((last.place, last.account_id), made_for)


def _cursors(engine: Engine) -> dict[AccountsQuery, str | None]:
    """Of every query that is measured."""
    with opened(engine, writing=False) as connection:
        table = _FarAway(Scope(connection, WORKSPACE))
        return {
            query: table.cursor(query)
            for query in (
                AccountsQuery(sort, descending, statuses, text, PAGE)
                for statuses, text in FILTERS.values()
                for sort in AccountSort
                for descending in (False, True)
            )
        }


def _measure(units: SqlUnitsOfWork, cursors: dict[AccountsQuery, str | None], repeats: int) -> float:
    everything: list[float] = []
    for label, (statuses, text) in FILTERS.items():
        first: list[float] = []
        far: list[float] = []
        for sort in AccountSort:
            for descending in (False, True):
                query = AccountsQuery(sort, descending, statuses, text, PAGE)
                later = replace(query, after=cursors[query])
                with units.reading(WORKSPACE) as unit:
                    first += [_milliseconds(unit, query) for _ in range(repeats)]
                    far += [_milliseconds(unit, later) for _ in range(repeats)]
        everything += first + far
        for page, taken in (("first", first), ("1,000th", far)):
            print(f"  {label:13} {page:8} p50 {statistics.median(taken):6.1f} ms   p95 {_p95(taken):6.1f} ms")
    return _p95(everything)


def _p95(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1]


def _measure_totals(units: SqlUnitsOfWork, repeats: int) -> None:
    for label, (statuses, text) in FILTERS.items():
        query = AccountsQuery(AccountSort.MRR, descending=True, statuses=statuses, text=text)
        taken: list[float] = []
        for _ in range(repeats):
            with units.reading(WORKSPACE) as unit:
                started = time.perf_counter()
                _, totals = unit.accounts_table.page_with_totals(query)
                taken.append((time.perf_counter() - started) * 1000)
        middle = statistics.median(taken)
        print(f"  first page and totals, {label:13} p50 {middle:6.1f} ms over {totals.accounts} accounts")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    chosen = parser.parse_args()
    figures: list[Figure] = []
    with databases(chosen.only) as wanted, tempfile.TemporaryDirectory() as folder:
        for name, server in wanted.items():
            print(name)
            engine = open_database(f"sqlite:///{folder}/accounts.db" if server is None else server.new_database())
            migrate(engine)
            units = SqlUnitsOfWork(engine)
            _fill(units, chosen.accounts)
            _settle(engine)
            p95 = _measure(units, _cursors(engine), chosen.repeats)
            figures.append(Figure(f"p95 of a page of {chosen.accounts:,} accounts, {name}", p95, LIMIT_MS, "ms"))
            _measure_totals(units, chosen.repeats)
            engine.dispose()
    show(figures)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
