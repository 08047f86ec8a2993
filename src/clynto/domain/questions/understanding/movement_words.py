"""Words about what made MRR change: new, expansion, contraction, churn."""

from __future__ import annotations

from clynto.domain.questions.query import RECURRING, Metric, MovementKind, Movements
from clynto.domain.questions.understanding.gathering import THIS_MONTH, Gathered
from clynto.domain.questions.understanding.lexicon import Tag

_KINDS = {
    Tag.NEW: MovementKind.NEW,
    Tag.EXPANSION: MovementKind.EXPANSION,
    Tag.CONTRACTION: MovementKind.CONTRACTION,
    Tag.CHURNED: MovementKind.CHURN,
}
_BY_THEMSELVES = (Tag.EXPANSION, Tag.CONTRACTION)
"""Words that are about money even where no figure is named."""
_ACCOUNTS = ("accounts", "customers", "clients", "companies")
_BESIDE = frozenset(
    {Tag.TOTAL, Tag.ALL, Tag.FOLLOW_UP, Tag.LOST, Tag.GAINED, Tag.COMPUTED, Tag.CHANGED, Tag.MOVEMENTS, *_KINDS}
)


def movements_of(said: Gathered, accounts_listed: bool) -> Movements | None:
    """The query, if the money of movements is asked for and not the accounts that moved."""
    tags = {chunk.tag for chunk in said.left}
    found = [tag for tag in _KINDS if tag in tags]
    whole = Tag.MOVEMENTS in tags or {Tag.COMPUTED, Tag.CHANGED} <= tags
    gross = any(chunk.text.casefold().startswith("gross") for chunk in said.left)
    # "How much churned in October?" names no figure, and yet asks for money: that of accounts that churned is gone.
    gone = {Tag.TOTAL, Tag.CHURNED} <= tags
    named = bool(said.metrics) or gross or gone or any(tag in _BY_THEMSELVES for tag in found)
    asked = whole or (bool(found) and named and set(said.metrics) <= set(RECURRING))
    if (
        not asked
        or accounts_listed
        or _tells_which_accounts(said)
        or said.names
        or said.order
        or said.limit
        or tags - _BESIDE
    ):
        # "Which accounts had an expansion": those whose MRR rose.
        said.rename(Tag.EXPANSION, Tag.ROSE)
        said.rename(Tag.CONTRACTION, Tag.FELL)
        return None
    periods = [said.event_periods.pop(tag) for tag in (Tag.NEW, Tag.CHURNED) if tag in said.event_periods]
    period = next((held for held in periods if held is not None), None)
    if period is None and said.periods:
        period = said.periods.pop(0)
    metric = said.metrics.pop() if said.metrics else Metric.MRR
    said.take(*_BESIDE)
    return Movements(period or THIS_MONTH, tuple(_KINDS[tag] for tag in found), metric)


def _tells_which_accounts(said: Gathered) -> bool:
    """ "The total MRR of all accounts that churned" is what they pay now, "the total churned MRR" is what went."""
    if not said.has(Tag.TOTAL):
        return False
    tags = [chunk.tag for chunk in said.left]
    # "We" and "our" are all accounts as well, but say nothing of them.
    every = [
        place
        for place, held in enumerate(said.left)
        if held.tag is Tag.ALL and held.text.casefold().endswith(_ACCOUNTS)
    ]
    return any(tag in _KINDS for place in every for tag in tags[place:])
