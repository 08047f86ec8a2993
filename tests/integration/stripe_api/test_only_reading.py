"""Nothing but reading leaves, in two API versions only, and the key is seen nowhere (guarantees 10, G10, G12, J1)."""

from __future__ import annotations

import io
import logging
import pickle
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe
from tests.integration.stripe_api.on_each_sdk import allowed
from tests.integration.stripe_api.quick_time import EVERYTHING, NOW

import clynto
from clynto.adapters.stripe_api.api_versions import NEWEST, WITH_INLINE_COUPONS
from clynto.adapters.stripe_api.careful_reads import Surroundings, key_fingerprint
from clynto.adapters.stripe_api.key_check import StripeApiKeyCheck
from clynto.adapters.stripe_api.reader import StripeApiReaders
from clynto.adapters.stripe_api.transport import OnlyReadingAllowed, ReadOnlyTransport, path_is_readable
from clynto.domain.errors import ClyntoError, InvalidApiKey
from clynto.domain.secret import Secret
from clynto.ports.stripe_reading import Listing
from stripe_sandbox import keys
from stripe_sandbox.portfolio.build import PortfolioPlan
from stripe_sandbox.server import SandboxServer


@pytest.fixture
def transport(sandbox: SandboxServer, key: Secret) -> Iterator[ReadOnlyTransport]:
    opened = ReadOnlyTransport(key, api_base=sandbox.url)
    yield opened
    opened.close()


@pytest.mark.parametrize("method", ["post", "POST", "put", "patch", "delete", "head", "options", "PURGE", ""])
def test_other_verbs_never_leave(sandbox: SandboxServer, transport: ReadOnlyTransport, method: str) -> None:
    url = f"{sandbox.url}/v1/customers"
    session = transport._session
    assert session is not None
    for send in (
        lambda: transport.request(method, url, {}),
        lambda: transport.request_stream(method, url, {}),
        lambda: transport.request_with_retries(method, url, {}),
        lambda: session.request(method, url),
        lambda: transport.request("get", url, {}, post_data="name=x"),
    ):
        with pytest.raises((OnlyReadingAllowed, stripe.APIConnectionError)) as refused:
            send()
        assert isinstance(refused.value, OnlyReadingAllowed) or isinstance(refused.value.__cause__, OnlyReadingAllowed)
    assert sandbox.world.traffic.log.total == 0


def test_the_sdk_itself_cannot_write_through_it(sandbox: SandboxServer, transport: ReadOnlyTransport) -> None:
    client = stripe.StripeClient("sk_test_unused", http_client=transport, base_addresses={"api": sandbox.url})
    with pytest.raises(stripe.APIConnectionError) as refused:
        client.v1.customers.create({"name": "written"})
    assert isinstance(refused.value.__cause__, OnlyReadingAllowed)
    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.delete("cus_1")
    assert sandbox.world.traffic.log.total == 0


@pytest.mark.parametrize(
    "path",
    [
        "/v1/charges",
        "/v1/webhook_endpoints",
        "/v1/customers/cus_1/sources",
        "/v1/invoices/in_1/pay",
        "/v1/invoices/in_1/lines/il_1",
        "/v1/customers/../charges",
        "/v1/customers/a%2Fb",
        "/v1/customers/cus_1\n",
        "/v1/customersx",
        "/v1/customers/",
        "/v2/core/events",
        "",
        "/",
        "@127.0.0.1/v1/customers",
    ],
)
def test_other_paths_never_leave(sandbox: SandboxServer, transport: ReadOnlyTransport, path: str) -> None:
    assert not path_is_readable(path)
    with pytest.raises(OnlyReadingAllowed):
        transport.get(path, (), NEWEST)
    assert sandbox.world.traffic.log.total == 0


def test_other_hosts_are_never_contacted(transport: ReadOnlyTransport) -> None:
    session = transport._session
    assert session is not None
    for url in ("http://127.0.0.1:9/v1/customers", "https://api.stripe.com/v1/customers", "http://localhost/v1/prices"):
        with pytest.raises(OnlyReadingAllowed):
            session.get(url)


@pytest.mark.parametrize("base", ["ftp://host", "api.stripe.com", "", "https://", "https://host?x=1", "https://h#f"])
def test_an_address_that_is_none_is_refused(base: str) -> None:
    with pytest.raises(ValueError):
        ReadOnlyTransport(Secret("sk_test_x"), api_base=base)


def test_a_whole_sync_is_get_only_and_asks_for_two_versions(surroundings: Surroundings) -> None:
    with SandboxServer(PortfolioPlan(customers=130, now=NOW)) as server:
        key = Secret(keys.RESTRICTED_TEST_KEY)
        StripeApiKeyCheck(surroundings, api_base=server.url).examine(key)
        with StripeApiReaders(surroundings, api_base=server.url).open(key, still_wanted=lambda: True) as reader:
            for listing in Listing:
                list(reader.pages(listing, [EVERYTHING]))
            store = server.world.store
            for subscription in store.subscriptions:
                reader.subscription(subscription.id)
            reader.invoice(next(iter(store.invoices)).id)
            reader.customer(next(iter(store.customers)).id)
            reader.product(next(iter(store.products)).id)
            reader.price(next(iter(store.prices)).id)
        log = server.world.traffic.log
    assert {entry.method for entry in log.find()} == {"GET"}
    assert log.violations == 0
    assert {entry.version for entry in log.find()} == {NEWEST, WITH_INLINE_COUPONS}
    in_older_version = [entry for entry in log.find() if entry.version == WITH_INLINE_COUPONS]
    assert {entry.path.split("/")[2] for entry in in_older_version} <= {
        "customers",
        "subscriptions",
        "subscription_items",
    }
    assert not log.find(status=400)


def test_the_same_key_always_has_the_same_fingerprint_and_it_tells_nothing() -> None:
    key = Secret(keys.RESTRICTED_TEST_KEY)
    assert key_fingerprint(key) == key_fingerprint(Secret(keys.RESTRICTED_TEST_KEY))
    assert key_fingerprint(key) != key_fingerprint(Secret(keys.FULL_TEST_KEY))
    assert key.last4 not in key_fingerprint(key)


def test_no_environment_variable_reaches_the_request(
    sandbox: SandboxServer, key: Secret, monkeypatch: pytest.MonkeyPatch, surroundings: Surroundings
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with StripeApiReaders(surroundings, api_base=sandbox.url).open(key, still_wanted=lambda: True) as reader:
        assert reader.product("prod_unknown") is None
    transport = ReadOnlyTransport(key, api_base=sandbox.url)
    session = transport._session
    assert session is not None
    assert session.headers["User-Agent"] == f"Clynto Stripe/v1 PythonBindings/{stripe.VERSION}"
    transport.close()
    assert stripe.enable_telemetry is False


def _everything_told_about(error: BaseException) -> str:
    told = io.StringIO()
    traceback.TracebackException.from_exception(error, capture_locals=True).print(file=told)
    facts = error.facts if isinstance(error, ClyntoError) else {}
    return f"{told.getvalue()}\n{error}\n{error!r}\n{dict(facts)}"


def _demand_silence_about(name: str, told: list[str]) -> None:
    body = getattr(keys, name).rpartition("_")[2]
    for text in told:
        assert body not in text
        assert body[-8:] not in text
        assert f"*{body[-4:]}" not in text


@pytest.mark.parametrize("name", ["UNKNOWN_KEY", "EXPIRED_KEY", "IP_RESTRICTED_KEY", "NO_PERMISSIONS_KEY"])
@pytest.mark.parametrize("kind", [None, "cut", "html"])
def test_no_form_of_the_key_is_told(
    sandbox: SandboxServer, surroundings: Surroundings, caplog: pytest.LogCaptureFixture, name: str, kind: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    if kind is not None:
        sandbox.world.traffic.faults.add(kind, times=None)
    key = Secret(getattr(keys, name))
    check = StripeApiKeyCheck(surroundings, api_base=sandbox.url)
    told = []
    with StripeApiReaders(surroundings, api_base=sandbox.url).open(key, still_wanted=lambda: True) as reader:
        told.append(repr(reader))
        calls: tuple[Callable[[], object], ...] = (
            lambda: check.examine(key),
            lambda: list(reader.pages(Listing.CUSTOMERS, [EVERYTHING])),
            lambda: reader.invoice("in_1"),
        )
        for call in calls:
            with pytest.raises(ClyntoError) as failed:
                call()
            told.append(_everything_told_about(failed.value))
    _demand_silence_about(name, [*told, caplog.text])


def test_the_types_of_stripes_library_stop_at_the_transport(transport: ReadOnlyTransport) -> None:
    """G2: one module of ours knows the library, and what it hands on are bytes. Between two of its versions objects
    stopped being dictionaries and amounts became decimals; neither can reach us."""
    root = Path(clynto.__file__).parent
    knows = re.compile(r"^\s*(?:import stripe\b|from stripe\b)", re.MULTILINE)
    assert [str(file.relative_to(root)) for file in root.rglob("*.py") if knows.search(file.read_text("utf-8"))] == [
        "adapters/stripe_api/transport.py"
    ]
    answer = transport.get("/v1/products", [("limit", "1")], NEWEST)
    assert type(answer.body) is bytes


def test_the_library_is_the_one_that_the_lock_pins() -> None:
    """G2: what is installed is what ``make test-sdk`` and all the other tests were run with, and within the range."""
    lock = (Path(clynto.__file__).parents[2] / "requirements.lock").read_text("utf-8")
    assert re.findall(r"^stripe==(\S+)", lock, re.MULTILINE) == [stripe.VERSION]
    assert allowed().specifier.contains(stripe.VERSION)


def test_a_refused_shape_does_not_tell_what_was_pasted(key_check: StripeApiKeyCheck) -> None:
    key = Secret(f"{keys.FULL_LIVE_KEY} ?")
    with pytest.raises(InvalidApiKey) as failed:
        key_check.examine(key)
    _demand_silence_about("FULL_LIVE_KEY", [_everything_told_about(failed.value)])


def test_a_key_does_not_travel_with_what_is_pickled(key: Secret) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(key)
