"""Stripe's own library works against the sandbox, only its base address is another one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from stripe_sandbox import SandboxServer, World, keys


@pytest.fixture
def quiet_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the library from writing its telemetry file, and from proxies."""
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield
    stripe.default_http_client = None


def client(server: SandboxServer, key: str) -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": server.url})


@pytest.mark.usefixtures("quiet_library")
def test_typed_objects_and_automatic_paging(portfolio_server: SandboxServer, portfolio: World) -> None:
    stripe_client = client(portfolio_server, keys.RESTRICTED_TEST_KEY)
    listed = stripe_client.v1.customers.list({"limit": 50})
    emails = [customer.email for customer in listed.auto_paging_iter()]
    assert len(emails) == sum(c.test_clock is None for c in portfolio.store.customers)


@pytest.mark.usefixtures("quiet_library")
def test_nested_parameters_and_error_classes(portfolio_server: SandboxServer) -> None:
    stripe_client = client(portfolio_server, keys.RESTRICTED_TEST_KEY)
    prices = stripe_client.v1.prices.list({"expand": ["data.tiers"], "created": {"gte": 0}, "limit": 100})
    assert any(price.tiers for price in prices.data if price.tiers_mode)
    with pytest.raises(stripe.PermissionError) as refusal:
        stripe_client.v1.events.list()
    assert "rak_event_read" in str(refusal.value)
    with pytest.raises(stripe.InvalidRequestError) as missing:
        stripe_client.v1.customers.retrieve("cus_nobody")
    assert missing.value.code == "resource_missing"
    assert (missing.value.request_id or "").startswith("req_")
    with pytest.raises(stripe.AuthenticationError):
        client(portfolio_server, keys.UNKNOWN_KEY).v1.products.list()
