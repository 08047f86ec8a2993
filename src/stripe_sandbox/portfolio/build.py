"""Builds a portfolio by planning its customers and playing the years up to now."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from stripe_sandbox.billing_dates import DAY, add_months
from stripe_sandbox.company import Company
from stripe_sandbox.object_store import Account
from stripe_sandbox.portfolio.catalog import create_catalog
from stripe_sandbox.portfolio.company_names import companies
from stripe_sandbox.portfolio.ordinary_customers import OrdinaryCustomers
from stripe_sandbox.portfolio.plain_history import add_plain_customers
from stripe_sandbox.portfolio.sign_up import Player, SignUp
from stripe_sandbox.portfolio.special_customers import SpecialCustomers
from stripe_sandbox.world import EVENT_RETENTION, BillingSettings, World

#: Companies in the seller's books that have no Stripe customer, for every hundred that have one.
_WITHOUT_STRIPE_PER_HUNDRED = 6
#: The catalogue is older than the oldest subscription.
_CATALOG_AGE_MONTHS = 39


@dataclass(slots=True)
class PortfolioPlan:
    """What to build. `now` is Unix seconds, real time if None; `customers` counts all, the special ones first.

    `plain_invoices` makes uniform monthly customers with that many invoices each instead: quick, for benchmarks.
    """

    seed: int = 1
    customers: int = 300
    now: int | None = None
    special_cases: bool = True
    livemode: bool = False
    plain_invoices: int | None = None
    account: Account | None = None
    settings: BillingSettings | None = None


def build_portfolio(plan: PortfolioPlan) -> World:
    """Return a world at `plan.now`; the same plan with the same `now` gives the same world."""
    now = int(time.time()) if plan.now is None else plan.now
    account = plan.account or Account(livemode=plan.livemode)
    opened = add_months(now, -_CATALOG_AGE_MONTHS)
    world = World(seed=plan.seed, now=opened, account=account, settings=plan.settings)
    world.events_from = now - EVENT_RETENTION
    catalog = create_catalog(world)
    rng = random.Random(f"portfolio-{plan.seed}")
    book: dict[str, str] = {}
    names = _written_down(companies(rng), book)
    if plan.plain_invoices is not None:
        add_plain_customers(world, catalog, now, plan.customers, plan.plain_invoices, names)
        world.advance_to(now)
        return world
    special = SpecialCustomers(now, names).plans() if plan.special_cases else []
    plans = special[: plan.customers]
    ordinary = OrdinaryCustomers(rng, now, names)
    plans += [ordinary.plan() for _ in range(plan.customers - len(plans))]
    player = Player(world, catalog)
    for one in plans:
        world.schedule(one.at, player.sign_up, one)
    for product in ("legacy",):
        world.schedule(now - 100 * DAY, world.stories.archive_product, catalog.products[product])
    for price in ("legacy_month", "legacy_year_eur", "day_pass"):
        world.schedule(now - 100 * DAY, world.stories.archive_price, catalog.prices[price])
    world.advance_to(now)
    _list_companies(world, plans, book)
    return world


_PERSONAL = frozenset({"gmail.com", "outlook.com", "yahoo.com", "icloud.com"})


def _written_down(pairs: Iterator[tuple[str, str]], book: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Pass (name, domain) pairs on, keeping in the book which name belongs to which domain."""
    for name, domain in pairs:
        book[domain] = name
        yield name, domain


def _list_companies(world: World, plans: list[SignUp], book: dict[str, str]) -> None:
    """Write down the companies behind the customers, and some that have no Stripe customer.

    Customers may be named oddly; the company behind keeps its own name.
    """
    known: dict[str, Company] = {}
    for plan in plans:
        domain = (plan.email or "").lower().partition("@")[2].removeprefix("mail.")
        if domain and domain not in _PERSONAL and domain not in known:
            known[domain] = Company(book.get(domain) or plan.name or domain, domain)
    extra = companies(random.Random(f"others-{world.seed}"))
    wanted = max(2, len(known) * _WITHOUT_STRIPE_PER_HUNDRED // 100)
    while wanted:
        name, domain = next(extra)
        if domain not in known:
            known[domain] = Company(name, domain)
            wanted -= 1
    world.companies = list(known.values())
