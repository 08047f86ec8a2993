"""The decisions where Stripe and the guide leave a choice, each in one place (billing rules, section 7).

Who wants another answer changes the value here and nothing else; each one has its decision record.
"""

from __future__ import annotations

from fractions import Fraction

from clynto.domain.account_billing import PaymentStatus
from clynto.domain.subscription import SubscriptionStatus

MONTHS_PER_YEAR = 12

PAYMENTS_PER_YEAR = {
    "day": Fraction(365),
    "week": Fraction(52),
    "month": Fraction(MONTHS_PER_YEAR),
    "year": Fraction(1),
}
"""How often a price of one interval is due in a year (billing rules 2.3; decision 3)."""

LARGEST_MONTHLY_AMOUNT = 10**16
"""Minor units a month, ten thousand times the largest invoice that Stripe makes. An item said to bring more has a
mistake in its price or quantity; counted, it would hide all other figures, and sums would leave 64 bits."""

RECURRING_DURATIONS = frozenset({"forever", "repeating"})
"""Coupon durations that lower recurring revenue while they run; ``once`` never does (billing rules 2.5)."""

PAUSES_THAT_GIVE_THE_PERIOD_AWAY = frozenset({"void", "mark_uncollectible"})
"""``pause_collection`` behaviours that make net revenue zero; ``keep_as_draft`` is money that comes later (2.6)."""

EXHAUSTED_FROM_ATTEMPTS = 2
"""Attempts from which a known absence of a next one proves that the retries are over (billing rules 3.1)."""

SILENT_ATTEMPT_IS_REJECTED_AFTER_SECONDS = 14 * 24 * 60 * 60
"""A bank debit may be under way for days; an attempt that leads nowhere for so long was rejected (3.2 e)."""

PAST_DUE_SAYS = PaymentStatus.OVERDUE
PAST_DUE_WITH_EXHAUSTED_RETRIES_SAYS = PaymentStatus.FAILED
"""Decision 1."""

TRIAL_WITHOUT_MONEY_SAYS: PaymentStatus | None = None
"""Decision 2: nobody has paid yet, so there is nothing to credit (billing rules 3.4)."""

PAUSE_REASONS_THAT_ARE_FAILURES = frozenset({"first_payment_failure", "final_payment_failure"})
"""Since 2026-09-30.endive Stripe pauses by itself after a failed payment (billing rules 3.4)."""

STATUSES_WHOSE_ATTEMPT_WAS_REJECTED = frozenset({SubscriptionStatus.PAST_DUE.value, SubscriptionStatus.UNPAID.value})
"""One attempt proves a rejection when the subscription fell into one of these (billing rules 3.2 d)."""

PILLAR_CREDIT: dict[PaymentStatus | None, int | None] = {
    PaymentStatus.PAID: 100,
    PaymentStatus.OVERDUE: 50,
    PaymentStatus.FAILED: 0,
    None: None,
}
"""Decision 6: what each status gives to the health pillar; None does not take part."""
