"""What pages for people say and offer, looked at without a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from tests.unit.http.acme import (
    DAY,
    account,
    an_event,
    billing_story,
    connect,
    finish_sync,
    save_secret,
    signed,
    webhook_path,
)
from tests.unit.http.browsing import page_token
from tests.unit.memory_product import ADMIN, MEMBER, Product

from clynto.domain.connection import ConnectionFault
from clynto.domain.roles import Role
from clynto.entrypoints.http.pages.presenters.accounts_table import COLUMNS

SORTED = re.compile(r'aria-sort="(\w+)"')
BrowserOf = Callable[[str], FlaskClient]


def heads_of(table: str) -> list[str]:
    """The column heads."""
    return re.findall(r"<th scope=\"col\"[^>]*>([^<]*)</th>", table)


def test_who_is_lost_keeps_the_navigation_if_signed_in(stranger: FlaskClient, browser_of: BrowserOf) -> None:
    lost = browser_of(MEMBER).get("/accounts/acc_that_is_not_there")
    assert lost.status_code == 404
    assert "Not found" in lost.text
    assert '<nav class="nav"' in lost.text
    mistyped = browser_of(MEMBER).get("/accounts?payment_status=bogus")
    assert mistyped.status_code == 422
    assert '<nav class="nav"' in mistyped.text
    unknown = stranger.get("/no-such-page")
    assert unknown.status_code == 404
    assert "<nav" not in unknown.text


@pytest.mark.parametrize(
    ("open_page", "afterwards"),
    [
        ("http://localhost/inbox?status=open", "/login?next=/inbox?status%3Dopen"),
        ("http://elsewhere.example/inbox", "/login"),
        (None, "/login"),
    ],
)
def test_a_session_that_ended_leads_back_to_the_page_that_was_open(
    stranger: FlaskClient, open_page: str | None, afterwards: str
) -> None:
    headers = {"HX-Request": "true"} | ({"HX-Current-URL": open_page} if open_page else {})
    answer = stranger.get("/inbox/newest", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == afterwards


def test_a_mistyped_password_is_asked_for_again_at_its_field(product: Product, stranger: FlaskClient) -> None:
    form = {"email": MEMBER, "password": "not the one", "csrf_token": page_token(stranger)}
    refused = stranger.post("/login", data=form).text
    focused = re.findall(r'<input [^>]*id="(\w+)"[^>]* autofocus', refused)
    assert focused == ["password"]
    assert re.findall(r'<input [^>]*id="(\w+)"[^>]* autofocus', stranger.get("/login").text) == ["email"]


@pytest.mark.parametrize(
    ("status", "words"), [("resolved", "Nothing is resolved yet"), ("dismissed", "Nothing is dismissed")]
)
def test_an_empty_view_of_the_inbox_says_what_would_be_in_it(browser_of: BrowserOf, status: str, words: str) -> None:
    browser = browser_of(MEMBER)
    assert words in browser.get(f"/inbox?status={status}").text
    assert (
        "No signal fits the chosen view and filter" in browser.get(f"/inbox?status={status}&type=payment_failed").text
    )


def test_invoices_begin_with_what_people_look_for(product: Product, browser_of: BrowserOf) -> None:
    ids = billing_story(product)
    page = browser_of(MEMBER).get(f"/accounts/{ids['acme']}/billing").text
    invoices = page[page.index('aria-label="Table of invoices"') :]
    # Amount, status and date, as the guide lists them.
    assert heads_of(invoices)[:4] == ["Invoice", "Amount", "Status", "Paid on"]
    assert ">Monthly</td>" in page


def test_the_audit_log_says_first_what_happened(browser_of: BrowserOf) -> None:
    page = browser_of(ADMIN).get("/settings/audit").text
    assert heads_of(page) == ["When", "What", "Who", "Action"]


def test_choosing_an_account_is_about_a_customer_by_name(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    api = browser_of(MEMBER)
    customer = api.get("/api/v1/integrations/stripe/customers?matched=false").get_json()["items"][0]
    page = browser_of(ADMIN).get(f"/integrations/customers/{customer['id']}/choices?account=acme").text
    assert f"<h1>Choose an account for {customer['name'] or customer['email']}</h1>" in page
    assert "acme.com" in page
    assert (
        "<h1>Choose an account for cus_unknown</h1>"
        in browser_of(ADMIN).get("/integrations/customers/cus_unknown/choices").text
    )


def test_a_sync_that_runs_already_is_a_notice_and_no_error(product: Product, browser_of: BrowserOf) -> None:
    connect(product)
    browser = browser_of(ADMIN)
    answer = browser.post("/integrations/stripe/sync", data={"csrf_token": page_token(browser)})
    assert answer.status_code == 409
    assert re.search(r'notice--info" role="alert".*?Sync already running', answer.text, re.DOTALL)
    assert 'hx-trigger="sync-ended from:body, every 3s"' in answer.text


def test_only_who_can_configure_webhooks_is_urged_to(product: Product, browser_of: BrowserOf) -> None:
    connect(product)
    finish_sync(product)
    urged = re.compile(r'<button class="btn (btn--main)?"[^>]*>Configure webhooks')
    looks = {email: urged.search(browser_of(email).get("/integrations").text) for email in (ADMIN, MEMBER)}
    assert {email: found and found.group(1) for email, found in looks.items()} == {ADMIN: "btn--main", MEMBER: None}


def test_after_an_import_the_dialog_is_closed_and_leads_back_to_the_accounts(browser_of: BrowserOf) -> None:
    browser = browser_of(ADMIN)
    dialog = re.compile(r'method="post" action="/accounts/import".*?</form>', re.DOTALL)
    before = dialog.search(browser.get("/accounts?dialog=import").text)
    lines = b"name,domain,owner\nAcme,acme.com,Ann\n"
    form = {"csrf_token": page_token(browser), "file": (BytesIO(lines), "accounts.csv")}
    page = browser.post("/accounts/import", data=form, follow_redirects=True).text
    assert "1 created, 0 updated, 0 unchanged, 0 lines rejected." in page
    assert "Nothing is taken from this column: owner." in page
    after = dialog.search(page)
    assert before is not None
    assert after is not None
    assert ">Cancel<" in before.group()
    assert ">Close<" in after.group()
    # The answer to the file stands at an address that only takes files: without script, no button may ask for it.
    assert 'method="get" action="/accounts/import"' not in page


@pytest.mark.parametrize(("typed", "told"), [("UDS", "“UDS” is no currency in use"), ("dollar", "three letters")])
def test_a_slip_of_the_finger_is_no_default_currency(browser_of: BrowserOf, typed: str, told: str) -> None:
    browser = browser_of(ADMIN)
    form = {"csrf_token": page_token(browser), "name": "Rheinwerk", "default_currency": typed, "mrr_basis": "list"}
    refused = browser.post("/settings", data=form)
    assert refused.status_code == 422
    assert told in refused.text
    assert browser.get("/api/v1/workspace").get_json()["default_currency"] is None


def test_the_card_says_since_when_stripe_tells_of_nothing(product: Product, browser_of: BrowserOf) -> None:
    """Issue 3, 3: a renewal fell due and no event came."""
    billing_story(product)
    save_secret(product)
    quiet = "Webhooks have gone silent"
    assert quiet not in browser_of(ADMIN).get("/integrations").text
    product.clock.advance(seconds=11 * DAY)
    for email in (ADMIN, MEMBER):
        page = browser_of(email).get("/integrations").text
        assert quiet in page
        assert "https://dashboard.stripe.com/" in page
    assert quiet in browser_of(MEMBER).get("/integrations/card?state=connected").text


def test_a_parked_event_is_shown_with_its_fault_in_words(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    save_secret(product)
    body = an_event("evt_parked")
    sent = browser_of(MEMBER).post(webhook_path(product), data=body, headers=signed(body, product.clock.now()))
    assert sent.status_code == 200
    with product.units.writing(product.workspace_id) as uow:
        uow.event_inbox.park(["evt_parked"], fault="stripe_unreachable")
        uow.commit()
    page = browser_of(ADMIN).get("/integrations").text
    assert "1 webhook event is parked" in page
    assert "the last: Stripe unreachable" in page
    assert "Retry all" in page


def test_an_empty_billing_tab_names_the_account_that_has_the_same_domain(
    product: Product, browser_of: BrowserOf
) -> None:
    billing_story(product)
    twin = account(product, "Acme <Twin>", "acme.com")
    page = browser_of(MEMBER).get(f"/accounts/{twin}/billing").text
    assert "Acme, Inc.</a> also has a domain of this account" in page
    assert "No Stripe customer has an email address" not in page
    browser = browser_of(ADMIN)
    for domain, promised in (("acme.com", False), ("new.com", True)):
        form = {"csrf_token": page_token(browser), "name": "Third", "domains": domain}
        added = browser.post("/accounts/add", data=form, follow_redirects=True).text
        assert "The account was added." in added
        assert ("are being matched to it" in added) is promised


def test_an_import_without_a_file_asks_for_one(browser_of: BrowserOf) -> None:
    browser = browser_of(ADMIN)
    form = {"csrf_token": page_token(browser), "file": (BytesIO(b""), "")}
    for sent in (form, {"csrf_token": page_token(browser)}):
        refused = browser.post("/accounts/import", data=sent, content_type="multipart/form-data")
        assert refused.status_code == 422
        assert "Choose a CSV file." in refused.text


def test_the_sync_history_tells_what_was_corrected_and_what_could_not_be_used(
    product: Product, browser_of: BrowserOf
) -> None:
    connect(product)
    with product.units.writing(product.workspace_id) as uow:
        run = uow.sync_runs.active()
        assert run is not None
        noted = run.note_drift(["No event told that sub_1 is past due."]).skip(["invoice in_odd <no customer>"])
        uow.sync_runs.save(noted, holding=run.attempt)
        uow.commit()
    finish_sync(product)
    page = browser_of(MEMBER).get("/integrations").text
    assert "What this sync corrected" in page
    assert "No event told that sub_1 is past due." in page
    assert "1 object could not be used" in page
    assert "invoice in_odd &lt;no customer&gt;" in page
    for step in ("Products", "Prices", "Customers", "Subscriptions", "Invoices", "Account billing", "Duration"):
        assert f">{step}</th>" in page


@pytest.mark.parametrize(
    ("form", "page"),
    [
        ("/accounts/add", "/accounts?dialog=add"),
        ("/accounts/import", "/accounts?dialog=import"),
        ("/accounts/{acme}/edit", "/accounts/{acme}"),
        ("/integrations/stripe/connect", "/integrations"),
        ("/settings/tokens/revoke", "/settings/tokens"),
        ("/logout", "/"),
    ],
)
def test_a_tab_that_comes_back_to_a_form_gets_the_page_around_it(
    product: Product, browser_of: BrowserOf, form: str, page: str
) -> None:
    ids = billing_story(product)
    answer = browser_of(MEMBER).get(form.format(**ids))
    assert (answer.status_code, answer.headers["Location"]) == (303, page.format(**ids))


FIGURES = ("/accounts", "/inbox")


def test_pages_of_figures_say_as_of_when_and_whether_they_are_whole(product: Product, browser_of: BrowserOf) -> None:
    """Guarantee 12: stale, unauthenticated and incomplete figures are called so where they are looked at."""

    def said() -> list[str]:
        browser = browser_of(MEMBER)
        return [browser.get(path).text for path in FIGURES]

    account(product, "Early Bird", "earlybird.com")
    assert "Stripe is not connected" in said()[0]
    connect(product)
    for page in said():
        assert "The first sync is running" in page
    finish_sync(product)
    told = said()
    assert "From Stripe, as of" in told[0]
    for page in told:
        assert not re.search("first sync is running|Stripe is not connected|did not complete|Frozen", page)
    with product.units.writing(product.workspace_id) as uow:
        uow.connections.save(uow.connections.get().sync_failed(ConnectionFault("invalid_api_key", "Refused.")))
        uow.commit()
    for page in said():
        assert "The last sync did not complete" in page
    product.services().integration.disconnect_stripe(product.actor_of(Role.ADMIN))
    told = said()
    assert "From Stripe, as of" in told[0]
    for page in told:
        assert "Frozen" in page


def test_every_column_head_of_the_accounts_sorts_and_says_so(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    browser = browser_of(MEMBER)
    browser.set_cookie("clynto_columns", ".".join(column.name for column in COLUMNS))
    links = re.findall(r'<th scope="col"[^>]*><a href="([^"]+)">', browser.get("/accounts").text)
    assert len(links) == len(COLUMNS) + 1
    for number, link in enumerate(links):
        for direction in ("first", "turned"):
            page = browser.get(unescape(link)).text
            heads = re.findall(r'<th scope="col"([^>]*)><a href="([^"]+)">', page)
            sorted_by = {place: found for place, (marks, _) in enumerate(heads) if (found := SORTED.search(marks))}
            assert list(sorted_by) == [number], f"{link} {direction}"
            descending = "sort=-" in link or link == "/accounts"
            assert sorted_by[number].group(1) == ("descending" if descending else "ascending")
            assert "Acme, Inc." in page
            link = heads[number][1]
