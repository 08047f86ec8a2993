"""Turn exact amounts into the figures that people see; pages, API and Larry all come through here."""

from __future__ import annotations

from dataclasses import dataclass

from clynto.application.shown_figures import ShownFigures
from clynto.domain.money import MoneyBag
from clynto.domain.money_view import MoneyView, annual, view_of
from clynto.ports.read_models import AccountRow


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """One account's row as it is shown."""

    row: AccountRow
    mrr: MoneyView
    arr: MoneyView
    lifetime_value: MoneyView


def shown(figures: ShownFigures, bag: MoneyBag) -> MoneyView:
    """``bag`` in the workspace's currency, as far as its rates reach."""
    return view_of(bag, figures.default_currency, figures.rates, figures.day)


def account_figures(figures: ShownFigures, row: AccountRow) -> AccountFigures:
    """MRR, ARR (from the exact MRR, rounded once) and lifetime value of a row."""
    mrr = figures.shown_mrr(row.list_mrr, row.net_mrr)
    return AccountFigures(row, shown(figures, mrr), shown(figures, annual(mrr)), shown(figures, row.lifetime_value))
