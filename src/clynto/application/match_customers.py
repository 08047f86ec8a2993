"""Match Stripe customers to accounts by the domain of their email (guide, Setup walkthrough and FAQ)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from clynto.application.customer_facts import CustomerFacts
from clynto.application.raise_signals import RaiseSignals
from clynto.application.recompute_billing import BATCH, RecomputeBilling
from clynto.domain.account import Account
from clynto.domain.email_domain import DomainRules, email_host
from clynto.domain.matching import DomainIndex, decide_match
from clynto.domain.moments import UnixMicros
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork, retrying


class MatchCustomers:
    """Decides matches from the stored emails and domains; the order in which customers come plays no part."""

    def __init__(self, *, rules: DomainRules, recompute: RecomputeBilling, signals: RaiseSignals) -> None:
        self._rules = rules
        self.recompute = recompute
        self._signals = signals

    def index(self, uow: UnitOfWork) -> DomainIndex:
        """The domains of all accounts, as they are now."""
        claims = (
            Account(id=account_id, name="", domains=(domain,), external_id=None, created_at=UnixMicros(0))
            for domain, account_id in uow.accounts.domains()
        )
        return DomainIndex(claims, self._rules, uow.workspaces.get().own_domains)

    def index_for(self, uow: UnitOfWork, customer_ids: Iterable[str]) -> DomainIndex:
        """The claims of all accounts on what the e-mails of these few customers may match, as they are now.

        Not kept from one batch of events to the next: an account may have been added since, and its customer would
        stay without it.
        """
        customers = uow.customers.get_many(sorted(customer_ids))
        hosts = {email_host(customer.email, self._rules) for customer, _ in customers.values()}
        names = {self._rules.registrable(host) or host for host in hosts if host is not None}
        kept = {decision.matched_domain for decision in uow.matches.get_many(customers).values()}
        wanted = names | {domain for domain in kept if domain is not None}
        # Normalising ten thousand domains would cost more than the whole batch, so they are sorted out before.
        claims = (
            Account(id=account_id, name="", domains=(domain,), external_id=None, created_at=UnixMicros(0))
            for domain, account_id in uow.accounts.domains()
            if not wanted.isdisjoint(_names_above(domain))
        )
        return DomainIndex(claims, self._rules, uow.workspaces.get().own_domains)

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
        ``RecomputeBilling.customers``; who has read them all rebuilds the history himself."""
        uow.ledgers.lock()
        ids = sorted(customer_ids)
        moved = self.match(uow, ids, index)
        self.recompute.customers(uow, ids, facts=facts, left=moved)
        if facts is None and moved:
            self.recompute.history(uow, moved)


def _names_above(domain: str) -> list[str]:
    """``shop.acme.com``, ``acme.com``, ``com``."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


class RematchWorkspace:
    """Match and recompute every customer of a workspace, one batch a transaction: after accounts, domains or
    settings changed, and once an hour for what time alone changes. Accounts that lost their last customer are still
    compared with the past in which they had one, so they are recomputed as well. Interrupted half way it leaves a
    consistent state, and the next run completes it."""

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
        after = None
        while left := retrying(partial(self._accounts_alone, workspace_id, after)):
            after = left[-1]

    def _batch(self, workspace_id: str, index: DomainIndex, after: str | None) -> Sequence[str]:
        with self._units.writing(workspace_id) as uow:
            ids = uow.customers.ids(after=after, limit=BATCH)
            if ids:
                self._matching.match_and_recompute(uow, ids, index)
                uow.commit()
        return ids

    def _accounts_alone(self, workspace_id: str, after: str | None) -> Sequence[str]:
        with self._units.writing(workspace_id) as uow:
            ids = uow.billing.without_customers(after=after, limit=BATCH)
            if ids:
                self._matching.recompute.accounts(uow, ids)
                uow.commit()
        return ids
