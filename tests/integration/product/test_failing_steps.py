"""Each of the six steps of a re-sync fails in each of the ways it can: the card names the step, and what was there
stays (guarantee 5; D5, D9, G6, G9, L7)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.integration.postgres_server import PostgresServer
from tests.integration.product.failures import Before, assert_failed_at, sync_asked_for
from tests.integration.product.figures import differences
from tests.integration.product.installation import Api
from tests.integration.product.seller import Seller, small_seller
from tests.integration.product.stage import Stage, connect, ended, run_ended, staged
from tests.integration.product.stored import refused_rows

from stripe_sandbox import keys
from stripe_sandbox.faults import FaultKind, FaultRule

READING = {
    "products": keys.PRODUCT_READ,
    "prices": keys.PRICE_READ,
    "customers": keys.CUSTOMER_READ,
    "subscriptions": keys.SUBSCRIPTION_READ,
    "invoices": keys.INVOICE_READ,
}
"""The five steps that read Stripe, and the permission that each needs."""
REQUEST_ID = {"Request-Id": "req_ofTheFault"}
PATIENCE_SECONDS = "5"
"""How long a sync stays with a read that fails: enough for three tries or more, where two minutes allow all six."""
Fault = tuple[FaultKind, str]
LASTING: list[Fault] = [
    ("cut", "products"),
    ("cut", "prices"),
    ("cut", "customers"),
    ("cut", "subscriptions"),
    ("cut", "invoices"),
    ("fail", "products"),
    ("fail", "subscriptions"),
]
"""Tried again with growing pauses: each in a workspace of its own, beside each other and beside all that is brief."""
NO_JSON: list[Fault] = [
    ("html", "products"),
    ("truncate", "prices"),
    ("html", "customers"),
    ("truncate", "subscriptions"),
    ("html", "invoices"),
]
"""Tried again as well, in the same workspaces afterwards."""
BRIEF: list[Fault] = [
    ("fail", "products"),
    ("fail", "prices"),
    ("fail", "customers"),
    ("fail", "subscriptions"),
    ("fail", "invoices"),
    ("empty_page", "customers"),
    ("repeat_page", "invoices"),
]
"""Not tried again: lists that go on without end, and where Stripe says that another try is of no use."""
CODES = {"fail": "stripe_unreachable", "cut": "stripe_unreachable"}
PLACES_OF_A_WORKER = 2
SQLITE = pytest.param("sqlite", marks=pytest.mark.xdist_group("failing-steps-sqlite"))
POSTGRESQL = pytest.param(
    "postgresql", marks=[pytest.mark.postgres, pytest.mark.xdist_group("failing-steps-postgresql")]
)


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """With a place for each sync of this test, and little patience."""
    environ = {"STRIPE_PATIENCE_SECONDS": PATIENCE_SECONDS}
    with ExitStack() as ending:
        if request.param == "postgresql":
            server: PostgresServer = request.getfixturevalue("postgres_server")
            environ["DATABASE_URL"] = ending.enter_context(server.database(migrated=False))
        workers = math.ceil((1 + len(LASTING)) / PLACES_OF_A_WORKER)
        yield ending.enter_context(staged(tmp_path, [small_seller(1)], environ, workers=workers))


@dataclass
class Synced:
    """A workspace whose first sync was complete."""

    api: Api
    seller: Seller
    before: Before

    def assert_mended(self, run_id: str) -> None:
        """After a re-sync without a fault all is as if there had been none."""
        assert run_ended(self.api, run_id)["state"] == "succeeded"
        card = self.api.card()
        assert (card["state"], card["error"]) == ("connected", None)
        assert card["last_sync_at"] > self.before.card["last_sync_at"]
        assert differences(self.api, self.seller) == []


def synced_workspaces(stage: Stage, count: int) -> list[Synced]:
    """Several at once."""
    made = [stage.customer_of_ours(stage.open(small_seller(5))) for _ in range(count)]
    for api, seller in made:
        connect(api, seller.key)
    for api, _ in made:
        card = ended(api)
        assert card["state"] == "connected", card["error"]
    return [Synced(api, seller, Before.of(api)) for api, seller in made]


@dataclass
class Failing:
    """A re-sync in which every read of one list meets a fault."""

    workspace: Synced
    kind: FaultKind
    step: str
    rule: FaultRule
    run_id: str

    @classmethod
    def begin(cls, stage: Stage, workspace: Synced, fault: Fault, **headers: str) -> Failing:
        """Order the fault and click on Re-sync."""
        kind, step = fault
        wanted = {**REQUEST_ID, **headers}
        rule = stage.fault(kind, workspace.seller, f"/v1/{step}", times=None, headers=wanted)
        return cls(workspace, kind, step, rule, sync_asked_for(workspace.api))

    def assert_told(self) -> None:
        """It fails at the step, the card says so, and nothing else changed; the fault is over then."""
        code = CODES.get(self.kind, "stripe_answer_unusable")
        message = assert_failed_at(self.workspace.api, self.run_id, self.step, code)
        assert f"while reading {self.step}" in message
        assert "Re-sync" in message
        assert ("Stripe's request id is req_" in message) is (self.kind != "cut")
        if self.kind == "fail":
            assert REQUEST_ID["Request-Id"] in message
        self.workspace.before.assert_kept(self.workspace.api)
        self.rule.times = 0


def test_each_step_that_fails_is_named_and_nothing_is_lost(stage: Stage) -> None:
    """D5, D9, G6, G9, L7: each of the steps that read meets a 500, a 403, a cut connection and what is no JSON, and the
    sixth a database that refuses it."""
    one, *others = synced_workspaces(stage, 1 + len(LASTING))
    lasting = [Failing.begin(stage, other, fault) for other, fault in zip(others, LASTING, strict=True)]

    for fault in BRIEF:
        Failing.begin(stage, one, fault, **{"Stripe-Should-Retry": "false"}).assert_told()
    for step, permission in READING.items():
        one.seller.world.keys.revoke(one.seller.key, permission)
        message = assert_failed_at(one.api, sync_asked_for(one.api), step, "missing_permissions")
        assert f"cannot read {step}." in message
        one.before.assert_kept(one.api)
        one.seller.world.keys.grant(one.seller.key, permission)
    with refused_rows(stage.database_url, "account_billing", one.api.workspace_id):
        message = assert_failed_at(one.api, sync_asked_for(one.api), "account_billing", "unexpected_fault")
    assert "while computing account billing" in message
    one.before.assert_kept(one.api)

    for failing in lasting:
        failing.assert_told()
    for failing in [Failing.begin(stage, *pair) for pair in zip(others, NO_JSON, strict=False)]:
        failing.assert_told()
    for workspace, run_id in [(workspace, sync_asked_for(workspace.api)) for workspace in (one, *others)]:
        workspace.assert_mended(run_id)
