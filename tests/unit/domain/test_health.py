"""The health score and its Revenue pillar (guide, Health tab; billing rules, section 7, decision 6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clynto.domain.account_billing import PaymentStatus
from clynto.domain.health import (
    PILLAR_WEIGHTS,
    Indicator,
    Pillar,
    PillarScore,
    health_score,
    reported_pillar,
    revenue_pillar,
)
from clynto.domain.moments import UnixMicros

NOW = UnixMicros(1)


@pytest.mark.parametrize(
    ("status", "score", "indicator"),
    [
        (PaymentStatus.PAID, 100, Indicator.OK),
        (PaymentStatus.OVERDUE, 50, Indicator.WARNING),
        (PaymentStatus.FAILED, 0, Indicator.CRITICAL),
        (None, None, Indicator.NONE),
    ],
)
def test_revenue_follows_the_payment_status(
    status: PaymentStatus | None, score: int | None, indicator: Indicator
) -> None:
    pillar = revenue_pillar(status, NOW)
    assert (pillar.score, pillar.indicator, pillar.contributes) == (score, indicator, score is not None)
    assert pillar.reason.endswith(".")
    assert health_score([pillar]).score == score


def test_what_does_not_contribute_leaves_the_others_as_they_are() -> None:
    usage = reported_pillar(Pillar.USAGE, 80, "Used daily.", NOW)
    without = health_score([usage, revenue_pillar(None, NOW)])
    assert (without.score, health_score([usage]).score) == (80, 80)
    assert [pillar.pillar for pillar in without.pillars] == list(Pillar)
    assert health_score([]).score is None


def test_a_failed_payment_counts_as_zero_not_as_nothing() -> None:
    usage = reported_pillar(Pillar.USAGE, 80, "Used daily.", NOW)
    assert health_score([usage, revenue_pillar(PaymentStatus.FAILED, NOW)]).score == 40


def test_the_mean_is_weighted_and_rounded_half_up_once() -> None:
    usage = reported_pillar(Pillar.USAGE, 71, "Used.", NOW)
    support = reported_pillar(Pillar.SUPPORT, 33, "Many tickets.", NOW)
    # (40 x 71 + 20 x 33 + 40 x 50) / 100 = 55.00; (40 x 71 + 40 x 50) / 80 = 60.5
    overdue = revenue_pillar(PaymentStatus.OVERDUE, NOW)
    assert health_score([overdue, support, usage]).score == 55
    assert health_score([usage, overdue]).score == 61


@pytest.mark.parametrize(
    ("score", "indicator"),
    [(70, Indicator.OK), (69, Indicator.WARNING), (40, Indicator.WARNING), (39, Indicator.CRITICAL)],
)
def test_indicators_of_reported_pillars(score: int, indicator: Indicator) -> None:
    assert reported_pillar(Pillar.SUPPORT, score, "So.", NOW).indicator is indicator


def test_what_is_refused() -> None:
    for score in (-1, 101):
        with pytest.raises(ValueError, match="between 0 and 100"):
            reported_pillar(Pillar.USAGE, score, "No.", NOW)
    with pytest.raises(ValueError, match="payment status"):
        reported_pillar(Pillar.REVENUE, 50, "No.", NOW)
    twice = revenue_pillar(None, NOW)
    with pytest.raises(ValueError, match="twice"):
        health_score([twice, twice])


@given(st.dictionaries(st.sampled_from([Pillar.USAGE, Pillar.SUPPORT]), st.integers(0, 100)), st.randoms())
def test_the_score_lies_between_its_pillars(scores: dict[Pillar, int], random: object) -> None:
    pillars: list[PillarScore] = [reported_pillar(pillar, score, "So.", NOW) for pillar, score in scores.items()]
    total = health_score(pillars)
    assert health_score(pillars[::-1]) == total
    if scores:
        assert total.score is not None
        assert min(scores.values()) <= total.score <= max(scores.values())
    assert sum(PILLAR_WEIGHTS.values()) == 100
