"""Around every page: first visit, sign-in and sign-out, theme, keyboard, time zone, and the mode."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect
from tests.browser.scene import Scene
from tests.integration.product.installation import PASSWORD, Installation
from tests.integration.webhooks.running_product import RunningProduct

from clynto.domain.roles import Role

pytestmark = pytest.mark.xdist_group("settings stories")

FAR_AWAY = "Asia/Tokyo"


@pytest.fixture
def untouched(browsed_product: RunningProduct, tmp_path: Path) -> Iterator[Installation]:
    """An installation that nobody has set up."""
    installation = Installation(tmp_path, browsed_product.stripe.url, {"CLYNTO_REDIS_URL": browsed_product.redis.url})
    installation.clynto("migrate")
    installation.start_web()
    yield installation
    installation.stop()


def test_the_first_visit_sets_up_a_workspace(scene: Scene, untouched: Installation) -> None:
    scene.neighbours.append(untouched.base)
    page = scene.visitor()
    page.goto(untouched.base)
    page.wait_for_url("**/setup")
    page.get_by_label("Set-up code").fill("a guess")
    page.get_by_label("Workspace name").fill("Rheinwerk")
    page.get_by_label("Your email").fill("owner@rheinwerk.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create workspace").click()
    expect(page.get_by_label("Set-up code")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Workspace name")).to_have_value("Rheinwerk")
    page.get_by_label("Set-up code").fill((untouched.folder / "set_up_code").read_text("ascii").strip())
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create workspace").click()
    expect(page.get_by_role("main")).to_contain_text("No accounts yet")
    expect(page.get_by_role("main").get_by_role("button", name="Import CSV").first).to_be_enabled()
    page.goto(f"{untouched.base}/setup")
    page.wait_for_url("**/accounts")


def test_sign_in_and_out(scene: Scene) -> None:
    page = scene.visitor()
    page.goto("/inbox?status=resolved")
    page.get_by_label("Email").fill(scene.emails[Role.MEMBER])
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/inbox?status=resolved")
    expect(page.locator(".side .person")).to_contain_text("Role: member")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    page.goto("/accounts")
    page.wait_for_url("**/login**")


def test_the_theme_of_the_system_holds_until_somebody_chooses(scene: Scene) -> None:
    page = scene.page_of(Role.MEMBER, theme="dark")
    paper = page.locator("body")
    expect(paper).to_have_css("background-color", "rgb(19, 19, 18)")
    page.get_by_role("button", name="Theme").click()
    expect(paper).to_have_css("background-color", "rgb(246, 245, 242)")
    page.reload()
    expect(paper).to_have_css("background-color", "rgb(246, 245, 242)")


def test_a_walk_with_the_keyboard_alone(scene: Scene) -> None:
    scene.add_accounts([("Acme", "acme.com"), ("Borealis", "borealis.com")])
    page = scene.page_of(Role.ADMIN)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    names = []
    for _ in range(30):
        page.keyboard.press("Tab")
        name, seen = page.evaluate(
            """() => {
                const here = document.activeElement, style = getComputedStyle(here), box = here.getBoundingClientRect();
                const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
                return [here.innerText || here.id || here.tagName, seen && box.bottom > 0 && box.top < innerHeight];
            }"""
        )
        assert seen, f"nobody sees that {name} has the focus"
        names.append(name.strip())
        if name.strip() == "Borealis":
            break
    assert names[-1] == "Borealis"
    assert names.index("Columns") < names.index("Add account") < names.index("Acme")
    opener = page.get_by_role("button", name="Add account")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_times_are_in_the_viewers_zone_with_the_exact_one_on_hover(scene: Scene) -> None:
    scene.connect()
    page = scene.page_of(Role.MEMBER, "/integrations", zone=FAR_AWAY)
    shown = page.locator("#stripe-card time").first
    moment = dt.datetime.fromisoformat(str(shown.get_attribute("datetime"))).astimezone(ZoneInfo(FAR_AWAY))
    expect(shown).to_contain_text(moment.strftime("%H:%M"))
    title = str(shown.get_attribute("title"))
    assert FAR_AWAY in title
    assert moment.strftime("%H:%M:%S") in title
    assert moment.astimezone(dt.UTC).strftime("%H:%M:%S UTC") in title


def test_test_mode_cannot_be_overlooked(scene: Scene) -> None:
    page = scene.page_of(Role.MEMBER)
    expect(page.locator(".testbar")).to_have_count(0)
    scene.connect()
    page.reload()
    expect(page.locator(".testbar")).to_have_text(
        "Test mode: these figures come from Stripe's test environment, not from real customers."
    )
    expect(page.locator(".side .mode")).to_have_text("Test mode")


def test_pages_work_without_script(scene: Scene) -> None:
    scene.add_accounts([("Acme", "acme.com")])
    page = scene.visitor(script=False)
    page.goto("/login")
    page.get_by_label("Email").fill(scene.emails[Role.ADMIN])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Add account").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Borealis")
    dialog.get_by_label("Domains").fill("borealis.com")
    dialog.get_by_role("button", name="Add account").click()
    expect(page.get_by_role("heading", name="Borealis")).to_be_visible()


def test_an_open_page_says_when_it_is_no_longer_kept_up_to_date(scene: Scene) -> None:
    page = scene.page_of(Role.MEMBER, "/inbox")
    for trouble in ("503", "cut off"):
        page.route(
            "**/inbox/newest*",
            lambda route, cut=trouble == "cut off": route.abort() if cut else route.fulfill(status=503, body=""),
        )
        told = page.get_by_role("alert")
        expect(told).to_contain_text("Clynto does not answer")
        expect(told).to_contain_text("may be out of date")
        page.unroute("**/inbox/newest*")
        expect(told).to_have_count(0)
    # Chromium notes what we withheld.
    scene.complaints = [one for one in scene.complaints if not re.search(r"status of 503|ERR_FAILED|htmx:", one)]


def test_what_is_printed_is_dark_on_light_and_holds_no_controls(scene: Scene) -> None:
    scene.add_accounts([("Acme", "acme.com")])
    page = scene.page_of(Role.MEMBER, theme="dark")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    expect(page.locator("body")).to_have_css("color", "rgb(236, 234, 229)")
    page.emulate_media(media="print")
    expect(page.locator("body")).to_have_css("color", "rgb(29, 28, 26)")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.get_by_role("searchbox")).to_be_hidden()
    expect(page.get_by_role("row", name="Acme")).to_be_visible()


def test_a_long_address_stays_within_the_navigation(scene: Scene) -> None:
    page = scene.page_of(Role.MEMBER)
    page.locator(".side .person .clip").evaluate("shown => { shown.textContent = 'a'.repeat(200) + '@acme.example'; }")
    assert page.locator(".side").evaluate("side => side.scrollWidth <= side.clientWidth")
    ends = "shown => [shown.getBoundingClientRect().right, shown.closest('.side').getBoundingClientRect().right]"
    shown, side = page.locator(".side .person .clip").evaluate(ends)
    assert shown < side
