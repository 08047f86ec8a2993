"""Whatever customers, plans and invoices are called, it is text on every page (guarantees K10)."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from tests.contracts.samples import a_customer, a_product
from tests.unit.http.acme import billing_story
from tests.unit.http.browsing import sign_in
from tests.unit.http.test_signals_api import a_signal
from tests.unit.memory_product import OWNER, Product, furnished_product

from clynto.domain.provenance import Provenance
from clynto.domain.roles import Role
from clynto.domain.signals import SignalType
from clynto.entrypoints.http.current import SERVICES_KEY

PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'><svg onload='alert(1)",
    '" autofocus onfocus="alert(1)',
    "' onmouseover='alert(1)",
    "</title><h1>title</h1>",
    "</textarea><b>b</b>",
    "<!-- --><style>*{display:none}</style>",
    "]]><b>b</b>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}<i>",
    "<a href=//evil.example>click</a>",
    "\u202e<iframe srcdoc='<p>'></iframe>\u2028<base href=//evil.example>",
)
PREFIX = "Harmless Works"
"""Names begin alike: of one that looks like an account's name that account is suggested."""
PAGES, PAGES_WITH_NAMES = 20, 8


class _Elements(HTMLParser):
    """Every start tag with its attributes' names, and where links and sources lead but for ids and search words."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(sorted(name for name, _ in attrs))))
        for name, value in attrs:
            if name in ("href", "src", "action", "formaction"):
                assert re.match(r"(/|#|\?|https://dashboard\.stripe\.com/|mailto:)(?!/)", value or ""), (tag, value)


def elements(page: str) -> list[tuple[str, tuple[str, ...]]]:
    """The skeleton of a page."""
    parser = _Elements()
    parser.feed(page)
    return parser.found


def call_everything(product: Product, ids: dict[str, str], name: str) -> None:
    """Every text that comes from Stripe, or that a person types, becomes ``name``."""
    product.clock.advance(seconds=1)
    later = Provenance.of_read(product.clock.now())
    change = product.services().accounts.change_account
    for account_id in ids.values():
        change(product.actor_of(Role.ADMIN), account_id, name=name)
    with product.units.writing(product.workspace_id) as uow:
        held = uow.invoices.get_many(["in_acme", "in_globex"])
        uow.invoices.put_many([replace(invoice, number=name) for invoice, _ in held.values()], later)
        customers = ("cus_acme", "cus_globex", "cus_lost")
        uow.customers.put_many(
            [a_customer(one, email=f"{name} @@a.example", name=name, discount=None) for one in customers], later
        )
        uow.catalogue.put_products([a_product("prod_team", name=name)], later)
        (price,) = uow.catalogue.prices(["price_team"]).values()
        uow.catalogue.put_prices([replace(price, nickname=name)], later)
        uow.signals.put_many(
            [("sig_1", replace(a_signal(SignalType.PAYMENT_FAILED, "cus_globex", 1_789_000_000), plan=name))],
            at=later.as_of,
        )
        uow.commit()
    product.rematch()


def pages_of(app: Flask, browser: FlaskClient, ids: dict[str, str], name: str) -> dict[str, str]:
    """Every page that can be looked at, and every table and search with the name as what is looked for."""
    parts = {"account_id": ids["acme"], "customer_id": "cus_lost", "dialog": "add", "pillar": "usage"}
    found = {}
    for rule in app.url_map.iter_rules():
        text = str(rule)
        if (
            "GET" not in (rule.methods or ())
            or text.endswith((".csv", ".json"))
            or text.startswith(("/api", "/static", "/healthz", "/readyz", "/metrics"))
        ):
            continue
        path = re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda part: parts.get(part[1], "-"), text)
        for kind, query in (("", ""), ("?q", f"?q={quote(name)}"), ("?q of nothing", "?q=zzzzzz")):
            answer = browser.get(path + query)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                found[text + kind] = answer.text
    return found


def called(app: Flask, name: str) -> dict[str, str]:
    """The pages of a product in which everything is called ``name``."""
    product = furnished_product()
    app.extensions[SERVICES_KEY] = product.services()
    ids = billing_story(product)
    call_everything(product, ids, name)
    browser = app.test_client()
    assert sign_in(browser, OWNER).status_code == 303
    return pages_of(app, browser, ids, name)


@pytest.fixture(scope="module")
def harmless(shared_app: Flask) -> dict[str, str]:
    """The pages as they should look."""
    return called(shared_app, f"{PREFIX} & Sons")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_name_adds_an_element_or_an_attribute_to_any_page(
    shared_app: Flask, harmless: dict[str, str], payload: str
) -> None:
    """K10: fifteen payloads as name of accounts, customers and plans, as e-mail address, as invoice number and in the
    search."""
    hostile = called(shared_app, f"{PREFIX} {payload}")
    assert len(harmless) >= PAGES
    assert hostile.keys() == harmless.keys()
    assert sum(payload[:8] in html.unescape(page) for page in hostile.values()) >= PAGES_WITH_NAMES
    usual = {element for page in harmless.values() for element in elements(page)}
    for path, page in hostile.items():
        if path.endswith("?q"):
            # It may find nothing, which looks otherwise.
            assert set(elements(page)) <= usual, path
        else:
            assert elements(page) == elements(harmless[path]), path
        assert payload not in page or not set(payload) & set("<>"), path
