"""The Billing tab of an account (guide, On every account detail page)."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.application.queries.figures import AccountFigures, account_figures, shown
from clynto.application.recompute_billing import ShownFigures
from clynto.domain.connection import Connection, ConnectionStatus, Mode
from clynto.domain.errors import NotFound
from clynto.domain.money import MoneyBag
from clynto.domain.money_view import MoneyView
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.read_models import InvoiceRow, SubscriptionRow
from clynto.ports.unit_of_work import UnitsOfWork

INVOICES_SHOWN = 10
"""The guide's "last ~10"."""


class EmptyReason(enum.StrEnum):
    """Why a Billing tab has nothing to show (guide, On every account detail page)."""

    NOT_CONNECTED = "not_connected"
    NOT_SYNCED = "not_synced"
    NO_DOMAIN = "no_domain"
    NO_MATCHING_CUSTOMER = "no_matching_customer"


@dataclass(frozen=True, slots=True)
class SubscriptionShown:
    """A subscription with its MRR on the workspace's basis, in its own currency."""

    row: SubscriptionRow
    mrr: MoneyView


@dataclass(frozen=True, slots=True)
class AccountBillingShown:
    """Everything on the tab."""

    account: AccountFigures
    matched: bool
    empty_reason: EmptyReason | None
    subscriptions: tuple[SubscriptionShown, ...]
    invoices: tuple[InvoiceRow, ...]
    frozen: bool
    mode: Mode | None


class ShowAccountBilling:
    """Any member may look."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def __call__(self, actor: Actor, account_id: str) -> AccountBillingShown:
        """Raises ``NotFound``."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            row = uow.accounts_table.row(account_id)
            if row is None:
                raise NotFound
            figures = ShownFigures.of(uow, self._clock.now())
            connection = uow.connections.get()
            subscriptions = uow.billing_details.subscriptions_of(account_id)
            invoices = uow.billing_details.invoices_of(account_id, limit=INVOICES_SHOWN)
        return AccountBillingShown(
            account=account_figures(figures, row),
            matched=row.customers > 0,
            empty_reason=_why_empty(connection, row.customers, row.domains),
            subscriptions=tuple(_subscription(figures, held) for held in subscriptions),
            invoices=tuple(invoices),
            frozen=connection.frozen,
            mode=connection.mode,
        )


def _subscription(figures: ShownFigures, row: SubscriptionRow) -> SubscriptionShown:
    own = figures.shown_mrr(MoneyBag.of(row.currency, row.list_mrr), MoneyBag.of(row.currency, row.net_mrr))
    return SubscriptionShown(row, shown(figures, own))


def _why_empty(connection: Connection, customers: int, domains: tuple[str, ...]) -> EmptyReason | None:
    if customers:
        return None
    if connection.status is ConnectionStatus.NOT_CONNECTED:
        return EmptyReason.NOT_CONNECTED
    if connection.last_sync_at is None:
        return EmptyReason.NOT_SYNCED
    return EmptyReason.NO_MATCHING_CUSTOMER if domains else EmptyReason.NO_DOMAIN
