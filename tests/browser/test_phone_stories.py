"""What decides about a row is seen on a phone at first sight, and told once to whoever listens."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.browser.scene import Scene, Theme, new_scene
from tests.browser.test_every_page import LONG, MARKUP, SEATS_FOR_14_DIGITS, refuse_payments, violations_on
from tests.integration.webhooks.running_product import RunningProduct

from clynto.domain.roles import Role

pytestmark = pytest.mark.xdist_group("phone stories")

PHONE = 390
THEMES = pytest.mark.parametrize("theme", ["light", "dark"])
NAMES = "#accounts-table tbody th > a"


@pytest.fixture(scope="module")
def pocket(browsed_product: RunningProduct, chromium: Browser) -> Iterator[Scene]:
    """Fourteen digits, two currencies under a name of 300 letters, a debt, and an account without a subscription."""
    browsed_product.put_right()
    scene = new_scene(browsed_product, chromium)
    scene.add_accounts([(MARKUP, "markup.com"), (LONG, "long.com"), ("Late", "late.com"), ("Quiet", "quiet.com")])
    scene.customer(MARKUP, "markup.com", seats=SEATS_FOR_14_DIGITS)
    both = scene.customer(LONG, "long.com", price="business_month", seats=3)
    scene.account.subscription(both, "team_month", 2, currency="eur")
    refuse_payments(scene, both)
    refuse_payments(scene, scene.customer("Late", "late.com"))
    scene.connect(webhooks=True)
    yield scene
    scene.close()
    assert scene.complaints == []


def seen_at_once(part: Locator, width: int = PHONE) -> bool:
    """Whether all of it stands between the left and the right end of the screen, and of the card it stands in."""
    expect(part).to_be_visible()
    inside: bool = part.evaluate(
        """(part, width) => { const box = part.getBoundingClientRect();
            const card = part.closest(".scroll").getBoundingClientRect();
            return box.left >= Math.max(0, card.left) && box.right <= Math.min(width, card.right); }""",
        width,
    )
    return inside


def out_of_sight(page: Page, rows: str, parts: dict[str, str], width: int = PHONE) -> list[str]:
    """Which ``parts`` (selectors by what they are) of which of the ``rows`` are not seen at once."""
    found = page.locator(rows)
    assert found.count()
    return [
        f"{what} of row {number}"
        for number, row in enumerate(found.all())
        for what, selector in parts.items()
        if not seen_at_once(row.locator(selector).locator("visible=true").first, width)
    ]


def told(row: Locator, word: str) -> int:
    """How many cells of a row say ``word`` to whoever listens; what is not drawn is not read aloud."""
    heads, cells = row.get_by_role("rowheader"), row.get_by_role("cell")
    return (
        heads.get_by_text(word).locator("visible=true").count()
        + cells.get_by_text(word).locator("visible=true").count()
    )


@THEMES
@pytest.mark.parametrize("width", [PHONE, 360])
def test_name_mrr_and_payment_status_of_every_account_are_seen_without_scrolling(
    pocket: Scene, theme: Theme, width: int
) -> None:
    page = pocket.page_of(Role.MEMBER, theme=theme, width=width)
    parts = {"name": "th > a", "MRR": "td data.money"}
    assert out_of_sight(page, "#accounts-table tbody tr", parts, width) == []
    owing = "#accounts-table tbody tr:not(:has-text('Quiet'))"
    assert page.locator(owing).count() == 3
    assert out_of_sight(page, owing, {"payment status": ".badge:has-text('Payment Status')"}, width) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations_on(page) == []


@pytest.mark.parametrize(("width", "height"), [(PHONE, 844), (360, 640)])
def test_accounts_begin_on_the_first_screen_of_a_phone(pocket: Scene, width: int, height: int) -> None:
    """Above fourteen digits in two currencies, beneath the notice of the mode, and with all that admins can do."""
    page = pocket.page_of(Role.ADMIN, width=width)
    page.set_viewport_size({"width": width, "height": height})
    expect(page.locator("#accounts-totals data.money").first).to_be_visible()
    first = page.locator(NAMES).first
    ends = first.evaluate("name => name.getBoundingClientRect().bottom")
    # At the bottom of the screen is the navigation.
    assert ends < page.get_by_role("navigation", name="Main").evaluate("nav => nav.getBoundingClientRect().top")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_folded_up_on_a_phone_is_all_there(pocket: Scene) -> None:
    page = pocket.page_of(Role.ADMIN, width=PHONE)
    totals = page.get_by_role("region", name="Totals of what is shown")
    for word in ("MRR", "ARR", "Accounts", "Failed", "Overdue", "Coverage of Stripe MRR"):
        expect(totals.get_by_text(word, exact=True)).to_be_visible()
    told = totals.get_by_text("The sum mixes them without conversion")
    expect(told).to_be_hidden()
    totals.get_by_text("MRR by currency, and as of when").click()
    expect(told).to_be_visible()
    expect(totals.get_by_text("From Stripe, as of")).to_be_visible()
    # A search reads the totals again, and leaves them as they were.
    page.get_by_role("searchbox").fill("Late")
    expect(page.locator(NAMES)).to_have_count(1)
    expect(totals.get_by_text("From Stripe, as of")).to_be_visible()
    for name in ("Columns", "Export CSV", "Import CSV", "Add account"):
        control = page.locator(".page__head .btn", has_text=name)
        control.focus()
        expect(control).to_be_in_viewport(ratio=1)
    assert violations_on(page) == []
    desk = pocket.page_of(Role.ADMIN)
    expect(desk.get_by_text("The sum mixes them without conversion")).to_be_visible()
    expect(desk.get_by_text("MRR by currency, and as of when")).to_be_hidden()


def test_a_status_is_told_once_and_in_a_table(pocket: Scene) -> None:
    page = pocket.page_of(Role.MEMBER, "/accounts?sort=name", width=PHONE)
    row = page.get_by_role("table").get_by_role("row", name="Late")
    expect(row.get_by_role("rowheader")).to_have_count(1)
    assert told(row, "Failed") == 1
    expect(row.get_by_role("rowheader", name="Payment Status: Failed")).to_be_visible()
    expect(page.get_by_role("row", name="Quiet").get_by_role("rowheader")).to_contain_text("No subscription")
    heads = page.get_by_role("columnheader").all_inner_texts()
    cells = row.get_by_role("cell").count() + row.get_by_role("rowheader").count()
    assert len(heads) == cells
    desk = pocket.page_of(Role.MEMBER, "/accounts?sort=name")
    assert told(desk.get_by_role("row", name="Late"), "Failed") == 1
    expect(desk.get_by_role("columnheader", name="Payment Status")).to_be_visible()
    expect(desk.locator(".beneath").first).to_be_hidden()


def test_a_phone_sorts_by_what_stands_beneath_the_names(pocket: Scene) -> None:
    page = pocket.page_of(Role.MEMBER, "/accounts?sort=name", width=PHONE)
    head = page.get_by_role("columnheader", name="Account")
    head.get_by_role("link", name="Payment Status").click()
    page.wait_for_url("**sort=-payment_status")
    expect(page.locator(NAMES).nth(2)).to_have_text(MARKUP)
    expect(page.locator("#accounts-table tbody th").first).to_contain_text("Failed")
    # The column of names is not what the table is sorted by.
    expect(head).not_to_have_attribute("aria-sort", re.compile("."))
    expect(head).to_contain_text("sorted, descending")
    shown = head.locator(".is-sorted svg").evaluate("arrow => getComputedStyle(arrow).opacity")
    assert shown == "1"


def test_columns_that_are_not_wanted_are_not_beneath_either(pocket: Scene) -> None:
    page = pocket.page_of(Role.MEMBER, width=PHONE)
    page.get_by_role("button", name="Columns").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_label("Payment Status").uncheck()
    drawer.get_by_role("button", name="Show these columns").click()
    late = page.get_by_role("row", name="Late")
    expect(late).to_contain_text("Health")
    assert told(late, "Failed") == 0
    page.get_by_role("button", name="Columns").click()
    drawer.get_by_label("Health", exact=True).uncheck()
    drawer.get_by_role("button", name="Show these columns").click()
    expect(page.locator(NAMES)).to_have_count(4)
    expect(page.locator(".beneath")).to_have_count(0)


def test_names_stay_beside_what_is_scrolled_to(pocket: Scene) -> None:
    page = pocket.page_of(Role.MEMBER, width=PHONE)
    table = page.get_by_role("region", name="Table of accounts")
    table.evaluate("table => { table.scrollLeft = table.scrollWidth; }")
    late = page.locator("#accounts-table tbody tr", has_text="Late")
    assert seen_at_once(late.locator("th > a"))
    assert seen_at_once(late.locator(".beneath .badge").first)


@THEMES
def test_subscriptions_and_invoices_show_status_and_amount_at_once(pocket: Scene, theme: Theme) -> None:
    account = pocket.workspace.api.get("/accounts?q=Donau")["items"][0]["id"]
    page = pocket.page_of(Role.MEMBER, f"/accounts/{account}/billing", theme=theme, width=PHONE)
    parts = {"status": ".badge", "amount": "td data.money"}
    for name in ("Table of subscriptions", "Table of invoices"):
        assert out_of_sight(page, f"[aria-label='{name}'] tbody tr", parts) == []
    assert violations_on(page) == []
    page.get_by_role("link", name="Explain MRR").click()
    expect(page.get_by_role("table")).to_be_visible()
    assert out_of_sight(page, "[aria-label='Lines of the sum'] tr:has(td)", {"MRR": "td.money"}) == []


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Which accounts failed to pay?", {"status": ".badge", "MRR": "td data.money"}),
        ("Which invoices are unpaid?", {"status": ".badge", "left to pay": "td:last-child data.money"}),
        ("Which signals are open?", {"amount": "td data.money", "account": ".beneath a"}),
    ],
)
def test_answers_of_larry_show_status_and_amount_at_once(pocket: Scene, question: str, parts: dict[str, str]) -> None:
    page = pocket.page_of(Role.MEMBER, "/larry", width=PHONE)
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Rows of the answer")).to_be_visible()
    assert out_of_sight(page, "#newest tbody tr", parts) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert violations_on(page) == []


def test_lines_of_the_audit_log_do_not_stand_over_each_other(pocket: Scene) -> None:
    page = pocket.page_of(Role.OWNER, "/settings/audit", width=PHONE)
    crossed = page.locator("table tbody tr").evaluate_all(
        """rows => rows.filter(row => { const boxes = [...row.children].map(cell => cell.getBoundingClientRect());
            return boxes.some((one, at) => boxes.slice(at + 1).some(two => one.left < two.right &&
                two.left < one.right && one.top < two.bottom && two.top < one.bottom)); }).length"""
    )
    assert crossed == 0
    expect(page.get_by_role("table")).to_contain_text("stripe.webhook_secret_saved")


def test_a_chart_tells_its_scale_beside_its_newest_end(pocket: Scene) -> None:
    account = pocket.workspace.api.get("/accounts?q=Late")["items"][0]["id"]
    for path in (f"/accounts/{account}/billing", f"/accounts/{account}/health"):
        page = pocket.page_of(Role.MEMBER, path, width=PHONE)
        scale = page.locator("svg.chart .near")
        assert scale.count() == 3
        assert all(seen_at_once(label) for label in scale.all())
        desk = pocket.page_of(Role.MEMBER, path)
        expect(desk.locator("svg.chart .near").first).to_be_hidden()


def test_days_without_a_head_say_what_they_are(pocket: Scene) -> None:
    for path, label in (("/settings/people", "since "), ("/settings/tokens", "made ")):
        page = pocket.page_of(Role.OWNER, path, width=PHONE)
        expect(page.locator("table tbody tr").first.get_by_text(label, exact=True)).to_be_visible()
        desk = pocket.page_of(Role.OWNER, path)
        expect(desk.locator("table tbody tr").first.get_by_text(label, exact=True)).to_be_hidden()


@pytest.mark.parametrize("width", [769, 820])
def test_a_long_name_leaves_the_payment_status_in_sight_of_a_tablet(pocket: Scene, width: int) -> None:
    page = pocket.page_of(Role.MEMBER, "/accounts?q=Donau", width=width)
    assert out_of_sight(page, "#accounts-table tbody tr", {"status": "td .badge:has-text('Failed')"}, width) == []


def test_what_went_wrong_in_a_sync_is_read_without_scrolling(scene: Scene) -> None:
    scene.customer("Acme", "acme.com")
    scene.connect()
    page = scene.page_of(Role.ADMIN, "/integrations", width=PHONE)
    said = {"error": {"type": "invalid_request_error", "message": "Something about this list is wrong."}}
    scene.product.stripe.control.order_fault("fail", path="/v1/subscriptions", status=400, body=said, times=None)
    page.get_by_role("button", name="Re-sync").click()
    history = page.get_by_role("region", name="Table of syncs")
    fault = history.get_by_text("could not be used while reading subscriptions")
    expect(fault).to_be_visible()
    assert seen_at_once(fault)
    expect(history.get_by_text("Failed", exact=True)).to_be_visible()
    assert seen_at_once(history.get_by_text("Failed", exact=True))
