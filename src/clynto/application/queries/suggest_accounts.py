"""Which account an unmatched Stripe customer probably belongs to. A person decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from clynto.application.actor import Actor
from clynto.domain.roles import Role
from clynto.ports.read_models import AccountsQuery, CustomerRow
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork

LIKE_ENOUGH_PERCENT = 70
"""How alike two names must be before one is suggested for the other."""
ACCOUNTS_LOOKED_AT = 20
CHOICES = 8
SHORTEST_WORD = 3


@dataclass(frozen=True, slots=True)
class SuggestedAccount:
    """``claims_domain``: one of several accounts that carry the customer's domain; otherwise the names are alike.
    ``domains`` tell accounts of like names apart."""

    id: str
    name: str
    claims_domain: bool
    domains: tuple[str, ...] = ()


class SuggestAccounts:
    """Any member may look."""

    def __init__(self, *, units: UnitsOfWork) -> None:
        self._units = units

    def __call__(self, actor: Actor, customers: Sequence[CustomerRow]) -> Mapping[str, SuggestedAccount]:
        """The best guess by customer id; who has none is left out."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            guesses = {customer.id: _guess(uow, customer) for customer in customers if customer.account_name is None}
        return {customer_id: guess for customer_id, guess in guesses.items() if guess is not None}

    def by_text(self, actor: Actor, text: str) -> tuple[SuggestedAccount, ...]:
        """The first accounts whose name or domain holds ``text``."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            rows = uow.accounts_table.page(AccountsQuery(text=text.strip(), limit=CHOICES)).rows
        return tuple(SuggestedAccount(row.id, row.name, claims_domain=False, domains=row.domains) for row in rows)


def _guess(uow: UnitOfWork, customer: CustomerRow) -> SuggestedAccount | None:
    if customer.match is not None and customer.match.candidates:
        row = uow.accounts_table.row(customer.match.candidates[0])
        return None if row is None else SuggestedAccount(row.id, row.name, claims_domain=True)
    name = (customer.name or "").strip().casefold()
    word = name.split(" ", 1)[0].rstrip(",.;")
    if len(word) < SHORTEST_WORD:
        return None
    rows = uow.accounts_table.page(AccountsQuery(text=word, limit=ACCOUNTS_LOOKED_AT)).rows
    scored = sorted(((_likeness(name, row.name.casefold()), row.id, row.name) for row in rows), reverse=True)
    if not scored or scored[0][0] < LIKE_ENOUGH_PERCENT:
        return None
    return SuggestedAccount(scored[0][1], scored[0][2], claims_domain=False)


def _likeness(one: str, other: str) -> int:
    return int(SequenceMatcher(None, one, other).ratio() * 100)
