"""A workspace with people, accounts and a pretended Stripe account, and browsers that are signed in to it."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import requests
from playwright.sync_api import Browser, BrowserContext, Page
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
from clynto.entrypoints.http.security import SESSION_COOKIE

CHROMIUM_NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
"""The first is the same engine without the windows and toolbars that nobody looks at here."""
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
"""Nobody else can be reached."""
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
        # Listened to and not intercepted: a context whose requests are intercepted keeps nothing in its cache.
        context.on("request", lambda request: self._note_leaving(request.url))
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: self._listen(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        return page

    def page_of(
        self,
        role: Role,
        path: str = "/accounts",
        *,
        theme: Theme = "light",
        width: int = 1280,
        script: bool = True,
        zone: str = "UTC",
    ) -> Page:
        """A browser that the person with ``role`` is signed in to, at ``path``.

        The form was sent without a page: what it looks like and does is shown by the tests of signing in.
        """
        page = self.visitor(theme=theme, width=width, script=script, zone=zone)
        page.context.add_cookies([{"name": SESSION_COOKIE, "value": self._signed_in(role), "url": self.base}])
        page.goto(path)
        return page

    def _signed_in(self, role: Role) -> str:
        with requests.Session() as session:
            form = session.get(f"{self.base}/login", timeout=PATIENCE / 1000).text
            (token,) = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', form)
            typed = {"email": self.emails[role], "password": PASSWORD, "csrf_token": token}
            answer = session.post(f"{self.base}/login", typed, timeout=PATIENCE / 1000, allow_redirects=False)
            assert answer.status_code == 303, answer.text
            cookie = session.cookies[SESSION_COOKIE]
            assert cookie is not None
            return cookie

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

    def _note_leaving(self, url: str) -> None:
        if not url.startswith((self.base, "data:", *self.neighbours)):
            self.complaints.append(f"request to {url}")

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
