"""Companies of a large workspace and all that Stripe knows of them, each made from its number alone."""

from __future__ import annotations

import calendar
import random
from collections.abc import Iterator
from fractions import Fraction

from tests.contracts.news_samples import a_signal

from clynto.domain.account import Account
from clynto.domain.account_billing import CustomerBilling, PaymentStatus, SubscriptionBilling
from clynto.domain.customer import StripeCustomer
from clynto.domain.invoice import Invoice
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros, UnixTime
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import completed_months
from clynto.domain.mrr_history import Confidence, MrrPoint
from clynto.domain.signals import Signal, SignalOutcome, SignalState, SignalType
from clynto.domain.subscription import COUNTED_STATUSES, Subscription, SubscriptionItem
from clynto.ports.mrr_records import AccountPoint

SECOND = UnixTime(calendar.timegm((2026, 11, 26, 9, 0, 0)))
NOW = UnixMicros(SECOND * MICROS_PER_SECOND)
DAY = 86_400
INVOICES_EACH = 10
MONTHS = 13
FIRST = "q00q"
"""Stands in all ids, names and domains of the companies made here; others are copies under another mark."""
WORDS = ("Nord", "Werk", "Data", "Cloud", "Bau", "Licht", "Hafen", "Stern", "Wald", "Turm", "Feld", "Strom")
FORMS = ("GmbH", "AG", "Ltd", "Inc", "SAS")
CURRENCIES = ("USD",) * 7 + ("EUR",) * 2 + ("JPY",)
PLANS = tuple(
    (f"prod_{tier.lower()}{size}", f"{tier} {size}") for tier in ("Team", "Pro", "Enterprise") for size in (1, 2, 3, 4)
)
INTERVALS = ("month",) * 7 + ("year",) * 2 + ("3 months",)
NOT_LIVE = ("canceled",)
_STATUSES = {3: "trialing", 5: "past_due"}
"""By the company's number within forty."""
STATUSES = (PaymentStatus.PAID,) * 90 + (PaymentStatus.OVERDUE,) * 8 + (PaymentStatus.FAILED,) * 2


def name_of(number: int) -> str:
    """What an account is called."""
    draw = random.Random(number)
    return f"{draw.choice(WORDS)}{draw.choice(WORDS).lower()} {number}{FIRST} {draw.choice(FORMS)}"


def account_id(number: int) -> str:
    """An account's id."""
    return f"acc_{FIRST}{number:020}"


def account_of(number: int) -> Account:
    """An account with a domain of its own."""
    name = name_of(number)
    domain = f"{name.split(maxsplit=1)[0].lower()}-{number}{FIRST}.example"
    return Account(account_id(number), name, (domain,), f"crm-{FIRST}{number}", NOW)


class Company:
    """All that Stripe knows of one account: made from its number alone."""

    def __init__(self, number: int) -> None:
        self._draw = random.Random(number * 7 + 1)
        self.customer_id = f"cus_{FIRST}{number:014}"
        self.account_id = account_id(number)
        self.name = name_of(number)
        self._number = number
        self.currency = self._draw.choice(CURRENCIES)
        self.subscriptions = [self._subscription(place) for place in range(1 + (number % 5 == 0))]
        self.invoices = [self._invoice(place) for place in range(INVOICES_EACH)]

    @property
    def is_matched(self) -> bool:
        """Whether its customer belongs to its account."""
        return self._number % 50 != 1

    @property
    def customer(self) -> StripeCustomer:
        """The Stripe customer."""
        return StripeCustomer(
            self.customer_id, f"billing@{self._number}{FIRST}.example", f"{self.name} Holding", SECOND
        )

    def _subscription(self, place: int) -> tuple[Subscription, SubscriptionBilling]:
        draw = self._draw
        subscription_id = f"sub_{FIRST}{self._number:012}_{place}"
        status = "canceled" if self._number % 12 == 0 else _STATUSES.get(self._number % 40, "active")
        product_id, plan = draw.choice(PLANS)
        ends = UnixTime(SECOND + draw.randint(1, 365) * DAY)
        item = SubscriptionItem(
            id=f"si_{subscription_id}", price=None, quantity=1, period_start=SECOND, period_end=ends
        )
        canceling = status == "active" and self._number % 60 == 1
        subscription = Subscription(
            id=subscription_id,
            customer_id=self.customer_id,
            status=status,
            currency=self.currency,
            created=UnixTime(SECOND - 400 * DAY),
            start_date=UnixTime(SECOND - 400 * DAY),
            items=(item,),
            cancel_at_period_end=canceling,
            trial_end=ends if status == "trialing" else None,
        )
        mrr = (
            Fraction(draw.randint(1_000, 400_000), draw.choice((1, 1, 3, 12)))
            if status in COUNTED_STATUSES
            else Fraction(0)
        )
        billing = SubscriptionBilling(
            subscription_id=subscription_id,
            customer_id=self.customer_id,
            currency=self.currency,
            counted=status in COUNTED_STATUSES,
            list_mrr=mrr,
            net_mrr=mrr * Fraction(9, 10),
            partial=False,
            plan_name=plan,
            quantity=1,
            interval=draw.choice(INTERVALS),
            product_ids=(product_id,),
            notes=(),
        )
        return subscription, billing

    def _invoice(self, place: int) -> Invoice:
        is_open = place == 0 and self._number % 10 == 3
        amount = self._draw.randint(1_000, 400_000)
        created = UnixTime(SECOND - place * 30 * DAY - self._draw.randint(0, 29 * DAY))
        return Invoice(
            id=f"in_{FIRST}{self._number:012}_{place:02}",
            customer_id=self.customer_id,
            subscription_id=self.subscriptions[0][0].id,
            number=f"INV-{FIRST}{self._number}-{place}",
            status="open" if is_open else "paid",
            currency=self.currency,
            amount_due=amount,
            amount_paid=0 if is_open else amount,
            amount_remaining=amount if is_open else 0,
            post_payment_credit=0,
            collection_method="charge_automatically",
            attempt_count=1,
            next_payment_attempt=None,
            retry_known=True,
            due_date=UnixTime(created + 14 * DAY),
            created=created,
            finalized_at=created,
            paid_at=None if is_open else created,
            voided_at=None,
            uncollectible_at=None,
            uncollectible_reason=None,
            billing_reason="subscription_cycle",
            lines=(),
        )

    def billing(self) -> CustomerBilling:
        """The figures of the customer."""
        listed = net = lifetime = MoneyBag.empty()
        for _, held in self.subscriptions:
            if held.counted:
                listed = listed + MoneyBag.of(held.currency, held.list_mrr)
                net = net + MoneyBag.of(held.currency, held.net_mrr)
        for invoice in self.invoices:
            lifetime = lifetime + MoneyBag.of(invoice.currency, invoice.amount_paid)
        live = [subscription for subscription, _ in self.subscriptions if subscription.status not in NOT_LIVE]
        return CustomerBilling(
            customer_id=self.customer_id,
            list_mrr=listed,
            net_mrr=net,
            partial=False,
            payment_status=self._draw.choice(STATUSES) if live else None,
            renewal_at=live[0].current_period_end if live else None,
            lifetime_value=lifetime,
            oldest_invoice_at=self.invoices[-1].created,
            live_subscriptions=len(live),
            subscriptions=tuple(billing for _, billing in self.subscriptions),
            as_of=NOW,
            computed_at=NOW,
        )

    def signals(self) -> Iterator[tuple[str, Signal]]:
        """One in ten has a case."""
        if self._number % 10:
            return
        signal = a_signal(
            self.customer_id,
            type=self._draw.choice(tuple(SignalType)),
            customer_id=self.customer_id,
            subscription_id=self.subscriptions[0][0].id,
            invoice_id=self.invoices[0].id,
            case_key=self.customer_id,
            currency=self.currency,
            amount=Fraction(self.invoices[0].amount_due),
            occurred_at=UnixTime(SECOND - self._draw.randint(0, 200) * DAY),
            **(
                {"state": SignalState.RESOLVED, "outcome": SignalOutcome.PAID, "resolved_at": SECOND}
                if self._number % 20
                else {}
            ),
        )
        yield f"sig_{FIRST}{self._number:010}", signal

    def points(self, present: MoneyBag) -> Iterator[AccountPoint]:
        """Month ends: mostly as now, sometimes less, more or nothing."""
        for month in completed_months(SECOND, MONTHS):
            factor = self._draw.choice((Fraction(1),) * 16 + (Fraction(0), Fraction(1, 2), Fraction(2), Fraction(1)))
            bag = (present * factor).without_zeros()
            point = MrrPoint(month, bag, bag * Fraction(9, 10), Confidence.RECONSTRUCTED)
            yield AccountPoint(self.account_id, point)
