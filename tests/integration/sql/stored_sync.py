"""The sync over a real database, with Stripe in memory."""

from __future__ import annotations

from tests.unit.application.sync_product import ADMIN, KEY, WORKSPACE, SyncProduct

from clynto.application.audit import AuditTrail
from clynto.application.connect_stripe import ConnectStripe
from clynto.application.queries.list_accounts import ListAccounts
from clynto.application.request_sync import RequestSync
from clynto.domain.sync_run import RunState
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


def first_sync(product: SyncProduct, units: UnitsOfWork) -> RunState:
    """The first sync of the product over ``units``."""
    connect = ConnectStripe(
        units=units,
        clock=product.clock,
        identifiers=product.identifiers,
        key_check=product.stripe,
        readers=product.stripe,
        sealer=product.vault,
        queue=product.queue,
        audit=AuditTrail(product.clock, product.identifiers),
    )
    run_id = connect(ADMIN, KEY)
    product.clock.advance(seconds=1)
    product.sync(run_id)
    return product.run(run_id).state


def resync(product: SyncProduct, units: UnitsOfWork) -> RunState:
    """One more, to its end."""
    audit = AuditTrail(product.clock, product.identifiers)
    ask = RequestSync(
        units=units, clock=product.clock, identifiers=product.identifiers, queue=product.queue, audit=audit
    )
    run_id = ask(ADMIN)
    product.clock.advance(seconds=1)
    product.sync(run_id)
    return product.run(run_id).state
