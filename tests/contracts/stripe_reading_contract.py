"""What every ``StripeReaders`` and every ``StripeKeyCheck`` keeps to (``clynto.ports.stripe_reading``).

Binding the first suite: a test module supplies the fixtures ``readers`` (a ``StripeReaders``), ``key`` (a ``Secret``
that may read everything needed) and ``known`` (a ``KnownStripe`` that tells what there is to be read), and declares
``class TestReaders(StripeReadingContract): ...``. For the second: ``key_check`` and ``known_keys``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from clynto.domain.connection import Mode
from clynto.domain.discount_readings import DiscountReading
from clynto.domain.errors import InvalidApiKey, MissingPermissions, RunSuperseded
from clynto.domain.invoice import Invoice
from clynto.domain.moments import UnixTime
from clynto.domain.secret import Secret
from clynto.domain.subscription import Subscription
from clynto.domain.time_span import Span
from clynto.ports.stripe_reading import Listing, Page, StripeKeyCheck, StripeReader, StripeReaders, StripeRecord


@dataclass(frozen=True)
class KnownStripe:
    """What a small Stripe account holds.

    ``created`` maps the ids of everything that a listing holds to its second; every record lies in ``span``. The
    other fields name one object each that has the property in their name; counts are of the whole nested list.
    """

    span: Span
    created: Mapping[Listing, Mapping[str, int]]
    archived_product: str
    archived_price: str
    tiered_price: str
    price_in_several_currencies: str
    deleted_customer: str
    plain_subscription: str
    discounted_subscription: str
    subscription_with_many_items: tuple[str, int]
    invoice_with_many_lines: tuple[str, int]


def id_of(record: StripeRecord) -> str:
    """The id that a record is about."""
    return record.subscription_id if isinstance(record, DiscountReading) else record.id


def ids_on(pages: Sequence[Page]) -> set[str]:
    """All ids on the pages, each once."""
    return {id_of(record) for page in pages for record in page.records}


def seconds_covered(pages: Sequence[Page]) -> list[tuple[int, int]]:
    """The covered spans of all pages, joined where they touch or overlap, oldest first."""
    joined: list[tuple[int, int]] = []
    for since, until in sorted((span.since, span.until) for page in pages for span in page.covered):
        if joined and since <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
    return joined


def always() -> bool:
    """A run that stays wanted."""
    return True


class StripeReadingContract:
    """See the module's text for the fixtures."""

    @pytest.fixture
    def reader(self, readers: StripeReaders, key: Secret) -> Iterator[StripeReader]:
        with readers.open(key, still_wanted=always) as reader:
            yield reader

    @pytest.mark.parametrize("listing", list(Listing))
    def test_a_list_is_read_to_its_end(self, reader: StripeReader, known: KnownStripe, listing: Listing) -> None:
        pages = list(reader.pages(listing, [known.span]))
        assert ids_on(pages) == set(known.created[listing])
        assert {page.listing for page in pages} == {listing}
        assert not [skipped for page in pages for skipped in page.skipped]

    @pytest.mark.parametrize("listing", list(Listing))
    def test_what_is_covered_is_what_was_asked_for(
        self, reader: StripeReader, known: KnownStripe, listing: Listing
    ) -> None:
        pages = list(reader.pages(listing, [known.span]))
        assert seconds_covered(pages) == [(known.span.since, known.span.until)]

    def test_covered_time_holds_nothing_that_is_not_yet_handed_out(
        self, reader: StripeReader, known: KnownStripe
    ) -> None:
        handed_out: set[str] = set()
        for page in reader.pages(Listing.INVOICES, [known.span]):
            handed_out |= ids_on([page])
            covered = {
                identity
                for identity, created in known.created[Listing.INVOICES].items()
                if any(span.since <= created <= span.until for span in page.covered)
            }
            assert covered <= handed_out

    def test_both_ends_of_a_span_belong_to_it(self, reader: StripeReader, known: KnownStripe) -> None:
        invoices = known.created[Listing.INVOICES]
        seconds = sorted(invoices.values())
        since, until = seconds[len(seconds) // 4], seconds[len(seconds) // 2]
        pages = list(reader.pages(Listing.INVOICES, [Span(UnixTime(since), UnixTime(until))]))
        assert ids_on(pages) == {identity for identity, created in invoices.items() if since <= created <= until}

    def test_several_spans_are_all_read(self, reader: StripeReader, known: KnownStripe) -> None:
        invoices = known.created[Listing.INVOICES]
        middle = sorted(invoices.values())[len(invoices) // 2]
        spans = [Span(known.span.since, UnixTime(middle - 1)), Span(UnixTime(middle), known.span.until)]
        pages = list(reader.pages(Listing.INVOICES, spans))
        assert ids_on(pages) == set(invoices)
        assert seconds_covered(pages) == [(known.span.since, known.span.until)]

    def test_no_span_means_nothing_to_read(self, reader: StripeReader) -> None:
        assert not list(reader.pages(Listing.INVOICES, []))

    def test_an_empty_time_is_covered_all_the_same(self, reader: StripeReader, known: KnownStripe) -> None:
        before = Span(UnixTime(known.span.since - 1000), UnixTime(known.span.since - 1))
        pages = list(reader.pages(Listing.CUSTOMERS, [before]))
        assert not ids_on(pages)
        assert seconds_covered(pages) == [(before.since, before.until)]

    def test_nested_lists_are_complete(self, reader: StripeReader, known: KnownStripe) -> None:
        subscription_id, item_count = known.subscription_with_many_items
        invoice_id, line_count = known.invoice_with_many_lines
        subscriptions = reader.pages(Listing.LIVE_SUBSCRIPTIONS, [known.span])
        listed = {id_of(record): record for page in subscriptions for record in page.records}
        subscription = listed[subscription_id]
        assert isinstance(subscription, Subscription)
        assert len({item.id for item in subscription.items}) == item_count
        assert subscription.items_complete
        listed = {
            id_of(record): record for page in reader.pages(Listing.INVOICES, [known.span]) for record in page.records
        }
        invoice = listed[invoice_id]
        assert isinstance(invoice, Invoice)
        assert len({line.id for line in invoice.lines}) == line_count
        assert invoice.lines_complete

    def test_running_discounts_have_readable_coupons(self, reader: StripeReader, known: KnownStripe) -> None:
        readings = [record for page in reader.pages(Listing.RUNNING_DISCOUNTS, [known.span]) for record in page.records]
        for reading in readings:
            assert isinstance(reading, DiscountReading)
            discounts = [*reading.discounts, *(one for several in reading.item_discounts.values() for one in several)]
            assert discounts
            assert all(discount.coupon is not None for discount in discounts)

    def test_two_lists_can_be_read_at_the_same_time(self, reader: StripeReader, known: KnownStripe) -> None:
        listings = (Listing.INVOICES, Listing.CUSTOMERS, Listing.LIVE_SUBSCRIPTIONS)
        with ThreadPoolExecutor(len(listings)) as pool:
            found = list(pool.map(lambda listing: ids_on(list(reader.pages(listing, [known.span]))), listings))
        assert found == [set(known.created[listing]) for listing in listings]

    def test_closing_a_list_early_leaves_nothing_running(self, reader: StripeReader, known: KnownStripe) -> None:
        before = set(threading.enumerate())
        pages = reader.pages(Listing.INVOICES, [known.span])
        next(pages)
        pages.close()
        assert not set(threading.enumerate()) - before

    def test_a_run_that_is_not_wanted_reads_nothing(
        self, readers: StripeReaders, key: Secret, known: KnownStripe
    ) -> None:
        with readers.open(key, still_wanted=lambda: False) as reader:
            with pytest.raises(RunSuperseded):
                list(reader.pages(Listing.CUSTOMERS, [known.span]))
            with pytest.raises(RunSuperseded):
                reader.product(known.archived_product)

    def test_a_run_stops_being_wanted_while_it_reads(
        self, readers: StripeReaders, key: Secret, known: KnownStripe
    ) -> None:
        answers = iter([True])
        with readers.open(key, still_wanted=lambda: next(answers, False)) as reader:
            everything = (page for listing in Listing for page in reader.pages(listing, [known.span]))
            with pytest.raises(RunSuperseded):
                list(everything)

    def test_single_reads_give_what_the_lists_give(self, reader: StripeReader, known: KnownStripe) -> None:
        def listed(listing: Listing, identity: str) -> StripeRecord:
            records = (record for page in reader.pages(listing, [known.span]) for record in page.records)
            return next(record for record in records if id_of(record) == identity)

        for price_id in (known.archived_price, known.tiered_price, known.price_in_several_currencies):
            assert reader.price(price_id) == listed(Listing.PRICES, price_id)
        assert reader.product(known.archived_product) == listed(Listing.PRODUCTS, known.archived_product)
        subscription_id, _ = known.subscription_with_many_items
        found = reader.subscription(subscription_id)
        assert found is not None
        assert found[0] == listed(Listing.LIVE_SUBSCRIPTIONS, subscription_id)
        invoice_id, _ = known.invoice_with_many_lines
        assert reader.invoice(invoice_id) == listed(Listing.INVOICES, invoice_id)
        customer_id = next(iter(known.created[Listing.CUSTOMERS]))
        assert reader.customer(customer_id) == listed(Listing.CUSTOMERS, customer_id)

    def test_archived_things_are_read_with_their_details(self, reader: StripeReader, known: KnownStripe) -> None:
        product, price = reader.product(known.archived_product), reader.price(known.archived_price)
        assert product is not None
        assert price is not None
        assert not product.active
        assert not price.active
        tiered = reader.price(known.tiered_price)
        assert tiered is not None
        assert tiered.amounts.tiers
        several = reader.price(known.price_in_several_currencies)
        assert several is not None
        assert len(several.currency_options or {}) > 1

    def test_a_deleted_customer_is_a_tombstone(self, reader: StripeReader, known: KnownStripe) -> None:
        customer = reader.customer(known.deleted_customer)
        assert customer is not None
        assert customer.deleted
        assert customer.email is None

    def test_a_subscription_comes_with_its_discounts_if_it_has_any(
        self, reader: StripeReader, known: KnownStripe
    ) -> None:
        plain = reader.subscription(known.plain_subscription)
        assert plain is not None
        assert plain[1] is None
        discounted = reader.subscription(known.discounted_subscription)
        assert discounted is not None
        readings = (record for page in reader.pages(Listing.RUNNING_DISCOUNTS, [known.span]) for record in page.records)
        assert discounted[1] == next(one for one in readings if id_of(one) == known.discounted_subscription)

    @pytest.mark.parametrize("identity", ["nothing_has_this_id", "../account", "a/b", "a?b=c", "", "ä", "x" * 300])
    def test_what_stripe_does_not_know_is_none(self, reader: StripeReader, identity: str) -> None:
        assert reader.product(identity) is None
        assert reader.price(identity) is None
        assert reader.customer(identity) is None
        assert reader.subscription(identity) is None
        assert reader.invoice(identity) is None


@dataclass(frozen=True)
class KnownKeys:
    """Keys of one Stripe account and what they may do; ``without`` names the one permission that each lacks."""

    account_id: str
    restricted_test: Secret
    full_test: Secret
    with_events: Secret
    without_any: Secret
    unknown: Secret
    expired: Secret
    from_other_address: Secret
    without: Mapping[str, Secret]


class StripeKeyCheckContract:
    """Needs the fixtures ``key_check`` (a ``StripeKeyCheck``) and ``known_keys``."""

    def test_a_restricted_key_with_the_five_permissions_is_good(
        self, key_check: StripeKeyCheck, known_keys: KnownKeys
    ) -> None:
        report = key_check.examine(known_keys.restricted_test)
        assert report.identity.mode is Mode.TEST
        assert report.identity.account_id in (known_keys.account_id, None)
        assert not report.full_secret_key
        assert not report.events_readable

    def test_a_full_secret_key_is_told_apart(self, key_check: StripeKeyCheck, known_keys: KnownKeys) -> None:
        report = key_check.examine(known_keys.full_test)
        assert report.full_secret_key
        assert report.events_readable
        assert report.identity.account_id == known_keys.account_id

    def test_readable_events_are_noticed(self, key_check: StripeKeyCheck, known_keys: KnownKeys) -> None:
        assert key_check.examine(known_keys.with_events).events_readable

    def test_white_space_around_a_key_is_ignored(self, key_check: StripeKeyCheck, known_keys: KnownKeys) -> None:
        pasted = Secret(f" \t{known_keys.restricted_test.reveal()}\r\n ")
        assert key_check.examine(pasted) == key_check.examine(known_keys.restricted_test)

    def test_each_missing_permission_is_named(self, key_check: StripeKeyCheck, known_keys: KnownKeys) -> None:
        for permission, key in known_keys.without.items():
            with pytest.raises(MissingPermissions) as refused:
                key_check.examine(key)
            assert refused.value.facts["permissions"] == [permission]

    def test_all_missing_permissions_are_named_together(self, key_check: StripeKeyCheck, known_keys: KnownKeys) -> None:
        with pytest.raises(MissingPermissions) as refused:
            key_check.examine(known_keys.without_any)
        named = refused.value.facts["permissions"]
        assert named == ["customers", "subscriptions", "invoices", "products", "prices"]

    def test_keys_that_stripe_refuses_say_why(self, key_check: StripeKeyCheck, known_keys: KnownKeys) -> None:
        for key, reason in (
            (known_keys.unknown, "rejected"),
            (known_keys.expired, "expired"),
            (known_keys.from_other_address, "ip_restricted"),
        ):
            with pytest.raises(InvalidApiKey) as refused:
                key_check.examine(key)
            assert refused.value.facts["reason"] == reason

    @pytest.mark.parametrize(
        ("pasted", "reason"),
        [
            ("pk_test_51Publishable", "publishable"),
            ("whsec_51SigningSecret", "webhook_secret"),
            ("sk_org_live_51Organisation", "organisation"),
            ("", "malformed"),
            ("   ", "malformed"),
            ("sk_test_", "malformed"),
            ("sk_test_with space", "malformed"),
            ("sk_test_line\nbreak", "malformed"),
            ("sk_prod_51Abc", "malformed"),
            ("rk_test_51Äbc", "malformed"),
            ("rk_test_51\x00", "malformed"),
            ("rk_test_" + "a" * 10_000, "malformed"),
        ],
    )
    def test_what_cannot_be_a_key_is_refused(self, key_check: StripeKeyCheck, pasted: str, reason: str) -> None:
        with pytest.raises(InvalidApiKey) as refused:
            key_check.examine(Secret(pasted))
        assert refused.value.facts["reason"] == reason
