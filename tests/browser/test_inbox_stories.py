"""Signals come and go on an open page; a person can put them aside."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.browser.scene import Scene

from clynto.domain.roles import Role

pytestmark = pytest.mark.xdist_group("account stories")

SOON = 20_000


def test_a_failed_payment_appears_without_reload_and_goes_when_it_is_paid(scene: Scene) -> None:
    scene.add_accounts([("Acme", "acme.com")])
    customer = scene.customer("Acme", "acme.com")
    scene.connect(webhooks=True)
    pages = [scene.page_of(role, "/inbox") for role in Role]
    for page in pages:
        expect(page.get_by_role("main")).to_contain_text("Nothing needs you")
    scene.account.tell("fail_next_payments", customer=customer, times=-1)
    scene.account.tell("invoice_once", customer=customer, amounts=[("Onboarding", 50_000)])
    for page in pages:
        card = page.get_by_role("article")
        expect(card).to_have_count(1, timeout=SOON)
        expect(card).to_contain_text("Payment failed")
        expect(card).to_contain_text("Acme")
        expect(card).to_contain_text("$500.00")
        expect(card.get_by_role("link", name="Invoice in Stripe")).to_be_visible()
        expect(page.get_by_role("navigation", name="Main")).to_contain_text("1")
    scene.account.tell("recover", customer=customer)
    for page in pages:
        expect(page.get_by_role("article")).to_have_count(0, timeout=SOON)
        page.get_by_role("link", name="Recovered", exact=True).click()
        expect(page.get_by_role("article")).to_contain_text("Paid")


def test_dismiss_and_reopen(scene: Scene) -> None:
    scene.add_accounts([("Acme", "acme.com")])
    customer = scene.customer("Acme", "acme.com")
    scene.account.tell("fail_next_payments", customer=customer, times=-1)
    scene.account.tell("invoice_once", customer=customer, amounts=[("Onboarding", 50_000)])
    scene.connect()
    for role in Role:
        dismiss_and_reopen(scene.page_of(role, "/inbox"))


def dismiss_and_reopen(page: Page) -> None:
    """Anybody may put a signal aside, and take it up again."""
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("article")).to_have_count(0)
    page.get_by_role("link", name="Dismissed", exact=True).click()
    page.get_by_role("button", name="Reopen").click()
    page.goto("/inbox")
    expect(page.get_by_role("article")).to_contain_text("Payment failed")
