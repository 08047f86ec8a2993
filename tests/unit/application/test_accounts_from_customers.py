"""Accounts for customers that have none (guide, "0 customers matched")."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.contracts.samples import second
from tests.unit.application.plain_billing import CATALOGUE_CREATED, catalogue, paying, plain_customer
from tests.unit.application.sync_product import ADMIN, MEMBER, RULES, WORKSPACE, SyncProduct

from clynto.application.accounts_from_customers import AddAccountsFromCustomers
from clynto.application.audit import AuditTrail
from clynto.application.create_account import MATCHES
from clynto.application.force_match import DropMatch
from clynto.application.match_customers import RematchWorkspace
from clynto.domain.account import Account
from clynto.domain.account_input import LONGEST_NAME
from clynto.domain.errors import Conflict, Forbidden, NotFound, QueueUnavailable
from clynto.domain.matching import MatchReason
from clynto.ports.read_models import AccountsQuery
from clynto.ports.work_queue import Job, JobKind


class Shop(SyncProduct):
    """A workspace that was connected before it had any accounts."""

    def __post_init__(self) -> None:
        super().__post_init__()
        audit = AuditTrail(self.clock, self.identifiers)
        self.add = AddAccountsFromCustomers(
            units=self.units,
            clock=self.clock,
            identifiers=self.identifiers,
            rules=RULES,
            matching=self.matching,
            queue=self.queue,
            audit=audit,
        )
        self.drop = DropMatch(units=self.units, recompute=self.recompute, audit=audit)
        self.rematch = RematchWorkspace(units=self.units, matching=self.matching)

    def accounts_held(self) -> dict[str, tuple[str, ...]]:
        """Name and domains."""
        page = self.accounts(MEMBER, AccountsQuery(limit=200))
        return {shown.row.name: shown.row.domains for shown in page.rows}

    def reason(self, customer_id: str) -> MatchReason:
        """Why the customer is, or is not, on an account."""
        with self.units.reading(WORKSPACE) as uow:
            return uow.matches.get_many([customer_id])[customer_id].reason


@pytest.fixture
def shop() -> Shop:
    """Two people of Acme, one of them with a subdomain; Globex; somebody private; somebody without an email."""
    shop = Shop()
    shop.stripe.put(*catalogue(), created=CATALOGUE_CREATED)
    for number, email in enumerate(["ann@ACME.example", "bob@shop.acme.example", "eve@globex.example"], start=1):
        shop.stripe.put(*paying(number, email, seats=number))
    shop.stripe.put(*paying(4, "jo@gmail.com", seats=4), *paying(5, None, seats=5))
    shop.stripe.put(replace(plain_customer(1, "ann@ACME.example"), name="Acme Purchasing", created=second(-50)))
    shop.stripe.put(replace(plain_customer(2, "bob@shop.acme.example"), name="Acme Inc.", created=second(-500)))
    shop.stripe.put(replace(plain_customer(3, "eve@globex.example"), name=" \x00 "))
    shop.synced()
    return shop


def test_one_account_for_each_company_and_all_its_customers_on_it(shop: Shop) -> None:
    assert shop.card().customers_matched == 0
    assert shop.add.of_all(ADMIN) == 2
    assert shop.accounts_held() == {"Acme Inc.": ("acme.example",), "globex.example": ("globex.example",)}
    assert Job(JobKind.RECOMPUTE, WORKSPACE, MATCHES) in shop.queue.waiting
    figures = {"Acme Inc.": ("150.00", "paid"), "globex.example": ("150.00", "paid")}
    assert shop.figures() == figures
    shop.rematch(WORKSPACE)
    assert shop.figures() == figures
    assert {one: shop.reason(one) for one in ("cus_2", "cus_4", "cus_5")} == {
        "cus_2": MatchReason.REGISTRABLE_DOMAIN,
        "cus_4": MatchReason.FREE_MAIL,
        "cus_5": MatchReason.NO_EMAIL,
    }
    assert shop.add.of_all(ADMIN) == 0


def test_companies_that_have_an_account_and_people_that_were_taken_off_are_left_alone(shop: Shop) -> None:
    with shop.units.writing(WORKSPACE) as uow:
        uow.accounts.put_many([Account("acc_1", "Acme", ("www.acme.example",), None, shop.clock.now())])
        uow.commit()
    shop.drop(ADMIN, "cus_3")
    assert shop.add.of_all(ADMIN) == 0
    assert shop.accounts_held() == {"Acme": ("www.acme.example",)}


def test_one_customer_gets_an_account_at_once(shop: Shop) -> None:
    account = shop.add.of_one(ADMIN, "cus_2")
    assert (account.name, account.domains) == ("Acme Inc.", ("acme.example",))
    assert shop.figures() == {"Acme Inc.": ("100.00", "paid")}
    assert Job(JobKind.RECOMPUTE, WORKSPACE, MATCHES) in shop.queue.waiting
    shop.rematch(WORKSPACE)
    assert shop.figures() == {"Acme Inc.": ("150.00", "paid")}
    with pytest.raises(Conflict):
        shop.add.of_one(ADMIN, "cus_2")


@pytest.mark.parametrize("customer_id", ["cus_4", "cus_5"])
def test_who_names_no_company_gets_an_account_without_a_domain(shop: Shop, customer_id: str) -> None:
    account = shop.add.of_one(ADMIN, customer_id)
    assert account.domains == ()
    assert shop.reason(customer_id) is MatchReason.MANUALLY_MATCHED
    shop.rematch(WORKSPACE)
    assert shop.card().customers_matched == 1


def test_a_domain_that_somebody_has_is_not_taken_twice(shop: Shop) -> None:
    shop.add.of_one(ADMIN, "cus_1")
    shop.rematch(WORKSPACE)
    shop.drop(ADMIN, "cus_2")
    assert shop.add.of_one(ADMIN, "cus_2").domains == ()
    assert shop.reason("cus_1") is MatchReason.MANUALLY_MATCHED


def test_what_cannot_be_done_changes_nothing(shop: Shop) -> None:
    shop.stripe.put(replace(plain_customer(3, None), deleted=True))
    shop.synced()
    for act in (lambda: shop.add.of_one(MEMBER, "cus_1"), lambda: shop.add.of_all(MEMBER)):
        with pytest.raises(Forbidden):
            act()
    for customer_id in ("cus_3", "cus_none"):
        with pytest.raises(NotFound):
            shop.add.of_one(ADMIN, customer_id)
    shop.queue.available = False
    for act in (lambda: shop.add.of_one(ADMIN, "cus_1"), lambda: shop.add.of_all(ADMIN)):
        with pytest.raises(QueueUnavailable):
            act()
    assert shop.accounts_held() == {}


def test_a_name_of_any_length_fits(shop: Shop) -> None:
    shop.stripe.put(replace(plain_customer(1, "ann@acme.example"), name="A" * 5_000))
    shop.synced()
    assert len(shop.add.of_one(ADMIN, "cus_1").name) == LONGEST_NAME
