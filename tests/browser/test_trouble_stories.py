"""What the Stripe card shows when something is wrong, to each role: who may mend it can, others see what it is."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.scene import Scene
from tests.browser.test_integration_stories import CHANGERS, FORBIDDEN, barred, connect_with, refused, state_of

from clynto.domain.roles import Role
from stripe_sandbox.keys import FIVE_READS

pytestmark = pytest.mark.xdist_group("trouble stories")

SAID = {"error": {"type": "invalid_request_error", "message": "Something about this list is wrong."}}


def re_sync(page: Page) -> None:
    """Click it."""
    page.get_by_role("button", name="Re-sync").click()


def both(page: Page, member: Page, words: str) -> None:
    """Wait for a state of the card; the member, whose page looks less often while nothing moves, opens it anew."""
    state_of(page, words)
    member.reload()
    state_of(member, words)


@pytest.mark.parametrize("role", CHANGERS)
def test_a_failing_stripe_is_a_banner_and_a_re_sync_heals_it(scene: Scene, role: Role) -> None:
    scene.connect()
    page, member = scene.page_of(role, "/integrations"), scene.page_of(Role.MEMBER, "/integrations")
    scene.product.stripe.control.order_fault("fail", path="/v1/subscriptions", status=400, body=SAID, times=None)
    re_sync(page)
    both(page, member, "Error")
    for shown in (page, member):
        banner = shown.locator("#stripe-card").get_by_role("alert")
        expect(banner).to_contain_text("Error — the last sync did not complete")
        expect(banner).to_contain_text("while reading subscriptions. Click Re-sync to retry")
        expect(shown.get_by_role("table")).to_contain_text("Failed")
    member.get_by_role("button", name="Copy").click()
    taken = member.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"Workspace “.+”, test mode, last sync .+ UTC: Stripe sent .+ request id is req_\w+\.", taken)
    for name in ("Re-sync", "Reconnect Stripe", "Disconnect"):
        barred(member, name)
    assert refused(member, "/integrations/stripe/sync") == FORBIDDEN
    scene.product.stripe.control.clear_faults()
    re_sync(page)
    both(page, member, "Connected")
    for shown in (page, member):
        expect(shown.locator("#stripe-card").get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("role", CHANGERS)
def test_waiting_for_a_worker(scene: Scene, role: Role) -> None:
    member = scene.page_of(Role.MEMBER, "/integrations")
    page = scene.page_of(role, "/integrations")
    scene.product.kill_worker()
    connect_with(page, scene.account.key)
    for shown in (page, member):
        expect(shown.locator("#stripe-card")).to_contain_text("Waiting for a worker", timeout=60_000)
        expect(shown.locator("#stripe-card")).to_contain_text("the sync begins by itself then")
        expect(shown.locator("#sync-said")).to_have_text("Stripe: waiting for a worker")
    barred(member, "Re-sync")
    barred(member, "Disconnect")
    expect(page.get_by_role("button", name="Disconnect")).to_be_enabled()
    scene.product.start_worker()
    both(page, member, "Connected")


@pytest.mark.parametrize("role", CHANGERS)
def test_a_revoked_key_asks_for_another_one(scene: Scene, role: Role) -> None:
    scene.connect()
    page, member = scene.page_of(role, "/integrations"), scene.page_of(Role.MEMBER, "/integrations")
    scene.account.world.keys.delete(scene.account.key)
    re_sync(page)
    both(page, member, "Error")
    for shown in (page, member):
        banner = shown.locator("#stripe-card").get_by_role("alert")
        expect(banner).to_contain_text("Error — Invalid Stripe API key")
        expect(banner).to_contain_text("Confirm that the key was not revoked")
    barred(member, "Reconnect")
    assert refused(member, "/integrations/stripe/connect", api_key=scene.account.key) == FORBIDDEN
    scene.account.world.keys.put(scene.account.key, set(FIVE_READS))
    page.get_by_role("button", name="Reconnect", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Reconnect", exact=True)).to_be_enabled()
    connect_with(page, scene.account.key)
    both(page, member, "Connected")


def test_a_card_that_is_read_again_keeps_the_focus(scene: Scene) -> None:
    scene.connect()
    scene.product.stripe.control.order_fault("hold", path="/v1/invoices", times=None)
    page = scene.page_of(Role.ADMIN, "/integrations")
    re_sync(page)
    state_of(page, "Syncing...")
    opener = page.get_by_role("button", name="Disconnect")
    opener.focus()
    opener.evaluate("button => { button.dataset.former = ''; }")
    _read_again(page)
    expect(page.locator("[data-former]")).to_have_count(0)
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    _read_again(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()
    scene.product.stripe.control.clear_faults()
    state_of(page, "Connected")


def _read_again(page: Page) -> None:
    """Put the card into the page anew, as it does by itself when anything about it changes."""
    page.evaluate(
        """() => htmx.ajax("GET", "/integrations/card?state=syncing", {target: "#stripe-card", swap: "innerHTML"})"""
    )
