"""Customers that cover what billing can look like: one per status, price kind, discount, pause and odd name.

Each is planned backwards from now, so that the wanted state is the one at the end of the played history.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from stripe_sandbox.billing_dates import DAY, HOUR, add_months
from stripe_sandbox.portfolio.sign_up import SignUp
from stripe_sandbox.records import PaymentBehaviour

_REFUSED = -1


def _no_card() -> PaymentBehaviour:
    return PaymentBehaviour(has_payment_method=False)


class SpecialCustomers:
    """Plans the special customers of a portfolio that ends at `now` (Unix seconds)."""

    def __init__(self, now: int, companies: Iterator[tuple[str, str]]) -> None:
        self._now = now
        self._companies = companies
        self._made: list[SignUp] = []

    def plans(self) -> list[SignUp]:
        """Return all of them, the most telling first."""
        self._statuses()
        self._payments()
        self._prices()
        self._discounts()
        self._pauses_and_ends()
        self._identities()
        self._invoices()
        self._changes()
        return self._made

    # --- tools ---

    def _ago(self, days: float) -> int:
        return self._now - int(days * DAY)

    def _on_day_31(self, days: int) -> int:
        """Return noon of the newest 31st at least that many days ago: its renewals show any drift of month ends."""
        moment = datetime.fromtimestamp(self._ago(days), UTC).replace(hour=12, minute=0, second=0)
        while moment.day != 31:
            moment -= timedelta(days=1)
        return int(moment.timestamp())

    def _renewed(self, days: int, months: int = 7) -> int:
        """Return a start whose newest monthly renewal was `days` ago."""
        return add_months(self._ago(days), -months)

    def _add(
        self, at: int, *prices: tuple[str, int | None], payment: PaymentBehaviour | None = None, **terms: Any
    ) -> SignUp:
        name, domain = next(self._companies)
        return self._add_named(name, f"billing@{domain}", at, *prices, payment=payment or PaymentBehaviour(), **terms)

    def _add_named(
        self,
        name: str | None,
        email: str | None,
        at: int,
        *prices: tuple[str, int | None],
        payment: PaymentBehaviour | None = None,
        **terms: Any,
    ) -> SignUp:
        plan = SignUp(at, name, email, list(prices), terms, payment or PaymentBehaviour())
        self._made.append(plan)
        return plan

    # --- statuses ---

    def _statuses(self) -> None:
        refuse = {"customer": "$customer", "times": _REFUSED}
        # Refused two days ago, one retry planned: overdue.
        start = self._renewed(2)
        self._add(start, ("team_month", 10)).then(self._ago(5), "fail_next_payments", **refuse)
        # All retries used up (3 + 5 + 7 days), the seller lets it be past due: failed.
        for end in ("past_due", "unpaid", "cancel", "pause"):
            start = self._renewed(20)
            self._add(start, ("business_month", 8), retry_end=end).then(self._ago(23), "fail_next_payments", **refuse)
        self._add(self._renewed(6), ("team_month", 6), pause_on_first_failure=True).then(
            self._ago(9), "fail_next_payments", **refuse
        )
        self._add(
            self._ago(19),
            ("team_month", 4),
            payment=_no_card(),
            trial_days=14,
            trial_without_method="pause",
        )
        self._add(self._ago(5), ("team_month", 5), trial_days=14)
        self._add(self._ago(12), ("business_year", 3), payment=_no_card(), trial_days=30)
        self._add(
            self._ago(40),
            ("team_month", 2),
            payment=_no_card(),
            trial_days=14,
            trial_without_method="cancel",
        )
        refused = PaymentBehaviour(refusals_left=_REFUSED)
        self._add(self._now - 5 * HOUR, ("starter_month", 2), payment=refused)
        self._add(self._now - 2 * HOUR, ("starter_month", 1), charge_now=False)
        self._add(self._ago(10), ("starter_month", 1), payment=PaymentBehaviour(refusals_left=_REFUSED))
        self._add(self._ago(1126), ("team_month", 12))
        self._add(self._ago(500), ("team_month", 7)).then(self._ago(200), "cancel_now", subscription="$subscription")
        self._add(self._ago(800), ("business_month", 3)).then(
            self._ago(500), "cancel_now", subscription="$subscription"
        )

    def _payments(self) -> None:
        slow = PaymentBehaviour(emailed_invoice_days=None)
        self._add(self._renewed(40, 1), ("business_month", 5), payment=slow, days_until_due=14)
        self._add(self._ago(9), ("enterprise_volume", 30), payment=slow, days_until_due=30)
        self._add(self._ago(400), ("team_year", 20), days_until_due=30)
        debit = PaymentBehaviour(settlement_days=5)
        self._add(self._renewed(2), ("team_month", 9), payment=debit)
        self._add(self._renewed(12), ("team_month", 11)).then(
            self._ago(15), "fail_next_payments", customer="$customer", times=1
        )

    def _prices(self) -> None:
        single: tuple[tuple[str, int | None], ...] = (
            ("enterprise_graduated", 35),
            ("enterprise_graduated", 6),
            ("enterprise_volume", 6),
            ("enterprise_volume_year", 40),
            ("enterprise_two_years", 1),
            ("thirty_days", 2),
            ("business_week", 4),
            ("business_two_weeks", 3),
            ("storage_decimal", 333),
            ("messages_pack", 25),
            ("messages_pack_down", 250),
            ("api_metered", None),
            ("starter_free", 1),
            ("pay_what_you_want", 1),
            ("team_quarter", 9),
            ("business_eur_inclusive", 5),
            ("team_month_jpy", 14),
            ("team_year_jpy", 1),
            ("team_month_kwd", 3),
            ("legacy_month", 15),
            ("legacy_year_eur", 2),
            ("team_month", 0),
        )
        for place, price in enumerate(single):
            self._add(self._ago(250 + 3 * place), price, usage_per_period=12_345)
        self._add(self._ago(25), ("day_pass", 1))
        self._add(self._ago(333), ("business_month", 12), ("api_metered", None), usage_per_period=200_000)
        self._add(self._ago(290), ("team_month", 5), ("support_year", 1), ("storage_decimal", 80))
        for currency in ("eur", "gbp"):
            self._add(self._ago(222), ("team_month", 13), currency=currency)
        two_currencies = self._add(self._ago(410), ("business_month", 2))
        two_currencies.then(
            self._ago(90),
            "new_subscription",
            customer="$customer",
            prices=[("price:team_month", 4)],
            currency="eur",
        )
        self._add(self._on_day_31(200), ("business_month", 1))
        items = tuple((f"connector_{n}", n % 4 + 1) for n in range(1, 26))
        self._add(self._ago(130), *items)
        trial_item = self._add(self._ago(100), ("team_month", 3), ("support_month", 1))
        trial_item.then(self._ago(4), "start_item_trial", subscription="$subscription", item=1, days=14)

    def _discounts(self) -> None:
        for coupons in (
            ["PARTNER20"],
            ["ODD333"],
            ["TENOFF"],
            ["FREEFOREVER"],
            ["OLDCAMPAIGN"],
            ["PARTNER20", "TENOFF"],
            ["TENOFF", "PARTNER20"],
        ):
            self._add(self._ago(160), ("team_month", 6), coupons=coupons)
        # Running since two months; ended in the middle of a yearly period; used up at the first invoice.
        self._add(self._ago(60), ("team_month", 8), coupons=["HALFYEAR25"])
        self._add(self._ago(150), ("business_year", 2), coupons=["QUARTER10"])
        self._add(self._ago(75), ("team_month", 4), coupons=["WELCOME50"])
        self._add(self._ago(200), ("business_year", 4), coupons=["YEARLY120"])
        self._add(self._ago(180), ("team_month", 5), ("support_month", 1), item_coupons={1: "PARTNER20"})
        self._add(self._ago(170), ("team_month", 5), ("support_month", 1), coupons=["SUPPORTONLY"])
        self._add(self._ago(140), ("team_month", 7), currency="eur", coupons=["TENOFF"])
        self._add(self._ago(300), ("business_month", 6)).then(
            self._ago(45), "discount_customer", customer="$customer", coupon="PARTNER20"
        )

    def _pauses_and_ends(self) -> None:
        for behavior in ("void", "keep_as_draft", "mark_uncollectible"):
            self._add(self._renewed(4), ("team_month", 10)).then(
                self._ago(40), "pause_collection", subscription="$subscription", behavior=behavior
            )
        self._add(self._renewed(9), ("team_month", 3)).then(
            self._ago(20), "pause_collection", subscription="$subscription", behavior="void", days=60
        )
        self._add(self._renewed(9), ("team_month", 3)).then(
            self._ago(60), "pause_collection", subscription="$subscription", behavior="void", days=20
        )
        self._add(self._ago(120), ("team_month", 5)).then(
            self._ago(11), "pause_subscription", subscription="$subscription"
        )
        for flexible, when in ((True, "flag"), (True, "date"), (False, "flag")):
            self._add(self._renewed(11), ("business_month", 7), flexible=flexible).then(
                self._ago(3), "schedule_cancel", subscription="$subscription", when=when
            )
        self._add(self._ago(200), ("team_month", 6), cancel_at=self._now + 160 * DAY)
        undone = self._add(self._renewed(13), ("team_month", 21))
        undone.then(self._ago(9), "schedule_cancel", subscription="$subscription")
        undone.then(self._ago(7), "undo_cancel", subscription="$subscription")

    # --- who they are ---

    def _identities(self) -> None:
        name, domain = next(self._companies)
        for local, seats in (("billing", 5), ("emea", 7), ("apac", 2)):
            self._add_named(name, f"{local}@{domain}", self._ago(240 + seats), ("team_month", seats))
        name, domain = next(self._companies)
        self._add_named(name, f"pay@mail.{domain}", self._ago(190), ("team_month", 3))
        name, domain = next(self._companies)
        self._add_named(name, f"Accounts.Payable@{domain.upper()}", self._ago(185), ("team_month", 4))
        name, domain = next(self._companies)
        self._add_named(name, f"finance+stripe@{domain}", self._ago(184), ("business_month", 2))
        self._add_named("Quillsandbox Ltd", "ap@quillsandbox-invented.co.uk", self._ago(183), ("team_month", 2))
        for email in ("maria.k@gmail.com", "tomwrites@outlook.com", "solo@yahoo.com", "x@icloud.com"):
            self._add_named(email.split("@")[0], email, self._ago(177), ("starter_month", 1))
        self._add_named("No Address Inc.", None, self._ago(176), ("starter_month", 2))
        odd_names = (
            "🚀 Rocket & Söhne 🦄",
            'The "Quoted" O\'Company',
            "<script>alert('name')</script>",
            "شركة المثال \u200f(RTL)",
            "=SUM(A1:A9)",
            "Long " + "very " * 60 + "name",
            None,
        )
        for place, odd in enumerate(odd_names):
            _, domain = next(self._companies)
            self._add_named(odd, f"billing@{domain}", self._ago(150 + place), ("team_month", place + 1))
        gone = self._add(self._ago(420), ("team_month", 5))
        gone.then(
            self._ago(300),
            "new_subscription",
            customer="$customer",
            prices=[("price:support_month", 1)],
        )
        gone.then(self._ago(35), "delete_customer", customer="$customer")
        self._add(self._ago(50))
        on_clock = self._add(self._ago(65), ("team_month", 3))
        on_clock.test_clock = "clock_1SandboxFrozen0001"

    def _invoices(self) -> None:
        lines = [(f"Usage record {n:03d}", 100 + n) for n in range(1, 251)]
        self._add(self._ago(95), ("business_month", 9)).then(
            self._ago(33), "invoice_once", customer="$customer", amounts=lines
        )
        once: dict[str, Any] = {"customer": "$customer", "amounts": [("Workshop", 180_000)]}
        slow = PaymentBehaviour(emailed_invoice_days=None)
        self._add(self._ago(397), payment=slow).then(self._ago(396), "invoice_once", **once, days_until_due=30)
        self._add(self._ago(3), payment=PaymentBehaviour(emailed_invoice_days=None)).then(
            self._ago(2), "invoice_once", **once, days_until_due=30
        )
        self._add(self._ago(8), payment=PaymentBehaviour(refusals_left=_REFUSED)).then(
            self._ago(7), "invoice_once", **once
        )
        onboarding = self._add(self._ago(110), ("business_month", 4))
        onboarding.then(
            self._ago(109),
            "invoice_once",
            customer="$customer",
            amounts=[("Onboarding", 150_000)],
            price="price:onboarding_once",
        )
        for story in ("pay_out_of_band", "void_invoice", "mark_uncollectible"):
            plan = self._add(self._renewed(14), ("team_month", 5))
            plan.then(self._ago(16), "fail_next_payments", customer="$customer", times=_REFUSED)
            plan.then(self._ago(12), story, invoice="$invoice")
            plan.then(self._ago(11), "fail_next_payments", customer="$customer", times=0)
        # Written off, but the next invoice was paid.
        settled = self._add(self._renewed(40, 3), ("team_month", 5))
        settled.then(self._ago(42), "fail_next_payments", customer="$customer", times=_REFUSED)
        settled.then(self._ago(36), "mark_uncollectible", invoice="$invoice")
        settled.then(self._ago(35), "fail_next_payments", customer="$customer", times=0)
        self._add(self._renewed(17), ("business_month", 3)).then(
            self._ago(10), "credit_note", invoice="$invoice", amount=1_500
        )
        self._add(self._renewed(5), ("business_month", 3), days_until_due=30).then(
            self._ago(2), "credit_note", invoice="$invoice", amount=700
        )

    def _changes(self) -> None:
        self._add(self._renewed(10), ("team_month", 20)).then(
            self._ago(6), "cut_seats", subscription="$subscription", quantity=12
        )
        self._add(self._renewed(19), ("business_month", 10)).then(
            self._ago(8), "switch_plan", subscription="$subscription", price="price:team_month"
        )
        self._add(self._renewed(25), ("team_month", 10)).then(
            self._ago(60), "switch_plan", subscription="$subscription", price="price:team_year"
        )
        self._add(self._renewed(21), ("team_month", 6), ("support_month", 1)).then(
            self._ago(13), "remove_item", subscription="$subscription", item=1
        )
        self._add(self._renewed(24), ("starter_month", 3)).then(
            self._ago(100), "switch_plan", subscription="$subscription", price="price:team_month", quantity=9
        )
        recovered = self._add(self._renewed(18), ("business_month", 5))
        recovered.then(self._ago(20), "fail_next_payments", customer="$customer", times=_REFUSED)
        recovered.then(self._ago(9), "recover", customer="$customer")
        moved = self._add(self._ago(260), ("team_month", 3))
        moved.then(self._ago(30), "change_email", customer="$customer", email=None)
