"""Compare pictures with what was remembered and store the signals that follow (billing rules 5).

Works inside the caller's unit of work and does not commit: facts, signals and the memory behind them are one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from clynto.application.customer_facts import CustomerFacts, catalogue_of
from clynto.domain.catalogue import Price, Product
from clynto.domain.drift import MOST_LINES, drift_of
from clynto.domain.invoice import Invoice
from clynto.domain.provenance import Provenance
from clynto.domain.signal_ledger import SignalLedger, compact, ledger_key
from clynto.domain.signal_observation import ObservationContext, observe_all
from clynto.domain.signal_pictures import Picture, invoice_picture, is_settled, subscription_picture
from clynto.domain.signals import Signal
from clynto.domain.subscription import Subscription
from clynto.ports.clock import Clock
from clynto.ports.identifiers import Identifiers
from clynto.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class SeenSubscription:
    """A subscription as it was at ``seen``."""

    subscription: Subscription
    seen: Provenance


@dataclass(frozen=True, slots=True)
class SeenInvoice:
    """An invoice as it was at ``seen``; ``event_type`` is that of the event that carried it, if one did."""

    invoice: Invoice
    seen: Provenance
    event_type: str | None = None


Seen = SeenSubscription | SeenInvoice


class RaiseSignals:
    """One ledger per Stripe customer is read, extended by the pictures, and written back with changed signals."""

    def __init__(self, *, clock: Clock, identifiers: Identifiers) -> None:
        self._clock = clock
        self._identifiers = identifiers

    def from_stored_facts(self, uow: UnitOfWork, facts: CustomerFacts) -> tuple[str, ...]:
        """Look at everything that is stored of these customers: the end of a sync, or after a refetch.

        The caller has locked the ledgers before it read ``facts``. Returns what differs from what was remembered, as
        lines for the drift report.
        """
        keys = [ledger_key(customer_id=customer_id, subscription_id=None) for customer_id in facts.ids]
        ledgers = dict(uow.ledgers.get_many(keys))
        remembered = {
            invoice_id
            for ledger in ledgers.values()
            for invoice_id, memory in ledger.invoices.items()
            if not is_settled(memory.invoice)
        }
        seen: list[Seen] = [SeenSubscription(held, age) for own in facts.subscriptions.values() for held, age in own]
        for invoice, age in (held for own in facts.invoices.values() for held in own):
            seen.append(SeenInvoice(invoice, age))
            remembered.discard(invoice.id)
        if remembered:
            seen.extend(SeenInvoice(invoice, age) for invoice, age in uow.invoices.get_many(remembered).values())
        pictures = _by_key(seen, facts.prices, facts.products)
        self._observe(uow, ledgers, pictures)
        parked = {event.envelope.object_id or "" for event in uow.event_inbox.parked(limit=MOST_LINES)}
        return tuple(
            line
            for key, of_one in pictures.items()
            for picture in of_one
            for line in drift_of(ledgers.get(key, SignalLedger()), picture, parked=parked)
        )[:MOST_LINES]

    def from_pictures(self, uow: UnitOfWork, seen: Sequence[Seen], *, overtaken: Collection[str] = ()) -> None:
        """Take in pictures that events or single reads brought, whatever their order and age.

        ``overtaken`` are ids of objects of which something younger is stored than the newest of these pictures. Where
        the pictures alone do not tell what was last, that decides: it is what a running sync will tell at its end,
        and nobody should be shown a withdrawn cancellation until then.
        """
        uow.ledgers.lock()
        ledgers = dict(uow.ledgers.get_many({_key(one) for one in seen}))
        self._observe(uow, ledgers, self._pictures(uow, seen), overtaken)

    def _pictures(self, uow: UnitOfWork, seen: Sequence[Seen]) -> dict[str, list[Picture]]:
        held = [one.subscription for one in seen if isinstance(one, SeenSubscription)]
        prices, products = catalogue_of(uow, held)
        return _by_key(seen, prices, products)

    def _stored(self, uow: UnitOfWork, object_ids: Collection[str]) -> list[Seen]:
        held: list[Seen] = [SeenSubscription(one, age) for one, age in uow.subscriptions.get_many(object_ids).values()]
        held.extend(SeenInvoice(one, age) for one, age in uow.invoices.get_many(object_ids).values())
        return held

    def _observe(
        self,
        uow: UnitOfWork,
        ledgers: Mapping[str, SignalLedger],
        by_key: Mapping[str, Sequence[Picture]],
        overtaken: Collection[str] = (),
    ) -> None:
        context = ObservationContext(previous_sync_at=uow.connections.get().last_sync_began_at)
        now = self._clock.now()
        changed: dict[str, SignalLedger] = {}
        signals: list[tuple[str, Signal]] = []
        for key, pictures in by_key.items():
            before = ledgers.get(key, SignalLedger())
            outcome = observe_all(before, pictures, context)
            decided = set(outcome.unsettled).intersection(overtaken)
            if decided:
                younger = self._pictures(uow, self._stored(uow, decided)).get(key, ())
                outcome = observe_all(before, [*pictures, *younger], context)
            after = compact(outcome.ledger, now)
            if after != before:
                changed[key] = after
            signals.extend((self._identifiers.new_id("sig"), signal) for signal in outcome.signals_changed)
            if outcome.non_events:
                uow.ledgers.put_non_events(outcome.non_events)
        uow.ledgers.put_many(changed)
        if signals:
            uow.signals.put_many(signals, at=now)


def _by_key(
    seen: Iterable[Seen], prices: Mapping[str, Price], products: Mapping[str, Product]
) -> dict[str, list[Picture]]:
    grouped: dict[str, list[Picture]] = {}
    for one in seen:
        picture: Picture
        if isinstance(one, SeenSubscription):
            picture = subscription_picture(one.subscription, one.seen, products=products, listed_prices=prices)
        else:
            picture = invoice_picture(one.invoice, one.seen, event_type=one.event_type)
        grouped.setdefault(_key(one), []).append(picture)
    return grouped


def _key(one: Seen) -> str:
    if isinstance(one, SeenSubscription):
        return ledger_key(customer_id=one.subscription.customer_id, subscription_id=one.subscription.id)
    invoice = one.invoice
    return ledger_key(customer_id=invoice.customer_id, subscription_id=invoice.subscription_id, invoice_id=invoice.id)
