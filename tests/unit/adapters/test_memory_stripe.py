"""The Stripe in memory keeps the contracts of reading, and fails on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import orjson
import pytest
from tests.contracts.event_list_contract import EventListContract, PastEvents
from tests.contracts.samples import (
    a_customer,
    a_line,
    a_price,
    a_product,
    a_reading,
    a_subscription,
    a_tombstone,
    an_invoice,
    an_item,
    second,
)
from tests.contracts.stripe_reading_contract import (
    KnownKeys,
    KnownStripe,
    StripeKeyCheckContract,
    StripeReadingContract,
    id_of,
)

from clynto.adapters.memory.settable_clock import SettableClock
from clynto.adapters.memory.stripe import MemoryStripe, PastEvent
from clynto.adapters.memory.stripe_faults import PERMISSION_OF
from clynto.domain.catalogue import PriceAmounts, Product
from clynto.domain.connection import Mode, StripeIdentity
from clynto.domain.errors import ClyntoError, InvalidApiKey, MissingPermissions, StripeUnreachable
from clynto.domain.moments import UnixTime
from clynto.domain.secret import Secret
from clynto.ports.stripe_reading import (
    KeyReport,
    Listing,
    SkippedObject,
    Span,
    StripeKeyCheck,
    StripeReader,
    StripeReaders,
    StripeRecord,
)

KEY = Secret("rk_test_good")
REPORT = KeyReport(StripeIdentity(Mode.TEST, "acct_1"), full_secret_key=False, events_readable=False)
SPAN = Span(second(0), second(999))


def _filled() -> MemoryStripe:
    stripe = MemoryStripe(SettableClock(), page_size=7)
    stripe.allow(KEY, REPORT)
    stripe.put(a_product("prod_1"), created=second(0))
    stripe.put(a_product("prod_2", active=False), created=second(999))
    stripe.put(a_price("price_1"), created=second(5))
    stripe.put(a_price("price_2", active=False, tiered=False, amounts=PriceAmounts(None, None)), created=second(5))
    several = {"EUR": PriceAmounts(None, None), "GBP": PriceAmounts(None, None)}
    stripe.put(a_price("price_3", currency_options=several), created=second(6))
    stripe.put(*(a_customer(f"cus_{number:02}", created=second(number // 3)) for number in range(25)))
    stripe.put(a_tombstone("cus_gone"))
    stripe.put(a_subscription("sub_1", created=second(1)), a_subscription("sub_2", created=second(2)))
    many = tuple(an_item(f"si_{number}") for number in range(25))
    stripe.put(a_subscription("sub_3", created=second(3), items=many))
    stripe.put(a_subscription("sub_4", created=second(4), status="canceled"))
    stripe.put(a_reading("sub_2"))
    stripe.put(*(an_invoice(f"in_{n:02}", created=second(n // 5 * 4), status="paid") for n in range(40)))
    stripe.put(an_invoice("in_99", created=second(7), lines=tuple(a_line(f"il_{n}") for n in range(250))))
    return stripe


def _created(stripe: MemoryStripe) -> Mapping[Listing, Mapping[str, int]]:
    return {listing: {id_of(record): created for created, record in stripe.listed(listing)} for listing in Listing}


class TestReading(StripeReadingContract):
    @pytest.fixture
    def stripe(self) -> MemoryStripe:
        return _filled()

    @pytest.fixture
    def readers(self, stripe: MemoryStripe) -> StripeReaders:
        return stripe

    @pytest.fixture
    def key(self) -> Secret:
        return KEY

    @pytest.fixture
    def known(self, stripe: MemoryStripe) -> KnownStripe:
        return KnownStripe(
            span=SPAN,
            created=_created(stripe),
            archived_product="prod_2",
            archived_price="price_2",
            tiered_price="price_1",
            price_in_several_currencies="price_3",
            deleted_customer="cus_gone",
            plain_subscription="sub_1",
            discounted_subscription="sub_2",
            subscription_with_many_items=("sub_3", 25),
            invoice_with_many_lines=("in_99", 250),
        )


class TestPastEvents(EventListContract):
    @pytest.fixture
    def past_events(self) -> PastEvents:
        return {
            f"evt_{number:02}": (("invoice.paid", "invoice.voided", "customer.created")[number % 3], 100 + number // 4)
            for number in range(40)
        }

    @pytest.fixture
    def stripe(self, past_events: PastEvents) -> MemoryStripe:
        stripe = _filled()
        stripe.allow(KEY, replace(REPORT, events_readable=True))
        stripe.events = [
            PastEvent(one, kind, UnixTime(created), orjson.dumps({"id": one}))
            for one, (kind, created) in past_events.items()
        ]
        return stripe

    @pytest.fixture
    def events_reader(self, stripe: MemoryStripe) -> Iterator[StripeReader]:
        with stripe.open(KEY, still_wanted=lambda: True) as reader:
            yield reader

    @pytest.fixture
    def barred_reader(self, stripe: MemoryStripe) -> Iterator[StripeReader]:
        stripe.faults.withdraw("events")
        with stripe.open(KEY, still_wanted=lambda: True) as reader:
            yield reader


class TestKeyCheck(StripeKeyCheckContract):
    """One account in memory lacks the same permissions for every key, so each kind of key has its own."""

    @pytest.fixture
    def known_keys(self) -> KnownKeys:
        return KnownKeys(
            account_id="acct_1",
            restricted_test=KEY,
            full_test=Secret("sk_test_full"),
            with_events=Secret("rk_test_events"),
            without_any=Secret("rk_test_nothing"),
            unknown=Secret("rk_test_unknown"),
            expired=Secret("rk_test_expired"),
            from_other_address=Secret("rk_test_address"),
            without={name: Secret(f"rk_test_{name}") for name in dict.fromkeys(PERMISSION_OF.values())},
        )

    @pytest.fixture
    def key_check(self, known_keys: KnownKeys) -> StripeKeyCheck:
        stripe = MemoryStripe(SettableClock())
        identity = REPORT.identity
        stripe.allow(known_keys.restricted_test, REPORT)
        stripe.allow(known_keys.full_test, KeyReport(identity, full_secret_key=True, events_readable=True))
        stripe.allow(known_keys.with_events, KeyReport(identity, full_secret_key=False, events_readable=True))
        stripe.refuse(known_keys.expired, InvalidApiKey(reason="expired"))
        stripe.refuse(known_keys.from_other_address, InvalidApiKey(reason="ip_restricted"))
        stripe.refuse(known_keys.without_any, MissingPermissions(permissions=list(known_keys.without)))
        for permission, key in known_keys.without.items():
            stripe.refuse(key, MissingPermissions(permissions=[permission]))
        return stripe


def _ids(stripe: MemoryStripe, listing: Listing) -> list[str]:
    with stripe.open(KEY, still_wanted=lambda: True) as reader:
        return [id_of(record) for page in reader.pages(listing, [SPAN]) for record in page.records]


def test_a_withdrawn_permission_is_missed_wherever_it_is_needed() -> None:
    stripe = _filled()
    stripe.faults.withdraw("invoices")
    stripe.faults.withdraw("customers")
    with pytest.raises(MissingPermissions) as missing:
        stripe.examine(KEY)
    assert missing.value.facts["permissions"] == ["customers", "invoices"]
    with pytest.raises(MissingPermissions), stripe.open(KEY, still_wanted=lambda: True) as reader:
        reader.invoice("in_99")
    assert _ids(stripe, Listing.PRODUCTS) == ["prod_2", "prod_1"]


@pytest.mark.parametrize("error", [StripeUnreachable(request_id="req_1"), InvalidApiKey(reason="expired")])
def test_a_list_can_break_off_after_some_pages_and_heal(error: ClyntoError) -> None:
    stripe = _filled()
    stripe.faults.fail("customers", error, after=2)
    with stripe.open(KEY, still_wanted=lambda: True) as reader:
        pages = reader.pages(Listing.CUSTOMERS, [SPAN])
        assert [len(next(pages).records) for _ in range(2)] == [7, 7]
        with pytest.raises(type(error)):
            next(pages)
    stripe.faults.heal()
    assert len(_ids(stripe, Listing.CUSTOMERS)) == 25


def test_a_fault_can_pass_by_itself() -> None:
    stripe = _filled()
    stripe.faults.fail("products", StripeUnreachable(), times=1)
    with pytest.raises(StripeUnreachable):
        _ids(stripe, Listing.PRODUCTS)
    assert len(_ids(stripe, Listing.PRODUCTS)) == 2


def test_everything_can_fail() -> None:
    stripe = _filled()
    stripe.faults.fail_everything(StripeUnreachable())
    with pytest.raises(StripeUnreachable):
        stripe.examine(KEY)
    with pytest.raises(StripeUnreachable):
        _ids(stripe, Listing.PRODUCTS)


def test_a_changed_object_stays_in_its_place_and_a_removed_one_is_gone() -> None:
    stripe = _filled()
    stripe.put(a_product("prod_1", name="Renamed"))
    stripe.remove(Product, "prod_2")
    renamed: list[StripeRecord] = [record for _, record in stripe.listed(Listing.PRODUCTS)]
    assert renamed == [a_product("prod_1", name="Renamed")]
    assert _ids(stripe, Listing.PRODUCTS) == ["prod_1"]


def test_unusable_objects_are_handed_out_once() -> None:
    stripe = _filled()
    odd = SkippedObject("customer", "cus_odd", "no currency")
    stripe.skipped[Listing.CUSTOMERS] = [odd]
    with stripe.open(KEY, still_wanted=lambda: True) as reader:
        spans = [Span(second(0), second(4)), Span(second(5), UnixTime(second(999)))]
        skipped = [one for page in reader.pages(Listing.CUSTOMERS, spans) for one in page.skipped]
    assert skipped == [odd]


def test_tells_what_was_asked_for() -> None:
    stripe = _filled()
    stripe.examine(KEY)
    _ids(stripe, Listing.PRODUCTS)
    with stripe.open(KEY, still_wanted=lambda: True) as reader:
        reader.price("price_1")
    assert stripe.requests == ["examine", "products", "price price_1"]
