"""Stripe accounts of many pages, read to the end (guarantees D6, D7)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy import select
from tests.integration.product.figures import differences
from tests.integration.product.installation import Api
from tests.integration.product.seller import Seller, large_seller
from tests.integration.product.stage import Stage, connected
from tests.integration.product.stored import engine_of

from clynto.adapters.sql.tables import METADATA
from stripe_sandbox.truth import COUNTED, list_mrr

CUSTOMERS, INVOICES = 1_050, 10_001


def sold_to_many() -> Seller:
    """Nine invoices for each customer, and one more for some, so that no list ends with a page."""
    seller = large_seller(CUSTOMERS, 9)
    customers = list(seller.world.store.customers)
    for customer in customers[: INVOICES - 9 * CUSTOMERS]:
        seller.world.stories.invoice_once(customer.id, [("Onboarding", 4_200)], days_until_due=5)
    assert (len(customers), len(seller.world.store.invoices)) == (CUSTOMERS, INVOICES)
    return seller


def held_ids(stage: Stage, api: Api, table: str) -> list[str]:
    """Ids of a workspace's rows."""
    columns: Any = METADATA.tables[table].c
    with engine_of(stage.database_url).connect() as connection:
        return list(connection.scalars(select(columns.id).where(columns.workspace_id == api.workspace_id)))


def test_counts_and_sums_equal_stripes_at_any_size(stage: Stage) -> None:
    """D6, D7: every customer and every invoice is held once and nothing else is, every account's figure is right, and
    the sum over all pages of the table is the total that is told, which is that of Stripe's subscriptions."""
    api, seller = stage.customer_of_ours(stage.open(sold_to_many()))
    card = connected(api, seller.key, seconds=120)
    assert card["records_synced"] == {"customers": CUSTOMERS, "subscriptions": CUSTOMERS, "invoices": INVOICES}
    store = seller.world.store
    for table, objects in (
        ("stripe_customers", store.customers),
        ("stripe_subscriptions", store.subscriptions),
        ("stripe_invoices", store.invoices),
    ):
        assert sorted(held_ids(stage, api, table)) == sorted(one.id for one in objects), table
    assert differences(api, seller) == []
    rows = api.everything("/accounts")
    assert len(rows) == CUSTOMERS
    total = sum(Fraction(row["mrr"]["by_currency"]["USD"]) for row in rows)
    running = [one for one in store.subscriptions if one.status in COUNTED]
    assert total == sum(list_mrr(store, one, seller.world.now)[0] for one in running) / 100
    told = api.post("/larry/questions", {"question": "total MRR"}, expect=200)
    assert f"{int(total):,}.{int(total * 100) % 100:02d}" in told["answer"], told["answer"]
