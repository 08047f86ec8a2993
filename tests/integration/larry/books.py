"""What is true of the seller, worked out from the pretended Stripe alone, without any code of the product."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from tests.integration.larry.portfolio import DOMAINS, NOW, WITHOUT_CUSTOMER, account_id

from stripe_sandbox import World
from stripe_sandbox.records import ENDED_STATUSES, Invoice, Json, Subscription
from stripe_sandbox.truth import list_mrr

Bag = dict[str, Fraction]
"""Exact minor units by currency, upper case, without zeros."""
DIGITS = {"JPY": 0}
LATE = ("overdue", "failed")
CREDIT = {"paid": 100, "overdue": 50, "failed": 0}
"""What the payment status is worth as a health score, where nothing else is measured."""


def added(bags: Iterable[Mapping[str, Fraction]], times: Fraction | int = 1) -> Bag:
    """The sum, so many times."""
    total: Bag = {}
    for bag in bags:
        for currency, amount in bag.items():
            total[currency] = total.get(currency, Fraction(0)) + amount * times
    return {currency: amount for currency, amount in sorted(total.items()) if amount}


def less(bag: Mapping[str, Fraction], other: Mapping[str, Fraction]) -> Bag:
    """The difference."""
    return added([bag, added([other], -1)])


def texts(bag: Mapping[str, Fraction]) -> dict[str, str]:
    """As people read it: major units with the currency's own decimals, halves away from zero, once."""
    return {currency: _text(amount, DIGITS.get(currency, 2)) for currency, amount in bag.items()}


def plain_sum(bag: Mapping[str, Fraction]) -> Fraction:
    """Major units of all currencies, added without conversion."""
    return sum((amount / 10 ** DIGITS.get(currency, 2) for currency, amount in bag.items()), start=Fraction(0))


def _text(minor: Fraction, digits: int) -> str:
    whole = int(abs(minor) + Fraction(1, 2))
    sign = "-" if minor < 0 and whole else ""
    figures = str(whole).rjust(digits + 1, "0")
    return f"{sign}{figures[:-digits]}.{figures[-digits:]}" if digits else f"{sign}{figures}"


@dataclass
class Books:
    """The seller's accounts now, and what they paid on the days on which somebody looked."""

    world: World
    past: dict[dt.date, dict[str, Bag]] = field(default_factory=dict)
    _told: Json | None = None

    @property
    def names(self) -> list[str]:
        """All accounts, in the order of their ids."""
        return list(DOMAINS)

    def write_down(self, day: dt.date) -> None:
        """Remember what every account pays on this day."""
        self.past[day] = {name: self._mrr_now(name) for name in DOMAINS}

    # What accounts pay.

    def mrr(self, name: str, day: dt.date | None = None) -> Bag:
        """One account's exact MRR."""
        return self._mrr_now(name) if day is None else self.past[day][name]

    def mrr_of(self, names: Iterable[str], day: dt.date | None = None) -> Bag:
        """The sum over accounts."""
        return added(self.mrr(name, day) for name in names)

    def by_mrr(self, names: Iterable[str]) -> list[str]:
        """Highest first, ties by id."""
        return sorted(names, key=lambda n: (-plain_sum(self.mrr(n)), n in WITHOUT_CUSTOMER, account_id(n)))

    def lifetime(self, name: str) -> Bag:
        """What was paid on all invoices."""
        return added({i.currency.upper(): Fraction(i.amount_paid - i.post_payment_credit)} for i in self.invoices(name))

    def owed(self, name: str) -> Bag:
        """What is left to pay on open invoices."""
        return added({i.currency.upper(): Fraction(i.amount_remaining)} for i in self.unpaid(name))

    # How they stand.

    def status(self, name: str) -> str | None:
        """Payment status."""
        status: str | None = self._company(name)["payment_status"]
        return status

    def with_status(self, *statuses: str | None) -> list[str]:
        """Accounts of these statuses."""
        return [name for name in DOMAINS if self.status(name) in statuses]

    def score(self, name: str) -> int | None:
        """Health score."""
        status = self.status(name)
        return None if status is None else CREDIT[status]

    def lives(self, name: str) -> int:
        """Live subscriptions."""
        count: int = self._company(name)["live_subscriptions"]
        return count

    def renewal(self, name: str) -> int | None:
        """The next renewal of all its subscriptions."""
        ends = [
            subscription.period_end
            for subscription in self.subscriptions(name)
            if subscription.status in ("active", "past_due", "trialing") and not _is_leaving(subscription)
        ]
        return min(ends, default=None)

    # What they have.

    def subscriptions(self, name: str) -> list[Subscription]:
        """All that the account ever had."""
        return [
            held for customer in self._customers(name) for held in self.world.store.subscriptions_of.get(customer, [])
        ]

    def counted(self, name: str) -> list[Subscription]:
        """Those that count in MRR."""
        return [held for held in self.subscriptions(name) if held.status in ("active", "past_due")]

    def product_names(self, subscription: Subscription) -> list[str]:
        """What it contains."""
        store = self.world.store
        return [store.products[store.prices[item.price].product].name for item in subscription.items]

    def share(self, name: str, subscriptions: Iterable[Subscription]) -> Bag:
        """What some subscriptions of an account bring."""
        held = {subscription.id for subscription in subscriptions}
        own = [s for s in self.counted(name) if s.id in held]
        return added({s.currency.upper(): list_mrr(self.world.store, s, self.world.now)[0]} for s in own)

    def interval(self, subscription: Subscription) -> str | None:
        """How often it is billed, if all its items agree."""
        prices = [self.world.store.prices[item.price] for item in subscription.items]
        told = {str(p.interval) if p.interval_count == 1 else f"{p.interval_count} {p.interval}s" for p in prices}
        return told.pop() if len(told) == 1 else None

    def invoices(self, name: str) -> list[Invoice]:
        """All but drafts, newest first."""
        held = [i for c in self._customers(name) for i in self.world.store.invoices_of_customer.get(c, [])]
        return sorted((i for i in held if i.status != "draft"), key=lambda i: (i.created, i.id), reverse=True)

    def all_invoices(self) -> list[Invoice]:
        """Of everybody, unmatched customers included, newest first."""
        held = [i for i in self.world.store.invoices if i.status != "draft"]
        return sorted(held, key=lambda i: (i.created, i.id), reverse=True)

    def unpaid(self, name: str) -> list[Invoice]:
        """Open with money left to pay."""
        return [i for i in self.invoices(name) if is_unpaid(i)]

    # Who is nobody's.

    def strangers(self) -> list[str]:
        """Stripe customers without an account."""
        customers = self._truth()["customers"]
        return [customer_id for customer_id, told in customers.items() if not told["matches"]]

    def strangers_mrr(self) -> Bag:
        """What they pay."""
        customers = self._truth()["customers"]
        return added(_bag(customers[customer_id]["mrr"]) for customer_id in self.strangers())

    def _company(self, name: str) -> Json:
        found: Json = self._truth()["companies"][DOMAINS[name]]
        return found

    def _customers(self, name: str) -> list[str]:
        return list(self._company(name)["customers"])

    def _mrr_now(self, name: str) -> Bag:
        return _bag(self._company(name)["mrr"])

    def _truth(self) -> Json:
        if self._told is None or self._told["now"] != self.world.now:
            self._told = self.world.truth()
        return self._told


def is_unpaid(invoice: Invoice) -> bool:
    """Open with money left to pay."""
    return invoice.status == "open" and invoice.amount_remaining > 0


def is_overdue(invoice: Invoice) -> bool:
    """Unpaid behind its due date."""
    return is_unpaid(invoice) and invoice.due_date is not None and invoice.due_date < NOW


def is_live(subscription: Subscription) -> bool:
    """Not ended."""
    return subscription.status not in ENDED_STATUSES


def _is_leaving(subscription: Subscription) -> bool:
    return subscription.cancel_at_period_end or subscription.cancel_at is not None


def _bag(told: Mapping[str, Mapping[str, str]]) -> Bag:
    bag = {currency.upper(): Fraction(row["list"]) for currency, row in told.items()}
    return {currency: amount for currency, amount in sorted(bag.items()) if amount}
