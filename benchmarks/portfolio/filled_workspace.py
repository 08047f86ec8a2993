"""A workspace of 100,000 accounts and 1,000,000 invoices in a database."""

from __future__ import annotations

import datetime as dt
import time

from benchmarks.portfolio.companies import (
    DAY,
    FIRST,
    INVOICES_EACH,
    NOW,
    PLANS,
    Company,
    account_id,
    account_of,
)
from sqlalchemy import Engine, Text, func, insert, literal, select, true, union_all
from tests.contracts.samples import a_match, a_product, a_workspace, read_at

from clynto.adapters.sql.kept_sums import settle
from clynto.adapters.sql.pending_sums import MEASURES_OF
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables import METADATA
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.domain.account_billing import add_up
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.ports.health import ScorePoint

WORKSPACE = "ws_benchmark"
TODAY = dt.date(2026, 11, 26)
GROUP = 5_000
"""Accounts that are stored through the stores; the database multiplies them (``_multiply``)."""
NOT_MULTIPLIED = ("workspaces", "stripe_products", "kept_sums")


def fill(engine: Engine, units: SqlUnitsOfWork, count: int) -> None:
    """Store ``count`` accounts with their invoices in an empty workspace of its own."""
    started = time.perf_counter()
    with units.writing(WORKSPACE) as unit:
        unit.workspaces.save(a_workspace(WORKSPACE))
        unit.catalogue.put_products([a_product(product_id, name=name) for product_id, name in PLANS], read_at())
        unit.commit()
    group = min(count, GROUP)
    _fill_group(units, group)
    # A day at whose end every account's MRR is known, as the nightly work leaves one.
    with units.writing(WORKSPACE) as unit:
        yesterday = TODAY - dt.timedelta(days=1)
        unit.mrr_records.take_snapshots(day=yesterday, at=UnixMicros(NOW - DAY * MICROS_PER_SECOND))
        unit.commit()
    _multiply(engine, count // group)
    print(f"  stored {count} accounts with {count * INVOICES_EACH} invoices in {time.perf_counter() - started:.0f} s")


def _fill_group(units: SqlUnitsOfWork, count: int) -> None:
    """One in twenty accounts has no Stripe customer, and one customer in fifty no account."""
    companies = [Company(number) for number in range(count) if number % 20]
    owner = {company.customer_id: company.account_id for company in companies if company.is_matched}
    with units.writing(WORKSPACE) as unit:
        unit.accounts.put_many(account_of(number) for number in range(count))
        unit.customers.put_many([company.customer for company in companies], read_at())
        unit.matches.put_many(a_match(c.customer_id, owner.get(c.customer_id)) for c in companies)
        unit.subscriptions.put_many([held for c in companies for held, _ in c.subscriptions], read_at())
        unit.invoices.put_many([invoice for c in companies for invoice in c.invoices], read_at())
        billings = [company.billing() for company in companies]
        unit.billing.put_customers(billings, owner)
        held_by = {owner[billing.customer_id]: billing for billing in billings if billing.customer_id in owner}
        ids = [account_id(number) for number in range(count)]
        summed = [add_up(held, [held_by[held]] if held in held_by else [], computed_at=NOW) for held in ids]
        keys = (int(held.list_mrr.plain_sum * 10_000) if held.customers else None for held in summed)
        unit.billing.put_accounts(zip(summed, keys, strict=True))
        unit.signals.put_many((signal for c in companies for signal in c.signals()), at=NOW)
        unit.health.put_scores(
            ScorePoint(held, NOW, (None, 20, 39, 55, 70, 95, 100)[place % 7], "As measured.")
            for place, held in enumerate(ids)
        )
        present = {held.account_id: held.list_mrr for held in summed}
        matched = [company for company in companies if company.is_matched]
        unit.mrr_records.replace_points(
            [company.account_id for company in matched],
            (point for company in matched for point in company.points(present[company.account_id])),
        )
        unit.commit()


def _multiply(engine: Engine, copies: int) -> None:
    """The same rows under other ids and names, again and again: quicker by far than writing each through the stores."""
    numbers = union_all(*(select(literal(f"q{number:02}q").label("mark")) for number in range(1, copies)))
    if copies < 2:
        return
    mark = numbers.subquery().c.mark
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        for table in METADATA.sorted_tables:
            if table.name in NOT_MULTIPLIED or "workspace_id" not in table.c:
                continue
            columns = [
                func.replace(func.replace(column, FIRST, mark), FIRST.upper(), func.upper(mark))
                if isinstance(column.type, Text)
                else column
                for column in table.c
            ]
            connection.execute(
                insert(table).from_select(list(table.c), select(*columns).select_from(table.join(mark.table, true())))
            )
        scope = Scope(connection, WORKSPACE)
        for book in MEASURES_OF:
            scope.sums.count_anew(book)
        settle(scope)


def keep_in_order(engine: Engine) -> None:
    """What autovacuum, and SQLite's own upkeep, do by themselves after so large a change."""
    if engine.dialect.name == "postgresql":
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("VACUUM ANALYZE")
