"""States as a tone, a shape and a word, so that nobody has to tell them apart by colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clynto.application.queries.show_integration import CardState
from clynto.application.queries.show_webhooks import WebhookState
from clynto.domain.account_billing import PaymentStatus
from clynto.domain.health import OK_FROM, WARNING_FROM, Indicator
from clynto.domain.signal_severity import Severity
from clynto.domain.sync_run import RunState


@dataclass(frozen=True, slots=True)
class Badge:
    """``shape`` is the name of an icon; ``tone`` one of good, warn, bad, info, plain."""

    tone: str
    shape: str
    word: str


PAYMENT: Mapping[PaymentStatus | None, Badge] = MappingProxyType(
    {
        PaymentStatus.PAID: Badge("good", "disc", "Paid"),
        PaymentStatus.OVERDUE: Badge("warn", "triangle", "Overdue"),
        PaymentStatus.FAILED: Badge("bad", "square-x", "Failed"),
    }
)

CARD: Mapping[CardState, Badge] = MappingProxyType(
    {
        CardState.NOT_CONNECTED: Badge("plain", "ring", "Not connected"),
        CardState.SYNCING: Badge("info", "cycle", "Syncing..."),
        CardState.CONNECTED: Badge("good", "disc", "Connected"),
        CardState.ERROR: Badge("bad", "square-x", "Error"),
        CardState.DISCONNECTED: Badge("plain", "pause", "Disconnected"),
    }
)

WEBHOOK: Mapping[WebhookState, Badge] = MappingProxyType(
    {
        WebhookState.NOT_CONFIGURED: Badge("plain", "ring", "Not configured"),
        WebhookState.WAITING: Badge("info", "ring", "Waiting for the first event"),
        WebhookState.RECEIVING: Badge("good", "disc", "Receiving events"),
        WebhookState.SIGNATURE_INVALID: Badge("bad", "square-x", "Error — Webhook signature invalid"),
    }
)

RUN: Mapping[RunState, Badge] = MappingProxyType(
    {
        RunState.QUEUED: Badge("plain", "ring", "Queued"),
        RunState.RUNNING: Badge("info", "cycle", "Running"),
        RunState.SUCCEEDED: Badge("good", "disc", "Succeeded"),
        RunState.FAILED: Badge("bad", "square-x", "Failed"),
        RunState.SUPERSEDED: Badge("plain", "pause", "Superseded"),
    }
)

INDICATOR: Mapping[Indicator, Badge] = MappingProxyType(
    {
        Indicator.OK: Badge("good", "disc", "Healthy"),
        Indicator.WARNING: Badge("warn", "triangle", "Warning"),
        Indicator.CRITICAL: Badge("bad", "square-x", "Critical"),
        Indicator.NONE: Badge("plain", "ring", "Does not count"),
    }
)

SEVERITY: Mapping[Severity, Badge] = MappingProxyType(
    {
        Severity.CRITICAL: Badge("bad", "square-x", "Critical"),
        Severity.HIGH: Badge("warn", "triangle", "High"),
        Severity.MEDIUM: Badge("info", "disc", "Medium"),
    }
)

_STRIPE_STATUS: Mapping[str, Badge] = MappingProxyType(
    {
        "active": Badge("good", "disc", "Active"),
        "trialing": Badge("info", "ring", "Trial"),
        "past_due": Badge("warn", "triangle", "Past due"),
        "unpaid": Badge("bad", "square-x", "Unpaid"),
        "canceled": Badge("plain", "pause", "Canceled"),
        "paused": Badge("plain", "pause", "Paused"),
        "incomplete": Badge("warn", "triangle", "Incomplete"),
        "incomplete_expired": Badge("plain", "pause", "Expired"),
        "paid": Badge("good", "disc", "Paid"),
        "open": Badge("info", "ring", "Open"),
        "void": Badge("plain", "pause", "Void"),
        "uncollectible": Badge("bad", "square-x", "Uncollectible"),
    }
)


_BILLED = {"day": "Daily", "week": "Weekly", "month": "Monthly", "year": "Yearly"}


def of_stripe(status: str) -> Badge:
    """A status of a subscription or an invoice; one that is unknown keeps Stripe's own word."""
    return _STRIPE_STATUS.get(status) or Badge("plain", "ring", status.replace("_", " ").capitalize())


def of_score(score: int | None) -> Badge | None:
    """A health score, on the thresholds of its pillars."""
    if score is None:
        return None
    tone = "good" if score >= OK_FROM else "warn" if score >= WARNING_FROM else "bad"
    return Badge(tone, {"good": "disc", "warn": "triangle", "bad": "square-x"}[tone], str(score))


def billed_text(interval: str | None) -> str:
    """How often a subscription is billed: ``Monthly``, ``Every 3 months``."""
    if interval is None:
        return "—"
    return _BILLED.get(interval, f"Every {interval}")
