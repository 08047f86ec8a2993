"""Every line of an MRR in plain words (contract, mrr-explanation)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from clynto.application.queries.explain_mrr import MrrExplained
from clynto.domain.exclusion_wording import describe_exclusion
from clynto.domain.recurring_revenue import RevenueLine
from clynto.entrypoints.http.pages.presenters.money import minor_money_text
from clynto.ports.workspaces import MrrBasis

_NOTES: Mapping[str, str] = {
    "tax_inclusive": "Its price includes tax, which is part of this figure.",
    "items_truncated": "Stripe listed more items than could be read, so an amount is missing.",
    "scheduled_cancel": "It is set to end; until then it counts.",
    "collection_paused": "Collection is paused.",
    "discount_not_expanded": "A discount is not known in detail yet and is left out.",
    "discount_future": "A discount has not begun yet.",
    "discount_ended": "A discount has ended.",
    "mixed_interval_amount_off": "An amount off is spread over items of different intervals.",
    "amount_off_currency_mismatch": "A discount is in another currency and takes nothing off.",
}


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """One counted item: ``period`` times ``factor`` is ``listed``; less ``discount`` it is ``result``."""

    product: str
    subscription_id: str
    price_id: str
    quantity: str
    period: str
    interval: str
    factor: str
    discount: str | None
    result: str


@dataclass(frozen=True, slots=True)
class NamedReason:
    """An object of Stripe and a sentence about it."""

    object_id: str
    reason: str


def explained_lines(explained: MrrExplained) -> tuple[ExplainedLine, ...]:
    """The lines, which add up to the figure."""
    return tuple(_line(line, explained) for line in explained.lines)


def exclusions(explained: MrrExplained) -> tuple[NamedReason, ...]:
    """What was left out and why."""
    return tuple(NamedReason(one.object_id, describe_exclusion(one.reason)) for one in explained.excluded)


def remarks(explained: MrrExplained) -> tuple[NamedReason, ...]:
    """What else is worth knowing; what is left out is told by ``exclusions``."""
    told = []
    for note in dict.fromkeys(explained.notes):
        code, _, object_id = note.partition(" ")
        if code in _NOTES:
            told.append(NamedReason(object_id, _NOTES[code]))
    return tuple(told)


def interval_text(interval: str, count: int) -> str:
    """``month``, ``3 months``."""
    return interval if count == 1 else f"{count} {interval}s"


def _line(line: RevenueLine, explained: MrrExplained) -> ExplainedLine:
    is_net = explained.basis is MrrBasis.NET
    result = line.net_mrr if is_net else line.list_mrr
    discount = line.list_mrr - line.net_mrr
    return ExplainedLine(
        product=explained.product_names.get(line.product_id or "", line.price_id),
        subscription_id=line.subscription_id,
        price_id=line.price_id,
        quantity=str(line.quantity),
        period=minor_money_text(line.period_amount, line.currency),
        interval=interval_text(line.interval, line.interval_count),
        factor=_factor_text(line.factor),
        discount=minor_money_text(-discount, line.currency) if is_net and discount else None,
        result=minor_money_text(result, line.currency),
    )


def _factor_text(factor: Fraction) -> str:
    return str(factor.numerator) if factor.denominator == 1 else f"{factor.numerator}/{factor.denominator}"
