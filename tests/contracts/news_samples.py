"""Builders of what reaches us after the first sync: events, signals, ledgers, pillars, snapshots and points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from tests.contracts.samples import HERE, MOMENT, an_invoice, moment, second

from clynto.domain.health import Pillar
from clynto.domain.moments import UnixMicros
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import Month
from clynto.domain.mrr_history import Confidence, MrrPoint, MrrSnapshot
from clynto.domain.provenance import Source
from clynto.domain.signal_ledger import Episode, InvoiceMemory, Level, SignalLedger, SubscriptionMemory
from clynto.domain.signal_pictures import PlanItem, SubscriptionFacts
from clynto.domain.signals import (
    CancellationStage,
    DowngradeCause,
    DowngradeTiming,
    NonEvent,
    NonEventCode,
    Signal,
    SignalContext,
    SignalOutcome,
    SignalState,
    SignalType,
)
from clynto.domain.webhook_event import EventEnvelope
from clynto.ports.health import MeasuredPillar, ScorePoint
from clynto.ports.mrr_records import AccountPoint, AccountSnapshot
from clynto.ports.vault import SealedCredential
from clynto.ports.webhooks import ArrivedEvent, EventIntake, WebhookEndpoint

CURRENT = SealedCredential(ciphertext=b"\x00current\xff", key_version=4)
FORMER = SealedCredential(ciphertext=bytes(range(256)), key_version=3)

AUGUST = Month(2026, 8)


def an_endpoint(token: str = "tok_here", **changes: Any) -> WebhookEndpoint:
    """An endpoint with a secret and nothing else."""
    return replace(WebhookEndpoint(token=token, created_at=MOMENT, current=CURRENT, secret_set_at=moment(1)), **changes)


def an_envelope(event_id: str = "evt_1", **changes: Any) -> EventEnvelope:
    """An event about an invoice, with every optional field filled in."""
    envelope = EventEnvelope(
        id=event_id,
        type="invoice.payment_failed",
        created=second(),
        livemode=True,
        account_id="acct_1",
        api_version="2026-10-29.clover",
        object_kind="invoice",
        object_id="in_1",
        customer_id="cus_1",
        subscription_id="sub_1",
    )
    return replace(envelope, **changes)


def an_arrival(
    event_id: str = "evt_1",
    *,
    workspace_id: str = HERE,
    body: bytes = b'{"id": "evt"}',
    received_at: UnixMicros = MOMENT,
    **changes: Any,
) -> ArrivedEvent:
    """A genuine event as it was received."""
    return ArrivedEvent(workspace_id, an_envelope(event_id, **changes), body, received_at)


def a_signal(identity: str = "in_1", **changes: Any) -> Signal:
    """An open failed payment."""
    signal = Signal(
        type=SignalType.PAYMENT_FAILED,
        identity=identity,
        customer_id="cus_1",
        subscription_id="sub_1",
        invoice_id="in_1",
        case_key="debt in_1",
        state=SignalState.OPEN,
        amount=Fraction(14_900),
        currency="USD",
        plan="Team x 7",
        occurred_at=second(),
    )
    return replace(signal, **changes)


def an_overdue(identity: str = "sub_1 in_1", **changes: Any) -> Signal:
    """A subscription that is late."""
    return a_signal(identity, **{"type": SignalType.PAYMENT_OVERDUE, **changes})


def a_cancellation(identity: str = "sub_1 100", **changes: Any) -> Signal:
    """A cancellation that has taken effect."""
    kept: dict[str, Any] = {
        "type": SignalType.SUBSCRIPTION_CANCELED,
        "invoice_id": None,
        "stage": CancellationStage.ENDED,
    }
    return a_signal(identity, **{**kept, **changes})


def resolved(signal: Signal, outcome: SignalOutcome = SignalOutcome.PAID) -> Signal:
    """The same signal once it is over."""
    return replace(signal, state=SignalState.RESOLVED, outcome=outcome, resolved_at=second(60))


FULL_SIGNAL = Signal(
    type=SignalType.SUBSCRIPTION_DOWNGRADED,
    identity="sub_1 #2",
    customer_id="cus_1",
    subscription_id="sub_1",
    invoice_id="in_2",
    case_key="sub_1 #2",
    state=SignalState.RESOLVED,
    amount=Fraction(2500, 3),
    currency="EUR",
    plan="Größe „pro“ x 10 -> pro x 6",
    occurred_at=second(-5),
    outcome=SignalOutcome.RECOVERED,
    stage=CancellationStage.SCHEDULED,
    estimated=True,
    resolved_at=second(9),
    attempts=3,
    context=SignalContext(
        invoice_number="GLBX-0001",
        next_attempt_at=second(100),
        retry_known=True,
        last_attempt_at=second(2),
        reason="cancellation_requested",
        effective_at=second(300),
        on_trial=True,
        cause=DowngradeCause.SEATS,
        timing=DowngradeTiming.AT_RENEWAL,
        mrr_before=Fraction(5000, 7),
        mrr_after=Fraction(1, 3),
        net_change=Fraction(-99_999_999_999_999, 12),
        time_is_exact=False,
    ),
)
"""A signal with every field filled in, whatever sense that makes."""


def a_ledger(subscription_id: str = "sub_1") -> SignalLedger:
    """What is remembered of a customer with one subscription, one invoice and two signals."""
    items = (PlanItem("prod_1", "price_1", 7, "month", 1, volume=True), PlanItem("prod_2", "price_2", 1, "year", 2))
    facts = SubscriptionFacts(
        id=subscription_id,
        customer_id="cus_1",
        status="past_due",
        currency="USD",
        list_mrr=Fraction(2500, 3),
        period_amount=Fraction(2500),
        amount_unknown=False,
        plan="Team x 7",
        items=items,
        created=second(-1000),
        period_end=second(86_400),
    )
    memory = SubscriptionMemory(
        facts=facts,
        as_of=moment(3),
        source=Source.EVENT,
        levels=(
            Level(moment(-9), "USD", None, "Team x 7", ()),
            Level(moment(1), "USD", Fraction(1, 3), "Team x 7", items, period_end=second(8)),
        ),
        stays=(Episode("sub_1 in_1", moment(1)), Episode("sub_1 in_0", moment(-9), moment(-8))),
        requests=(Episode("sub_1 100", moment(2)),),
    )
    invoice = InvoiceMemory(invoice=an_invoice(lines=()), as_of=moment(4), source=Source.API)
    signals = {signal.key: signal for signal in (FULL_SIGNAL, a_signal())}
    return SignalLedger({subscription_id: memory}, {"in_1": invoice}, signals, forgotten_before=moment(-99))


def a_non_event(subscription_id: str = "sub_1", **changes: Any) -> NonEvent:
    """A move to a yearly plan."""
    non_event = NonEvent(
        code=NonEventCode.LONGER_COMMITMENT,
        subscription_id=subscription_id,
        customer_id="cus_1",
        at=second(),
        plan="Team x 7 -> Team x 7",
    )
    return replace(non_event, **changes)


def a_pillar(account_id: str = "acc_1", **changes: Any) -> MeasuredPillar:
    """How much an account uses the product."""
    pillar = MeasuredPillar(
        account_id=account_id, pillar=Pillar.USAGE, score=80, reason="42 logins.", as_of=MOMENT, set_by="tok_1"
    )
    return replace(pillar, **changes)


def a_score(account_id: str = "acc_1", *, score: int | None = 70, at: int = 0) -> ScorePoint:
    """A health score, ``at`` seconds after the samples' present."""
    return ScorePoint(account_id, moment(at), score, f"because of {score}")


def a_snapshot(account_id: str = "acc_1", *, at: UnixMicros = MOMENT, **changes: Any) -> AccountSnapshot:
    """What an account paid at a moment: more than one currency, and fractions of a cent."""
    bag = MoneyBag({"USD": Fraction(2500, 3), "JPY": Fraction(0)})
    return AccountSnapshot(account_id, replace(MrrSnapshot(at, bag, MoneyBag.of("USD", Fraction(1, 7))), **changes))


def a_point(account_id: str = "acc_1", month: Month = AUGUST, **changes: Any) -> AccountPoint:
    """A month end that was rebuilt."""
    point = MrrPoint(
        month=month,
        list_mrr=MoneyBag({"USD": Fraction(2500, 3), "EUR": Fraction(1, 7)}),
        net_mrr=MoneyBag.of("USD", 700),
        confidence=Confidence.RECONSTRUCTED,
        notes=("carried_forward",),
    )
    return AccountPoint(account_id, replace(point, **changes))


def arrive(intake: EventIntake, arrivals: Sequence[ArrivedEvent]) -> None:
    """Store them and bring them into the inboxes of their workspaces."""
    intake.store(arrivals)
    for workspace_id in sorted({one.workspace_id for one in arrivals}):
        intake.bring_in(workspace_id)
