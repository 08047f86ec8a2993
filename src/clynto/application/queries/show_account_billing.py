"""The Billing tab of an account (guide, On every account detail page)."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.application.queries.figures import AccountFigures, account_figures, shown
from clynto.application.shown_figures import ShownFigures
from clynto.domain.account import Account
from clynto.domain.connection import Connection, ConnectionStatus, Mode
from clynto.domain.errors import NotFound
from clynto.domain.money import MoneyBag
from clynto.domain.money_view import MoneyView
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.read_models import AccountRow, InvoiceRow, SubscriptionRow
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork

INVOICES_SHOWN = 10
"""The guide's "last ~10"."""


class EmptyReason(enum.StrEnum):
    """Why a Billing tab has nothing to show (guide, On every account detail page)."""

    NOT_CONNECTED = "not_connected"
    NOT_SYNCED = "not_synced"
    NO_DOMAIN = "no_domain"
    SHARED_DOMAIN = "shared_domain"
    NO_MATCHING_CUSTOMER = "no_matching_customer"


@dataclass(frozen=True, slots=True)
class SubscriptionShown:
    """A subscription with its MRR on the workspace's basis, in its own currency."""

    row: SubscriptionRow
    mrr: MoneyView


@dataclass(frozen=True, slots=True)
class AccountBillingShown:
    """Everything on the tab. ``shares_domain_with`` are other accounts that carry a domain of this one, so that nobody
    gets the customers of that domain (ADR 0014); read only where nothing is matched."""

    account: AccountFigures
    matched: bool
    empty_reason: EmptyReason | None
    subscriptions: tuple[SubscriptionShown, ...]
    invoices: tuple[InvoiceRow, ...]
    frozen: bool
    mode: Mode | None
    shares_domain_with: tuple[Account, ...] = ()


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
            shares = () if row.customers else _sharing(uow, row)
        return AccountBillingShown(
            account=account_figures(figures, row),
            matched=row.customers > 0,
            empty_reason=_why_empty(connection, row, shared=bool(shares)),
            subscriptions=tuple(_subscription(figures, held) for held in subscriptions),
            invoices=tuple(invoices),
            frozen=connection.frozen,
            mode=connection.mode,
            shares_domain_with=shares,
        )


def _subscription(figures: ShownFigures, row: SubscriptionRow) -> SubscriptionShown:
    own = figures.shown_mrr(MoneyBag.of(row.currency, row.list_mrr), MoneyBag.of(row.currency, row.net_mrr))
    return SubscriptionShown(row, shown(figures, own))


def _sharing(uow: UnitOfWork, row: AccountRow) -> tuple[Account, ...]:
    """Other accounts that carry one of its domains, by name."""
    claims = uow.accounts.by_domains(row.domains)
    others = {account.id: account for held in claims.values() for account in held if account.id != row.id}
    return tuple(sorted(others.values(), key=lambda account: (account.name, account.id)))


def _why_empty(connection: Connection, row: AccountRow, *, shared: bool) -> EmptyReason | None:
    if row.customers:
        return None
    if connection.status is ConnectionStatus.NOT_CONNECTED:
        return EmptyReason.NOT_CONNECTED
    if connection.last_sync_at is None:
        return EmptyReason.NOT_SYNCED
    if shared:
        return EmptyReason.SHARED_DOMAIN
    return EmptyReason.NO_MATCHING_CUSTOMER if row.domains else EmptyReason.NO_DOMAIN
