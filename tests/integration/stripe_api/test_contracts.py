"""The adapter over real HTTP against the contract suites of its ports."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from tests.contracts.event_list_contract import EventListContract, PastEvents
from tests.contracts.request_budget_contract import ENDPOINT_RATE, KEY_RATE, RequestBudgetContract
from tests.contracts.stripe_reading_contract import (
    KnownKeys,
    KnownStripe,
    StripeKeyCheckContract,
    StripeReadingContract,
)
from tests.integration.stripe_api.quick_time import EVERYTHING

from clynto.adapters.rq_queue.local_budget import LocalRequestBudget
from clynto.adapters.stripe_api.careful_reads import Surroundings
from clynto.adapters.stripe_api.key_check import StripeApiKeyCheck
from clynto.adapters.stripe_api.reader import StripeApiReaders
from clynto.adapters.stripe_api.reading_process import ReadersInTwoProcesses
from clynto.domain.secret import Secret
from clynto.ports.request_budget import RequestBudget
from clynto.ports.stripe_reading import Listing, StripeKeyCheck, StripeReader, StripeReaders
from stripe_sandbox import keys
from stripe_sandbox.object_store import ObjectStore
from stripe_sandbox.records import ENDED_STATUSES, Subscription
from stripe_sandbox.server import SandboxServer


def known_portfolio(store: ObjectStore) -> KnownStripe:
    """What the sandbox itself says that it holds. Objects on a test clock are in no list (stripe_facts 9)."""
    subscriptions = [one for one in store.subscriptions if one.test_clock is None]
    invoices = [one for one in store.invoices if one.test_clock is None]
    live = [one for one in subscriptions if one.status not in ENDED_STATUSES]
    many_items = max(live, key=lambda one: len(one.items))
    many_lines = max(invoices, key=lambda one: len(one.lines))

    def has_discount(subscription: Subscription) -> bool:
        return bool(subscription.discounts) or any(item.discounts for item in subscription.items)

    return KnownStripe(
        span=EVERYTHING,
        created={
            Listing.PRODUCTS: {one.id: one.created for one in store.products},
            Listing.PRICES: {one.id: one.created for one in store.prices},
            Listing.CUSTOMERS: {one.id: one.created for one in store.customers if one.test_clock is None},
            Listing.LIVE_SUBSCRIPTIONS: {one.id: one.created for one in live},
            Listing.ENDED_SUBSCRIPTIONS: {one.id: one.created for one in subscriptions if one.status in ENDED_STATUSES},
            Listing.RUNNING_DISCOUNTS: {one.id: one.created for one in live if has_discount(one)},
            Listing.OPEN_INVOICES: {one.id: one.created for one in invoices if one.status == "open"},
            Listing.INVOICES: {one.id: one.created for one in invoices},
        },
        archived_product=next(one.id for one in store.products if not one.active),
        archived_price=next(one.id for one in store.prices if not one.active),
        tiered_price=next(one.id for one in store.prices if one.tiers_mode is not None),
        price_in_several_currencies=next(one.id for one in store.prices if len(one.amounts) > 1),
        deleted_customer=next(
            found.id for one in store.subscriptions if (found := store.customers[one.customer]).deleted
        ),
        plain_subscription=next(one.id for one in live if not has_discount(one)),
        discounted_subscription=next(one.id for one in live if has_discount(one)),
        subscription_with_many_items=(many_items.id, len(many_items.items)),
        invoice_with_many_lines=(many_lines.id, len(many_lines.lines)),
    )


class TestReadersOverHttp(StripeReadingContract):
    @pytest.fixture
    def readers(self, portfolio: SandboxServer, surroundings: Surroundings) -> StripeReaders:
        return StripeApiReaders(surroundings, api_base=portfolio.url)

    @pytest.fixture
    def key(self) -> Secret:
        return Secret(keys.RESTRICTED_TEST_KEY)

    @pytest.fixture
    def known(self, portfolio: SandboxServer) -> KnownStripe:
        return known_portfolio(portfolio.world.store)

    def test_the_known_account_has_long_nested_lists(self, known: KnownStripe) -> None:
        assert known.subscription_with_many_items[1] == 25
        assert known.invoice_with_many_lines[1] == 250


class TestReadersInTwoProcesses(StripeReadingContract):
    @pytest.fixture
    def readers(self, portfolio: SandboxServer, surroundings: Surroundings) -> StripeReaders:
        return ReadersInTwoProcesses(StripeApiReaders(surroundings, api_base=portfolio.url))

    @pytest.fixture
    def key(self) -> Secret:
        return Secret(keys.RESTRICTED_TEST_KEY)

    @pytest.fixture
    def known(self, portfolio: SandboxServer) -> KnownStripe:
        return known_portfolio(portfolio.world.store)


class TestPastEventsOverHttp(EventListContract):
    @pytest.fixture
    def past_events(self, portfolio: SandboxServer) -> PastEvents:
        return {one.id: (one.type, one.created) for one in portfolio.world.store.events}

    @pytest.fixture
    def events_reader(self, portfolio: SandboxServer, surroundings: Surroundings) -> Iterator[StripeReader]:
        readers = StripeApiReaders(surroundings, api_base=portfolio.url)
        with readers.open(Secret(keys.RESTRICTED_WITH_EVENTS_KEY), still_wanted=lambda: True) as reader:
            yield reader

    @pytest.fixture
    def barred_reader(self, portfolio: SandboxServer, surroundings: Surroundings) -> Iterator[StripeReader]:
        readers = StripeApiReaders(surroundings, api_base=portfolio.url)
        with readers.open(Secret(keys.RESTRICTED_TEST_KEY), still_wanted=lambda: True) as reader:
            yield reader


class TestKeyCheckOverHttp(StripeKeyCheckContract):
    @pytest.fixture
    def key_check(self, portfolio: SandboxServer, surroundings: Surroundings) -> StripeKeyCheck:
        return StripeApiKeyCheck(surroundings, api_base=portfolio.url)

    @pytest.fixture
    def known_keys(self, portfolio: SandboxServer) -> KnownKeys:
        words = {
            keys.CUSTOMER_READ: "customers",
            keys.SUBSCRIPTION_READ: "subscriptions",
            keys.INVOICE_READ: "invoices",
            keys.PRODUCT_READ: "products",
            keys.PRICE_READ: "prices",
        }
        return KnownKeys(
            account_id=portfolio.world.account.id,
            restricted_test=Secret(keys.RESTRICTED_TEST_KEY),
            full_test=Secret(keys.FULL_TEST_KEY),
            with_events=Secret(keys.RESTRICTED_WITH_EVENTS_KEY),
            without_any=Secret(keys.NO_PERMISSIONS_KEY),
            unknown=Secret(keys.UNKNOWN_KEY),
            expired=Secret(keys.EXPIRED_KEY),
            from_other_address=Secret(keys.IP_RESTRICTED_KEY),
            without={words[permission]: Secret(secret) for permission, secret in keys.KEY_WITHOUT.items()},
        )


class TestTheBudgetThatTheseTestsUse(RequestBudgetContract):
    """These tests read with the budget of a single process; it is the real one, held to its suite."""

    @pytest.fixture
    def moment(self) -> list[float]:
        return [time.monotonic()]

    @pytest.fixture
    def budget(self, moment: list[float]) -> RequestBudget:
        return LocalRequestBudget(key_rate=KEY_RATE, endpoint_rate=ENDPOINT_RATE, monotonic=lambda: moment[0])

    @pytest.fixture
    def pass_time(self, moment: list[float]) -> Callable[[float], None]:
        def let(seconds: float) -> None:
            moment[0] += seconds

        return let
