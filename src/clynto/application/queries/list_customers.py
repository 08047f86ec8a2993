"""Stripe customers with their match and why (contract, GET customers)."""

from __future__ import annotations

from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.application.queries.figures import shown
from clynto.application.shown_figures import ShownFigures
from clynto.domain.money_view import MoneyView
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.read_models import CustomerRow
from clynto.ports.unit_of_work import UnitsOfWork


@dataclass(frozen=True, slots=True)
class CustomerShown:
    """A customer with its MRR as it is shown."""

    row: CustomerRow
    mrr: MoneyView


@dataclass(frozen=True, slots=True)
class CustomersShown:
    """One page."""

    rows: tuple[CustomerShown, ...]
    next_cursor: str | None


class ListCustomers:
    """Any member may look."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def __call__(
        self, actor: Actor, *, matched: bool | None, text: str = "", limit: int = 50, after: str | None = None
    ) -> CustomersShown:
        """Highest MRR first. ``matched`` None: all of them. Raises ``InvalidInput`` for a foreign cursor."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            figures = ShownFigures.of(uow, self._clock.now())
            page = uow.billing_details.customers(matched=matched, text=text, limit=limit, after=after)
        rows = tuple(
            CustomerShown(row, shown(figures, figures.shown_mrr(row.list_mrr, row.net_mrr))) for row in page.rows
        )
        return CustomersShown(rows, page.next_cursor)
