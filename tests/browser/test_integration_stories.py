"""The stories of the guide on the Integrations page: connect, re-sync, webhooks, disconnect, reconnect."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.browser.scene import Scene
from tests.integration.webhooks.billed_workspace import SIGNING_SECRET

from clynto.domain.roles import Role
from stripe_sandbox.keys import FIVE_READS, INVOICE_READ, PRICE_READ

pytestmark = pytest.mark.xdist_group("integration stories")

STEPS = ("Products", "Prices", "Customers", "Subscriptions", "Invoices", "Account billing")
SLOWLY = 0.25
FORBIDDEN = 403
CHANGERS = (Role.OWNER, Role.ADMIN)
"""Who may connect, sync, match and disconnect; members look on and are told why."""
_SYNC = 60_000


def connect_with(page: Page, key: str) -> None:
    """Open the dialog, paste the key, click Connect."""
    dialog = page.get_by_role("dialog")
    if not dialog.is_visible():
        page.get_by_role("button", name="Connect Stripe").or_(
            page.get_by_role("button", name="Reconnect")
        ).first.click()
    field = dialog.get_by_label("Restricted API key")
    expect(field).to_have_attribute("type", "password")
    field.fill(key)
    dialog.get_by_role("button", name="Connect").click()


def barred(page: Page, name: str) -> None:
    """The button is there, cannot be pressed, and says who could."""
    button = page.get_by_role("button", name=name)
    expect(button).to_be_disabled()
    expect(button).to_have_attribute("title", "Needs the admin or owner role.")


def refused(page: Page, path: str, **fields: str) -> int:
    """How the server answers who sends a form that the page does not offer, with the page's token."""
    token = page.locator('meta[name="csrf-token"]').get_attribute("content")
    return page.request.post(path, form={"csrf_token": token or "", **fields}, max_redirects=0).status


def state_of(page: Page, words: str) -> None:
    """Wait for a state of the card."""
    expect(page.locator("#stripe-state")).to_have_text(words, timeout=_SYNC)


def sees(page: Page, words: str, *, live: bool) -> None:
    """The same for somebody who only looks on: ``live`` without a reload, which takes up to a quarter of a minute."""
    if not live:
        page.reload()
    state_of(page, words)


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
def test_connect_and_watch_the_bar(scene: Scene, role: Role) -> None:
    scene.add_accounts([("Acme", "acme.com")])
    scene.customer("Acme", "acme.com")
    scene.product.stripe.control.set_latency(SLOWLY)
    page = scene.page_of(role, "/integrations")
    state_of(page, "Not connected")
    connect_with(page, scene.account.key)
    state_of(page, "Syncing...")
    steps = page.locator(".steps li")
    for position, name in enumerate(STEPS):
        expect(steps.nth(position)).to_contain_text(name)
    expect(page.get_by_role("progressbar")).to_be_visible()
    state_of(page, "Connected")
    card = page.locator("#stripe-card")
    expect(card).to_contain_text("Records synced")
    expect(card).to_contain_text("Customers matched")
    expect(card).to_contain_text("Test mode")
    for name in ("Configure webhooks", "Re-sync", "Disconnect"):
        expect(card.get_by_role("button", name=name, exact=True)).to_be_enabled()
    expect(page.get_by_role("table")).to_contain_text("Succeeded")


def test_a_member_watches_the_bar_that_somebody_else_started(scene: Scene) -> None:
    page = scene.page_of(Role.MEMBER, "/integrations")
    barred(page, "Connect Stripe")
    assert refused(page, "/integrations/stripe/connect", api_key=scene.account.key) == FORBIDDEN
    state_of(page, "Not connected")
    scene.product.stripe.control.set_latency(SLOWLY)
    scene.workspace.api.post("/integrations/stripe/connection", {"api_key": scene.account.key}, expect=202)
    # The key was checked with one invoice; the list of them, five steps on, waits.
    scene.product.stripe.control.order_fault("hold", path="/v1/invoices", times=None)
    page.reload()
    state_of(page, "Syncing...")
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.locator(".steps li")).to_have_count(len(STEPS))
    barred(page, "Re-sync")
    scene.product.stripe.control.clear_faults()
    state_of(page, "Connected")


def test_a_wrong_key_is_told_inline_and_a_right_one_works_then(scene: Scene) -> None:
    for role in CHANGERS:
        page = scene.page_of(role, "/integrations")
        connect_with(page, "pk_test_thisIsPublishable00000001")
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("This is a publishable key")
        expect(dialog.get_by_label("Restricted API key")).to_have_attribute("aria-invalid", "true")
        connect_with(page, "rk_test_sandboxdemo51NeverIssued00000001")
        expect(dialog).to_contain_text("Stripe rejected this key")
        assert "NeverIssued" not in page.content()
    connect_with(page, scene.account.key)
    state_of(page, "Connected")


def test_missing_permissions_are_named(scene: Scene) -> None:
    weak = "rk_test_thisOneCannotReadEverything01"
    scene.account.world.keys.put(weak, set(FIVE_READS) - {INVOICE_READ, PRICE_READ})
    for role in CHANGERS:
        page = scene.page_of(role, "/integrations")
        connect_with(page, weak)
        expect(page.get_by_role("dialog")).to_contain_text("Missing Read access: Invoices, Prices.")
        link = page.get_by_role("dialog").get_by_role("link", name="Create one in Stripe")
        address = link.get_attribute("href") or ""
        assert address.startswith("https://dashboard.stripe.com/")
        assert address.count("rak_") == len(FIVE_READS)


def test_re_sync_while_one_runs_is_a_notice(scene: Scene) -> None:
    scene.connect()
    scene.product.stripe.control.order_fault("hold", path="/v1/invoices", times=None)
    member, owner = scene.page_of(Role.MEMBER, "/integrations"), scene.page_of(Role.OWNER, "/integrations")
    page = scene.page_of(Role.ADMIN, "/integrations")
    page.get_by_role("button", name="Re-sync").click()
    for changer in (page, owner):
        state_of(changer, "Syncing...")
        changer.get_by_role("button", name="Re-sync").click()
        expect(changer.get_by_role("alert")).to_contain_text("Sync already running")
    state_of(member, "Syncing...")
    barred(member, "Re-sync")
    assert refused(member, "/integrations/stripe/sync") == FORBIDDEN
    scene.product.stripe.control.clear_faults()
    for shown in (page, member):
        state_of(shown, "Connected")
        expect(shown.get_by_role("table").get_by_role("row")).to_have_count(3)


@pytest.mark.xdist_group("webhook story")  # long, so another worker may take it
def test_configure_webhooks(scene: Scene) -> None:
    scene.connect()
    member = scene.page_of(Role.MEMBER, "/integrations")
    for role, former in zip(CHANGERS, (False, True), strict=True):
        page = scene.page_of(role, "/integrations")
        page.get_by_role("button", name="Configure webhooks").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("invoice.payment_failed")
        url = dialog.get_by_label("Webhook URL").input_value()
        assert url.startswith(f"{scene.base}/webhooks/stripe/")
        dialog.get_by_label("Signing secret").fill("not a secret")
        dialog.get_by_role("button", name="Save").click()
        expect(dialog).to_contain_text("It starts with whsec_")
        dialog.get_by_label("Signing secret").fill(SIGNING_SECRET if former else "whsec_theFirstOneThatIsReplaced1")
        dialog.get_by_role("button", name="Save").click()
        expect(page.locator("#stripe-card")).to_contain_text("Waiting for the first event")
        told = page.get_by_role("main").get_by_role("status").first
        expect(told).to_contain_text("The signing secret was saved.")
        expect(told.get_by_text("The former one")).to_have_count(1 if former else 0)
    assert refused(member, "/integrations/stripe/webhook-secret", signing_secret=SIGNING_SECRET) == FORBIDDEN
    endpoint = scene.account.control.add_webhook_endpoint(url, secret="whsec_anotherOneThatIsWrong001")
    scene.account.customer("Acme")
    for shown in (page, member):
        expect(shown.locator("#stripe-card")).to_contain_text("Error — Webhook signature invalid", timeout=30_000)
    scene.account.control.remove_webhook_endpoint(endpoint.id)
    scene.account.control.add_webhook_endpoint(url, secret=SIGNING_SECRET)
    scene.account.customer("Borealis")
    scene.account.wait_for_deliveries()
    for shown in (page, member):
        shown.reload()
        expect(shown.locator("#stripe-card")).to_contain_text("Receiving events", timeout=30_000)
    member.get_by_role("button", name="Configure webhooks").click()
    dialog = member.get_by_role("dialog")
    expect(dialog.get_by_label("Webhook URL")).to_have_value(url)
    expect(dialog).to_contain_text("Changing it needs the admin or owner role")


@pytest.mark.xdist_group("disconnect story")  # long, so another worker may take it
def test_disconnect_freezes_and_reconnect_goes_on(scene: Scene) -> None:
    scene.add_accounts([("Acme", "acme.com")])
    scene.customer("Acme", "acme.com")
    scene.connect()
    pages = {role: scene.page_of(role, "/integrations") for role in Role}
    member = pages[Role.MEMBER]
    barred(member, "Disconnect")
    assert refused(member, "/integrations/stripe/disconnect") == FORBIDDEN
    for first, second in (CHANGERS, tuple(reversed(CHANGERS))):
        page, live = pages[first], first is CHANGERS[0]
        page.goto("/integrations")
        page.get_by_role("button", name="Disconnect").click()
        page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
        state_of(page, "Disconnected")
        sees(member, "Disconnected", live=live)
        barred(member, "Reconnect Stripe")
        assert refused(member, "/integrations/stripe/connect", api_key=scene.account.key) == FORBIDDEN
        page.goto("/accounts")
        page.get_by_role("link", name="Acme").click()
        expect(page.get_by_role("main")).to_contain_text("Frozen")
        expect(page.get_by_role("main")).to_contain_text("$120.00")
        other = pages[second]
        other.goto("/integrations")
        connect_with(other, scene.account.key)
        state_of(other, "Connected")
        sees(member, "Connected", live=live)


def test_nothing_matched_says_what_to_do(scene: Scene) -> None:
    scene.customer("Nobody", "nobody-knows.com")
    scene.connect()
    page = scene.page_of(Role.MEMBER, "/integrations")
    expect(page.locator("#stripe-card")).to_contain_text("Records synced: 0 customers matched")


def test_a_member_sees_all_and_is_told_why_nothing_can_be_changed(scene: Scene) -> None:
    scene.connect()
    page = scene.page_of(Role.MEMBER, "/integrations")
    state_of(page, "Connected")
    expect(page.get_by_role("main")).to_contain_text("you are a member")
    for name in ("Re-sync", "Disconnect"):
        button = page.get_by_role("button", name=name)
        expect(button).to_be_disabled()
        expect(button).to_have_attribute("title", "Needs the admin or owner role.")
    page.get_by_role("button", name="Configure webhooks").click()
    expect(page.get_by_role("dialog").get_by_label("Signing secret")).to_have_count(0)


def test_a_member_is_told_who_can_connect(scene: Scene) -> None:
    barred(scene.page_of(Role.MEMBER, "/integrations"), "Connect Stripe")
