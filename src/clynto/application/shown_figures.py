"""How a workspace wants its figures shown, and where a figure stands among others (ADR 0011)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.account_billing import AccountBilling
from clynto.domain.exchange_rates import ExchangeRates
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.domain.money import MoneyBag
from clynto.domain.money_view import value_of
from clynto.domain.sort_places import MILLIONTHS, held_place
from clynto.ports.unit_of_work import UnitOfWork
from clynto.ports.workspaces import MrrBasis, Workspace


@dataclass(frozen=True, slots=True)
class ShownFigures:
    """How the workspace wants its figures shown: basis, currency, rates, and the day whose rates hold."""

    basis: MrrBasis
    default_currency: str | None
    rates: ExchangeRates
    day: dt.date

    @classmethod
    def of(cls, uow: UnitOfWork, now: UnixMicros) -> ShownFigures:
        """Read the workspace's settings. A frozen workspace keeps the rates of the day it was frozen."""
        workspace: Workspace = uow.workspaces.get()
        moment = uow.connections.get().moment_of_figures(now)
        return cls(
            basis=workspace.mrr_basis,
            default_currency=workspace.default_currency,
            rates=ExchangeRates(uow.workspaces.exchange_rates()),
            day=dt.datetime.fromtimestamp(moment // MICROS_PER_SECOND, tz=dt.UTC).date(),
        )

    def shown_mrr(self, list_mrr: MoneyBag, net_mrr: MoneyBag) -> MoneyBag:
        """The bag that the chosen basis shows."""
        return net_mrr if self.basis is MrrBasis.NET else list_mrr

    def value(self, list_mrr: MoneyBag, net_mrr: MoneyBag) -> Fraction:
        """The exact figure of the MRR column in major units, for whoever only compares or draws it."""
        return self.value_of(self.shown_mrr(list_mrr, net_mrr))

    def value_of(self, bag: MoneyBag) -> Fraction:
        """The exact figure of any amount as it is shown, in major units."""
        return value_of(bag, self.default_currency, self.rates, self.day)

    def sort_key(self, billing: AccountBilling) -> int | None:
        """The value of the MRR column in millionths of a major unit, rounded down: only an order, never shown.

        None without a Stripe customer: nothing is known then, and a dash stands in the column.
        """
        if not billing.customers:
            return None
        return self.place(self.shown_mrr(billing.list_mrr, billing.net_mrr))

    def place(self, bag: MoneyBag) -> int:
        """As ``sort_key``, of any amount that is shown in the workspace's currency."""
        return place_of(self.value_of(bag))


def place_of(value: Fraction) -> int:
    """Where a figure stands: in millionths of a major unit, rounded down."""
    return held_place(value.numerator * MILLIONTHS // value.denominator)
