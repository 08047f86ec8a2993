"""What every page keeps, with names and amounts that mean it ill: no violation of accessibility in either theme, light
weight, nothing from elsewhere, nothing inline, no sideways scrolling on a phone, all controls in reach of the keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, CDPSession, Page
from tests.browser.every_page import EMPTY, FULL, Shot
from tests.browser.scene import Scene, Theme, new_scene
from tests.integration.webhooks.running_product import RunningProduct

from clynto.domain.roles import Role

pytestmark = [pytest.mark.xdist_group("every page"), pytest.mark.timeout(300)]

MARKUP = '<img src=x onerror="document.title=1"><b>Acme & Sons</b>'
LONG = "Donaudampfschifffahrtsgesellschaft" * 8 + "Kapitänsmützenladengmbhco1234"
SEATS_FOR_14_DIGITS = 10_288_065_751
"""At 12.00 each: 123,456,789,012.00."""
HEAVIEST, LIGHTEST = 100_000, 55_000
"""Bytes that a page may transfer without cache, style sheets and scripts counted; with less, some were not counted."""
PHONE = 360
PAGES = (*FULL, Shot("mixed-billing", "/accounts/{mixed}/billing"), Shot("mixed-mrr", "/accounts/{mixed}/mrr"))
OPEN_TO_MEMBERS = re.compile(
    r"^/(logout|accounts/columns|inbox/[^/]+/(dismiss|reopen)|larry.*|settings/people/own-password)$"
)
REASON = re.compile(
    r"^(Needs the (admin or owner|owner) role|Disconnect Stripe before you remove its data|"
    r"Nothing was read from Stripe yet)\.$"
)
BARRED = {
    "accounts": 2,
    "account-billing": 2,
    "integrations": 3,
    "customers": 1,
    "settings-people": 2,
    "settings-data": 2,
}
"""Buttons that a member sees and cannot press, at least."""
INLINE = re.compile(r"""<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+\s*=\s*["']|javascript:""", re.IGNORECASE)


@pytest.fixture(scope="module")
def crowd(browsed_product: RunningProduct, chromium: Browser) -> Iterator[Scene]:
    """A workspace where every page has something to show, much of it out of the ordinary."""
    browsed_product.put_right()
    scene = new_scene(browsed_product, chromium)
    many = [(f"Company {number:02d}", f"company{number:02d}.com") for number in range(48)]
    scene.add_accounts([(MARKUP, "markup.com"), (LONG, "long.com"), ("Late", "late.com"), *many])
    scene.customer(MARKUP, "markup.com", seats=SEATS_FOR_14_DIGITS)
    both = scene.customer(LONG, "long.com", price="business_month", seats=3)
    scene.account.subscription(both, "team_month", 2, currency="eur")
    scene.customer(f"{MARKUP} unmatched", "gmail.com")
    refuse_payments(scene, both)
    recovered = scene.customer("Late", "late.com")
    refuse_payments(scene, recovered)
    scene.connect()
    scene.account.tell("recover", customer=recovered)
    scene.workspace.resync()
    api = scene.workspace.api
    api.call("PATCH", "/workspace", json={"exchange_rates": [RATE]}, expect=200)
    api.post("/tokens", {"name": LONG[:100], "role": "member"}, expect=201)
    yield scene
    scene.close()


RATE = {"date": "2026-01-01", "from": "EUR", "to": "USD", "rate": "1.0842"}


def refuse_payments(scene: Scene, customer: str) -> None:
    """Refuse one of the customer's charges."""
    scene.account.tell("fail_next_payments", customer=customer, times=-1)
    scene.account.tell("invoice_once", customer=customer, amounts=[("Onboarding", 50_000)])


def path_of(scene: Scene, shot: Shot) -> str:
    """Where the page is, with the account and the customer that show most."""
    api = scene.workspace.api
    account = customer = ""
    if "{account}" in shot.path:
        account = api.get("/accounts?sort=-mrr&limit=1")["items"][0]["id"]
    if "{mixed}" in shot.path:
        account = api.get("/accounts?q=Donau")["items"][0]["id"]
    if "{customer}" in shot.path:
        customer = api.get("/integrations/stripe/customers?matched=false&limit=1")["items"][0]["id"]
    return shot.path.format(account=account, mixed=account, customer=customer)


def violations_on(page: Page) -> list[str]:
    """What axe-core objects to."""
    found: list[Any] = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


def watch_transfers(page: Page) -> tuple[CDPSession, list[int]]:
    """The bytes of every answer that comes from now on, headers counted, nothing taken from the cache."""
    session = page.context.new_cdp_session(page)
    sizes: list[int] = []
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    session.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    return session, sizes


OUT_OF_SIGHT = """
parts => parts.filter(part => { const box = part.getBoundingClientRect();
  return box.left < 0 || box.right > innerWidth; }).map(part => part.textContent)
"""
"""The chosen tab and the newest end of a chart have to be seen without scrolling."""
CUT_OFF = """
() => {
  const wide = [...document.querySelectorAll(
    ".side, .person, main :is(.card, .signal, .line, .page__head, .empty, .figures > div)")]
    .filter(part => !part.closest(".scroll") && part.clientWidth && part.scrollWidth > part.clientWidth + 1);
  const axes = [...document.querySelectorAll("svg.chart text")].filter(part => { const box = part.getBBox();
    return box.x < 0 || box.x + box.width > part.ownerSVGElement.viewBox.baseVal.width; });
  const named = [...document.querySelectorAll(".nav a > span:not(.count)")].filter(part =>
    part.offsetWidth > part.parentElement.clientWidth ||
    part.offsetHeight > 2 * parseFloat(getComputedStyle(part).fontSize));
  return [...wide, ...axes, ...named].map(part => `${part.tagName} ${part.textContent.trim().slice(0, 60)}`);
}
"""
"""What stands over something else or ends before its last letter, other than what says so by an ellipsis."""
HERE = """
() => {
  const here = document.activeElement;
  if (here === document.body) return null;
  const style = getComputedStyle(here), box = here.getBoundingClientRect();
  const faults = [];
  const name = here.labels?.[0]?.innerText || here.getAttribute("aria-label") || here.title || here.innerText ||
    document.getElementById(here.getAttribute("aria-labelledby"))?.innerText || "";
  if (!name.trim()) faults.push("has no name");
  if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) faults.push("does not show the focus");
  const points = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.2], [0.5, 0.8]].map(([x, y]) =>
    document.elementFromPoint(box.left + x * box.width, box.top + y * box.height));
  if (!points.some(at => at && (here.contains(at) || at.contains(here)))) faults.push("is out of sight");
  if (!here.dataset.walked) here.dataset.walked = "yes"; else return ["again", []];
  return [`${here.tagName} ${name.trim().slice(0, 40)}`, faults];
}
"""
"""The name of what has the focus, and what is wrong with it there; a bar that stands above it hides it."""
LEFT = """
() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
  .filter(part => part.checkVisibility({visibilityProperty: true}) && !part.disabled && part.type !== "hidden" &&
    part.tabIndex >= 0 && !part.dataset.walked && (document.querySelector("dialog:modal")?.contains(part) ?? true))
  .filter(part => !(part.type === "radio" && document.querySelector(`[name="${part.name}"][data-walked]`)))
  .map(part => `${part.tagName} ${part.innerText || part.name}`)
"""
LONGEST_WALK = 400


@pytest.fixture(scope="module")
def by_day(crowd: Scene) -> Page:
    """An owner's desk."""
    return crowd.page_of(Role.OWNER)


@pytest.fixture(scope="module")
def by_night(crowd: Scene) -> Page:
    """An admin's phone."""
    return crowd.page_of(Role.ADMIN, theme="dark", width=PHONE)


@pytest.fixture(scope="module")
def members(crowd: Scene) -> Page:
    """A member's desk."""
    return crowd.page_of(Role.MEMBER)


@pytest.mark.parametrize("shot", PAGES, ids=lambda shot: shot.name)
def test_by_day(crowd: Scene, by_day: Page, shot: Shot) -> None:
    session, sizes = watch_transfers(by_day)
    path = path_of(crowd, shot)
    answer = by_day.goto(path)
    assert answer is not None
    source = answer.text()
    assert INLINE.findall(source) == []
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert violations_on(by_day) == []
    assert by_day.locator("img").count() == 0, "a name became markup"
    assert by_day.evaluate(CUT_OFF) == []
    assert LIGHTEST < sum(sizes) < HEAVIEST
    session.detach()
    assert crowd.complaints == []


@pytest.mark.parametrize("shot", PAGES, ids=lambda shot: shot.name)
def test_by_night_on_a_phone(crowd: Scene, by_night: Page, shot: Shot) -> None:
    by_night.goto(path_of(crowd, shot))
    assert by_night.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert by_night.eval_on_selector_all(".tabs [aria-current], .chart text:last-of-type", OUT_OF_SIGHT) == []
    assert by_night.evaluate(CUT_OFF) == []
    assert violations_on(by_night) == []


@pytest.mark.parametrize("width", [820, 1024])
def test_between_phone_and_desk_nothing_is_cut_off_and_the_page_has_the_width(crowd: Scene, width: int) -> None:
    page = crowd.page_of(Role.OWNER, width=width)
    faults = []
    for shot in PAGES:
        page.goto(path_of(crowd, shot))
        if page.evaluate("document.documentElement.scrollWidth") > width:
            faults.append(f"{shot.name}: too wide")
        if page.locator("main").evaluate("main => main.clientWidth") < width * 3 / 4:
            faults.append(f"{shot.name}: squeezed")
        faults += [f"{shot.name}: {words}" for words in page.evaluate(CUT_OFF)]
    assert faults == []


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", PHONE)])
def test_pages_that_have_nothing_to_show_yet(scene: Scene, theme: Theme, width: int) -> None:
    page = scene.page_of(Role.OWNER, theme=theme, width=width)
    stranger = scene.visitor(theme=theme, width=width)
    faults = []
    for visited, path in [(stranger, "/login"), *((page, shot.path) for shot in EMPTY)]:
        visited.goto(path)
        if visited.evaluate("document.documentElement.scrollWidth") > width:
            faults.append(f"{path}: too wide")
        faults += [f"{path}: {words}" for words in violations_on(visited)]
    assert faults == []


@pytest.mark.parametrize("shot", PAGES, ids=lambda shot: shot.name)
def test_a_member_is_offered_nothing_that_would_be_refused(crowd: Scene, members: Page, shot: Shot) -> None:
    members.goto(path_of(crowd, shot))
    offered = members.eval_on_selector_all(
        "form[method=post]:has(button:enabled)", "forms => forms.map(form => form.getAttribute('action'))"
    )
    assert [action for action in offered if not OPEN_TO_MEMBERS.match(action)] == []
    reasons = members.eval_on_selector_all("button:disabled", "buttons => buttons.map(button => button.title)")
    assert [reason for reason in reasons if not REASON.match(reason)] == []
    assert len(reasons) >= BARRED.get(shot.name, 0)


def test_the_same_figures_on_pages_and_in_the_api_whatever_their_size(crowd: Scene, members: Page) -> None:
    page = members
    page.goto("/accounts")
    row = crowd.workspace.api.get("/accounts?sort=-mrr&limit=1")["items"][0]
    shown = page.get_by_role("row", name="Acme & Sons").locator("data.money").first
    assert row["mrr"]["amount"] == "123456789012.00"
    assert shown.get_attribute("value") == row["mrr"]["amount"]
    assert shown.inner_text() == "$123,456,789,012.00"
    page.goto(f"/accounts/{row['id']}/mrr")
    explained = crowd.workspace.api.get(f"/accounts/{row['id']}/billing/mrr-explanation")
    assert page.locator("tfoot data.money").get_attribute("value") == explained["mrr"]["amount"]
    page.goto("/inbox")
    for signal in crowd.workspace.signals():
        card = page.locator(f"article[aria-labelledby='{signal['id']}']")
        assert card.locator(".signal__amount data").get_attribute("value") == signal["amount"]["amount"]


@pytest.mark.xdist_group("every control")  # half of the time, so another worker may take them
@pytest.mark.parametrize("shot", PAGES, ids=lambda shot: shot.name)
@pytest.mark.parametrize("browser", ["by_day", "by_night"])
def test_every_control_is_reached_named_and_seen(
    crowd: Scene, browser: str, shot: Shot, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(browser)
    page.goto(path_of(crowd, shot))
    page.evaluate("() => { document.activeElement.blur(); }")
    faults = []
    for _ in range(LONGEST_WALK):
        page.keyboard.press("Tab")
        here = page.evaluate(HERE)
        if here is None:
            continue
        name, found = here
        if name == "again":
            break
        faults += [f"{name} {fault}" for fault in found]
    assert faults == []
    assert page.evaluate(LEFT) == []
