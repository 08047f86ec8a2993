"""Which account a Stripe customer belongs to, by the domain of its e-mail (guide, "Matching"; guarantees I1 to I8)."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clynto.domain.account import Account
from clynto.domain.email_domain import DomainRules, email_host, normalised_host


class MatchKind(enum.StrEnum):
    """Who decided. ``manual`` also stands for a customer that a person took off its account."""

    DOMAIN = "domain"
    MANUAL = "manual"
    NONE = "none"


class MatchReason(enum.StrEnum):
    """Why a customer is, or is not, on an account."""

    EXACT_DOMAIN = "exact_domain"
    REGISTRABLE_DOMAIN = "registrable_domain"
    KEPT = "kept"
    """The e-mail now says nothing; the match it once proved stays."""
    MANUALLY_MATCHED = "manually_matched"
    MANUALLY_UNMATCHED = "manually_unmatched"
    NO_EMAIL = "no_email"
    UNUSABLE_EMAIL = "unusable_email"
    FREE_MAIL = "free_mail"
    OWN_DOMAIN = "own_domain"
    NO_ACCOUNT = "no_account"
    AMBIGUOUS_DOMAIN = "ambiguous_domain"


SAYS_NOTHING = frozenset(
    {MatchReason.NO_EMAIL, MatchReason.UNUSABLE_EMAIL, MatchReason.FREE_MAIL, MatchReason.NO_ACCOUNT}
)
"""Reasons that prove nothing against an earlier match. An own or ambiguous domain does."""


@dataclass(frozen=True, slots=True)
class MatchDecision:
    """``matched_domain`` is the account's domain that matched; ``candidates`` the accounts of an ambiguity, sorted."""

    customer_id: str
    account_id: str | None
    kind: MatchKind
    reason: MatchReason
    matched_domain: str | None = None
    candidates: tuple[str, ...] = ()

    @classmethod
    def by_hand(cls, customer_id: str, account_id: str | None) -> MatchDecision:
        """A person matched (or, with None, unmatched) this customer: it stays so until a person changes it."""
        reason = MatchReason.MANUALLY_UNMATCHED if account_id is None else MatchReason.MANUALLY_MATCHED
        return cls(customer_id, account_id, MatchKind.MANUAL, reason)


class DomainIndex:
    """The domains of all accounts of a workspace, ready to be asked; the order of ``accounts`` plays no part.

    Free-mail domains and ``own_domains`` (the workspace's) match nothing, even if an account carries them. What is
    no usable host name is left out.
    """

    def __init__(self, accounts: Iterable[Account], rules: DomainRules, own_domains: Iterable[str] = ()) -> None:
        self._rules = rules
        normalised_own = (normalised_host(domain, rules) for domain in own_domains)
        self._own = frozenset(rules.registrable(host) or host for host in normalised_own if host is not None)
        # Nearly every host is a registrable name of its own with one account: only what is otherwise has a place in the
        # second mapping, since a large workspace's index is what grows most in the memory of a worker.
        self._exact: dict[str, tuple[str, ...]] = {}
        self._below: dict[str, list[str]] = {}
        shared: dict[str, set[str]] = {}
        for host, account_id in self._usable_claims(accounts):
            if host in self._exact:
                shared.setdefault(host, set(self._exact[host])).add(account_id)
                continue
            self._exact[host] = (account_id,)
            name = rules.registrable(host)
            if name is not None and name != host:
                self._below.setdefault(name, []).append(host)
        self._exact.update((host, tuple(sorted(account_ids))) for host, account_ids in shared.items())

    def _usable_claims(self, accounts: Iterable[Account]) -> Iterator[tuple[str, str]]:
        """Hosts that can name a company, with the accounts that carry them."""
        for account in accounts:
            for domain in account.domains:
                host = normalised_host(domain, self._rules)
                if host is not None and self.may_match(host):
                    yield host, account.id

    def is_own(self, host: str) -> bool:
        """Whether ``host`` belongs to the workspace itself."""
        return (self._rules.registrable(host) or host) in self._own

    def may_match(self, host: str) -> bool:
        """Whether ``host`` can name a customer's company at all."""
        return not self._rules.is_freemail(host) and not self.is_own(host)

    def claims(self, account_id: str, host: str | None) -> bool:
        """Whether the account still carries the domain ``host``."""
        return host is not None and account_id in self._exact.get(host, ())

    def claimants(self, host: str) -> tuple[MatchReason, tuple[tuple[str, str], ...]]:
        """Who claims ``host``, as sorted (domain, account id) pairs, and by which rule.

        The very host beats a shared registrable name; a public suffix has none and matches only itself.
        """
        exact = self._exact.get(host)
        if exact:
            return MatchReason.EXACT_DOMAIN, tuple((host, account_id) for account_id in exact)
        name = self._rules.registrable(host)
        hosts = () if name is None else sorted((name, *self._below.get(name, ())))
        pairs = [(domain, account_id) for domain in hosts for account_id in self._exact.get(domain, ())]
        return MatchReason.REGISTRABLE_DOMAIN, tuple(pairs)


def decide_match(
    customer_id: str, email: str | None, stored: MatchDecision | None, index: DomainIndex, rules: DomainRules
) -> MatchDecision:
    """Where the customer with ``email`` belongs, given what was decided before.

    A decision by hand always stays. A stored domain match survives an e-mail that says nothing, as long as its
    account still carries the domain; an e-mail that clearly belongs to one other account moves the customer.
    """
    if stored is not None and stored.kind is MatchKind.MANUAL:
        return stored
    fresh = _by_email(customer_id, email, index, rules)
    if fresh.reason not in SAYS_NOTHING or stored is None or stored.account_id is None:
        return fresh
    if not index.claims(stored.account_id, stored.matched_domain):
        return fresh
    return MatchDecision(
        customer_id, stored.account_id, MatchKind.DOMAIN, MatchReason.KEPT, matched_domain=stored.matched_domain
    )


def _by_email(customer_id: str, email: str | None, index: DomainIndex, rules: DomainRules) -> MatchDecision:
    host = email_host(email, rules)
    if host is None:
        reason = MatchReason.UNUSABLE_EMAIL if (email or "").strip() else MatchReason.NO_EMAIL
        return _unmatched(customer_id, reason)
    if index.is_own(host):
        return _unmatched(customer_id, MatchReason.OWN_DOMAIN)
    if rules.is_freemail(host):
        return _unmatched(customer_id, MatchReason.FREE_MAIL)
    reason, claims = index.claimants(host)
    accounts = tuple(sorted({account_id for _, account_id in claims}))
    if not accounts:
        return _unmatched(customer_id, MatchReason.NO_ACCOUNT)
    if len(accounts) > 1:
        return _unmatched(customer_id, MatchReason.AMBIGUOUS_DOMAIN, accounts)
    return MatchDecision(customer_id, accounts[0], MatchKind.DOMAIN, reason, matched_domain=claims[0][0])


def _unmatched(customer_id: str, reason: MatchReason, candidates: tuple[str, ...] = ()) -> MatchDecision:
    return MatchDecision(customer_id, None, MatchKind.NONE, reason, candidates=candidates)
