"""The health score of an account: weighted pillars, of which revenue follows the payment status (guide, Health tab)."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.account_billing import PaymentStatus
from clynto.domain.moments import UnixMicros
from clynto.domain.money import half_up
from clynto.domain.policies import PILLAR_CREDIT


class Pillar(enum.StrEnum):
    """The pillars, named as the tabs of an account."""

    USAGE = "usage"
    SUPPORT = "support"
    REVENUE = "revenue"


class Indicator(enum.StrEnum):
    """The mark on a pillar's card."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    NONE = "none"


PILLAR_WEIGHTS = {Pillar.USAGE: 40, Pillar.SUPPORT: 20, Pillar.REVENUE: 40}
"""Relative weights; the guide names none. Only pillars that contribute take part."""

FULL_SCORE = 100
OK_FROM = 70
WARNING_FROM = 40
"""From which score on a pillar that other sources fill is fine, or at least not critical."""

REVENUE_INDICATOR: dict[PaymentStatus | None, Indicator] = {
    PaymentStatus.PAID: Indicator.OK,
    PaymentStatus.OVERDUE: Indicator.WARNING,
    PaymentStatus.FAILED: Indicator.CRITICAL,
    None: Indicator.NONE,
}
"""The guide: full credit, partial credit with a warning, zero with a red mark, no contribution."""

_REVENUE_REASON: dict[PaymentStatus | None, str] = {
    PaymentStatus.PAID: "No payment is late or refused.",
    PaymentStatus.OVERDUE: "A payment is overdue.",
    PaymentStatus.FAILED: "A payment failed.",
    None: "Nothing was to be paid yet, so revenue does not count.",
}


@dataclass(frozen=True, slots=True)
class PillarScore:
    """``score`` is 0 to 100, None if the pillar does not contribute. ``as_of`` is the age of what it rests on."""

    pillar: Pillar
    score: int | None
    indicator: Indicator
    reason: str
    as_of: UnixMicros | None

    @property
    def contributes(self) -> bool:
        """Whether it takes part in the overall score."""
        return self.score is not None

    @property
    def weight(self) -> int:
        """Its share among the pillars that contribute."""
        return PILLAR_WEIGHTS[self.pillar]


@dataclass(frozen=True, slots=True)
class HealthScore:
    """``score`` is 0 to 100, None if no pillar contributes. ``pillars`` are all of them, in their fixed order."""

    score: int | None
    pillars: tuple[PillarScore, ...]


def revenue_pillar(status: PaymentStatus | None, as_of: UnixMicros | None) -> PillarScore:
    """The Revenue pillar for a payment status (billing rules, section 7, decision 6)."""
    return PillarScore(
        pillar=Pillar.REVENUE,
        score=PILLAR_CREDIT[status],
        indicator=REVENUE_INDICATOR[status],
        reason=_REVENUE_REASON[status],
        as_of=as_of,
    )


def reported_pillar(pillar: Pillar, score: int, reason: str, as_of: UnixMicros) -> PillarScore:
    """A pillar that another source fills. Raises ``ValueError`` for a score outside 0 to 100 and for revenue."""
    if pillar is Pillar.REVENUE:
        raise ValueError("the revenue pillar follows the payment status")
    if not 0 <= score <= FULL_SCORE:
        raise ValueError("a pillar's score is between 0 and 100")
    return PillarScore(pillar, score, _indicator(score), reason, as_of)


def _indicator(score: int) -> Indicator:
    if score >= OK_FROM:
        return Indicator.OK
    return Indicator.WARNING if score >= WARNING_FROM else Indicator.CRITICAL


def silent_pillar(pillar: Pillar) -> PillarScore:
    """A pillar that nothing was reported for."""
    return PillarScore(pillar, None, Indicator.NONE, "Nothing is known yet.", None)


def health_score(pillars: Iterable[PillarScore]) -> HealthScore:
    """The weighted mean of the pillars that contribute, rounded half-up once. Pillars not given are silent.

    Raises ``ValueError`` if a pillar is given twice.
    """
    given: dict[Pillar, PillarScore] = {}
    for scored in pillars:
        if scored.pillar in given:
            raise ValueError(f"the pillar {scored.pillar} is given twice")
        given[scored.pillar] = scored
    shown = tuple(given.get(pillar, silent_pillar(pillar)) for pillar in Pillar)
    weighted = weights = 0
    for scored in shown:
        if scored.score is not None:
            weighted += scored.weight * scored.score
            weights += scored.weight
    return HealthScore(score=half_up(Fraction(weighted, weights)) if weights else None, pillars=shown)
