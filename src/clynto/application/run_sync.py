"""Walk the six steps of a sync (guide, Setup walkthrough; guarantees D, E).

Every list is read ahead in the background and stored page by page, one page a transaction, each fenced by the lease.
What is not yet stored is remembered as spans of creation time, so that a killed run goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from clynto.application.complete_facts import CompleteFacts
from clynto.application.match_customers import MatchCustomers
from clynto.application.prefetch_listing import PrefetchedListing
from clynto.application.rebuild_history import RebuildHistory
from clynto.application.recompute_billing import BATCH
from clynto.application.run_lease import RunLease
from clynto.application.store_page import store_page, without_customer
from clynto.domain.connection import ConnectionFault
from clynto.domain.errors import ClyntoError, NotConnected, RunSuperseded
from clynto.domain.matching import DomainIndex
from clynto.domain.moments import UnixTime, seconds_of
from clynto.domain.subscription import Subscription
from clynto.domain.sync_run import RunFault, StepName, StepState, SyncRun
from clynto.domain.sync_window import STRIPE_BEGAN, invoices_needed_since, window_start
from clynto.domain.time_span import Span, subtract, total_seconds
from clynto.ports.clock import Clock
from clynto.ports.stripe_reading import Listing, Page, StripeReader, StripeReaders
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork, retrying
from clynto.ports.vault import CredentialOpener, Purpose

STEP_LISTINGS: Mapping[StepName, tuple[Listing, ...]] = {
    StepName.PRODUCTS: (Listing.PRODUCTS,),
    StepName.PRICES: (Listing.PRICES,),
    StepName.CUSTOMERS: (Listing.CUSTOMERS,),
    StepName.SUBSCRIPTIONS: (Listing.RUNNING_DISCOUNTS, Listing.LIVE_SUBSCRIPTIONS, Listing.ENDED_SUBSCRIPTIONS),
    StepName.INVOICES: (Listing.OPEN_INVOICES, Listing.INVOICES),
}
READ_AFTER: Mapping[Listing, Listing] = {Listing.ENDED_SUBSCRIPTIONS: Listing.LIVE_SUBSCRIPTIONS}
"""Lists that are read one after the other: a subscription that ends between two parallel reads would be in neither
(guarantees D8)."""

CLOCK_TOLERANCE_SECONDS = 3600
"""Lists are read up to this far beyond our own "now", in case our clock is behind Stripe's."""

SMALL_PORTFOLIO = 300
"""Matched customers up to which a sync rebuilds the history itself. Of more a job does it right after the sync."""

Describe = Callable[[ClyntoError, StepName | None], str]
"""Turns an error into the sentence that the card shows; the texts live at the edge."""


@dataclass(frozen=True, slots=True)
class SyncTools:
    """The ports and use cases that a run works with."""

    units: UnitsOfWork
    clock: Clock
    readers: StripeReaders
    opener: CredentialOpener
    matching: MatchCustomers
    history: RebuildHistory
    describe: Describe


class RunSync:
    """Takes a run up, walks it, and ends it. Called again for a run that is over or held, it does nothing."""

    def __init__(self, tools: SyncTools) -> None:
        self._tools = tools

    def __call__(self, workspace_id: str, run_id: str, *, stopping: Callable[[], bool]) -> bool:
        """Whether the run came to its end here. ``stopping`` turns True when the worker has to leave: the run then
        stops after its page and stays resumable."""
        tools = self._tools
        lease = RunLease.take_up(tools.units, tools.clock, workspace_id, run_id)
        if lease is None:
            return False
        try:
            _Walk(tools, workspace_id, lease, stopping).to_the_end()
        except RunSuperseded:
            if not lease.lost:
                self._let_go(workspace_id, lease)
            return False
        except ClyntoError as error:
            self.fail(workspace_id, lease, error)
        return True

    def fail(self, workspace_id: str, lease: RunLease, error: ClyntoError) -> None:
        """End the run and show the fault on the card; old data and last sync stay as they are (guarantee 5)."""
        step = next((step.name for step in lease.run.steps if step.state is StepState.RUNNING), None)
        message = self._tools.describe(error, step)
        request_id = error.facts.get("request_id")
        fault = RunFault(error.code, message, step, request_id if isinstance(request_id, str) else None)
        try:
            with self._tools.units.writing(workspace_id) as uow:
                now = self._tools.clock.now()
                uow.connections.save(uow.connections.get().sync_failed(ConnectionFault(error.code, message)))
                lease.store(uow, lambda run: run.fail(fault, now))
                uow.commit()
        except RunSuperseded:
            return

    def _let_go(self, workspace_id: str, lease: RunLease) -> None:
        """Leave the run to whoever comes next, at once rather than when the lease runs out (guarantees E13)."""
        try:
            with self._tools.units.writing(workspace_id) as uow:
                lease.release(uow)
                uow.commit()
        except RunSuperseded:
            return


class _Walk:
    """One worker's way through a run."""

    def __init__(self, tools: SyncTools, workspace_id: str, lease: RunLease, stopping: Callable[[], bool]) -> None:
        self._tools = tools
        self._units = tools.units
        self._workspace_id = workspace_id
        self._lease = lease
        self._stopping = stopping
        began = lease.run.window_end or tools.clock.now()
        self._began = began
        self._window_start = window_start(seconds_of(began))
        self._until = UnixTime(seconds_of(began) + CLOCK_TOLERANCE_SECONDS)
        self._left: dict[Listing, tuple[Span, ...]] = {}

    def to_the_end(self) -> None:
        with self._units.reading(self._workspace_id) as uow:
            sealed = uow.connections.sealed_key()
        if sealed is None:
            raise NotConnected
        key = self._tools.opener.open(sealed, workspace_id=self._workspace_id, purpose=Purpose.STRIPE_API_KEY)
        with self._tools.readers.open(key, still_wanted=self._wanted) as reader:
            del key
            self._read_everything(reader)
        self._compute_accounts()
        self._rebuild_small_history()
        self._succeed()

    def _wanted(self) -> bool:
        return not self._stopping() and self._lease.still_held()

    def _read_everything(self, reader: StripeReader) -> None:
        facts = CompleteFacts(
            units=self._units,
            clock=self._tools.clock,
            workspace_id=self._workspace_id,
            reader=reader,
            fence=lambda uow: self._lease.store(uow, lambda run: run),
            window_start=self._window_start,
        )
        ahead = self._read_ahead(reader)
        try:
            for step, listings in STEP_LISTINGS.items():
                if self._lease.run.step(step).state is StepState.DONE:
                    continue
                self._begin(step)
                for listing in listings:
                    self._store_listing(step, ahead.get(listing), reader, facts, listing)
                self._confirm(step, facts)
                self._finish(step)
        finally:
            for prefetched in ahead.values():
                prefetched.stop()

    def _read_ahead(self, reader: StripeReader) -> dict[Listing, PrefetchedListing]:
        ahead: dict[Listing, PrefetchedListing] = {}
        for step, listings in STEP_LISTINGS.items():
            if self._lease.run.step(step).state is StepState.DONE:
                continue
            for listing in listings:
                remaining = self._remaining(listing)
                if remaining:
                    before = READ_AFTER.get(listing)
                    ahead[listing] = PrefetchedListing(
                        reader, listing, remaining, after=None if before is None else ahead.get(before)
                    )
        for prefetched in ahead.values():
            prefetched.start()
        return ahead

    def _remaining(self, listing: Listing) -> tuple[Span, ...]:
        """What is not stored yet of a list. Read once: nobody else changes it while this worker holds the lease."""
        if listing not in self._left:
            with self._units.reading(self._workspace_id) as uow:
                stored = uow.sync_runs.remaining(self._lease.run.id, listing)
            self._left[listing] = self._whole(listing) if stored is None else stored
        return self._left[listing]

    def _whole(self, listing: Listing) -> tuple[Span, ...]:
        """Everything, but for settled invoices, which are read for the window only."""
        since = self._window_start if listing is Listing.INVOICES else STRIPE_BEGAN
        return (Span(since, self._until),)

    def _store_listing(
        self,
        step: StepName,
        prefetched: PrefetchedListing | None,
        reader: StripeReader,
        facts: CompleteFacts,
        listing: Listing,
    ) -> None:
        if prefetched is not None:
            for page in prefetched:
                self._store(step, page, facts)
        # What is left was added while other lists were stored: invoices back to the oldest running period.
        left = self._remaining(listing)
        if left:
            for page in reader.pages(listing, left):
                self._store(step, page, facts)

    def _store(self, step: StepName, page: Page, facts: CompleteFacts) -> None:
        facts.fetch_references(page.records)
        retrying(lambda: self._store_page(step, page))
        facts.note_stored(page.records)

    def _store_page(self, step: StepName, page: Page) -> None:
        left = self._left_after(page)
        done = self._permille_done(step, left)
        records = len(page.records)
        with self._units.writing(self._workspace_id, repeatable=True) as uow:
            store_page(uow, page, window_start=self._window_start)
            for listing, spans in left.items():
                uow.sync_runs.put_remaining(self._lease.run.id, listing, spans)
            self._lease.store(
                uow,
                lambda run: run.progress(step, records=run.step(step).records + records, done_permille=done).skip(
                    str(skipped) for skipped in (*page.skipped, *without_customer(page.records))
                ),
            )
            uow.commit()
        self._left.update(left)

    def _left_after(self, page: Page) -> dict[Listing, tuple[Span, ...]]:
        """What is left of the page's list once it is stored, and of any other list that it makes longer."""
        left = {page.listing: tuple(subtract(self._remaining(page.listing), page.covered))}
        if page.listing is Listing.LIVE_SUBSCRIPTIONS:
            # The invoice that opened a running yearly period lies before the window (billing rules 6.3, rule 8).
            starts = [invoices_needed_since(held) for held in page.records if isinstance(held, Subscription)]
            oldest = min((start for start in starts if start is not None), default=self._window_start)
            invoices = self._remaining(Listing.INVOICES)
            reaches = min((span.since for span in invoices), default=self._window_start)
            if oldest < reaches:
                left[Listing.INVOICES] = (Span(oldest, UnixTime(reaches - 1)), *invoices)
        return left

    def _permille_done(self, step: StepName, left: Mapping[Listing, tuple[Span, ...]]) -> int:
        """How much of the step is done, in thousandths."""
        shares = []
        for listing in STEP_LISTINGS[step]:
            spans = left[listing] if listing in left else self._remaining(listing)
            shares.append(max(0, 1000 - 1000 * total_seconds(spans) // total_seconds(self._whole(listing))))
        return sum(shares) // len(shares)

    def _confirm(self, step: StepName, facts: CompleteFacts) -> None:
        if step is StepName.CUSTOMERS:
            facts.confirm_customers(self._began)
        elif step is StepName.SUBSCRIPTIONS:
            facts.confirm_subscriptions(self._began)
        elif step is StepName.INVOICES:
            facts.confirm_invoices(self._began)

    def _begin(self, step: StepName) -> None:
        self._change(lambda run: run.begin_step(step))

    def _finish(self, step: StepName) -> None:
        with self._units.writing(self._workspace_id) as uow:
            held = _held(uow, step)
            self._lease.store(uow, lambda run: run.finish_step(step, records=held))
            uow.commit()

    def _compute_accounts(self) -> None:
        step = StepName.ACCOUNT_BILLING
        self._begin(step)
        with self._units.reading(self._workspace_id) as uow:
            index = self._tools.matching.index(uow)
            living = uow.customers.count()
        after: str | None = None
        done = 0
        while ids := self._compute_batch(index, after, done, living):
            after = ids[-1]
            # Deleted customers are computed as well, for their history; the card counts those that exist.
            done = min(done + len(ids), living)
        with self._units.writing(self._workspace_id) as uow:
            self._lease.store(uow, lambda run: run.finish_step(step, records=done))
            uow.commit()

    def _compute_batch(self, index: DomainIndex, after: str | None, done: int, living: int) -> Sequence[str]:
        if not self._wanted():
            raise RunSuperseded
        return retrying(lambda: self._store_batch(index, after, done, living))

    def _store_batch(self, index: DomainIndex, after: str | None, done: int, living: int) -> Sequence[str]:
        with self._units.writing(self._workspace_id, repeatable=True) as uow:
            ids = uow.customers.ids(after=after, limit=BATCH)
            if not ids:
                return ids
            drift = self._tools.matching.complete(uow, ids, index)
            counted = min(done + len(ids), living)
            permille = counted * 1000 // max(1, living)
            self._lease.store(
                uow,
                lambda run: run.progress(StepName.ACCOUNT_BILLING, records=counted, done_permille=permille).note_drift(
                    drift
                ),
            )
            uow.commit()
        return ids

    def _rebuild_small_history(self) -> None:
        """ "Connected" means that the trajectories are there too, where that takes no time anybody would notice."""
        with self._units.reading(self._workspace_id) as uow:
            matched = uow.matches.matched_count()
        if matched <= SMALL_PORTFOLIO:
            self._tools.history(self._workspace_id, stopping=lambda: not self._wanted())
        if not self._wanted():
            raise RunSuperseded

    def _succeed(self) -> None:
        with self._units.writing(self._workspace_id) as uow:
            now = self._tools.clock.now()
            matched = uow.matches.matched_count()
            uow.connections.save(uow.connections.get().sync_succeeded(now, began_at=self._began))
            self._lease.store(uow, lambda run: run.succeed(now, customers_matched=matched))
            uow.commit()

    def _change(self, change: Callable[[SyncRun], SyncRun]) -> None:
        with self._units.writing(self._workspace_id) as uow:
            self._lease.store(uow, change)
            uow.commit()


def _held(uow: UnitOfWork, step: StepName) -> int:
    """Distinct objects held, which is what the card counts (guarantees L7)."""
    if step is StepName.CUSTOMERS:
        return uow.customers.count()
    if step is StepName.SUBSCRIPTIONS:
        return uow.subscriptions.count()
    if step is StepName.INVOICES:
        return uow.invoices.count()
    products, prices = uow.catalogue.counts()
    return products if step is StepName.PRODUCTS else prices
