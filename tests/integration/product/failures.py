"""What a sync that fails says of itself, and what it must leave as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.integration.product.installation import Api
from tests.integration.product.stage import run_ended


@dataclass
class Before:
    """What an admin saw before something went wrong."""

    card: Any
    accounts: list[Any]

    @classmethod
    def of(cls, api: Api) -> Before:
        return cls(api.card(), api.everything("/accounts"))

    def assert_kept(self, api: Api) -> None:
        """Nobody lost anything, and nothing claims to be newer than it is."""
        card = api.card()
        for kept in ("records_synced", "customers_matched", "last_sync_at", "as_of"):
            assert card[kept] == self.card[kept]
        assert api.everything("/accounts") == self.accounts


def assert_failed_at(api: Api, run_id: str, step: str, code: str) -> str:
    """The run and the card say where and why it ended; the card's text."""
    run = run_ended(api, run_id, seconds=150)
    assert run["state"] == "failed", run
    assert [one["name"] for one in run["steps"] if one["state"] == "failed"] == [step]
    card = api.card()
    assert (card["state"], card["error"]["code"], run["error"]["code"]) == ("error", code, code)
    assert card["error"]["message"] == run["error"]["message"]
    return str(card["error"]["message"])


def sync_asked_for(api: Api) -> str:
    """The id of the run of a click on Re-sync."""
    return str(api.post("/integrations/stripe/syncs", expect=202)["run_id"])
