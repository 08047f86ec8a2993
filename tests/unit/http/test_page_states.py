"""What pages say where something is missing, unknown, over, or on its way."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from fractions import Fraction
from html import unescape

import pytest
from flask.testing import FlaskClient
from tests.contracts.samples import a_price, a_subscription, an_item
from tests.unit.http.acme import account, billing_story, connect, finish_sync
from tests.unit.http.browsing import page_token
from tests.unit.memory_product import ADMIN, MEMBER, OWNER, Product

from clynto.application.queries.mrr_history import HistoryShown, MovementShown, PointShown
from clynto.application.queries.preview_basis import ACCOUNTS_COMPARED
from clynto.domain.catalogue import PriceAmounts, Recurrence
from clynto.domain.exchange_rates import ExchangeRates
from clynto.domain.money import MoneyBag
from clynto.domain.money_view import view_of
from clynto.domain.month_ends import Month
from clynto.domain.mrr_history import Confidence
from clynto.domain.provenance import Provenance
from clynto.domain.roles import Role
from clynto.domain.sync_run import StepName
from clynto.entrypoints.http.pages.presenters.mrr_chart import axis, mrr_chart

BrowserOf = Callable[[str], FlaskClient]
POLL = re.compile(r'hx-get="(/integrations/card\?[^"]*)"')


def figure(page: str, name: str) -> str:
    """What stands under ``name``, without markup."""
    (shown,) = re.findall(rf"<dt>{name}</dt>\s*<dd>(.*?)</dd>", page, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", "", shown).strip()


def test_an_address_that_does_not_exist_keeps_the_navigation_of_who_is_signed_in(
    stranger: FlaskClient, browser_of: BrowserOf
) -> None:
    lost = browser_of(MEMBER).get("/no-such-page")
    assert lost.status_code == 404
    assert '<nav class="nav"' in lost.text
    assert "<nav" not in stranger.get("/no-such-page").text


@pytest.mark.parametrize(
    ("tab", "seen"),
    [("", True), ("/rates", True), ("/people", True), ("/data", True), ("/tokens", False), ("/audit", False)],
)
def test_members_are_told_what_they_see_of_the_settings(browser_of: BrowserOf, tab: str, seen: bool) -> None:
    page = browser_of(MEMBER).get(f"/settings{tab}").text
    assert ("You can see everything here." in page) == seen
    assert ("Only for admins and owners" in page) != seen


@pytest.mark.parametrize(
    ("email", "advice"), [(ADMIN, '<a href="/settings">set a default currency</a>'), (MEMBER, "an admin can set")]
)
def test_a_sum_of_several_currencies_names_its_parts(
    product: Product, browser_of: BrowserOf, email: str, advice: str
) -> None:
    billing_story(product)
    pay_in_yen(product)
    browser = browser_of(email)
    whole = browser.get("/accounts").text
    (rhein,) = re.findall(r'href="(/accounts/acc_\w+)" title="Globex"', whole)
    for page in (whole, browser.get(rhein).text):
        told = re.sub(r"\s+", " ", page)
        assert re.search(r"MRR by currency</span>.*¥.*\$.*The sum mixes them without conversion; ", told)
        assert f"without conversion; {advice}" in told


def test_a_chart_without_changes_leaves_no_room_for_them() -> None:
    month = Month(2026, 10)
    points = tuple(
        PointShown(month, view_of(bag, None, ExchangeRates(()), dt.date(2026, 10, 31)), Confidence.OBSERVED, (), bag)
        for bag in (MoneyBag.of("USD", 10_000), MoneyBag.of("USD", 20_000))
    )
    grown = MovementShown(month, "expansion", points[0].mrr)
    plain, changed = mrr_chart(HistoryShown(points, ())), mrr_chart(HistoryShown(points, (grown,)))
    assert plain is not None
    assert changed is not None
    assert (plain.has_movements, changed.has_movements) == (False, True)
    # Words of twelve pixels stand with their foot four pixels above the end.
    assert plain.height - 4 - 12 - plain.grid[0][0] in range(5, 20)
    assert plain.height < changed.height


def test_a_preview_says_where_it_has_not_looked_at_all_accounts(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    preview = browser_of(MEMBER).get("/settings").text
    assert "of 2 accounts would show another MRR." in preview
    for number in range(ACCOUNTS_COMPARED - 1):
        account(product, f"Company {number}", f"company{number}.com")
    preview = browser_of(MEMBER).get("/settings").text
    assert "of 200 accounts (those with the most MRR) would show another MRR." in preview


def test_who_has_no_accounts_is_sent_where_they_come_from(product: Product, browser_of: BrowserOf) -> None:
    page = browser_of(ADMIN).get("/accounts").text
    assert "then connect Stripe." in page
    connect(product)
    finish_sync(product)
    page = browser_of(ADMIN).get("/accounts").text
    assert "then connect Stripe." not in page
    assert '<a class="btn" href="/integrations/customers">See Stripe\'s customers</a>' in page


def test_revenue_that_nobody_knows_is_not_shown_as_none(product: Product, browser_of: BrowserOf) -> None:
    account(product, "Early Bird", "earlybird.com")
    page = browser_of(MEMBER).get("/accounts").text
    assert [figure(page, name) for name in ("MRR", "ARR")] == ["—", "—"]
    assert "0.00" not in browser_of(MEMBER).get("/integrations/customers").text
    assert "0.00" not in browser_of(MEMBER).get("/settings").text
    connect(product)
    finish_sync(product)
    page = browser_of(MEMBER).get("/accounts").text
    assert [figure(page, name) for name in ("MRR", "ARR")] == ["0.00", "0.00"]


def test_amounts_that_are_left_out_of_a_sum_are_named_beside_it(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    pay_in_yen(product)
    browser = browser_of(ADMIN)
    told = "Left out of the sums, since there is no rate: JPY;"
    assert told not in browser.get("/accounts").text
    set_up = {"name": "Rhein", "default_currency": "USD", "mrr_basis": "list", "own_domains": ""}
    assert browser.post("/settings", data={**set_up, "csrf_token": page_token(browser)}).status_code == 303
    assert told in browser.get("/accounts").text


def pay_in_yen(product: Product) -> None:
    """Globex gets a second subscription, in another currency."""
    with product.units.writing(product.workspace_id) as uow:
        price = a_price(
            "price_yen",
            currency="JPY",
            tiered=False,
            tiers_mode=None,
            package=None,
            currency_options={},
            amounts=PriceAmounts(unit_amount=Fraction(1_500), tiers=None),
            recurrence=Recurrence("month", 1, metered=False),
        )
        item = an_item("si_yen", price=price, quantity=1, discounts=())
        yen = a_subscription(
            "sub_yen",
            customer_id="cus_globex",
            currency="JPY",
            items=(item,),
            canceled_at=None,
            collection_pause=None,
            pause_reason=None,
            trial_end=None,
        )
        uow.subscriptions.put_many([yen], Provenance.of_read(product.clock.now()))
        uow.commit()
    product.rematch()


def test_what_was_never_read_cannot_be_removed(product: Product, browser_of: BrowserOf) -> None:
    page = browser_of(OWNER).get("/settings/data").text
    assert 'disabled title="Nothing was read from Stripe yet."' in page
    billing_story(product)
    product.services().integration.disconnect_stripe(product.actor_of(Role.OWNER))
    assert "Nothing was read from Stripe yet." not in browser_of(OWNER).get("/settings/data").text


def test_deleting_an_account_without_customers_promises_nothing_about_them(
    product: Product, browser_of: BrowserOf
) -> None:
    ids = billing_story(product)
    lone = account(product, "Lone", "lone.com")
    assert "Stripe customer" not in re.findall(r'id="delete".*?</dialog>', page_of(browser_of, lone), re.DOTALL)[0]
    assert "Its 1 Stripe customer and its invoices stay" in page_of(browser_of, ids["acme"])


def page_of(browser_of: BrowserOf, account_id: str) -> str:
    """An account with the question whether to delete it."""
    return browser_of(ADMIN).get(f"/accounts/{account_id}/billing?dialog=delete").text


def test_an_open_card_is_left_alone_while_nothing_changes(product: Product, browser_of: BrowserOf) -> None:
    browser = browser_of(ADMIN)
    connect(product)
    finish_sync(product)
    poll = unescape(POLL.findall(browser.get("/integrations").text)[0])
    assert browser.get(poll).status_code == 204
    product.services().integration.disconnect_stripe(product.actor_of(Role.OWNER))
    changed = browser.get(poll)
    assert changed.status_code == 200
    assert "Disconnected" in changed.text
    assert changed.headers["HX-Trigger"] == "sync-ended"


def test_each_step_of_a_sync_is_said_once(product: Product, browser_of: BrowserOf) -> None:
    browser = browser_of(MEMBER)
    connect(product)
    page = browser.get("/integrations").text
    assert '<p class="visually-hidden" role="status" id="sync-said">Syncing...</p>' in page
    with product.units.writing(product.workspace_id) as uow:
        waiting = uow.sync_runs.active()
        assert waiting is not None
        run = waiting.take_up(product.clock.now()).begin_step(StepName.PRODUCTS)
        uow.sync_runs.save(run, holding=waiting.attempt)
        uow.commit()
    said = re.compile(r'<p id="sync-said" hx-swap-oob="innerHTML">([^<]*)</p>')
    first = browser.get(unescape(POLL.findall(page)[0])).text
    assert said.findall(first) == ["Syncing... Step 1 of 6: Products"]
    with product.units.writing(product.workspace_id) as uow:
        uow.sync_runs.save(
            run.finish_step(StepName.PRODUCTS, records=3).begin_step(StepName.PRICES), holding=run.attempt
        )
        uow.commit()
    second = browser.get(unescape(POLL.findall(first)[0])).text
    assert said.findall(second) == ["Syncing... Step 2 of 6: Prices"]
    again = unescape(POLL.findall(second)[0]).replace("seen=", "seen=not")
    assert said.findall(browser.get(again).text) == [], "the same sentence is not read out twice"


def test_without_script_a_row_is_chosen_by_the_server_which_names_it_itself(
    product: Product, browser_of: BrowserOf
) -> None:
    browser = browser_of(OWNER)
    product.services().people.issue_token(product.actor_of(Role.OWNER), name="Nightly export", role=Role.MEMBER)
    for page, dialog, key, named in (
        ("/settings/people", "remove", "user", MEMBER),
        ("/settings/tokens", "revoke", "token", "Nightly export"),
    ):
        rows = re.findall(rf'<input type="hidden" name="{key}" value="([^"]+)">.*?{named}', browser.get(page).text)
        asked = browser.get(f"{page}?dialog={dialog}&{key}={rows[-1]}&who=Somebody&name=Else").text
        (shown,) = re.findall(rf'<dialog [^>]*id="{dialog}"[^>]* open>.*?</dialog>', asked, re.DOTALL)
        assert named in shown
        assert f'value="{rows[-1]}"' in shown
        assert not re.search("Somebody|Else", shown)
        assert f'id="{dialog}" aria-labelledby="{dialog}-title" open' not in browser.get(f"{page}?dialog={dialog}").text


@pytest.mark.parametrize(
    ("sort", "said"),
    [("-mrr", False), ("-mrr_change_30", True), ("mrr_change_90", True), ("-mrr_change_12_months", True)],
)
def test_an_order_that_may_be_behind_its_figures_says_so(
    product: Product, browser_of: BrowserOf, sort: str, said: bool
) -> None:
    billing_story(product)
    page = browser_of(MEMBER).get(f"/accounts?sort={sort}").text
    assert ("their order is renewed with every change of an account and once an hour" in page) is said


@pytest.mark.parametrize(
    ("top", "currency", "labels"),
    [
        (Fraction(300), "USD", ["$0", "$150", "$300"]),
        (Fraction(3, 10), "USD", ["$0", "$0.15", "$0.30"]),
        (Fraction(5_000), None, ["0", "2,500", "5,000"]),
        (Fraction(15_000), "CHF", ["0\u00a0CHF", "7.5k\u00a0CHF", "15k\u00a0CHF"]),
        (Fraction(1_500_000), "EUR", ["€0", "€0.75M", "€1.5M"]),
        (Fraction(150_000_000_000), "USD", ["$0", "$75B", "$150B"]),
    ],
)
def test_an_axis_is_told_in_few_letters(top: Fraction, currency: str | None, labels: list[str]) -> None:
    assert list(axis(top, currency)) == labels
