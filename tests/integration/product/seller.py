"""Sellers with a small pretended Stripe account each, told apart by their API key."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from stripe_sandbox import Account, Catalog, PortfolioPlan, World, build_portfolio, create_catalog
from stripe_sandbox.company import Company
from stripe_sandbox.keys import FIVE_READS

_NUMBERS = itertools.count(1)
KEY_CANARY = b"51Hx7Qm"
"""In every key of every test, and therefore nowhere else (guarantees J1)."""


@dataclass(frozen=True, slots=True)
class Seller:
    """A Stripe account and a restricted key to it. The last four characters of the key are the seller's alone."""

    world: World
    key: str
    catalog: Catalog | None = None

    @property
    def canary(self) -> str:
        """The part of the key that nobody may ever find anywhere."""
        return self.key[8:-4]

    def another_key(self, permissions: frozenset[str] | set[str] = FIVE_READS) -> str:
        """One more key to the same account."""
        key = _new_key()
        self.world.keys.put(key, permissions)
        return key


def _new_key(mode: str = "test") -> str:
    return f"rk_{mode}_canary51Hx7Qm{next(_NUMBERS):04d}"


def seller_of(world: World, catalog: Catalog | None = None) -> Seller:
    """A seller over a world that is there already."""
    key = _new_key("live" if world.account.livemode else "test")
    world.keys.put(key)
    return Seller(world, key, catalog)


def account(*, livemode: bool = False) -> Account:
    """An account that is nobody else's."""
    return Account(id=f"acct_1Seller{next(_NUMBERS):08d}", livemode=livemode)


def small_seller(customers: int = 12, *, livemode: bool = False) -> Seller:
    """Believable ordinary customers."""
    plan = PortfolioPlan(
        seed=next(_NUMBERS), customers=customers, special_cases=False, account=account(livemode=livemode)
    )
    return seller_of(build_portfolio(plan))


def large_seller(customers: int, invoices_each: int) -> Seller:
    """Many uniform customers, for lists of many pages."""
    plan = PortfolioPlan(seed=next(_NUMBERS), customers=customers, plain_invoices=invoices_each, account=account())
    return seller_of(build_portfolio(plan))


def empty_seller(now: int) -> Seller:
    """A catalogue and nobody who bought from it yet, at a moment of the past."""
    world = World(seed=next(_NUMBERS), now=now, account=account())
    return seller_of(world, create_catalog(world))


def add_company(world: World, name: str, domain: str) -> None:
    """A company of the seller's own books."""
    world.companies.append(Company(name, domain))
