"""Builders of domain records with sensible defaults, and the two workspaces every contract suite works in.

A test names only what it is about; everything else is filled in with values a real Stripe account could hold.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from typing import Any

from tests.contracts.sample_moments import MOMENT as MOMENT
from tests.contracts.sample_moments import SECOND as SECOND
from tests.contracts.sample_moments import answer_at as answer_at
from tests.contracts.sample_moments import event_at as event_at
from tests.contracts.sample_moments import moment as moment
from tests.contracts.sample_moments import read_at as read_at
from tests.contracts.sample_moments import second as second

from clynto.domain.account import Account
from clynto.domain.account_billing import AccountBilling, CustomerBilling, PaymentStatus, SubscriptionBilling
from clynto.domain.catalogue import PackageRule, Price, PriceAmounts, Product, Recurrence, Tier
from clynto.domain.customer import StripeCustomer
from clynto.domain.discount import Coupon, Discount
from clynto.domain.discount_readings import DiscountReading
from clynto.domain.exchange_rates import ExchangeRate
from clynto.domain.invoice import Invoice, InvoiceLine
from clynto.domain.matching import MatchDecision, MatchKind, MatchReason
from clynto.domain.moments import UnixMicros
from clynto.domain.money import MoneyBag
from clynto.domain.roles import Role
from clynto.domain.subscription import CollectionPause, Subscription, SubscriptionItem
from clynto.domain.sync_run import SyncRun
from clynto.ports.people import ApiToken, AuditEntry, Session, User
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork
from clynto.ports.workspaces import MrrBasis, Workspace

HERE = "ws_here"
THERE = "ws_there"
"""The neighbour: nothing that happens ``HERE`` may be seen or changed from it."""

HARD_TEXT = 'O\'Brien "& <b>Söhne</b>" % _ \\ ; -- שלום مرحبا\u202e' + "🙂" * 10_000
"""What clean text may still hold: quotes, wildcards of LIKE, right-to-left marks and four-byte letters, and a lot."""

LONG_NAME = "Ärztekammer " * 41 + "Nordrhein"
FOURTEEN_DIGITS = 99_999_999_999_999


@contextmanager
def committed(units: UnitsOfWork, workspace_id: str = HERE) -> Iterator[UnitOfWork]:
    """A writing unit that is committed at the end of the block."""
    with units.writing(workspace_id) as unit:
        yield unit
        unit.commit()


def a_workspace(workspace_id: str = HERE, **changes: Any) -> Workspace:
    """A workspace without conversion."""
    workspace = Workspace(
        id=workspace_id,
        name="Rheinwerk Success",
        default_currency=None,
        mrr_basis=MrrBasis.LIST,
        own_domains=("rheinwerk.example",),
        created_at=MOMENT,
    )
    return replace(workspace, **changes)


def a_rate(day: int = 1, **changes: Any) -> ExchangeRate:
    """What a euro is worth in dollars, to the last digit."""
    rate = ExchangeRate(
        date=datetime.date(2026, 9, day), from_currency="EUR", to_currency="USD", rate=Fraction(10_837, 10_000)
    )
    return replace(rate, **changes)


def a_user(user_id: str = "usr_1", **changes: Any) -> User:
    """An owner."""
    user = User(
        id=user_id,
        workspace_id=HERE,
        email=f"{user_id}@rheinwerk.example",
        role=Role.OWNER,
        password_hash="$argon2id$stand-in",
        created_at=MOMENT,
    )
    return replace(user, **changes)


def a_session(token_hash: str = "hash-1", **changes: Any) -> Session:
    """A session of an hour."""
    session = Session(
        token_hash=token_hash, workspace_id=HERE, user_id="usr_1", created_at=MOMENT, expires_at=moment(3600)
    )
    return replace(session, **changes)


def a_token(token_id: str = "tok_1", **changes: Any) -> ApiToken:
    """A token nobody has used."""
    token = ApiToken(
        id=token_id,
        workspace_id=HERE,
        name="Reporting",
        role=Role.MEMBER,
        token_hash=f"hash-of-{token_id}",
        created_by="usr_1",
        created_at=MOMENT,
    )
    return replace(token, **changes)


def an_audit_entry(entry_id: str = "aud_1", **changes: Any) -> AuditEntry:
    """Somebody connected Stripe."""
    entry = AuditEntry(
        id=entry_id, at=MOMENT, actor="usr_1", action="stripe.connected", detail="Connected Stripe in live mode."
    )
    return replace(entry, **changes)


def an_account(account_id: str = "acc_1", **changes: Any) -> Account:
    """A company with two domains."""
    account = Account(
        id=account_id,
        name="Globex GmbH",
        domains=(f"{account_id.replace('_', '-')}.example", f"www.{account_id.replace('_', '-')}.example"),
        external_id=f"crm-{account_id}",
        created_at=MOMENT,
    )
    return replace(account, **changes)


def a_run(run_id: str = "run_1", *, at: UnixMicros = MOMENT) -> SyncRun:
    """A run that waits for a worker."""
    return SyncRun.request(run_id, requested_by="usr_1", at=at)


def a_product(product_id: str = "prod_1", **changes: Any) -> Product:
    """A plan."""
    return replace(Product(id=product_id, name="Team", active=True), **changes)


def a_price(price_id: str = "price_1", **changes: Any) -> Price:
    """A graduated monthly price with packages, fractions of a cent and a second currency."""
    tiers = (
        Tier(up_to=10, unit_amount=Fraction(25, 2), flat_amount=None),
        Tier(up_to=None, unit_amount=Fraction(1, 3), flat_amount=Fraction(500)),
    )
    price = Price(
        id=price_id,
        product_id="prod_1",
        currency="USD",
        active=True,
        nickname="Team monthly",
        tiered=True,
        tiers_mode="graduated",
        amounts=PriceAmounts(unit_amount=None, tiers=tiers),
        currency_options={"EUR": PriceAmounts(unit_amount=Fraction(1999, 100), tiers=())},
        package=PackageRule(divide_by=5, round_up=True),
        recurrence=Recurrence(interval="month", interval_count=1, metered=False),
        tax_inclusive=True,
    )
    return replace(price, **changes)


def a_coupon(coupon_id: str = "co_1", **changes: Any) -> Coupon:
    """A third off two products."""
    coupon = Coupon(
        id=coupon_id,
        duration="forever",
        percent_off=Fraction(100, 3),
        amount_off=None,
        currency=None,
        amount_off_options={"EUR": 500},
        applies_to_products=frozenset({"prod_1", "prod_2"}),
    )
    return replace(coupon, **changes)


def a_discount(discount_id: str = "di_1", **changes: Any) -> Discount:
    """A readable discount that runs for a year."""
    discount = Discount(id=discount_id, coupon=a_coupon(), start=second(-86_400), end=second(86_400 * 365))
    return replace(discount, **changes)


def a_reading(subscription_id: str = "sub_1", **changes: Any) -> DiscountReading:
    """Discounts on the subscription and on one of its items."""
    reading = DiscountReading(
        subscription_id=subscription_id,
        discounts=(a_discount("di_1"), a_discount("di_2")),
        item_discounts={"si_1": (a_discount("di_3"),)},
    )
    return replace(reading, **changes)


def a_customer(customer_id: str = "cus_1", **changes: Any) -> StripeCustomer:
    """A living customer."""
    customer = StripeCustomer(
        id=customer_id,
        email=f"Billing@{customer_id.replace('_', '-')}.example",
        name="Globex GmbH",
        created=second(-1000),
        currency="USD",
        discount=a_discount("di_customer"),
    )
    return replace(customer, **changes)


def a_tombstone(customer_id: str = "cus_1") -> StripeCustomer:
    """All that Stripe tells of a deleted customer."""
    return StripeCustomer(id=customer_id, email=None, name=None, created=None, deleted=True)


def an_item(item_id: str = "si_1", **changes: Any) -> SubscriptionItem:
    """Seven seats, discounted."""
    item = SubscriptionItem(
        id=item_id,
        price=a_price(),
        quantity=7,
        discounts=(a_discount("di_item"),),
        trial_end=second(50),
        period_start=second(-100),
        period_end=second(86_400 * 30),
    )
    return replace(item, **changes)


def a_subscription(subscription_id: str = "sub_1", **changes: Any) -> Subscription:
    """An active subscription with two items and every optional field filled in."""
    subscription = Subscription(
        id=subscription_id,
        customer_id="cus_1",
        status="active",
        currency="USD",
        created=second(-1000),
        start_date=second(-900),
        items=(an_item("si_1"), an_item("si_2", price=None, quantity=None, discounts=(), deleted=True)),
        discounts=(a_discount("di_sub"), Discount(id="di_bare", coupon=None, start=None, end=None)),
        canceled_at=second(-10),
        cancellation_reason="cancellation_requested",
        trial_end=second(-500),
        collection_method="charge_automatically",
        collection_pause=CollectionPause(behavior="void", resumes_at=second(5000)),
        pause_reason="first_payment_failure",
        latest_invoice_id="in_1",
    )
    return replace(subscription, **changes)


def a_line(line_id: str = "il_1", **changes: Any) -> InvoiceLine:
    """A line with every optional field filled in."""
    line = InvoiceLine(
        id=line_id,
        amount=14_900,
        currency="USD",
        quantity=7,
        period_start=second(-100),
        period_end=second(86_400 * 30),
        subscription_line=True,
        subscription_id="sub_1",
        subscription_item_id="si_1",
        proration=False,
        price_id="price_1",
        product_id="prod_1",
        unit_amount=Fraction(14_900, 7),
        recurrence=Recurrence(interval="month", interval_count=1, metered=False),
        price_per_unit=True,
        discount_total=100,
    )
    return replace(line, **changes)


def an_invoice(invoice_id: str = "in_1", **changes: Any) -> Invoice:
    """An open, automatically charged invoice with two lines."""
    invoice = Invoice(
        id=invoice_id,
        customer_id="cus_1",
        subscription_id="sub_1",
        number="GLBX-0001",
        status="open",
        currency="USD",
        amount_due=14_900,
        amount_paid=0,
        amount_remaining=14_900,
        post_payment_credit=0,
        collection_method="charge_automatically",
        attempt_count=1,
        next_payment_attempt=second(86_400),
        retry_known=True,
        due_date=second(86_400 * 14),
        created=second(-100),
        finalized_at=second(-50),
        paid_at=None,
        voided_at=None,
        uncollectible_at=None,
        uncollectible_reason=None,
        billing_reason="subscription_cycle",
        lines=(a_line("il_1"), a_line("il_2", unit_amount=None, recurrence=None, price_per_unit=None)),
    )
    return replace(invoice, **changes)


def a_paid_invoice(invoice_id: str = "in_1", **changes: Any) -> Invoice:
    """The same invoice after the money came."""
    paid = an_invoice(
        invoice_id,
        status="paid",
        amount_paid=14_900,
        amount_remaining=0,
        next_payment_attempt=None,
        paid_at=second(-40),
    )
    return replace(paid, **changes)


def a_match(customer_id: str = "cus_1", account_id: str | None = "acc_1", **changes: Any) -> MatchDecision:
    """A match by domain."""
    decision = MatchDecision(
        customer_id=customer_id,
        account_id=account_id,
        kind=MatchKind.DOMAIN,
        reason=MatchReason.EXACT_DOMAIN,
        matched_domain="acc-1.example",
        candidates=(),
    )
    return replace(decision, **changes)


def a_subscription_billing(subscription_id: str = "sub_1", **changes: Any) -> SubscriptionBilling:
    """A yearly plan of a hundred dollars: 833 cents and a third a month."""
    billing = SubscriptionBilling(
        subscription_id=subscription_id,
        customer_id="cus_1",
        currency="USD",
        counted=True,
        list_mrr=Fraction(2500, 3),
        net_mrr=Fraction(5000, 9),
        partial=False,
        plan_name="Team",
        quantity=7,
        interval="year",
        product_ids=("prod_1", "prod_2"),
        notes=("metered_not_counted si_2",),
    )
    return replace(billing, **changes)


def a_customer_billing(customer_id: str = "cus_1", **changes: Any) -> CustomerBilling:
    """One paying customer with one subscription."""
    billing = CustomerBilling(
        customer_id=customer_id,
        list_mrr=MoneyBag.of("USD", Fraction(2500, 3)),
        net_mrr=MoneyBag.of("USD", Fraction(5000, 9)),
        partial=False,
        payment_status=PaymentStatus.PAID,
        renewal_at=second(86_400 * 30),
        lifetime_value=MoneyBag.of("USD", 14_900),
        oldest_invoice_at=second(-100),
        live_subscriptions=1,
        subscriptions=(),
        as_of=MOMENT,
        computed_at=moment(1),
    )
    return replace(billing, **changes)


def an_account_billing(account_id: str = "acc_1", **changes: Any) -> AccountBilling:
    """The row of an account with one paying customer."""
    billing = AccountBilling(
        account_id=account_id,
        list_mrr=MoneyBag.of("USD", Fraction(2500, 3)),
        net_mrr=MoneyBag.of("USD", Fraction(5000, 9)),
        partial=False,
        payment_status=PaymentStatus.PAID,
        renewal_at=second(86_400 * 30),
        lifetime_value=MoneyBag.of("USD", 14_900),
        oldest_invoice_at=second(-100),
        live_subscriptions=1,
        customers=1,
        as_of=MOMENT,
        computed_at=moment(1),
    )
    return replace(billing, **changes)
