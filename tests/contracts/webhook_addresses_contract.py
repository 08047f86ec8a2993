"""What every ``WebhookAddresses`` finds and notes."""

from __future__ import annotations

import pytest
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.news_samples import FORMER, an_endpoint
from tests.contracts.samples import HERE, THERE, committed, moment

from clynto.domain.connection import Connection, ConnectionStatus
from clynto.domain.moments import UnixMicros
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.webhooks import AddressedEndpoint, WebhookAddresses, WebhookEndpoint

FULL = an_endpoint("tok_here", former=FORMER, former_valid_until=moment(86_400))


def _save(units: UnitsOfWork, endpoint: WebhookEndpoint, workspace_id: str = HERE) -> None:
    with committed(units, workspace_id) as unit:
        unit.webhook_endpoints.save(endpoint)


def _refusal(units: UnitsOfWork, workspace_id: str = HERE) -> tuple[UnixMicros | None, str | None, int | None]:
    with units.reading(workspace_id) as unit:
        endpoint = unit.webhook_endpoints.get()
        assert endpoint is not None
        return endpoint.refused_at, endpoint.refusal, endpoint.clock_skew_seconds


class WebhookAddressesContract(InTwoWorkspaces):
    """Needs the fixtures ``units`` and ``webhook_addresses`` over the same store.

    Decided: five seconds after the last note a new one is written; a note from the future was written by a clock that
    has been put right since, and is replaced.
    """

    def test_finds_the_workspace_behind_a_token(self, units: UnitsOfWork, webhook_addresses: WebhookAddresses) -> None:
        theirs = an_endpoint("tok_there", current=None)
        _save(units, FULL)
        _save(units, theirs, THERE)
        assert webhook_addresses.find("tok_here") == AddressedEndpoint(HERE, FULL, connected=False)
        assert webhook_addresses.find("tok_there") == AddressedEndpoint(THERE, theirs, connected=False)

    @pytest.mark.parametrize("status", list(ConnectionStatus))
    def test_tells_whether_anything_may_be_accepted(
        self, units: UnitsOfWork, webhook_addresses: WebhookAddresses, status: ConnectionStatus
    ) -> None:
        _save(units, FULL)
        connection = Connection(status=status)
        with committed(units) as unit:
            unit.connections.save(connection)
        with committed(units, THERE) as unit:
            unit.connections.save(Connection(status=ConnectionStatus.CONNECTED))
        found = webhook_addresses.find("tok_here")
        assert found is not None
        assert found.connected is connection.has_key

    @pytest.mark.parametrize(
        "token",
        [
            "",
            "tok_her",
            "tok_here ",
            "TOK_HERE",
            "tok_%",
            "tok_here\x00",
            "\x00",
            "tok_here\ud800",
            "tok_\ufffd",
            "t" * 201,
            "t" * 2_000_000,
            "' OR 1=1 --",
        ],
    )
    def test_anything_else_is_unknown(
        self, units: UnitsOfWork, webhook_addresses: WebhookAddresses, token: str
    ) -> None:
        _save(units, FULL)
        assert webhook_addresses.find(token) is None

    def test_a_token_of_200_characters_is_none_too_long(
        self, units: UnitsOfWork, webhook_addresses: WebhookAddresses
    ) -> None:
        _save(units, an_endpoint("t" * 200))
        assert webhook_addresses.find("t" * 200) is not None

    def test_a_former_token_is_unknown_at_once(self, units: UnitsOfWork, webhook_addresses: WebhookAddresses) -> None:
        _save(units, FULL)
        _save(units, an_endpoint("tok_new"))
        assert webhook_addresses.find("tok_here") is None
        assert webhook_addresses.find("tok_new") == AddressedEndpoint(HERE, an_endpoint("tok_new"), connected=False)

    def test_notes_a_refusal_for_its_workspace_only(
        self, units: UnitsOfWork, webhook_addresses: WebhookAddresses
    ) -> None:
        _save(units, FULL)
        _save(units, an_endpoint("tok_there"), THERE)
        webhook_addresses.note_refusal(HERE, moment(10), reason="too_old", skew_seconds=400)
        assert _refusal(units) == (moment(10), "too_old", 400)
        assert _refusal(units, THERE) == (None, None, None)
        found = webhook_addresses.find("tok_here")
        assert found is not None
        assert (found.endpoint.current, found.endpoint.former) == (FULL.current, FULL.former)

    def test_writes_at_most_once_in_five_seconds(self, units: UnitsOfWork, webhook_addresses: WebhookAddresses) -> None:
        _save(units, FULL)
        _save(units, an_endpoint("tok_there"), THERE)
        webhook_addresses.note_refusal(HERE, moment(10), reason="too_old", skew_seconds=400)
        for later in (moment(10), moment(11), moment(15, -1)):
            webhook_addresses.note_refusal(HERE, later, reason="mismatch", skew_seconds=None)
        assert _refusal(units) == (moment(10), "too_old", 400)
        webhook_addresses.note_refusal(THERE, moment(11), reason="missing", skew_seconds=None)
        assert _refusal(units, THERE) == (moment(11), "missing", None)
        webhook_addresses.note_refusal(HERE, moment(15), reason="mismatch", skew_seconds=None)
        assert _refusal(units) == (moment(15), "mismatch", None)

    def test_a_note_from_the_future_gives_way(self, units: UnitsOfWork, webhook_addresses: WebhookAddresses) -> None:
        _save(units, FULL)
        webhook_addresses.note_refusal(HERE, moment(9_999), reason="too_old", skew_seconds=400)
        webhook_addresses.note_refusal(HERE, moment(10), reason="mismatch", skew_seconds=None)
        assert _refusal(units) == (moment(10), "mismatch", None)

    def test_a_refusal_without_an_endpoint_is_nothing(
        self, units: UnitsOfWork, webhook_addresses: WebhookAddresses
    ) -> None:
        webhook_addresses.note_refusal(HERE, moment(10), reason="mismatch", skew_seconds=None)
        with units.reading(HERE) as unit:
            assert unit.webhook_endpoints.get() is None
