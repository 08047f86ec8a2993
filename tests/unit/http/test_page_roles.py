"""Who may send which form of a page: what a page does not offer to a role the server refuses, and nothing changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from tests.unit.http.acme import billing_story
from tests.unit.http.browsing import page_token
from tests.unit.memory_product import ADMIN, MEMBER, Product

from clynto.domain.roles import Role
from clynto.entrypoints.http.access import access_of

BrowserOf = Callable[[str], FlaskClient]

FORMS_OF_ADMINS = (
    "/accounts/add",
    "/accounts/import",
    "/accounts/{acme}/edit",
    "/accounts/{acme}/delete",
    "/accounts/{acme}/usage",
    "/accounts/{acme}/support",
    "/integrations/stripe/connect",
    "/integrations/stripe/sync",
    "/integrations/stripe/disconnect",
    "/integrations/stripe/webhook-secret",
    "/integrations/stripe/retry-events",
    "/integrations/customers/cus_acme/match",
    "/integrations/customers/cus_acme/unmatch",
    "/integrations/customers/cus_acme/account",
    "/integrations/customers/accounts",
    "/settings",
    "/settings/rates",
    "/settings/tokens",
    "/settings/tokens/revoke",
    "/settings/webhook-address/renew",
)
FORMS_OF_OWNERS = (
    "/settings/people",
    "/settings/people/password",
    "/settings/people/remove",
    "/settings/people/usr_any/role",
    "/settings/data/erase",
)
FOR_SCRIPTS = ("/api/", "/webhooks/")


@pytest.mark.parametrize(
    ("email", "path"),
    [*((MEMBER, path) for path in (*FORMS_OF_ADMINS, *FORMS_OF_OWNERS)), *((ADMIN, path) for path in FORMS_OF_OWNERS)],
)
def test_a_form_that_the_role_is_not_offered_is_refused(
    product: Product, browser_of: BrowserOf, email: str, path: str
) -> None:
    ids = billing_story(product)
    browser = browser_of(email)
    form = {"csrf_token": page_token(browser)}
    before = product.everything()
    refused = browser.post(path.format(**ids), data=form)
    assert refused.status_code == 403
    assert "role" in refused.text
    assert '<nav class="nav"' in refused.text
    assert product.everything() == before


def test_no_form_of_a_page_is_missing_above(app: Flask) -> None:
    rules = app.url_map.bind("localhost")
    listed = {
        role: {rules.match(path.format(acme="acc_1"), method="POST")[0] for path in paths}
        for role, paths in ((Role.ADMIN, FORMS_OF_ADMINS), (Role.OWNER, FORMS_OF_OWNERS))
    }
    declared: dict[Role, set[str]] = {Role.ADMIN: set(), Role.OWNER: set()}
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.rule.startswith(FOR_SCRIPTS):
            continue
        access = access_of(app, rule.endpoint, "POST")
        if access is not None and access.role in declared:
            declared[access.role].add(rule.endpoint)
    assert listed == declared
