"""What every ``WebhookEndpointStore`` keeps."""

from __future__ import annotations

from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.news_samples import CURRENT, FORMER, an_endpoint
from tests.contracts.samples import HARD_TEXT, HERE, THERE, committed, moment

from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.webhooks import WebhookEndpoint

FULL = an_endpoint(
    former=FORMER,
    former_valid_until=moment(86_400),
    refused_at=moment(7),
    refusal=HARD_TEXT,
    clock_skew_seconds=-3600,
)
BARE = WebhookEndpoint(token="tok_bare", created_at=moment(5))


class WebhookEndpointStoreContract(InTwoWorkspaces):
    """One endpoint a workspace, replaced as a whole."""

    def test_begins_without_one(self, units: UnitsOfWork) -> None:
        with units.reading(HERE) as unit:
            assert unit.webhook_endpoints.get() is None

    def test_gives_back_what_was_saved(self, units: UnitsOfWork) -> None:
        for endpoint in (FULL, BARE, an_endpoint(current=None, former=CURRENT)):
            with committed(units) as unit:
                unit.webhook_endpoints.save(endpoint)
                assert unit.webhook_endpoints.get() == endpoint
            with units.reading(HERE) as unit:
                assert unit.webhook_endpoints.get() == endpoint

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.webhook_endpoints.save(FULL)
        with committed(units, THERE) as unit:
            assert unit.webhook_endpoints.get() is None
            unit.webhook_endpoints.save(BARE)
        with units.reading(HERE) as unit:
            assert unit.webhook_endpoints.get() == FULL
        with units.reading(THERE) as unit:
            assert unit.webhook_endpoints.get() == BARE
