"""What every ``BillingStore`` keeps and erases."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from fractions import Fraction

from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.news_samples import (
    a_ledger,
    a_non_event,
    a_point,
    a_score,
    a_signal,
    a_snapshot,
    an_arrival,
    an_endpoint,
    arrive,
)
from tests.contracts.samples import (
    FOURTEEN_DIGITS,
    HERE,
    MOMENT,
    THERE,
    a_customer,
    a_customer_billing,
    a_match,
    a_price,
    a_product,
    a_reading,
    a_run,
    a_subscription,
    a_subscription_billing,
    a_user,
    an_account,
    an_account_billing,
    an_audit_entry,
    an_invoice,
    committed,
    read_at,
)

from clynto.domain.account_billing import CustomerBilling, PaymentStatus
from clynto.domain.connection import Connection
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import Month
from clynto.domain.webhook_event import EventUse
from clynto.ports.signals import SignalsQuery
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork
from clynto.ports.webhooks import EventIntake, EventState, InboxCounts

SILENT = CustomerBilling(
    customer_id="cus_2",
    list_mrr=MoneyBag.empty(),
    net_mrr=MoneyBag.empty(),
    partial=True,
    payment_status=None,
    renewal_at=None,
    lifetime_value=MoneyBag.empty(),
    oldest_invoice_at=None,
    live_subscriptions=0,
    subscriptions=(),
    as_of=a_customer_billing().as_of,
    computed_at=a_customer_billing().computed_at,
)


def _fill(unit: UnitOfWork) -> None:
    unit.accounts.put_many([an_account()])
    unit.catalogue.put_products([a_product()], read_at())
    unit.catalogue.put_prices([a_price()], read_at())
    unit.customers.put_many([a_customer()], read_at())
    unit.subscriptions.put_many([a_subscription()], read_at())
    unit.subscriptions.put_discounts([a_reading()], read_at())
    unit.invoices.put_many([an_invoice()], read_at())
    unit.matches.put_many([a_match()])
    unit.billing.put_customers([a_customer_billing(subscriptions=(a_subscription_billing(),))], {"cus_1": "acc_1"})
    unit.billing.put_accounts([(an_account_billing(), 833)])


def _what_followed(units: UnitsOfWork, workspace_id: str) -> tuple[object, ...]:
    with units.reading(workspace_id) as unit:
        row = unit.accounts_table.row("acc_1")
        assert row is not None
        return (
            unit.event_inbox.counts(),
            len(unit.signals.page(SignalsQuery()).rows),
            len(unit.ledgers.get_many(["customer:cus_1"])),
            len(unit.ledgers.non_events(["sub_1"])),
            len(unit.health.history("acc_1", limit=9)),
            row.health_score,
            len(unit.mrr_records.snapshots(["acc_1"], since=dt.date(2000, 1, 1))),
            len(unit.mrr_records.points(["acc_1"], since=Month(2000, 1))),
            len(unit.mrr_records.workspace_snapshots(since=dt.date(2000, 1, 1))),
            len(unit.mrr_records.workspace_points(since=Month(2000, 1))),
        )


class BillingStoreContract(InTwoWorkspaces):
    """Needs the fixtures ``units`` and ``event_intake`` over the same store.

    Decided: accounts without a computed customer are absent from ``customers_of_accounts``, whose lists are
    ordered by customer id; a customer that ``account_of`` does not name belongs to no account; erasing leaves
    accounts, people, the connection, runs and the audit log alone."""

    def test_gives_back_customers_by_account(self, units: UnitsOfWork) -> None:
        many = MoneyBag(
            {"USD": Fraction(2500, 3), "JPY": Fraction(0), "EUR": Fraction(FOURTEEN_DIGITS), "KWD": Fraction(-1, 7)}
        )
        rich = a_customer_billing("cus_3", list_mrr=many, net_mrr=MoneyBag.of("USD", 0), lifetime_value=many)
        failed = a_customer_billing("cus_1", payment_status=PaymentStatus.FAILED)
        with committed(units) as unit:
            unit.accounts.put_many([an_account("acc_1"), an_account("acc_2"), an_account("acc_3")])
            unit.billing.put_customers(
                [rich, SILENT, failed, a_customer_billing("cus_4"), a_customer_billing("cus_5")],
                {"cus_3": "acc_1", "cus_2": "acc_1", "cus_1": "acc_2", "cus_4": None},
            )
        with units.reading(HERE) as unit:
            found = unit.billing.customers_of_accounts(["acc_2", "acc_1", "acc_3", "acc_9"])
            assert dict(found) == {"acc_1": [SILENT, rich], "acc_2": [failed]}
            assert dict(unit.billing.customers_of_accounts([])) == {}

    def test_customer_rows_come_without_subscriptions(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            full = a_customer_billing(subscriptions=(a_subscription_billing(),))
            unit.billing.put_customers([full], {"cus_1": "acc_1"})
            assert unit.billing.customers_of_accounts(["acc_1"])["acc_1"] == [replace(full, subscriptions=())]

    def test_replaces_a_customer_as_a_whole(self, units: UnitsOfWork) -> None:
        changed = a_customer_billing(list_mrr=MoneyBag.of("EUR", 5), net_mrr=MoneyBag.empty(), payment_status=None)
        with committed(units) as unit:
            unit.accounts.put_many([an_account("acc_1"), an_account("acc_2")])
            unit.billing.put_customers([a_customer_billing()], {"cus_1": "acc_1"})
        with committed(units) as unit:
            unit.billing.put_customers([changed], {"cus_1": "acc_2"})
        with units.reading(HERE) as unit:
            assert dict(unit.billing.customers_of_accounts(["acc_1", "acc_2"])) == {"acc_2": [changed]}

    def test_replaces_the_subscriptions_of_a_customer(self, units: UnitsOfWork) -> None:
        former = tuple(a_subscription_billing(f"sub_{number}") for number in (1, 2))
        other = a_subscription_billing("sub_9", customer_id="cus_2")
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            unit.customers.put_many([a_customer("cus_1"), a_customer("cus_2")], read_at())
            unit.matches.put_many([a_match("cus_1"), a_match("cus_2")])
            unit.subscriptions.put_many([a_subscription("sub_1"), a_subscription("sub_2")], read_at())
            unit.subscriptions.put_many([a_subscription("sub_9", customer_id="cus_2")], read_at())
            unit.billing.put_customers(
                [a_customer_billing(subscriptions=former), a_customer_billing("cus_2", subscriptions=(other,))],
                {"cus_1": "acc_1", "cus_2": "acc_1"},
            )
        with committed(units) as unit:
            latter = (a_subscription_billing("sub_2", plan_name="Changed"),)
            unit.billing.put_customers([a_customer_billing(subscriptions=latter)], {"cus_1": "acc_1"})
        with units.reading(HERE) as unit:
            rows = unit.billing_details.subscriptions_of("acc_1")
            assert sorted((row.id, row.plan_name) for row in rows) == [("sub_2", "Changed"), ("sub_9", "Team")]

    def test_gives_back_account_rows_exactly(self, units: UnitsOfWork) -> None:
        billing = an_account_billing(
            list_mrr=MoneyBag({"USD": Fraction(2500, 3), "JPY": Fraction(0)}),
            net_mrr=MoneyBag.of("USD", Fraction(FOURTEEN_DIGITS, 7)),
            lifetime_value=MoneyBag.of("EUR", FOURTEEN_DIGITS),
            partial=True,
            customers=3,
        )
        with committed(units) as unit:
            unit.accounts.put_many([an_account()])
            unit.billing.put_accounts([(an_account_billing(), 1)])
            unit.billing.put_accounts([(billing, 833)])
        with units.reading(HERE) as unit:
            row = unit.accounts_table.row("acc_1")
            assert row is not None
            assert (row.list_mrr, row.net_mrr, row.lifetime_value) == (
                billing.list_mrr,
                billing.net_mrr,
                billing.lifetime_value,
            )
            assert (row.partial, row.customers, row.as_of, row.computed_at) == (
                True,
                3,
                billing.as_of,
                billing.computed_at,
            )

    def test_lists_computed_accounts_without_customers(self, units: UnitsOfWork) -> None:
        for workspace_id in (HERE, THERE):
            with committed(units, workspace_id) as unit:
                unit.accounts.put_many(an_account(f"acc_{number}") for number in range(5))
        with committed(units) as unit:
            billings = [an_account_billing(f"acc_{number}", customers=number % 2) for number in range(4)]
            unit.billing.put_accounts([(billing, 1) for billing in billings])
        with units.reading(HERE) as unit:
            assert list(unit.billing.without_customers(after=None, limit=9)) == ["acc_0", "acc_2"]
            assert list(unit.billing.without_customers(after=None, limit=1)) == ["acc_0"]
            assert list(unit.billing.without_customers(after="acc_0", limit=9)) == ["acc_2"]
        with units.reading(THERE) as unit:
            assert list(unit.billing.without_customers(after=None, limit=9)) == []

    def test_takes_many_at_once(self, units: UnitsOfWork) -> None:
        ids = [f"acc_{number}" for number in range(700)]
        with committed(units) as unit:
            unit.accounts.put_many(an_account(account_id) for account_id in ids)
            unit.billing.put_customers(
                (a_customer_billing(f"cus_{account_id}") for account_id in ids),
                {f"cus_{account_id}": account_id for account_id in ids},
            )
            unit.billing.put_accounts((an_account_billing(account_id), 833) for account_id in ids)
        with units.reading(HERE) as unit:
            assert len(unit.billing.customers_of_accounts(ids)) == len(ids)

    def test_erases_all_facts_matches_and_computed_rows(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            _fill(unit)
            unit.users.add(a_user())
            unit.audit_log.append(an_audit_entry())
            unit.connections.save(Connection(generation=5))
            unit.sync_runs.add(a_run())
        with committed(units) as unit:
            assert unit.billing.erase_all() >= 10, "one row at least for each kind of thing that was stored"
            assert unit.billing.erase_all() == 0
        with units.reading(HERE) as unit:
            assert unit.catalogue.counts() == (0, 0)
            assert unit.customers.count() == unit.subscriptions.count() == unit.invoices.count() == 0
            assert not unit.subscriptions.discounts(["sub_1"])
            assert not unit.matches.get_many(["cus_1"])
            assert not unit.billing.customers_of_accounts(["acc_1"])
            assert list(unit.billing_details.subscriptions_of("acc_1")) == []
            row = unit.accounts_table.row("acc_1")
            assert row is not None
            assert (row.computed_at, row.list_mrr, row.payment_status) == (None, MoneyBag.empty(), None)
            assert unit.accounts.get("acc_1") == an_account()
            assert unit.users.get("usr_1") is not None
            assert unit.connections.get().generation == 5
            assert unit.sync_runs.active() is not None
            assert len(unit.audit_log.newest(before=None, limit=9)) == 1

    def test_erases_all_that_followed_from_stripe(self, units: UnitsOfWork, event_intake: EventIntake) -> None:
        arrivals = [an_arrival("evt_1"), an_arrival("evt_2"), an_arrival("evt_3")]
        arrive(event_intake, [*arrivals, an_arrival(workspace_id=THERE)])
        for workspace_id in (HERE, THERE):
            with committed(units, workspace_id) as unit:
                unit.accounts.put_many([an_account()])
                unit.webhook_endpoints.save(an_endpoint(f"tok_{workspace_id}"))
                unit.signals.put_many([("sig_1", a_signal())], at=MOMENT)
                unit.ledgers.put_many({"customer:cus_1": a_ledger()})
                unit.ledgers.put_non_events([a_non_event()])
                unit.health.put_scores([a_score()])
                unit.mrr_records.put_snapshots([a_snapshot()])
                unit.mrr_records.replace_points(["acc_1"], [a_point()])
        with committed(units) as unit:
            unit.event_inbox.finish({"evt_1": (EventState.DONE, EventUse.INVOICE)}, at=MOMENT)
            unit.event_inbox.park(["evt_2"], fault="x")
            assert unit.billing.erase_all() >= 9, "one row at least for each kind of thing that was stored"
            assert unit.billing.erase_all() == 0
        assert _what_followed(units, HERE) == (InboxCounts(0, 0, None, {}), 0, 0, 0, 0, None, 0, 0, 0, 0)
        received = an_arrival().received_at
        assert _what_followed(units, THERE) == (InboxCounts(1, 0, received, {}), 1, 1, 1, 1, 70, 1, 1, 1, 1)
        assert event_intake.store(arrivals) == 3, "after all was erased every event is new again"
        with units.reading(HERE) as unit:
            assert unit.webhook_endpoints.get() == an_endpoint(f"tok_{HERE}")

    def test_what_was_erased_can_be_read_again_from_an_older_picture(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.customers.put_many([a_customer()], read_at(9))
            unit.billing.erase_all()
            unit.customers.put_many([a_customer(name="Again")], read_at(0))
            assert unit.customers.get_many(["cus_1"])["cus_1"][0].name == "Again"

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        for workspace_id in (HERE, THERE):
            with committed(units, workspace_id) as unit:
                _fill(unit)
        with committed(units, THERE) as unit:
            unit.billing.put_customers([a_customer_billing(partial=True)], {"cus_1": "acc_1"})
            unit.billing.put_accounts([(an_account_billing(partial=True), 1)])
        with committed(units, THERE) as unit:
            assert unit.billing.customers_of_accounts(["acc_1"])["acc_1"][0].partial is True
            assert unit.billing.erase_all() > 0
        with units.reading(HERE) as unit:
            assert unit.billing.customers_of_accounts(["acc_1"]) == {"acc_1": [a_customer_billing()]}
            assert (unit.customers.count(), unit.subscriptions.count(), unit.invoices.count()) == (1, 1, 1)
            assert unit.matches.matched_count() == 1
            row = unit.accounts_table.row("acc_1")
            assert row is not None
            assert row.partial is False
