"""Every line of an account's MRR, and what was left out and why (contract, mrr-explanation)."""

from __future__ import annotations

from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.application.customer_facts import catalogue_of
from clynto.application.queries.figures import shown
from clynto.application.recompute_billing import RecomputeBilling
from clynto.application.shown_figures import ShownFigures
from clynto.domain.billing_assessment import customer_revenue
from clynto.domain.catalogue import Product
from clynto.domain.errors import NotFound
from clynto.domain.moments import UnixMicros, seconds_of
from clynto.domain.money import MoneyBag
from clynto.domain.money_view import MoneyView
from clynto.domain.recurring_revenue import Exclusion, RevenueLine
from clynto.domain.roles import Role
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork
from clynto.ports.workspaces import MrrBasis


@dataclass(frozen=True, slots=True)
class MrrExplained:
    """``lines`` add up exactly to ``mrr`` on the workspace's basis; ``product_names`` is by product id."""

    mrr: MoneyView
    basis: MrrBasis
    partial: bool
    lines: tuple[RevenueLine, ...]
    excluded: tuple[Exclusion, ...]
    notes: tuple[str, ...]
    product_names: dict[str, str]


class ExplainMrr:
    """Computes from the stored facts by the same rules as the table, so both always agree."""

    def __init__(self, *, units: UnitsOfWork, recompute: RecomputeBilling) -> None:
        self._units = units
        self._recompute = recompute

    def __call__(self, actor: Actor, account_id: str) -> MrrExplained:
        """Raises ``NotFound``."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            if uow.accounts.get(account_id) is None:
                raise NotFound
            return explained_mrr(uow, account_id, self._recompute.moment(uow.connections.get()))


def explained_mrr(uow: UnitOfWork, account_id: str, now: UnixMicros) -> MrrExplained:
    """The lines of an account that is there, at the moment that figures are computed for."""
    figures = ShownFigures.of(uow, now)
    net = figures.basis is MrrBasis.NET
    ids = uow.matches.customers_of([account_id]).get(account_id, ())
    customers = uow.customers.get_many(ids)
    subscriptions = uow.subscriptions.of_customers(ids)
    held = [subscription for own in subscriptions.values() for subscription, _ in own]
    prices, products = catalogue_of(uow, held)
    readings = uow.subscriptions.discounts([subscription.id for subscription in held])
    bag = MoneyBag.empty()
    lines: list[RevenueLine] = []
    excluded: list[Exclusion] = []
    notes: list[str] = []
    partial = False
    for customer_id, (customer, _) in sorted(customers.items()):
        own = [subscription for subscription, _ in subscriptions.get(customer_id, [])]
        revenue = customer_revenue(customer, own, prices, readings, seconds_of(now))
        bag = bag + figures.shown_mrr(revenue.list_mrr, revenue.net_mrr)
        partial = partial or revenue.partial
        notes.extend(revenue.net_notes if net else revenue.notes)
        for subscription in revenue.subscriptions:
            lines.extend(subscription.lines)
            excluded.extend(subscription.excluded)
    return MrrExplained(
        mrr=shown(figures, bag),
        basis=figures.basis,
        partial=partial,
        lines=tuple(lines),
        excluded=tuple(excluded),
        notes=tuple(notes),
        product_names=_names(products),
    )


def _names(products: dict[str, Product]) -> dict[str, str]:
    return {product_id: product.name for product_id, product in products.items()}
