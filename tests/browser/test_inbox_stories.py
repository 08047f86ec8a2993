"""Signals come and go on an open page; a person can put them aside."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.scene import Scene
from tests.browser.test_every_page import violations_on
from tests.unit.http.test_signals_api import a_signal

from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.adapters.system.clocks import SystemClock
from clynto.domain.roles import Role
from clynto.domain.signal_cases import debt_case
from clynto.domain.signals import SignalType

pytestmark = pytest.mark.xdist_group("account stories")

SOON = 20_000
NOW = 1_789_000_000


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
        page.get_by_role("link", name="Resolved", exact=True).click()
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
    expect(page.get_by_role("article")).to_have_count(0)
    page.goto("/inbox")
    expect(page.get_by_role("article")).to_contain_text("Payment failed")


def put(scene: Scene, *numbers: int, customer: str = "cus_acme") -> None:
    """One refused invoice of the same subscription for each number, newest first."""
    signals = [
        (
            f"sig_{number}",
            a_signal(SignalType.PAYMENT_FAILED, customer, NOW - number, case_key=debt_case(None, f"in_{number}")),
        )
        for number in numbers
    ]
    with SqlUnitsOfWork(scene.product.engine).writing(scene.workspace.id) as uow:
        uow.signals.put_many(signals, at=SystemClock().now())
        uow.commit()


def test_news_is_said_once_and_takes_neither_the_focus_nor_what_was_unfolded(scene: Scene) -> None:
    scene.connect()
    put(scene, 3, 2)
    page = scene.page_of(Role.MEMBER, "/inbox")
    said = page.locator("#inbox-said")
    expect(said).to_have_text("1 case with 2 signals shown")
    page.get_by_text("1 earlier on this subscription").click()
    page.evaluate(
        """() => {
            window.said = [];
            new MutationObserver(() => window.said.push(document.getElementById("inbox-said").textContent))
                .observe(document.getElementById("inbox-said"), {childList: true, characterData: true, subtree: true});
        }"""
    )
    inner = page.locator("article details button")
    inner.focus()
    put(scene, 4)
    expect(page.get_by_text("2 earlier on this subscription")).to_be_visible(timeout=SOON)
    expect(page.locator("article details")).to_have_attribute("open", "")
    expect(inner.first).to_be_focused()
    expect(page.locator("#open-cases")).to_have_text("1 open case")
    put(scene, 5, customer="cus_globex")
    expect(page.locator("#open-cases")).to_have_text("2 open cases", timeout=SOON)
    expect(page.get_by_role("article")).to_have_count(2)
    page.wait_for_timeout(3_000)
    assert page.evaluate("window.said") == ["1 case with 3 signals shown", "2 cases with 4 signals shown"]


def test_who_works_their_way_down_does_not_lose_their_place(scene: Scene) -> None:
    scene.connect()
    for number in range(30):
        put(scene, number, customer=f"cus_{number}")
    page = scene.page_of(Role.MEMBER, "/inbox")
    cards = page.get_by_role("article")
    expect(cards).to_have_count(30)
    button = page.locator("#aside-sig_20")
    button.scroll_into_view_if_needed()
    button.focus()
    before = page.evaluate("scrollY")
    assert before > 0
    page.keyboard.press("Enter")
    expect(cards).to_have_count(29)
    assert page.evaluate("scrollY") == before
    expect(page.locator("#aside-sig_21")).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="The signal was dismissed")).to_have_count(1)
    expect(page.locator("#open-cases")).to_contain_text("29")
    # The last one leads back to the one before it.
    page.locator("#aside-sig_29").press("Enter")
    expect(cards).to_have_count(28)
    expect(page.locator("#aside-sig_28")).to_be_focused()
    page.get_by_role("link", name="Dismissed", exact=True).click()
    page.locator("#aside-sig_20").click()
    expect(cards).to_have_count(1)
    expect(page.get_by_role("status").filter(has_text="The signal is back")).to_have_count(1)


def with_thirty_cards(scene: Scene, width: int = 1280) -> Page:
    """An inbox that is longer than the screen, looked at from its twentieth card."""
    scene.connect()
    for number in range(30):
        put(scene, number, customer=f"cus_{number}")
    page = scene.page_of(Role.MEMBER, "/inbox", width=width)
    expect(page.get_by_role("article")).to_have_count(30)
    page.locator("#aside-sig_20").scroll_into_view_if_needed()
    return page


def is_on_top(button: Locator) -> bool:
    """Whether a click in the middle of it would reach it."""
    covered: bool = button.evaluate(
        """one => { const box = one.getBoundingClientRect();
            const met = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
            return one.contains(met); }"""
    )
    return covered


@pytest.mark.parametrize("width", [1280, 390])
def test_a_dismissal_is_taken_back_where_it_was_made(scene: Scene, width: int) -> None:
    page = with_thirty_cards(scene, width)
    cards, undo = page.get_by_role("article"), page.get_by_role("button", name="Undo")
    page.locator("#aside-sig_20").press("Enter")
    expect(cards).to_have_count(29)
    expect(page.locator("#aside-sig_21")).to_be_focused()
    place = page.evaluate("scrollY")
    assert place > 0
    expect(undo).to_be_in_viewport()
    assert is_on_top(undo)
    undo.click()
    expect(cards).to_have_count(30)
    expect(page.locator("#aside-sig_20")).to_be_focused()
    assert is_on_top(page.locator("#aside-sig_20"))
    assert page.evaluate("scrollY") == place
    expect(undo).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="The signal is back")).to_have_count(1)
    expect(page.locator("#open-cases")).to_contain_text("30")
    assert page.url.endswith("/inbox")
    # The last card stays above the message.
    last = page.locator("#aside-sig_29")
    last.focus()
    assert is_on_top(last)
    page.get_by_role("button", name="Close this message").click()
    expect(page.get_by_text("The signal is back")).to_have_count(0)


def test_the_keyboard_takes_back_a_dismissal_without_a_way_to_go(scene: Scene) -> None:
    page = with_thirty_cards(scene)
    button = page.locator("#aside-sig_20")
    button.press("Enter")
    expect(page.locator("#aside-sig_21")).to_be_focused()
    page.keyboard.press("Control+z")
    expect(button).to_be_focused()
    expect(page.get_by_role("article")).to_have_count(30)
    # There is nothing else to take back.
    page.keyboard.press("Control+z")
    expect(page.get_by_role("article")).to_have_count(30)
    expect(button).to_be_focused()


def test_the_message_is_heard_and_names_its_keys(scene: Scene) -> None:
    scene.connect()
    put(scene, 1)
    page = scene.page_of(Role.MEMBER, "/inbox")
    region = page.locator("#told")
    expect(region).to_have_attribute("role", "status")
    region.evaluate("region => { window.region = region; }")
    page.get_by_role("button", name="Dismiss").click()
    expect(region).to_contain_text("The signal was dismissed")
    assert region.evaluate("region => region === window.region"), "a region that comes new is not read"
    expect(page.get_by_role("button", name="Undo")).to_have_attribute("aria-keyshortcuts", "Control+Z Meta+Z")
    assert violations_on(page) == []


def test_what_came_back_on_another_screen_comes_back_on_all(scene: Scene) -> None:
    scene.connect()
    put(scene, 1)
    one, other = (scene.page_of(role, "/inbox") for role in (Role.MEMBER, Role.ADMIN))
    one.get_by_role("button", name="Dismiss").click()
    expect(other.get_by_role("article")).to_have_count(0, timeout=SOON)
    one.get_by_role("button", name="Undo").click()
    expect(other.get_by_role("article")).to_have_count(1, timeout=SOON)


def test_a_dismissal_is_taken_back_without_script(scene: Scene) -> None:
    scene.connect()
    put(scene, 1, 2, customer="cus_one")
    put(scene, 3, customer="cus_two")
    plain = scene.page_of(Role.MEMBER, "/inbox?order=newest", script=False)
    plain.locator("#aside-sig_2").click()
    expect(plain.get_by_role("article")).to_have_count(2)
    plain.get_by_role("button", name="Undo").click()
    expect(plain.get_by_role("article")).to_have_count(3)
    assert plain.url.endswith("/inbox?order=newest#sig_2")
