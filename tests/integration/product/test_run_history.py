"""Fifty Re-syncs in a row leave fifty histories, none of which has anything of another (guarantees E14)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from tests.integration.product.conftest import SQLITE
from tests.integration.product.installation import Api
from tests.integration.product.seller import small_seller
from tests.integration.product.stage import Stage, connected, resynced
from tests.integration.product.stored import run_row

RESYNCS = 50


@pytest.mark.parametrize("shared_stage", [SQLITE], indirect=True)
def test_fifty_resyncs_leave_fifty_clean_histories(stage: Stage) -> None:
    """E14: every run has an id and times of its own, its six steps were walked once, and nothing of the run before
    shows in it."""
    api, seller = stage.customer_of_ours(stage.open(small_seller(2)))
    connected(api, seller.key)
    first = api.everything("/integrations/stripe/syncs")
    ended = [resynced(api) for _ in range(RESYNCS)]
    told = api.everything("/integrations/stripe/syncs")
    assert told == [*reversed(ended), *first], "what a run said when it ended is what its history says"
    assert len({run["id"] for run in told}) == RESYNCS + 1
    for run in told:
        assert_clean(stage, api, run)
    for earlier, later in itertools.pairwise(reversed(told)):
        assert earlier["finished_at"] <= later["requested_at"]
    assert len({str(run["steps"]) for run in ended}) == 1, "the same was read each time"
    assert api.card()["last_sync_at"] == ended[-1]["finished_at"]


def assert_clean(stage: Stage, api: Api, run: Any) -> None:
    """Begun and ended once, in its own time."""
    assert (run["state"], run["error"], run["percent"], run["skipped"], run["drift"]) == (
        "succeeded",
        None,
        100,
        [],
        [],
    )
    assert [step["state"] for step in run["steps"]] == ["done"] * 6
    assert run["requested_at"] <= run["started_at"] < run["finished_at"]
    row = run_row(stage.database_url, run["id"])
    assert (row["attempt"], row["workspace_id"]) == (1, api.workspace_id)
