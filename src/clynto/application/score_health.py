"""Keep the health score of accounts in step with their pillars (guide, In the Health tab)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clynto.domain.account_billing import AccountBilling, PaymentStatus
from clynto.domain.health import HealthScore, PillarScore, health_score, reported_pillar, revenue_pillar
from clynto.domain.moments import UnixMicros
from clynto.ports.health import MeasuredPillar, ScorePoint
from clynto.ports.unit_of_work import UnitOfWork


def assess_health(
    status: PaymentStatus | None, as_of: UnixMicros | None, measured: Iterable[MeasuredPillar]
) -> HealthScore:
    """The score of one account from its payment status and what other systems measured."""
    pillars: list[PillarScore] = [revenue_pillar(status, as_of)]
    pillars.extend(reported_pillar(one.pillar, one.score, one.reason, one.as_of) for one in measured)
    return health_score(pillars)


def score_accounts(uow: UnitOfWork, billings: Mapping[str, AccountBilling], *, at: UnixMicros) -> list[ScorePoint]:
    """The current score of each account, with the pillars that made it."""
    measured = uow.health.pillars(sorted(billings))
    points = []
    for account_id, billing in sorted(billings.items()):
        scored = assess_health(billing.payment_status, billing.as_of, measured.get(account_id, ()))
        points.append(ScorePoint(account_id, at, scored.score, reason_of(scored)))
    return points


def reason_of(scored: HealthScore) -> str:
    """The contributing pillars in words, the lowest first."""
    contributing = sorted((p for p in scored.pillars if p.contributes), key=lambda p: (p.score or 0, p.pillar.value))
    if not contributing:
        return "No pillar contributes."
    return " ".join(f"{p.pillar.value.capitalize()} {p.score}: {p.reason}" for p in contributing)
