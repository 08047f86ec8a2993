"""Match Stripe customers to accounts by the domain of their email (guide, Setup walkthrough and FAQ)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from clynto.application.customer_facts import CustomerFacts
from clynto.application.raise_signals import RaiseSignals
from clynto.application.recompute_billing import BATCH, RecomputeBilling
from clynto.domain.account import Account
from clynto.domain.email_domain import DomainRules
from clynto.domain.matching import DomainIndex, decide_match
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.ports.clock import Clock
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork, retrying

INDEX_KEPT_SECONDS = 20


class MatchCustomers:
    """Decides matches from the stored emails and domains; the order in which customers come plays no part."""

    def __init__(self, *, rules: DomainRules, recompute: RecomputeBilling, signals: RaiseSignals, clock: Clock) -> None:
        self._rules = rules
        self.recompute = recompute
        self._signals = signals
        self._clock = clock
        self._recent: dict[str, tuple[UnixMicros, DomainIndex]] = {}

    def index(self, uow: UnitOfWork) -> DomainIndex:
        """The domains of all accounts, as they are now."""
        claims = (
            Account(id=account_id, name="", domains=(domain,), external_id=None, created_at=UnixMicros(0))
            for domain, account_id in uow.accounts.domains()
        )
        return DomainIndex(claims, self._rules, uow.workspaces.get().own_domains)

    def recent_index(self, uow: UnitOfWork) -> DomainIndex:
        """An index at most ``INDEX_KEPT_SECONDS`` old: events come often, and a change of accounts has everybody
        matched anew anyway."""
        now = self._clock.now()
        made_at, index = self._recent.get(uow.workspace_id, (None, None))
        if index is not None and made_at is not None and now - made_at < INDEX_KEPT_SECONDS * MICROS_PER_SECOND:
            return index
        fresh = self.index(uow)
        self._recent = {uow.workspace_id: (now, fresh)}
        return fresh

    def match(self, uow: UnitOfWork, customer_ids: Iterable[str], index: DomainIndex) -> set[str]:
        """Store the decisions for these customers. Returns the accounts that gained or lost one."""
        customers = uow.customers.get_many(sorted(customer_ids))
        stored = uow.matches.get_many(customers)
        moved: set[str] = set()
        changed = []
        for customer_id, (customer, _) in sorted(customers.items()):
            former = stored.get(customer_id)
            decision = decide_match(customer_id, customer.email, former, index, self._rules)
            if decision == former:
                continue
            changed.append(decision)
            moved.update(a for a in (former and former.account_id, decision.account_id) if a)
        uow.matches.put_many(changed)
        return moved

    def complete(self, uow: UnitOfWork, customer_ids: Iterable[str], index: DomainIndex) -> tuple[str, ...]:
        """All that follows from stored facts: matches, signals and figures of these customers (the end of a sync).

        Returns lines for the drift report.
        """
        # Before the facts are read: what events brought until now is in them, and what they bring later waits.
        uow.ledgers.lock()
        facts = CustomerFacts.read(uow, customer_ids)
        drift = self._signals.from_stored_facts(uow, facts)
        self.match_and_recompute(uow, facts.ids, index, facts=facts)
        return drift

    def match_and_recompute(
        self, uow: UnitOfWork, customer_ids: Iterable[str], index: DomainIndex, *, facts: CustomerFacts | None = None
    ) -> None:
        """Decide, recompute the customers, and add up their accounts and those they left. ``facts``: see
        ``RecomputeBilling.customers``."""
        ids = sorted(customer_ids)
        moved = self.match(uow, ids, index)
        self.recompute.customers(uow, ids, facts=facts, left=moved)


class RematchWorkspace:
    """Match and recompute every customer of a workspace, one batch a transaction: after accounts, domains or
    settings changed. Interrupted half way it leaves a consistent state, and the next run completes it."""

    def __init__(self, *, units: UnitsOfWork, matching: MatchCustomers) -> None:
        self._units = units
        self._matching = matching

    def __call__(self, workspace_id: str) -> None:
        """Walk all customers in the order of their ids."""
        with self._units.reading(workspace_id) as uow:
            index = self._matching.index(uow)
        after: str | None = None
        while ids := retrying(partial(self._batch, workspace_id, index, after)):
            after = ids[-1]

    def _batch(self, workspace_id: str, index: DomainIndex, after: str | None) -> Sequence[str]:
        with self._units.writing(workspace_id) as uow:
            ids = uow.customers.ids(after=after, limit=BATCH)
            if ids:
                self._matching.match_and_recompute(uow, ids, index)
                uow.commit()
        return ids
