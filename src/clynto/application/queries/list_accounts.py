"""The accounts table (guide, On the Accounts page)."""

from __future__ import annotations

from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.application.queries.figures import AccountFigures, account_figures, shown
from clynto.application.shown_figures import ShownFigures
from clynto.domain.errors import NotFound
from clynto.domain.money_view import MoneyView, annual
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.read_models import AccountsPage, AccountsQuery, AccountsTotals, Coverage
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork


@dataclass(frozen=True, slots=True)
class AccountsShown:
    """One page of the table."""

    rows: tuple[AccountFigures, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class TotalsShown:
    """Sums over everything a query selects, and how much of Stripe's MRR they rest on.

    ``coverage`` holds the exact matched and unmatched MRR; ``unmatched_mrr`` is the latter as it is shown.
    """

    accounts: int
    mrr: MoneyView
    arr: MoneyView
    by_status: dict[str, int]
    coverage: Coverage
    matched_mrr: MoneyView
    unmatched_mrr: MoneyView
    covered_percent: int | None


class ListAccounts:
    """Any member may look."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def __call__(self, actor: Actor, query: AccountsQuery) -> AccountsShown:
        """One page. Raises ``InvalidInput`` for a cursor that does not belong to the query."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            return _page(ShownFigures.of(uow, self._clock.now()), uow.accounts_table.page(query))

    def totals(self, actor: Actor, query: AccountsQuery, *, counted: bool = True) -> TotalsShown:
        """Sums for the filters of ``query``, exact before they are rounded once. ``counted``: matched customers too."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            figures = ShownFigures.of(uow, self._clock.now())
            return _totals(uow, figures, uow.accounts_table.totals(query), counted=counted)

    def with_totals(self, actor: Actor, query: AccountsQuery) -> tuple[AccountsShown, TotalsShown]:
        """One page and the sums above it, of the same moment. Matched customers are not counted."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            figures = ShownFigures.of(uow, self._clock.now())
            page, totals = uow.accounts_table.page_with_totals(query)
            return _page(figures, page), _totals(uow, figures, totals, counted=False)

    def one(self, actor: Actor, account_id: str) -> AccountFigures:
        """One account. Raises ``NotFound``."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            row = uow.accounts_table.row(account_id)
            if row is None:
                raise NotFound
            return account_figures(ShownFigures.of(uow, self._clock.now()), row)


def _page(figures: ShownFigures, page: AccountsPage) -> AccountsShown:
    return AccountsShown(tuple(account_figures(figures, row) for row in page.rows), page.next_cursor)


def _totals(uow: UnitOfWork, figures: ShownFigures, totals: AccountsTotals, *, counted: bool) -> TotalsShown:
    coverage = uow.accounts_table.coverage(counted=counted)
    mrr = figures.shown_mrr(totals.list_mrr, totals.net_mrr)
    matched = shown(figures, figures.shown_mrr(coverage.matched_list, coverage.matched_net))
    unmatched = shown(figures, figures.shown_mrr(coverage.unmatched_list, coverage.unmatched_net))
    whole = matched.value + unmatched.value
    return TotalsShown(
        accounts=totals.accounts,
        mrr=shown(figures, mrr),
        arr=shown(figures, annual(mrr)),
        by_status=totals.by_status,
        coverage=coverage,
        matched_mrr=matched,
        unmatched_mrr=unmatched,
        covered_percent=int(matched.value * 100 / whole) if whole > 0 else None,
    )
