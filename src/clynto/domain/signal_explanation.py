"""A signal in plain words: exact amount, plan and object, nothing that Stripe did not tell (guide, "In the inbox")."""

from __future__ import annotations

import datetime
from fractions import Fraction

from clynto.domain.moments import UnixTime
from clynto.domain.money import major_text
from clynto.domain.signals import CancellationStage, DowngradeCause, Signal, SignalOutcome, SignalType

CURRENCY_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
"""Signs that stand for one currency only in the product's English; all others are written as code and amount."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec")

_CAUSES = {
    DowngradeCause.SEATS: "fewer seats",
    DowngradeCause.PLAN: "another plan",
    DowngradeCause.PRICE: "a lower price",
}

_OUTCOMES = {
    SignalOutcome.PAID: "It was paid",
    SignalOutcome.VOIDED: "The invoice was voided",
    SignalOutcome.WRITTEN_OFF: "The invoice was written off",
    SignalOutcome.SUBSCRIPTION_ENDED: "The subscription ended",
    SignalOutcome.RECOVERED: "It recovered",
    SignalOutcome.PAUSED: "The subscription was paused",
    SignalOutcome.UNDONE: "The cancellation was withdrawn",
    SignalOutcome.SUPERSEDED_BY_CANCELLATION: "The subscription was canceled",
}

_REASONS = {
    "cancellation_requested": "The customer asked for it.",
    "payment_failed": "Stripe names a failed payment as the reason.",
    "payment_disputed": "Stripe names a disputed payment as the reason.",
}


def explain(signal: Signal) -> str:
    """One to three sentences about ``signal``; the last one tells how it ended, if it did."""
    sentences = _TEXTS[signal.type](signal)
    if signal.outcome is not None:
        on = f" on {date_text(signal.resolved_at)}" if signal.resolved_at is not None else ""
        sentences.append(f"{_OUTCOMES[signal.outcome]}{on}.")
    return " ".join(sentences)


def money_text(amount: Fraction, currency: str) -> str:
    """``$1,490.00``, ``¥10,000``, ``149.00 CHF``: exact minor units rounded once, half-up, thousands set apart."""
    sign = CURRENCY_SIGNS.get(currency)
    whole, point, decimals = major_text(abs(amount), currency).partition(".")
    text = f"{int(whole):,}{point}{decimals}"
    minus = "-" if amount < 0 and text.strip("0.,") else ""
    return f"{minus}{sign}{text}" if sign else f"{minus}{text} {currency}"


def date_text(moment: UnixTime) -> str:
    """``3 Dec 2026``, in UTC."""
    day = datetime.datetime.fromtimestamp(moment, tz=datetime.UTC)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _invoice_text(signal: Signal) -> str:
    return f"invoice {signal.context.invoice_number or signal.invoice_id or 'not named by Stripe'}"


def _for_plan(signal: Signal) -> str:
    if signal.subscription_id is None:
        return " (one-off invoice)"
    return f" for {signal.plan}" if signal.plan else ""


def _payment_failed(signal: Signal) -> list[str]:
    context = signal.context
    tries = f" (attempt {signal.attempts})" if signal.attempts else ""
    money = money_text(signal.amount, signal.currency)
    sentence = f"{_invoice_text(signal)} over {money}{_for_plan(signal)} was refused{tries}"
    sentence = sentence[0].upper() + sentence[1:]
    if not signal.is_open:
        return [f"{sentence}."]
    if context.next_attempt_at is not None:
        return [f"{sentence}; Stripe has the next attempt planned for {date_text(context.next_attempt_at)}."]
    if context.retry_known:
        return [f"{sentence}; Stripe has no further attempt planned."]
    return [f"{sentence}."]


def _payment_overdue(signal: Signal) -> list[str]:
    money = money_text(signal.amount, signal.currency)
    about = f"about {money} (list price of one period)" if signal.estimated else money
    owed = f" on {_invoice_text(signal)}" if signal.invoice_id is not None else ""
    verb = "is" if signal.is_open else "was"
    return [f"The subscription{_for_plan(signal)} {verb} past due: {about} left to pay{owed}."]


def _subscription_canceled(signal: Signal) -> list[str]:
    context = signal.context
    money = money_text(signal.amount, signal.currency)
    worth = f"at least {money}" if signal.estimated else money
    when = f" on {date_text(context.effective_at)}" if context.effective_at is not None else ""
    what = f"The subscription to {signal.plan or 'a plan that is not known yet'}"
    what += " (on trial)" if context.on_trial else ""
    brought = "would have brought" if context.on_trial else "brought"
    if signal.stage is CancellationStage.ENDED:
        sentence = f"{what} was canceled and ended{when}; it {brought} {worth} a month."
    else:
        brings = "would bring" if context.on_trial else "brings"
        sentence = f"{what} is canceled and set to end{when}; it {brings} {worth} a month."
    reason = _REASONS.get(context.reason or "")
    return [sentence, reason] if reason else [sentence]


def _subscription_downgraded(signal: Signal) -> list[str]:
    context = signal.context
    sentence = f"Monthly revenue fell by {money_text(signal.amount, signal.currency)}"
    if context.mrr_before is not None and context.mrr_after is not None:
        before, after = money_text(context.mrr_before, signal.currency), money_text(context.mrr_after, signal.currency)
        sentence += f", from {before} to {after}"
    because = f" through {_CAUSES[context.cause]}" if context.cause is not None else ""
    timing = f", {context.timing.value}" if context.timing is not None else ""
    sentences = [f"{sentence}{because} ({signal.plan}{timing})."]
    net = context.net_change
    if net is not None and net != -signal.amount:
        # Without this, seats that moved to another subscription read like a loss.
        sentences.append(f"All subscriptions of the customer together changed by {money_text(net, signal.currency)}.")
    return sentences


_TEXTS = {
    SignalType.PAYMENT_FAILED: _payment_failed,
    SignalType.PAYMENT_OVERDUE: _payment_overdue,
    SignalType.SUBSCRIPTION_CANCELED: _subscription_canceled,
    SignalType.SUBSCRIPTION_DOWNGRADED: _subscription_downgraded,
}
