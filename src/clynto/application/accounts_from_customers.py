"""Add accounts for Stripe customers that belong to none (guide, "0 customers matched").

Whoever has no list of accounts at hand still has Stripe's list of customers, and most of them name their company.
"""

from __future__ import annotations

from collections.abc import Iterator

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.create_account import MATCHES
from clynto.application.force_match import decide_by_hand
from clynto.application.match_customers import MatchCustomers
from clynto.application.recompute_billing import BATCH
from clynto.domain.account import Account
from clynto.domain.account_input import LONGEST_NAME, account_name
from clynto.domain.customer import StripeCustomer
from clynto.domain.email_domain import DomainRules, email_host
from clynto.domain.errors import Conflict, InvalidInput, NotFound
from clynto.domain.matching import DomainIndex, MatchReason, decide_match
from clynto.domain.roles import Role
from clynto.ports.clock import Clock
from clynto.ports.identifiers import Identifiers
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork
from clynto.ports.work_queue import Job, JobKind, WorkQueue


class AddAccountsFromCustomers:
    """An account carries the registrable domain of its customers' emails where that names a company, and the name
    of the customer that has been there longest."""

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        clock: Clock,
        identifiers: Identifiers,
        rules: DomainRules,
        matching: MatchCustomers,
        queue: WorkQueue,
        audit: AuditTrail,
    ) -> None:
        self._units = units
        self._clock = clock
        self._identifiers = identifiers
        self._rules = rules
        self._matching = matching
        self._queue = queue
        self._audit = audit

    def of_one(self, actor: Actor, customer_id: str) -> Account:
        """A new account for this customer, matched by hand and computed at once; whoever else has its domain follows.

        Raises ``Forbidden``, ``QueueUnavailable``, ``NotFound`` for an unknown or deleted customer, or ``Conflict``
        for one that has an account.
        """
        actor.must_be(Role.ADMIN)
        self._queue.ensure_available()
        with self._units.writing(actor.workspace_id) as uow:
            uow.ledgers.lock()
            held = uow.customers.get_many([customer_id]).get(customer_id)
            if held is None or held[0].deleted:
                raise NotFound
            match = uow.matches.get_many([customer_id]).get(customer_id)
            if match is not None and match.account_id is not None:
                raise Conflict(reason="customer_matched")
            domain = self._free_domain(held[0], self._matching.index_for(uow, [customer_id]))
            account = self._account(held[0], domain)
            uow.accounts.put_many([account])
            decide_by_hand(uow, self._matching.recompute, customer_id, account.id)
            sentence = f"Added the account {account.name} for the Stripe customer {customer_id}."
            self._audit.note(uow, actor, "account.created", sentence)
            uow.commit()
        if domain is not None:
            self._queue.enqueue(Job(JobKind.RECOMPUTE, actor.workspace_id, MATCHES))
        return account

    def of_all(self, actor: Actor) -> int:
        """How many accounts were added: one for each company that an unmatched customer's email names and no account
        carries. Their customers are matched and computed at once, of many by a worker. Who was taken off an account by
        hand is left alone.

        Raises ``Forbidden`` or ``QueueUnavailable``.
        """
        actor.must_be(Role.ADMIN)
        self._queue.ensure_available()
        with self._units.writing(actor.workspace_id) as uow:
            # Two clicks at once would found each company twice, and then nobody would get its customers.
            uow.ledgers.lock()
            oldest: dict[str, StripeCustomer] = {}
            concerned: list[str] = []
            for domain, customer in self._without_account(uow):
                concerned.append(customer.id)
                if domain not in oldest or _age(customer) < _age(oldest[domain]):
                    oldest[domain] = customer
            accounts = [self._account(customer, domain) for domain, customer in sorted(oldest.items())]
            if accounts:
                uow.accounts.put_many(accounts)
                sentence = f"Added {len(accounts)} accounts for Stripe customers without one."
                self._audit.note(uow, actor, "accounts.added_from_stripe", sentence)
                # So that the next page shows them with their figures; of more a worker takes care right after.
                if len(concerned) <= BATCH:
                    self._matching.match_and_recompute(uow, concerned, self._matching.index(uow))
            uow.commit()
        if accounts:
            self._queue.enqueue(Job(JobKind.RECOMPUTE, actor.workspace_id, MATCHES))
        return len(accounts)

    def _without_account(self, uow: UnitOfWork) -> Iterator[tuple[str, StripeCustomer]]:
        """Customers whose company no account carries, with its domain."""
        index = self._matching.index(uow)
        after: str | None = None
        while ids := uow.customers.ids(after=after, limit=BATCH):
            after = ids[-1]
            stored = uow.matches.get_many(ids)
            for customer_id, (customer, _) in uow.customers.get_many(ids).items():
                former = stored.get(customer_id)
                decision = decide_match(customer_id, customer.email, former, index, self._rules)
                if customer.deleted or decision.reason is not MatchReason.NO_ACCOUNT:
                    continue
                domain = self._free_domain(customer, index)
                if domain is not None:
                    yield domain, customer

    def _free_domain(self, customer: StripeCustomer, index: DomainIndex) -> str | None:
        """The domain of the customer's company, if its email names one and no account carries it."""
        host = email_host(customer.email, self._rules)
        if host is None or not index.may_match(host) or index.claimants(host)[1]:
            return None
        return self._rules.registrable(host) or host

    def _account(self, customer: StripeCustomer, domain: str | None) -> Account:
        return Account(
            id=self._identifiers.new_id("acc"),
            name=_name(customer, domain),
            domains=() if domain is None else (domain,),
            external_id=None,
            created_at=self._clock.now(),
        )


def _name(customer: StripeCustomer, domain: str | None) -> str:
    for text in (customer.name, domain, customer.email):
        try:
            return account_name((text or "")[:LONGEST_NAME])
        except InvalidInput:
            continue
    return customer.id


def _age(customer: StripeCustomer) -> tuple[bool, int, str]:
    """Sorts the oldest first, and those of unknown age last."""
    return customer.created is None, customer.created or 0, customer.id
