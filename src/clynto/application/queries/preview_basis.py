"""What the figures would be on the other MRR basis, before anybody changes it."""

from __future__ import annotations

from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.application.queries.figures import shown
from clynto.application.shown_figures import ShownFigures
from clynto.domain.money_view import MoneyView
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.read_models import AccountSort, AccountsQuery
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.workspaces import MrrBasis

ACCOUNTS_COMPARED = 200
ACCOUNTS_NAMED = 5


@dataclass(frozen=True, slots=True)
class AccountOnBoth:
    """One account whose figure depends on the basis."""

    id: str
    name: str
    list_mrr: MoneyView
    net_mrr: MoneyView


@dataclass(frozen=True, slots=True)
class BasisPreview:
    """Totals over all accounts; ``compared`` accounts were looked at one by one: all, or those with the highest MRR."""

    basis: MrrBasis
    list_mrr: MoneyView
    net_mrr: MoneyView
    compared: int
    compared_all: bool
    different: int
    largest: tuple[AccountOnBoth, ...]


class PreviewBasis:
    """Any member may look."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def __call__(self, actor: Actor) -> BasisPreview:
        """Both bases side by side."""
        actor.must_be(Role.MEMBER)
        query = AccountsQuery(sort=AccountSort.MRR, descending=True, limit=ACCOUNTS_COMPARED)
        with self._units.reading(actor.workspace_id) as uow:
            figures = ShownFigures.of(uow, self._clock.now())
            totals = uow.accounts_table.totals(query)
            page = uow.accounts_table.page(query)
        both = [
            AccountOnBoth(row.id, row.name, shown(figures, row.list_mrr), shown(figures, row.net_mrr))
            for row in page.rows
        ]
        different = [account for account in both if account.list_mrr.value != account.net_mrr.value]
        different.sort(key=lambda account: abs(account.list_mrr.value - account.net_mrr.value), reverse=True)
        return BasisPreview(
            basis=figures.basis,
            list_mrr=shown(figures, totals.list_mrr),
            net_mrr=shown(figures, totals.net_mrr),
            compared=len(both),
            compared_all=page.next_cursor is None,
            different=len(different),
            largest=tuple(different[:ACCOUNTS_NAMED]),
        )
