"""The stories of the guide on accounts: sort, filter, columns, explanation, matching, import; and equal figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.scene import Scene, Theme, new_scene
from tests.integration.webhooks.running_product import RunningProduct

from clynto.domain.roles import Role

pytestmark = pytest.mark.xdist_group("account stories")

FORBIDDEN = 403
PHONE = 390
IN_EVERY_ROLE = pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)


@pytest.fixture(scope="module")
def synced(browsed_product: RunningProduct, chromium: Browser) -> Scene:
    """Three that pay, one of them in euros as well, one that does not, and one without anything in Stripe."""
    browsed_product.put_right()
    scene = new_scene(browsed_product, chromium)
    names = ["Acme", "Borealis", "Cobalt", "Dormant", "Quiet"]
    scene.add_accounts([(name, f"{name.lower()}.com") for name in names])
    scene.customer("Acme", "acme.com", seats=30)
    scene.customer("Borealis", "borealis.com", seats=5)
    both = scene.customer("Cobalt", "cobalt.com", price="business_month", seats=3)
    scene.account.subscription(both, "team_month", 2, currency="eur")
    late = scene.customer("Dormant", "dormant.com")
    scene.account.tell("fail_next_payments", customer=late, times=-1)
    scene.account.tell("invoice_once", customer=late, amounts=[("Onboarding", 50_000)])
    scene.connect()
    return scene


@pytest.fixture
def portfolio(synced: Scene) -> Iterator[Scene]:
    """The same workspace for every story that changes nothing another one looks at."""
    yield synced
    synced.close()
    assert synced.complaints == []


def names_in(page: Page) -> list[str]:
    """The accounts of the table, from the top."""
    return [text.strip() for text in page.locator("#accounts-table tbody th").all_inner_texts()]


@IN_EVERY_ROLE
def test_sort_and_filter(portfolio: Scene, role: Role) -> None:
    page = portfolio.page_of(role)
    assert names_in(page)[0] == "Acme"
    page.get_by_role("link", name="Account", exact=True).click()
    expect(page.get_by_role("columnheader", name="Account")).to_have_attribute("aria-sort", "ascending")
    assert names_in(page) == ["Acme", "Borealis", "Cobalt", "Dormant", "Quiet"]
    page.get_by_role("link", name="Account", exact=True).click()
    page.wait_for_url("**sort=-name")
    # The address is there before the rows are.
    expect(page.locator("#accounts-table tbody th").first).to_contain_text("Quiet")
    page.go_back()
    expect(page.locator("#accounts-table tbody th").first).to_contain_text("Acme")
    page.get_by_role("link", name="Only failed").click()
    expect(page.locator("#accounts-table tbody th")).to_have_count(1)
    assert names_in(page) == ["Dormant"]
    page.get_by_role("link", name="Only failed").click()
    # The keys go to the page that is there; without waiting that is still the filtered one.
    expect(page.locator("#accounts-table tbody th")).to_have_count(5)
    page.wait_for_load_state()
    page.keyboard.press("/")
    page.keyboard.type("bor")
    expect(page.locator("#accounts-table tbody th")).to_have_count(1)
    assert names_in(page) == ["Borealis"]
    expect(page.locator("#accounts-totals")).to_contain_text("Accounts found")


def test_the_usual_columns_fit_a_small_laptop(portfolio: Scene) -> None:
    """Also with a long name and amounts of five digits nobody scrolls sideways for the renewal date."""
    page = portfolio.page_of(Role.MEMBER)
    table = page.locator("#accounts-table table")
    expect(table).to_be_visible()
    wide, seen = table.evaluate(
        """table => {
            const cells = table.querySelector("tbody tr").children;
            cells[0].querySelector("a").textContent = "Orchardloom Analytics Pty Ltd";
            cells[1].textContent = "$12,367.08";
            cells[2].textContent = "$148,405.00";
            cells[3].textContent = cells[4].textContent = "+$1,199.33";
            cells[8].textContent = "28 Sept 2026";
            return [table.parentElement.scrollWidth, table.parentElement.clientWidth];
        }"""
    )
    assert page.viewport_size == {"width": 1280, "height": 900}
    assert wide <= seen
    heads = table.locator("thead th").evaluate_all("heads => heads.map(head => head.innerText.split('\\n').length)")
    assert max(heads) <= 2


@IN_EVERY_ROLE
def test_columns_are_remembered(portfolio: Scene, role: Role) -> None:
    page = portfolio.page_of(role)
    page.get_by_role("button", name="Columns").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_label("ARR").uncheck()
    drawer.get_by_label("Domains").check()
    drawer.get_by_role("button", name="Show these columns").click()
    expect(page.get_by_role("columnheader", name="Domains")).to_be_visible()
    page.reload()
    expect(page.get_by_role("columnheader", name="ARR")).to_have_count(0)
    expect(page.get_by_role("columnheader", name="Domains")).to_be_visible()


def test_mixed_currencies_are_explained_on_hover_and_focus(portfolio: Scene) -> None:
    page = portfolio.page_of(Role.MEMBER)
    figure = page.get_by_role("row", name="Cobalt").locator(".tip").first
    figure.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("€22.00 + $87.00")
    page.mouse.move(0, 0)
    expect(page.get_by_role("tooltip")).to_have_count(0)
    figure.focus()
    expect(page.get_by_role("tooltip")).to_contain_text("added without conversion")


@IN_EVERY_ROLE
def test_every_line_of_the_mrr_is_one_click_away(portfolio: Scene, role: Role) -> None:
    page = portfolio.page_of(role)
    page.get_by_role("link", name="Acme").click()
    page.get_by_role("link", name="Explain MRR").click()
    lines = page.get_by_role("table")
    expect(lines).to_contain_text("$360.00")
    expect(lines).to_contain_text("Together")


def test_tabs_stand_in_the_order_of_the_guide(portfolio: Scene) -> None:
    page = portfolio.page_of(Role.ADMIN)
    page.get_by_role("link", name="Acme").click()
    tabs = page.get_by_role("navigation", name="Account")
    expect(tabs.get_by_role("link")).to_have_text(["Usage", "Health", "Billing", "Support"])
    tabs.get_by_role("link", name="Usage").click()
    page.get_by_label("Score").fill("40")
    page.get_by_label("Reason").fill("Hardly anybody signs in.")
    page.get_by_role("button", name="Set usage").click()
    expect(page.get_by_role("main")).to_contain_text("Hardly anybody signs in.")
    tabs.get_by_role("link", name="Health").click()
    expect(page.get_by_role("region", name="Usage")).to_contain_text("40")


def test_match_with_one_click_and_undo(scene: Scene) -> None:
    scene.add_accounts([("Willow Systems", "willow.com")])
    scene.account.catch_up()
    customer = scene.account.world.stories.new_customer("Willow Systems", "anna@gmail.com")
    scene.connect()
    member = scene.page_of(Role.MEMBER, "/integrations/customers")
    expect(member.get_by_role("table")).to_contain_text("Its email is a personal one")
    expect(member.get_by_role("table")).to_contain_text("Willow Systems")
    button = member.get_by_role("button", name=re.compile("^Match"))
    expect(button).to_be_disabled()
    expect(button).to_have_attribute("title", "Needs the admin or owner role.")
    for role in (Role.OWNER, Role.ADMIN):
        page = scene.page_of(role, "/integrations/customers")
        page.get_by_role("button", name=re.compile("^Match")).click()
        expect(page.get_by_role("status").first).to_contain_text("is matched to Willow Systems")
        expect(page.get_by_role("main")).to_contain_text("Every customer is matched")
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("table")).to_contain_text("Taken off its account by hand.")
    token = member.locator('meta[name="csrf-token"]').get_attribute("content") or ""
    for change in ("match", "unmatch"):
        sent = member.request.post(f"/integrations/customers/{customer.id}/{change}", form={"csrf_token": token})
        assert sent.status == FORBIDDEN


def test_who_brings_no_accounts_gets_them_from_stripes_customers(scene: Scene) -> None:
    scene.customer("Acme", "acme.com", seats=2)
    scene.customer("Borealis", "borealis.com")
    scene.account.catch_up()
    private = scene.account.world.stories.new_customer("Anna Weber", "anna@gmail.com")
    scene.connect()
    page = scene.page_of(Role.ADMIN, "/integrations")
    expect(page.get_by_role("main")).to_contain_text("Records synced: 0 customers matched")
    page.get_by_role("link", name="Add the accounts that are missing").click()
    page.get_by_role("dialog").get_by_role("button", name="Add accounts").click()
    expect(page.get_by_role("status").first).to_contain_text("2 accounts were added")
    page.goto("/accounts")
    expect(page.get_by_role("row", name="Acme")).to_contain_text("$24.00")
    page.goto("/integrations/customers")
    member = scene.page_of(Role.MEMBER, "/integrations/customers")
    expect(member.get_by_role("button", name="Add missing accounts")).to_be_disabled()
    member.goto(f"/integrations/customers/{private.id}/choices")
    expect(member.get_by_role("button", name="New account")).to_be_disabled()
    page.get_by_role("row", name="Anna Weber").get_by_role("link", name="Choose").click()
    page.get_by_role("button", name="New account for Anna Weber").click()
    expect(page.get_by_role("status").first).to_contain_text("The account Anna Weber was added")
    expect(page.get_by_role("main")).to_contain_text("Every customer is matched")
    page.goto("/accounts")
    expect(page.get_by_role("row", name="Anna Weber")).to_be_visible()


def test_a_customer_is_matched_on_a_phone_without_scrolling_sideways(scene: Scene) -> None:
    scene.add_accounts([("Willow Systems", "willow.com")])
    scene.account.catch_up()
    scene.account.world.stories.new_customer("Willow Systems", "anna@gmail.com")
    scene.connect()
    page = scene.page_of(Role.ADMIN, "/integrations/customers", width=PHONE)
    button = page.get_by_role("button", name=re.compile("^Match"))
    box = button.bounding_box()
    assert box is not None
    assert 0 <= box["x"] < box["x"] + box["width"] <= PHONE
    button.click()
    expect(page.get_by_role("status").first).to_contain_text("is matched to Willow Systems")


def test_import_reports_each_line(scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text("name,domain\nAcme,acme.com\n,nameless.com\nBorealis,borealis.com\n", "utf-8")
    page = scene.page_of(Role.ADMIN)
    expect(page.get_by_role("main")).to_contain_text("No accounts yet")
    page.get_by_role("button", name="Import CSV").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("CSV file").set_input_files(file)
    dialog.get_by_role("button", name="Import").click()
    expect(dialog).to_contain_text("2 created, 0 updated, 0 unchanged, 1 line rejected.")
    expect(dialog.get_by_role("table")).to_contain_text("3")


CONTRAST = """
field => {
  const style = getComputedStyle(field, "::file-selector-button");
  const light = colour => { const [r, g, b] = colour.match(/\\d+/g).map(part => part / 255)
    .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const [dark, bright] = [light(style.color), light(style.backgroundColor)].sort((one, two) => one - two);
  return (bright + 0.05) / (dark + 0.05);
}
"""
LEGIBLE = 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_button_that_chooses_a_file_can_be_read(portfolio: Scene, theme: Theme) -> None:
    page = portfolio.page_of(Role.ADMIN, "/accounts?dialog=import", theme=theme)
    assert page.get_by_label("CSV file").evaluate(CONTRAST) >= LEGIBLE


def test_the_selection_leaves_as_a_file(portfolio: Scene) -> None:
    page = portfolio.page_of(Role.MEMBER, "/accounts?payment_status=paid&sort=name")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
    assert [line.partition(",")[0] for line in lines[1:]] == ["Acme", "Borealis", "Cobalt"]
    assert "360.00" in lines[1]


def test_an_account_without_a_customer_has_no_figure_rather_than_zero(portfolio: Scene) -> None:
    page = portfolio.page_of(Role.MEMBER, "/accounts?sort=mrr")
    assert names_in(page)[-1] == "Quiet"
    quiet = page.get_by_role("row", name="Quiet")
    expect(quiet).to_contain_text("— no Stripe customer")
    expect(quiet).not_to_contain_text("0.00")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    line = Path(download.value.path()).read_text("utf-8-sig").splitlines()[-1]
    assert line.startswith("Quiet,quiet.com,,,,")


def test_pages_lead_forwards_and_back(scene: Scene) -> None:
    scene.add_accounts([(f"Account {number:03d}", f"account{number}.com") for number in range(120)])
    page = scene.page_of(Role.MEMBER, "/accounts?sort=name")
    names = page.locator("#accounts-table tbody th > a")
    page.get_by_role("link", name="Next").click()
    expect(names.first).to_have_text("Account 050")
    page.get_by_role("link", name="Next").click()
    expect(names.last).to_have_text("Account 119")
    page.get_by_role("link", name="Previous").click()
    expect(names.first).to_have_text("Account 050")
    page.go_back()
    expect(names.first).to_have_text("Account 100")


def test_figures_equal_those_of_the_api(portfolio: Scene) -> None:
    page = portfolio.page_of(Role.MEMBER, "/accounts?sort=name")
    rows = portfolio.workspace.api.everything("/accounts?sort=name")
    for row in rows:
        shown = page.get_by_role("row", name=row["name"]).locator("data.money")
        assert shown.nth(0).get_attribute("value") == row["mrr"]["amount"]
        assert shown.nth(1).get_attribute("value") == row["arr"]["amount"]
    for row in rows:
        billing: Any = portfolio.workspace.api.get(f"/accounts/{row['id']}/billing")
        page.goto(f"/accounts/{row['id']}")
        if not billing["matched"]:
            expect(page.get_by_role("main")).to_contain_text("two possible reasons")
            continue
        figures = page.locator(".figures data.money")
        wanted = [billing[name]["amount"] for name in ("mrr", "arr", "lifetime_value")]
        assert [figures.nth(place).get_attribute("value") for place in range(3)] == wanted
        expect(page.get_by_role("region", name="Table of invoices").locator("tbody tr")).to_have_count(
            len(billing["invoices"])
        )
