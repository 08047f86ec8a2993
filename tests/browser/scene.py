"""A workspace with people, accounts and a pretended Stripe account, and browsers that are signed in to it."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page, Route
from tests.integration.product.installation import PASSWORD
from tests.integration.product.known_password import HashedOnce
from tests.integration.webhooks.billed_workspace import SIGNING_SECRET, BilledWorkspace, StripeAccount
from tests.integration.webhooks.running_product import RunningProduct

from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.adapters.system.clocks import SystemClock
from clynto.adapters.system.random_identifiers import RandomIdentifiers
from clynto.application.actor import Actor
from clynto.application.add_user import AddUser
from clynto.application.audit import AuditTrail
from clynto.domain.account import Account
from clynto.domain.roles import Role
from clynto.domain.secret import Secret

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NOTHING_WRONG = re.compile(r"the server responded with a status of 4(01|04|09|22)")
"""A refused form is answered with its status, which Chromium notes as an error."""
PATIENCE = 30_000
"""Milliseconds after which a page that does not come is a fault, on a machine that has other things to do as well."""
_NUMBERS = itertools.count(1)

Theme = Literal["light", "dark"]


def find_chromium() -> str | None:
    """The system's Chromium."""
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


@dataclass
class Scene:
    """One workspace as people see it. ``complaints`` are requests to elsewhere and errors on a page's console.

    ``neighbours`` are addresses of further installations that a story visits."""

    product: RunningProduct
    browser: Browser
    account: StripeAccount
    workspace: BilledWorkspace
    emails: dict[Role, str]
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    neighbours: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        """Where the product listens."""
        return self.product.installation.base

    def visitor(
        self, *, theme: Theme = "light", width: int = 1280, height: int = 900, script: bool = True, zone: str = "UTC"
    ) -> Page:
        """A fresh browser that nobody is signed in to, in a time zone."""
        context = self.browser.new_context(
            base_url=self.base,
            color_scheme=theme,
            viewport={"width": width, "height": height},
            java_script_enabled=script,
            reduced_motion="reduce",
            timezone_id=zone,
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(PATIENCE)
        context.route("**/*", self._stay_here)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: self._listen(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        return page

    def page_of(
        self, role: Role, path: str = "/accounts", *, theme: Theme = "light", width: int = 1280, zone: str = "UTC"
    ) -> Page:
        """A browser that the person with ``role`` is signed in to, at ``path``."""
        page = self.visitor(theme=theme, width=width, zone=zone)
        page.goto("/login")
        page.get_by_label("Email").fill(self.emails[role])
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/accounts")
        if path != "/accounts":
            page.goto(path)
        return page

    def close(self) -> None:
        """Close every browser that was opened."""
        for context in self.contexts:
            context.close()
        self.contexts.clear()

    def add_accounts(self, accounts: Sequence[tuple[str, str]]) -> None:
        """Accounts by name and domain, in this order, before anything is connected."""
        identifiers, now = RandomIdentifiers(), SystemClock().now()
        # Ids of one millisecond are in no order, and the table puts equal accounts in the order of their ids.
        ids = sorted(identifiers.new_id("acc") for _ in accounts)
        made = [Account(id_, name, (domain,), None, now) for id_, (name, domain) in zip(ids, accounts, strict=True)]
        with SqlUnitsOfWork(self.product.engine).writing(self.workspace.id) as uow:
            uow.accounts.put_many(made)
            uow.commit()

    def customer(self, name: str, domain: str, *, price: str = "team_month", seats: int = 10) -> str:
        """A Stripe customer who pays for a subscription; its id."""
        self.account.catch_up()
        customer = self.account.world.stories.new_customer(name, f"billing@{domain}")
        self.account.subscription(customer.id, price, seats)
        return customer.id

    def connect(self, *, webhooks: bool = False) -> None:
        """Connect and sync, by way of the API."""
        self.workspace.connect()
        if webhooks:
            self.workspace.receive_webhooks(secret=SIGNING_SECRET)

    def _stay_here(self, route: Route) -> None:
        if route.request.url.startswith((self.base, "data:", *self.neighbours)):
            route.continue_()
            return
        self.complaints.append(f"request to {route.request.url}")
        route.abort()

    def _listen(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not NOTHING_WRONG.search(text):
            self.complaints.append(f"console: {text}")


def new_scene(product: RunningProduct, browser: Browser) -> Scene:
    """A workspace with one person of each role, not connected, without accounts."""
    account = product.stripe_account()
    workspace = product.workspace(account)
    clock, identifiers = SystemClock(), RandomIdentifiers()
    add = AddUser(
        units=SqlUnitsOfWork(product.engine),
        hashing=HashedOnce(),
        clock=clock,
        identifiers=identifiers,
        audit=AuditTrail(clock, identifiers),
    )
    founder = Actor(workspace.id, Role.OWNER, "tests")
    number = next(_NUMBERS)
    emails = {role: f"{role.value}{number}@people{os.getpid()}.example" for role in Role}
    for role, email in emails.items():
        add(founder, email=email, role=role, password=Secret(PASSWORD))
    return Scene(product, browser, account, workspace, emails)
