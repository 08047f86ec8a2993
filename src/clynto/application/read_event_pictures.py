"""Turn a batch of inbox events into pictures, asking Stripe where an event alone is not enough (guarantees B, G).

No transaction is open while Stripe is asked. An event whose question cannot be answered now is reported as failed
and tried again; all others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace

from clynto.application.raise_signals import Seen, SeenInvoice, SeenSubscription
from clynto.application.store_page import References, references_of
from clynto.domain.catalogue import Product
from clynto.domain.customer import StripeCustomer
from clynto.domain.discount import Discount
from clynto.domain.errors import ClyntoError
from clynto.domain.invoice import DELETED_DRAFT, Invoice
from clynto.domain.moments import UnixMicros, UnixTime
from clynto.domain.provenance import Age, Provenance, Source, age_against
from clynto.domain.signal_pictures import FAILURE_EVENT
from clynto.domain.subscription import Subscription
from clynto.domain.untold_parts import completed_from, leaves_open
from clynto.domain.webhook_event import EventUse
from clynto.ports.clock import Clock
from clynto.ports.stripe_reading import StripeReader, StripeRecord
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork
from clynto.ports.webhooks import EventReading, InboxEvent

_SUBSCRIPTION = "subscription"
_NOTHING = References(frozenset(), frozenset(), frozenset())

OpenReader = Callable[[], AbstractContextManager[StripeReader]]


@dataclass(frozen=True, slots=True)
class Fact:
    """A record and its age."""

    record: StripeRecord
    seen: Provenance


@dataclass(slots=True)
class EventPictures:
    """What a batch says. ``facts`` are to be stored, ``seen`` to be compared; ``failed`` is why by event id.

    ``held`` is how old the stored pictures of the batch's objects were before anything was asked: an answer settles
    only what was known by then. ``left`` are events for which there was no time; they wait for the next batch.
    ``agreed`` are those whose events, though of the second of the stored picture, show nothing else than it does.
    ``overtaken`` are objects of which something younger than their newest event is stored already. ``believed`` are
    those of which nothing stored came near their newest event, so that Stripe was not asked, by the age of that event.
    """

    facts: list[Fact] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    customers: set[str] = field(default_factory=set)
    failed: dict[str, ClyntoError] = field(default_factory=dict)
    held: dict[str, Provenance] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    agreed: set[str] = field(default_factory=set)
    overtaken: set[str] = field(default_factory=set)
    believed: dict[str, Provenance] = field(default_factory=dict)

    def founded_on(self) -> dict[str, Provenance]:
        """How old the stored pictures must still be for the batch to hold: those that were asked about, and those that
        were agreed with."""
        return {object_id: self.held[object_id] for object_id in (self.answered | self.agreed) & self.held.keys()}

    def doubted(self, stored: Mapping[str, Provenance]) -> bool:
        """Whether a read of the very second of a believed event was stored since: only Stripe knows which was last."""
        return any(
            object_id in stored and stored[object_id].is_read and age_against(seen, stored[object_id]) is Age.TIED
            for object_id, seen in self.believed.items()
            if object_id not in self.answered
        )


class ReadEventPictures:
    """Used for one batch of one workspace."""

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        clock: Clock,
        reading: EventReading,
        workspace_id: str,
        open_reader: OpenReader,
        out_of_time: Callable[[], bool] = lambda: False,
    ) -> None:
        self._out_of_time = out_of_time
        self._units = units
        self._clock = clock
        self._reading = reading
        self._workspace_id = workspace_id
        self._open_reader = open_reader
        self._reader: StripeReader | None = None
        self._asked: set[tuple[str, str]] = set()
        self._known: set[tuple[str, str]] = set()
        self._looked_up: set[tuple[str, str]] = set()
        self._newest_event: dict[str, UnixTime] = {}
        self._pictured: dict[str, Subscription] = {}
        self._found = EventPictures()

    def __call__(self, events: Sequence[tuple[InboxEvent, EventUse]]) -> EventPictures:
        """Read the whole batch; several events of one object lead to at most one question (guarantees B13)."""
        with ExitStack() as stack:
            self._stack = stack
            carried = [(event, use, self._carried(event)) for event, use in events]
            with self._units.reading(self._workspace_id) as uow:
                objects = {event.envelope.object_id or "" for event, _ in events}
                subscriptions = uow.subscriptions.get_many(objects)
                self._pictured = {object_id: held for object_id, (held, _) in subscriptions.items()}
                self._found.held = _ages(subscriptions) | _ages_of_others(uow, objects)
                # Not of this batch alone: what a later batch will tell of the time between needs no question either.
                self._newest_event = dict(uow.event_inbox.newest_waiting(objects))
            for event, _ in events:
                object_id = event.envelope.object_id or ""
                newest = self._newest_event.get(object_id, event.envelope.created)
                self._newest_event[object_id] = max(newest, event.envelope.created)
            told = [record for _, _, record in carried if record is not None]
            self._look_up(
                references_of(told),
                (one.subscription_id for one in told if isinstance(one, Invoice) and one.subscription_id),
            )
            unsure = self._unsure(carried, self._found.held)
            self._found.overtaken = self._overtaken()
            self._found.believed = self._believed(carried, unsure)
            for event, use, record in carried:
                # Only questions take long: what needs none is taken in whatever the time.
                if self._asked and self._out_of_time():
                    self._found.left.add(event.envelope.id)
                    self._found.overtaken.discard(event.envelope.object_id or "")
                    continue
                try:
                    self._take(event, use, record, unsure)
                except ClyntoError as error:
                    self._found.failed[event.envelope.id] = error
                    self._found.overtaken.discard(event.envelope.object_id or "")
        return self._found

    def _carried(self, event: InboxEvent) -> StripeRecord | None:
        """The event's own object, with what only the event's type tells: a failure, a deletion."""
        wanted, event_type = event.envelope.object_id, event.envelope.type
        record = next((one for one in self._reading.records(event.body) if getattr(one, "id", None) == wanted), None)
        if isinstance(record, Invoice) and event_type == FAILURE_EVENT:
            return replace(record, last_failed_at=event.envelope.created)
        if event_type == "invoice.deleted" and isinstance(record, Invoice):
            return replace(record, status=DELETED_DRAFT)
        if event_type in ("customer.deleted", "product.deleted") and isinstance(record, StripeCustomer | Product):
            return replace(record, deleted=True)
        return record

    def _unsure(
        self, carried: Sequence[tuple[InboxEvent, EventUse, StripeRecord | None]], held: dict[str, Provenance]
    ) -> set[str]:
        """Ids of objects whose events do not settle what is true now: another picture shares the newest second.

        Only the newest second of an object counts, and only if nothing younger is stored. A question too many would not
        merely cost time: its answer is of today, and what later events tell of the days between would come too late.
        What shows just what is stored raises no doubt either, or a burst of events would ask once a batch (guarantees
        B13): if it is not the last word of that second, the last one differs from what is stored, and asks.
        """
        newest: dict[str, StripeRecord] = {}
        unsure: set[str] = set()
        for event, _, record in carried:
            object_id = event.envelope.object_id
            if record is None or object_id is None or event.envelope.created < self._newest_event[object_id]:
                continue
            age = age_against(Provenance.of_event(event.envelope.created), held.get(object_id))
            if age is Age.OLDER:
                continue
            other = newest.setdefault(object_id, record)
            agrees = age is Age.TIED and self._told_by_events(object_id, held) and record == self._pictured[object_id]
            if agrees:
                self._found.agreed.add(object_id)
            if other != record or (age is Age.TIED and not agrees):
                unsure.add(object_id)
        self._found.agreed -= unsure
        return unsure

    def _told_by_events(self, object_id: str, held: Mapping[str, Provenance]) -> bool:
        """Whether an event or its question brought the stored subscription, and so whatever it means was signalled: of
        what a sync has read in that second only the answer is news."""
        return object_id in self._pictured and held[object_id].source is not Source.API

    def _believed(
        self, carried: Sequence[tuple[InboxEvent, EventUse, StripeRecord | None]], unsure: set[str]
    ) -> dict[str, Provenance]:
        """Objects whose newest event is in the batch and settles what is true, with the age of that event."""
        known = unsure | self._found.overtaken | self._found.agreed
        return {
            object_id: Provenance.of_event(created)
            for object_id, created in (
                (event.envelope.object_id, event.envelope.created) for event, _, record in carried if record is not None
            )
            if object_id is not None and created == self._newest_event[object_id] and object_id not in known
        }

    def _overtaken(self) -> set[str]:
        """Ids of objects of which a running sync stored something younger than all that events have to tell.

        Of events that still wait, none may come after that picture was looked at: it would be too old to be told.
        """
        return {
            object_id
            for object_id, seen in self._found.held.items()
            if age_against(Provenance.of_event(self._newest_event[object_id]), seen) is Age.OLDER
        }

    def _take(self, event: InboxEvent, use: EventUse, record: StripeRecord | None, unsure: set[str]) -> None:
        envelope = event.envelope
        seen = Provenance.of_event(envelope.created)
        if use is EventUse.CUSTOMER_DISCOUNT:
            self._refresh_discounted(envelope.customer_id, envelope.subscription_id)
        elif use is EventUse.CATALOGUE:
            if record is not None:
                self._found.facts.append(Fact(record, seen))
        elif isinstance(record, StripeCustomer):
            if envelope.object_id in unsure or _discount_unreadable(record.discount):
                self._refresh("customer", record.id)
            else:
                self._found.facts.append(Fact(record, seen))
            self._found.customers.add(record.id)
        elif isinstance(record, Subscription):
            self._take_subscription(record, seen, ask=record.id in unsure)
        elif isinstance(record, Invoice):
            self._take_invoice(record, seen, envelope.type, ask=record.id in unsure)
        elif envelope.object_id is not None:
            self._refresh(envelope.object_kind or "", envelope.object_id)

    def _take_subscription(self, record: Subscription, seen: Provenance, *, ask: bool) -> None:
        self._complete([record])
        tells_all = record.items_complete and not record.pause_unexplained
        untold = leaves_open(record, self._pictured.get(record.id))
        if ask or untold or not tells_all or _has_unreadable_discounts(record):
            self._refresh("subscription", record.id)
        if tells_all:
            record = self._pictured[record.id] = completed_from(record, self._pictured.get(record.id))
            # The event's own picture still tells what was true then, even if a younger one is stored.
            self._found.seen.append(SeenSubscription(record, seen))
            self._found.facts.append(Fact(record, seen))
        self._touch(record.customer_id)

    def _take_invoice(self, record: Invoice, seen: Provenance, event_type: str, *, ask: bool) -> None:
        self._complete([record])
        if record.subscription_id is not None:
            self._fetch_unknown_subscription(record.subscription_id)
        if ask or not record.lines_complete:
            self._refresh("invoice", record.id)
        self._found.seen.append(SeenInvoice(record, seen, event_type))
        if record.lines_complete:
            self._found.facts.append(Fact(record, seen))
        self._touch(record.customer_id)

    def _touch(self, customer_id: str | None) -> None:
        if customer_id is not None:
            self._found.customers.add(customer_id)

    def _complete(self, records: Sequence[StripeRecord]) -> None:
        """Fetch what the records refer to and nobody knows yet (guarantees B10)."""
        wanted = references_of(records)
        self._look_up(wanted, ())
        for kind, ids in (("customer", wanted.customers), ("price", wanted.prices), ("product", wanted.products)):
            for object_id in sorted(object_id for object_id in ids if (kind, object_id) not in self._known):
                self._refresh(kind, object_id)

    def _fetch_unknown_subscription(self, subscription_id: str) -> None:
        self._look_up(_NOTHING, (subscription_id,))
        if (_SUBSCRIPTION, subscription_id) not in self._known:
            self._refresh(_SUBSCRIPTION, subscription_id)

    def _look_up(self, wanted: References, subscriptions: Iterable[str]) -> None:
        """Find out which of these are stored; whatever was looked up before is not looked up again.

        The whole batch is looked up at its beginning: asked for event by event it would cost most of the time.
        """
        named = {
            *(("customer", object_id) for object_id in wanted.customers),
            *(("price", object_id) for object_id in wanted.prices),
            *(("product", object_id) for object_id in wanted.products),
            *((_SUBSCRIPTION, object_id) for object_id in subscriptions),
        } - self._looked_up
        if not named:
            return
        self._looked_up |= named
        by_kind: dict[str, list[str]] = {}
        for kind, object_id in named:
            by_kind.setdefault(kind, []).append(object_id)
        with self._units.reading(self._workspace_id) as uow:
            for kind, stored in (
                ("customer", uow.customers.get_many),
                ("price", uow.catalogue.prices),
                ("product", uow.catalogue.products),
                (_SUBSCRIPTION, uow.subscriptions.get_many),
            ):
                if kind in by_kind:
                    self._known.update((kind, object_id) for object_id in stored(by_kind[kind]))

    def _refresh_discounted(self, customer_id: str | None, subscription_id: str | None) -> None:
        if subscription_id is not None:
            self._refresh("subscription", subscription_id)
        if customer_id is not None:
            self._refresh("customer", customer_id)
            self._touch(customer_id)

    def _refresh(self, kind: str, object_id: str) -> None:
        """Read one object from Stripe, once in a batch."""
        if (kind, object_id) in self._asked:
            return
        reader = self._open()
        sent_at = self._clock.now()
        for record in self._read(reader, kind, object_id):
            self._note(record, self._age_of_answer(object_id, sent_at))
        self._asked.add((kind, object_id))
        self._known.add((kind, object_id))
        if object_id in self._newest_event:
            self._found.answered.add(object_id)

    def _age_of_answer(self, object_id: str, sent_at: UnixMicros) -> Provenance:
        newest = self._newest_event.get(object_id)
        return Provenance.of_read(sent_at) if newest is None else Provenance.of_answer(sent_at, newest)

    def _read(self, reader: StripeReader, kind: str, object_id: str) -> list[StripeRecord]:
        if kind == "subscription":
            found = reader.subscription(object_id)
            return [] if found is None else [one for one in found if one is not None]
        if kind == "customer":
            gone = StripeCustomer(id=object_id, email=None, name=None, created=None, deleted=True)
            return [reader.customer(object_id) or gone]
        one: StripeRecord | None = None
        if kind == "invoice":
            one = reader.invoice(object_id)
        elif kind == "price":
            one = reader.price(object_id)
        elif kind == "product":
            one = reader.product(object_id)
        return [] if one is None else [one]

    def _note(self, record: StripeRecord, seen: Provenance) -> None:
        self._found.facts.append(Fact(record, seen))
        if isinstance(record, Subscription):
            self._pictured[record.id] = record
            self._complete([record])
            self._found.seen.append(SeenSubscription(record, seen))
            self._touch(record.customer_id)
        elif isinstance(record, Invoice):
            self._complete([record])
            self._found.seen.append(SeenInvoice(record, seen))
            self._touch(record.customer_id)
        elif isinstance(record, StripeCustomer):
            self._touch(record.id)

    def _open(self) -> StripeReader:
        if self._reader is None:
            self._reader = self._stack.enter_context(self._open_reader())
        return self._reader


def ages_of(uow: UnitOfWork, object_ids: Collection[str]) -> dict[str, Provenance]:
    """How old the stored pictures of these objects are, of whatever kind they are."""
    return _ages(uow.subscriptions.get_many(object_ids)) | _ages_of_others(uow, object_ids)


def _ages_of_others(uow: UnitOfWork, object_ids: Collection[str]) -> dict[str, Provenance]:
    return _ages(uow.invoices.get_many(object_ids)) | _ages(uow.customers.get_many(object_ids))


def _ages(held: Mapping[str, tuple[object, Provenance]]) -> dict[str, Provenance]:
    return {object_id: age for object_id, (_, age) in held.items()}


def store_facts(facts: Sequence[Fact], store: Callable[[list[StripeRecord], Provenance], None]) -> None:
    """Store the facts, oldest first, those of the same age together."""
    grouped: dict[Provenance, list[StripeRecord]] = {}
    for fact in facts:
        grouped.setdefault(fact.seen, []).append(fact.record)
    for seen in sorted(grouped, key=lambda seen: (seen.as_of, seen.is_read)):
        store(grouped[seen], seen)


def _discount_unreadable(discount: Discount | None) -> bool:
    return discount is not None and discount.coupon is None


def _has_unreadable_discounts(subscription: Subscription) -> bool:
    own = any(discount.coupon is None for discount in subscription.discounts)
    return own or any(discount.coupon is None for item in subscription.items for discount in item.discounts)
