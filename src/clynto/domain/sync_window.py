"""How far back a sync reads (guide, FAQ; guarantees H15)."""

from __future__ import annotations

import calendar
import datetime as dt

from clynto.domain.moments import UnixTime
from clynto.domain.subscription import Subscription

WINDOW_MONTHS = 12
STRIPE_BEGAN = UnixTime(1262304000)
"""2010-01-01: no Stripe object is older, so an unlimited list starts here."""


def window_start(now: UnixTime, months: int = WINDOW_MONTHS) -> UnixTime:
    """The same calendar day ``months`` earlier at 00:00 UTC, inclusive; 29 February falls back to the 28th."""
    today = dt.datetime.fromtimestamp(now, tz=dt.UTC)
    index = today.year * 12 + today.month - 1 - months
    year, month = divmod(index, 12)
    day = min(today.day, calendar.monthrange(year, month + 1)[1])
    return UnixTime(int(dt.datetime(year, month + 1, day, tzinfo=dt.UTC).timestamp()))


def belongs_to_window(subscription: Subscription, start: UnixTime) -> bool:
    """Whether an ended subscription is recent enough to be kept: every one that is not over always is."""
    if not subscription.is_ended or subscription.ended_at is None:
        return True
    return subscription.ended_at >= start


def invoices_needed_since(subscription: Subscription) -> UnixTime | None:
    """The start of the oldest running period: the invoice that opened it tells what is paid (billing rules 6.3)."""
    if subscription.is_ended:
        return None
    return subscription.current_period_start
