"""A worker that was believed dead wakes up after another took its run over (guarantee 4; E2)."""

from __future__ import annotations

import time

from tests.integration.product.figures import differences
from tests.integration.product.frozen import frozen
from tests.integration.product.installation import wait_for
from tests.integration.product.stage import Stage, connect, ended, rule_met
from tests.integration.product.stored import change, rows_of, run_row

from clynto.application.run_lease import LEASE_SECONDS


def test_a_worker_that_wakes_up_cannot_write(stage: Stage) -> None:
    """The frozen worker is handed its page of invoices, and nothing of it reaches the database: neither a row nor a
    change of the run, which its new holder then ends."""
    api, seller = stage.customer_of_ours()
    for_the_first = stage.fault("hold", seller, "/v1/invoices", times=2)
    for_the_second = stage.fault("hold", seller, "/v1/invoices", times=None)
    connect(api, seller.key)
    wait_for("both lists of invoices to be asked for", lambda: for_the_first.hits == 2)
    run_id = api.card()["progress"]["run_id"]
    wait_for("the fifth step", lambda: api.card()["progress"]["steps"][4]["state"] == "running")
    with frozen(stage.workers[0].pid, stage.database_url):
        stage.release(for_the_first)
        let_the_lease_run_out(stage, run_id)
        stage.start_worker()
        rule_met(for_the_second, seconds=60)
        assert run_row(stage.database_url, run_id)["attempt"] == 2
    woken = time.monotonic()
    while time.monotonic() - woken < 4:
        held = run_row(stage.database_url, run_id)
        assert (held["attempt"], held["state"]) == (2, "running")
        stored = rows_of(stage.database_url, "stripe_invoices")
        assert not [row for row in stored if row["workspace_id"] == api.workspace_id]
        time.sleep(0.2)
    stage.release(for_the_second)
    assert ended(api)["state"] == "connected"
    assert run_row(stage.database_url, run_id)["attempt"] == 2
    assert differences(api, seller) == []


def let_the_lease_run_out(stage: Stage, run_id: str) -> None:
    """Date the last sign of life back, so that nobody has to wait for it."""
    change(
        stage.database_url,
        "UPDATE sync_runs SET heartbeat_at = heartbeat_at - :lease WHERE id = :run",
        lease=LEASE_SECONDS * 1_000_000,
        run=run_id,
    )
