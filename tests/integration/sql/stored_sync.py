"""The sync over a real database, with Stripe in memory."""

from __future__ import annotations

from tests.unit.application.sync_product import WORKSPACE, SyncProduct

from clynto.application.queries.list_accounts import ListAccounts
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.workspaces import MrrBasis, Workspace


def sync_product(units: UnitsOfWork) -> SyncProduct:
    """Stripe in memory, everything stored in ``units``."""
    product = SyncProduct()
    product.units = units
    product.accounts = ListAccounts(units=units, clock=product.clock)
    product.run_sync = product.sync_opening_with(product.vault)
    with units.writing(WORKSPACE) as uow:
        uow.workspaces.save(Workspace(WORKSPACE, "Rheinwerk", None, MrrBasis.LIST, (), product.clock.now()))
        uow.commit()
    return product
