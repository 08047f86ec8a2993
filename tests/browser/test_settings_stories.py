"""Settings as people use them: workspace, basis, rates, members, tokens, webhook address, audit log, data removal."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import Page, expect
from tests.browser.scene import Scene
from tests.integration.product.installation import PASSWORD

from clynto.domain.roles import Role

NEW_PASSWORD = "an entirely new password"

pytestmark = pytest.mark.xdist_group("settings stories")


def told(page: Page, words: str | re.Pattern[str]) -> None:
    """The page says what was done."""
    expect(page.get_by_role("main").get_by_role("status").first).to_contain_text(words)


def test_name_currency_rates_and_the_preview_of_the_basis(scene: Scene) -> None:
    scene.add_accounts([("Acme", "acme.com")])
    customer = scene.customer("Acme", "acme.com", seats=10)
    scene.account.subscription(customer, "team_month", 5, currency="eur")
    scene.account.tell("discount_customer", customer=customer, coupon="PARTNER20")
    scene.connect()
    page = scene.page_of(Role.ADMIN, "/settings")
    preview = page.get_by_role("region", name="What the basis changes")
    expect(preview).to_contain_text("1 of 1 account would show another MRR.")
    expect(preview.get_by_role("row", name="Acme")).to_be_visible()
    page.get_by_label("Workspace name").fill("Rheinwerk <b>AG</b>")
    page.get_by_label("Default currency").fill("USD")
    page.get_by_role("button", name="Save").click()
    told(page, "Saved")
    expect(page.locator(".side .brand__name")).to_have_text("Rheinwerk <b>AG</b>")
    page.get_by_role("link", name="Exchange rates").click()
    page.get_by_label("One rate a line").fill("2026-01-01 EUR USD nonsense")
    page.get_by_role("button", name="Save rates").click()
    expect(page.get_by_label("One rate a line")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("One rate a line")).to_be_focused()
    page.get_by_label("One rate a line").fill("2026-01-01 EUR USD 1.10")
    page.get_by_role("button", name="Save rates").click()
    told(page, "Saved")
    expect(page.get_by_role("region", name="Table of rates")).to_contain_text("1.1")
    page.goto("/accounts")
    figure = page.get_by_role("row", name="Acme").locator(".tip").first
    figure.focus()
    expect(page.get_by_role("tooltip")).to_contain_text("Converted to USD at the workspace's rates")


def test_members_and_roles(scene: Scene) -> None:
    page = scene.page_of(Role.OWNER, "/settings/people")
    newcomer = f"new-{scene.emails[Role.MEMBER]}"
    page.get_by_role("button", name="Add a person").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Email").fill(newcomer)
    dialog.get_by_label("First password").fill("short")
    dialog.get_by_role("button", name="Add person").click()
    expect(dialog.get_by_label("First password")).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_label("Email")).to_have_value(newcomer)
    dialog.get_by_label("First password").fill(PASSWORD)
    dialog.get_by_role("button", name="Add person").click()
    told(page, f"{newcomer} was added.")
    page.get_by_label(f"Role of {newcomer}").select_option("admin")
    page.get_by_role("button", name=f"Change role of {newcomer}").click()
    told(page, f"{newcomer} is admin from now on.")
    row = page.get_by_role("row", name=newcomer)
    row.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("dialog")).to_contain_text(newcomer)
    page.get_by_role("dialog").get_by_role("button", name="Remove person").click()
    told(page, "The person was removed")
    expect(row).to_have_count(0)


def test_passwords_are_changed_by_their_people_and_set_by_an_owner(scene: Scene) -> None:
    page = scene.page_of(Role.MEMBER, "/settings/people")
    page.get_by_role("button", name="Change my password").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Current password")).to_be_focused()
    dialog.get_by_label("Current password").fill("wrong battery staple")
    dialog.get_by_label("New password").fill(NEW_PASSWORD)
    dialog.get_by_role("button", name="Change password").click()
    expect(dialog.get_by_label("Current password")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Current password").fill(PASSWORD)
    dialog.get_by_label("New password").fill(NEW_PASSWORD)
    dialog.get_by_role("button", name="Change password").click()
    told(page, "Your password was changed.")
    member = scene.emails[Role.MEMBER]
    owners = scene.page_of(Role.OWNER, "/settings/people")
    row = owners.get_by_role("row", name=member)
    row.get_by_role("button", name="Set password").click()
    dialog = owners.get_by_role("dialog")
    expect(dialog).to_contain_text(member)
    dialog.get_by_label("New password").fill("short")
    dialog.get_by_role("button", name="Set password").click()
    expect(dialog.get_by_label("New password")).to_have_attribute("aria-invalid", "true")
    expect(dialog).to_contain_text(member)
    dialog.get_by_label("New password").fill(PASSWORD)
    dialog.get_by_role("button", name="Set password").click()
    told(owners, f"{member} has a new password and is signed out everywhere.")
    page.reload()
    expect(page).to_have_url(re.compile("/login"))


def test_a_token_is_shown_once_works_and_stops_when_it_is_revoked(scene: Scene) -> None:
    page = scene.page_of(Role.ADMIN, "/settings/tokens")
    page.get_by_role("button", name="New token").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Nightly export")
    page.get_by_role("dialog").get_by_role("button", name="Make token").click()
    shown = page.get_by_label("API token", exact=True)
    token = shown.input_value()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == token
    page.get_by_role("link", name="Done").click()
    assert token not in page.content()
    assert status_with(scene, token) == 200
    page.get_by_role("button", name="Revoke Nightly export").click()
    expect(page.get_by_role("dialog")).to_contain_text("Nightly export")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert status_with(scene, token) == 200
    page.get_by_role("button", name="Revoke Nightly export").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke token").click()
    told(page, "The API token was revoked")
    assert status_with(scene, token) == 401


def status_with(scene: Scene, token: str) -> int:
    """How the API answers a script with that token."""
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{scene.base}/api/v1/workspace", headers=headers, timeout=30).status_code


def test_the_webhook_address_can_be_renewed_and_the_audit_log_tells_who_did_it(scene: Scene) -> None:
    page = scene.page_of(Role.ADMIN, "/settings/data")
    before = page.get_by_label("Webhook URL").input_value()
    page.get_by_role("button", name="Renew address").click()
    page.get_by_role("dialog").get_by_role("button", name="Renew address").click()
    told(page, "The webhook address was renewed")
    assert page.get_by_label("Webhook URL").input_value() != before
    page.get_by_role("link", name="Audit log").click()
    expect(page.get_by_role("row", name=scene.emails[Role.ADMIN]).first).to_contain_text("address")


def test_stripes_data_goes_only_after_a_disconnect_with_counts_and_consent(scene: Scene) -> None:
    scene.add_accounts([("Acme", "acme.com")])
    scene.customer("Acme", "acme.com")
    scene.connect()
    page = scene.page_of(Role.OWNER, "/settings/data")
    button = page.get_by_role("button", name="Remove Stripe data")
    expect(button).to_be_disabled()
    expect(button).to_have_attribute("title", "Disconnect Stripe before you remove its data.")
    scene.workspace.api.call("DELETE", "/integrations/stripe/connection", expect=200)
    page.reload()
    button.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 customer, 1 subscription and 1 invoice")
    dialog.get_by_label("I want this data gone.").check()
    dialog.get_by_role("button", name="Remove the data").click()
    told(page, "All Stripe data was removed")
    expect(page.get_by_role("region", name="Remove Stripe data")).to_contain_text("0")
    page.goto("/accounts")
    expect(page.get_by_role("row", name="Acme")).to_contain_text("—")


@pytest.mark.parametrize("width", [1280, 390])
def test_words_of_the_audit_log_are_whole(scene: Scene, width: int) -> None:
    scene.connect(webhooks=True)
    page = scene.page_of(Role.OWNER, "/settings/audit", width=width)
    expect(page.get_by_text("stripe.webhook_secret_saved")).to_be_visible()
    lines = page.locator("td.mono").evaluate_all(
        """cells => cells.map(cell => { const words = document.createRange(); words.selectNodeContents(cell);
            return words.getClientRects().length; })"""
    )
    assert set(lines) == {1}
    assert page.evaluate("document.documentElement.scrollWidth") <= width
