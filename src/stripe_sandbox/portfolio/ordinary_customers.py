"""The bulk of a portfolio: companies that sign up, mostly pay, sometimes change their mind."""

from __future__ import annotations

import random
from collections.abc import Iterator

from stripe_sandbox.billing_dates import DAY
from stripe_sandbox.portfolio.company_names import mailbox
from stripe_sandbox.portfolio.sign_up import SignUp
from stripe_sandbox.records import PaymentBehaviour

#: How often each plan is bought, in parts of the whole.
_PLANS = {
    "starter_month": 18,
    "team_month": 32,
    "business_month": 17,
    "team_year": 10,
    "business_year": 7,
    "starter_year": 4,
    "team_quarter": 3,
    "enterprise_volume": 3,
    "enterprise_graduated": 4,
    "business_week": 1,
    "legacy_month": 3,
}
_ADD_ONS: tuple[tuple[str, int | None], ...] = (
    ("support_month", 1),
    ("messages_pack", 35),
    ("storage_decimal", 120),
    ("api_metered", None),
)
_COUPONS = ("PARTNER20", "WELCOME50", "HALFYEAR25", "TENOFF")
#: The oldest sign-ups are this long ago.
HISTORY_DAYS = 760


class OrdinaryCustomers:
    """Plans customers at random, the same ones for the same random state."""

    def __init__(self, rng: random.Random, now: int, companies: Iterator[tuple[str, str]]) -> None:
        self._rng = rng
        self._now = now
        self._companies = companies

    def plan(self) -> SignUp:
        """Return one more customer to come."""
        rng = self._rng
        name, domain = next(self._companies)
        age = int(HISTORY_DAYS * DAY * rng.random() ** 1.2) + DAY
        start = self._now - age - rng.randrange(DAY)
        plan_name = rng.choices(list(_PLANS), weights=list(_PLANS.values()))[0]
        seats = 1 + int(rng.paretovariate(1.1) * 2) % 90
        sign_up = SignUp(start, name, mailbox(rng, domain), [(plan_name, seats)])
        self._terms(sign_up, plan_name)
        self._life(sign_up, plan_name, seats)
        return sign_up

    def _terms(self, sign_up: SignUp, plan_name: str) -> None:
        rng = self._rng
        if plan_name == "team_month" and rng.random() < 0.25:
            sign_up.terms["currency"] = rng.choice(("eur", "eur", "gbp"))
        elif plan_name.endswith("month") and rng.random() < 0.15:
            sign_up.prices.append(rng.choice(_ADD_ONS))
            sign_up.terms["usage_per_period"] = rng.randrange(1_000, 90_000)
        if rng.random() < 0.18:
            sign_up.terms["trial_days"] = 14
        if rng.random() < 0.12:
            sign_up.terms["days_until_due"] = rng.choice((14, 30))
            sign_up.payment = PaymentBehaviour(emailed_invoice_days=rng.choice((3, 9, 12, 21)))
        if rng.random() < 0.14:
            sign_up.terms["coupons"] = [rng.choice(_COUPONS)]

    def _life(self, sign_up: SignUp, plan_name: str, seats: int) -> None:
        rng = self._rng
        subscription = "$subscription"
        if rng.random() < 0.35:
            more = max(1, seats + rng.choice((-3, -1, 1, 2, 5, 8)))
            sign_up.then(self._later(sign_up), "cut_seats", subscription=subscription, quantity=more)
        if plan_name == "starter_month" and rng.random() < 0.2:
            sign_up.then(self._later(sign_up), "switch_plan", subscription=subscription, price="price:business_month")
        if rng.random() < 0.2:
            times = rng.choice((1, 1, 1, 2, 3))
            sign_up.then(self._later(sign_up), "fail_next_payments", customer="$customer", times=times)
        if rng.random() < 0.12:
            leave = self._later(sign_up)
            if rng.random() < 0.6:
                when = rng.choice(("flag", "date"))
                sign_up.then(leave, "schedule_cancel", subscription=subscription, when=when)
            else:
                sign_up.then(leave, "cancel_now", subscription=subscription)

    def _later(self, sign_up: SignUp) -> int:
        """Return a moment between a day after the sign-up and now."""
        return self._rng.randrange(sign_up.at + DAY // 2, max(self._now, sign_up.at + DAY))
