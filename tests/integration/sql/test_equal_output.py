"""The same data gives byte-equal read models on SQLite and PostgreSQL (guarantees F7, D11)."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, replace
from fractions import Fraction
from typing import Any

import orjson
import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from tests.contracts.news_samples import an_arrival
from tests.contracts.samples import (
    FOURTEEN_DIGITS,
    HARD_TEXT,
    HERE,
    LONG_NAME,
    a_customer,
    a_customer_billing,
    a_match,
    a_paid_invoice,
    a_product,
    a_run,
    a_subscription,
    a_subscription_billing,
    a_user,
    a_workspace,
    an_account,
    an_account_billing,
    an_invoice,
    committed,
    moment,
    read_at,
    second,
)
from tests.integration.sql.conftest import emptied

from clynto.adapters.sql.event_intake import SqlEventIntake
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.domain.account_billing import PaymentStatus
from clynto.domain.errors import Conflict
from clynto.domain.money import MoneyBag
from clynto.ports.read_models import AccountSort, AccountsQuery, StatusFilter

NAMES = (
    "Ärzte",
    "ärzte",
    "Zeta",
    "_under",
    "100% Beef",
    HARD_TEXT,
    LONG_NAME,
    "ﬁne",
    "İstanbul",
    "\u202eright to left",
    "nul\x00inside",
    "lone\ud800surrogate",
    "😀",
    "",
    " ",
    "~",
)


def _fill(units: SqlUnitsOfWork) -> None:
    with committed(units) as unit:
        unit.workspaces.save(a_workspace(name=NAMES[10] + NAMES[11]))
        for number, name in enumerate(NAMES):
            account_id, customer_id = f"acc_{number:02}", f"cus_{number:02}"
            unit.accounts.put_many([an_account(account_id, name=name)])
            unit.customers.put_many([a_customer(customer_id, name=name, email=f"{name[:9]}@x.example")], read_at())
            unit.catalogue.put_products([a_product(f"prod_{number}", name=name)], read_at())
            unit.matches.put_many([a_match(customer_id, account_id if number % 3 else None)])
            unit.subscriptions.put_many([a_subscription(f"sub_{number}", customer_id=customer_id)], read_at())
            invoices = [
                an_invoice(f"in_{number}", customer_id=customer_id, number=name, amount_due=FOURTEEN_DIGITS),
                a_paid_invoice(f"in_p{number}", customer_id=customer_id, amount_paid=FOURTEEN_DIGITS),
            ]
            unit.invoices.put_many(invoices, read_at())
            bag = MoneyBag({"USD": Fraction(FOURTEEN_DIGITS, number % 7 + 1), "JPY": Fraction(-number, 3)})
            subscription = a_subscription_billing(f"sub_{number}", plan_name=name, list_mrr=bag.amounts["USD"])
            billing = a_customer_billing(customer_id, list_mrr=bag, subscriptions=(subscription,))
            unit.billing.put_customers([billing], {customer_id: account_id if number % 3 else None})
            if number % 4:
                status = (PaymentStatus.FAILED, None, PaymentStatus.PAID)[number % 3]
                renewal = second(number % 2) if number % 5 else None
                account = an_account_billing(account_id, list_mrr=bag, payment_status=status, renewal_at=renewal)
                unit.billing.put_accounts([(account, int(bag.amounts["USD"]))])


def _canonical(value: object) -> bytes:
    def plain(held: Any) -> Any:
        if isinstance(held, Fraction):
            return f"{held.numerator}/{held.denominator}"
        return sorted(held)

    return orjson.dumps(value, default=plain, option=orjson.OPT_SORT_KEYS)


def _shown(units: SqlUnitsOfWork) -> list[bytes]:
    shown: list[object] = []
    with units.reading(HERE) as unit:
        for sort in AccountSort:
            for descending in (False, True):
                for statuses, text in ((frozenset(), ""), (frozenset({StatusFilter.NONE}), ""), (frozenset(), "e")):
                    query = AccountsQuery(sort, descending, statuses, text, limit=3)
                    page = unit.accounts_table.page(query)
                    shown.append(asdict(page))
                    shown.append(asdict(unit.accounts_table.totals(query)))
                    if page.next_cursor is not None:
                        shown.append(asdict(unit.accounts_table.page(replace(query, after=page.next_cursor))))
        shown.append(asdict(unit.accounts_table.coverage()))
        shown.append(asdict(unit.billing_details.customers(matched=None, text="", limit=99, after=None)))
        for number in range(len(NAMES)):
            shown += [asdict(row) for row in unit.billing_details.subscriptions_of(f"acc_{number:02}")]
            shown += [asdict(row) for row in unit.billing_details.invoices_of(f"acc_{number:02}", limit=9)]
        ids = unit.customers.ids(after=None, limit=99)
        shown.append(list(ids))
        shown += [[asdict(invoice) for invoice, _ in held] for held in unit.invoices.deciding(ids).values()]
        shown += [asdict(total) for total in unit.invoices.paid_totals(ids)]
        shown += [asdict(held) for held, _ in unit.customers.get_many(ids).values() if held.id == "cus_11"]
        shown.append(asdict(unit.workspaces.get()))
    return [_canonical(part) for part in shown]


@pytest.mark.postgres
def test_both_databases_show_the_same(sqlite_engine: Engine, postgres_engine: Engine) -> None:
    shown = []
    for engine in (sqlite_engine, postgres_engine):
        units = SqlUnitsOfWork(emptied(engine))
        _fill(units)
        shown.append(_shown(units))
    assert shown[0] == shown[1]


def test_text_that_no_database_holds_is_stored_cleaned(units: SqlUnitsOfWork) -> None:
    with committed(units) as unit:
        unit.customers.put_many([a_customer("cus_1", name="nul\x00", email="lone\ud800")], read_at())
        unit.subscriptions.put_many([a_subscription("sub_1", cancellation_reason="a\x00b\ud800c")], read_at())
        unit.invoices.put_many([an_invoice("in_1", number="\udfff")], read_at())
    with units.reading(HERE) as unit:
        customer = unit.customers.get_many(["cus_1"])["cus_1"][0]
        subscription = unit.subscriptions.get_many(["sub_1"])["sub_1"][0]
        invoice = unit.invoices.get_many(["in_1", "in_\x00", "in_\ud800"])["in_1"][0]
    assert (customer.name, customer.email) == ("nul\ufffd", "lone\ufffd")
    assert subscription.cancellation_reason == "a\ufffdb\ufffdc"
    assert invoice.number == "\ufffd"


def test_only_the_named_constraint_is_a_conflict(units: SqlUnitsOfWork) -> None:
    """A second user or run of the same id is a fault of ours and must surface (guarantees F5)."""
    over = a_run().supersede(moment(1))
    with committed(units) as unit:
        unit.users.add(a_user())
        unit.sync_runs.add(over)
    with units.writing(HERE) as unit, pytest.raises(IntegrityError):
        unit.users.add(a_user(email="other@x.example"))
    with units.writing(HERE) as unit, pytest.raises(IntegrityError):
        unit.sync_runs.add(a_run())


def test_only_a_known_event_id_is_a_duplicate(engine: Engine, event_intake: SqlEventIntake) -> None:
    """F5: another constraint that an event breaks is a fault that surfaces, so that nothing is acknowledged, and sent
    again it is one again."""
    event_intake.store([an_arrival("evt_1")])
    assert event_intake.store([an_arrival("evt_1")]) + event_intake.bring_in(HERE) == (engine.dialect.name == "sqlite")
    nameless = replace(an_arrival("evt_2"), received_at=None)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises((sqlite3.IntegrityError, psycopg.errors.NotNullViolation), match="received_at"):
            event_intake.store([nameless])
    assert event_intake.bring_in(HERE) == 0
    with SqlUnitsOfWork(engine).reading(HERE) as unit:
        assert unit.event_inbox.counts().pending == 1


def test_a_user_cannot_be_given_a_taken_email(units: SqlUnitsOfWork) -> None:
    with committed(units) as unit:
        unit.users.add(a_user("usr_1"))
        unit.users.add(a_user("usr_2"))
        with pytest.raises(Conflict):
            unit.users.save(a_user("usr_2", email=a_user("usr_1").email))
    with units.reading(HERE) as unit:
        assert unit.users.get("usr_2") == a_user("usr_2")
