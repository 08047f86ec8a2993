"""The inbox as people see it: what belongs together stands on one card (guide, In the inbox; billing rules 5.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from html import unescape

import pytest
from flask.testing import FlaskClient
from tests.unit.http.acme import billing_story, connect, finish_sync
from tests.unit.http.browsing import page_token
from tests.unit.http.test_signals_api import a_signal
from tests.unit.memory_product import MEMBER, Product

from clynto.domain.connection import ConnectionFault
from clynto.domain.moments import UnixTime
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.domain.signal_cases import debt_case
from clynto.domain.signals import Signal, SignalOutcome, SignalState, SignalType
from clynto.entrypoints.http.pages.account import SIGNALS_SHOWN
from clynto.entrypoints.http.pages.presenters.inbox import PAGE_SIZE
from clynto.ports.read_models import AccountsQuery

BrowserOf = Callable[[str], FlaskClient]
MONTH = 30 * 86_400
NEWEST = 1_789_000_000


def put(product: Product, signals: Sequence[Signal]) -> None:
    """Store them as sig_0, sig_1 and so on."""
    with product.units.writing(product.workspace_id) as uow:
        uow.signals.put_many(
            [(f"sig_{number}", signal) for number, signal in enumerate(signals)], at=product.clock.now()
        )
        uow.commit()


def failed(month: int, **changes: object) -> Signal:
    """An invoice of Globex that was refused so many months ago."""
    changes = {"case_key": debt_case(None, f"in_{month}"), **changes}
    return a_signal(SignalType.PAYMENT_FAILED, "cus_globex", NEWEST - month * MONTH, **changes)


def overdue(month: int) -> Signal:
    """The same invoice made the subscription overdue."""
    case = debt_case(None, f"in_{month}")
    return a_signal(SignalType.PAYMENT_OVERDUE, "cus_globex", NEWEST - month * MONTH, case_key=case)


def cards(page: str) -> list[str]:
    return re.findall(r"<article.*?</article>", page, flags=re.DOTALL)


def badge(page: str) -> str:
    """What stands beside Inbox in the navigation."""
    (shown,) = re.findall(r'id="open-cases">(.*?)</span></a>', page, flags=re.DOTALL)
    return re.sub(r"<[^>]+>", "", shown)


def chips(page: str) -> dict[str, int]:
    """The figures on the filters."""
    return {words: int(count) for words, count in re.findall(r'<a class="chip"[^>]*>([\w ]+) <b>(\d+)</b>', page)}


def globex_billing(product: Product) -> str:
    """Where the Billing tab of Globex is."""
    listed = product.services().accounts.list_accounts(product.actor_of(Role.MEMBER), AccountsQuery()).rows
    globex = next(shown.row.id for shown in listed if shown.row.name == "Globex")
    return f"/accounts/{globex}/billing"


@pytest.fixture
def unpaid_months(product: Product) -> None:
    """Three refused invoices of one subscription, which the newest made overdue, another of the same customer's second
    one, two of none, and one of Acme."""
    billing_story(product)
    put(
        product,
        [
            failed(0),
            failed(1, amount=Fraction(10_000)),
            failed(2, amount=Fraction(5_050)),
            failed(3, subscription_id="sub_second"),
            failed(4, subscription_id=None),
            failed(5, subscription_id=None),
            overdue(0),
            a_signal(SignalType.PAYMENT_FAILED, "cus_acme", NEWEST - 6 * MONTH),
        ],
    )


@pytest.mark.usefixtures("unpaid_months")
def test_unpaid_months_of_one_subscription_stand_on_one_card(browser_of: BrowserOf) -> None:
    page = browser_of(MEMBER).get("/inbox").text
    shown = cards(page)
    assert len(shown) == 5, "one-off invoices belong to no subscription, and to no other"
    (whole,) = [card for card in shown if "<details" in card]
    summary = re.sub(r"<[^>]+>", "", re.findall(r"<summary>(.*?)</summary>", whole, flags=re.DOTALL)[0])
    assert summary.strip() == "3 more on this subscription, $150.50", "what is overdue was refused, and is owed once"
    assert whole.index("$149.00") < whole.index("<details")
    assert [f"/inbox/sig_{number}/dismiss" in whole for number in (0, 1, 2, 3, 6)] == [True, True, True, False, True]
    assert "5 cases with 8 signals shown" in page
    assert badge(page) == "5 open cases"


@pytest.mark.usefixtures("unpaid_months")
def test_by_time_every_case_stands_where_it_belongs(browser_of: BrowserOf) -> None:
    shown = cards(browser_of(MEMBER).get("/inbox?order=newest").text)
    assert len(shown) == 7
    (case,) = [card for card in shown if "<details" in card]
    assert "1 more stage of this case<" in case
    assert re.findall(r' action="/inbox/(sig_\d)/dismiss', case) in (["sig_0", "sig_6"], ["sig_6", "sig_0"])


def test_a_case_is_put_aside_and_brought_back_as_one(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    put(product, [failed(0), overdue(0), failed(1)])
    browser = browser_of(MEMBER)
    (card,) = cards(browser.get("/inbox?order=newest").text)[:1]
    (leads,) = re.findall(r'aria-labelledby="(sig_\d)"', card)
    form = {"csrf_token": page_token(browser), "with": re.findall(r'name="with" value="(sig_\d)"', card)}
    assert sorted([leads, *form["with"]]) == ["sig_0", "sig_1"]
    browser.post(f"/inbox/{leads}/dismiss", data=form)
    assert leading(browser.get("/inbox").text) == ["sig_2"]
    (aside,) = cards(browser.get("/inbox?status=dismissed").text)
    assert "1 more stage of this case" in aside
    browser.post(f"/inbox/{leads}/reopen", data=form)
    assert len(leading(browser.get("/inbox?order=newest").text)) == 2


def undo_form(page: str) -> tuple[str, dict[str, list[str]]]:
    """Where the Undo button of the message on a page sends what."""
    (told,) = re.findall(r'<div id="told".*?</div></div>', page, flags=re.DOTALL)
    (action,) = re.findall(r'<form method="post" action="([^"]+)"', told)
    form: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', told):
        form.setdefault(name, []).append(unescape(value))
    assert re.search(r"<button[^>]*>Undo</button>", told)
    return action, form


def test_a_dismissal_is_taken_back_from_the_message_that_tells_of_it(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    put(product, [failed(0), overdue(0), failed(1)])
    browser = browser_of(MEMBER)
    form = {"csrf_token": page_token(browser), "with": ["sig_1"], "here": "/inbox?order=newest"}
    told = browser.post("/inbox/sig_0/dismiss", data=form, follow_redirects=True).text
    assert leading(told) == ["sig_2"]
    action, sent = undo_form(told)
    assert (action, sent["with"], sent["here"]) == ("/inbox/sig_0/reopen", ["sig_1"], ["/inbox?order=newest"])
    assert "Undo" not in browser.get("/inbox?order=newest").text, "it is told once"
    forged = browser.post(action, data={**sent, "csrf_token": "forged"})
    assert forged.status_code == 403
    back = browser.post(action, data=sent)
    assert back.location == "/inbox?order=newest#sig_0", "without script the browser goes to the card"
    page = browser.get(back.location).text
    assert "The signal is back.<" in page
    assert len(leading(page)) == 2
    assert "1 more stage of this case" in page


def test_an_undo_takes_back_no_dismissal_of_somebody_else(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    put(product, [failed(0), overdue(0)])
    product.services().inbox.dismiss_signal(product.actor_of(Role.ADMIN), ["sig_1"])
    product.clock.advance(seconds=60)
    browser = browser_of(MEMBER)
    form = {"csrf_token": page_token(browser), "with": ["sig_1"]}
    action, sent = undo_form(browser.post("/inbox/sig_0/dismiss", data=form, follow_redirects=True).text)
    assert (action, sent.get("with")) == ("/inbox/sig_0/reopen", None)
    again = browser.post("/inbox/sig_0/dismiss", data=form, follow_redirects=True).text
    assert "The signal had been dismissed already" in again
    assert "Undo" not in again
    browser.post(action, data=sent)
    assert leading(browser.get("/inbox?status=dismissed").text) == ["sig_1"]


def test_what_was_resolved_comes_back_as_resolved(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    put(product, [failed(0)])
    browser = browser_of(MEMBER)
    form = {"csrf_token": page_token(browser), "here": "/inbox"}
    action, sent = undo_form(browser.post("/inbox/sig_0/dismiss", data=form, follow_redirects=True).text)
    paid = {"state": SignalState.RESOLVED, "resolved_at": UnixTime(NEWEST), "outcome": SignalOutcome.PAID}
    put(product, [failed(0, **paid)])
    page = browser.post(action, data=sent, follow_redirects=True).text
    assert "What it tells of is over: you find it under Resolved." in page
    assert leading(browser.get("/inbox?status=resolved").text) == ["sig_0"]


def test_one_foreign_signal_spoils_the_whole_card(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    put(product, [failed(0)])
    browser = browser_of(MEMBER)
    form = {"csrf_token": page_token(browser), "with": ["sig_of_others"]}
    for what in ("dismiss", "reopen"):
        assert browser.post(f"/inbox/sig_0/{what}", data=form).status_code == 404
    assert leading(browser.get("/inbox").text) == ["sig_0"]


def test_stages_of_one_day_stand_in_the_course_that_things_take(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    put(product, [failed(0), replace(overdue(0), occurred_at=UnixTime(NEWEST - 600))])
    (card,) = cards(browser_of(MEMBER).get("/inbox").text)
    stages = re.findall(r"<li[^>]*>(Payment \w+),", card)
    assert stages == ["Payment failed", "Payment overdue"]


@pytest.mark.usefixtures("unpaid_months")
def test_a_card_that_loses_its_first_signal_is_led_by_the_next(browser_of: BrowserOf, product: Product) -> None:
    product.services().inbox.dismiss_signal(product.actor_of(Role.MEMBER), ["sig_0"])
    (whole,) = [card for card in cards(browser_of(MEMBER).get("/inbox").text) if "<details" in card]
    assert "2 more on this subscription" in whole
    assert whole.index("/inbox/sig_1/dismiss") < whole.index("<details") < whole.index("/inbox/sig_2/dismiss")


def walk(browser: FlaskClient, address: str = "/inbox") -> list[str]:
    """The page at ``address`` and those after it."""
    pages = []
    following: str | None = address
    while following:
        pages.append(browser.get(following).text)
        found = re.search(r'<a [^>]*href="([^"]*)" rel="next"', pages[-1])
        following = unescape(found.group(1)) if found else None
    return pages


def leading(page: str) -> list[str]:
    """The signals that have a card of their own."""
    return [re.findall(r'aria-labelledby="(sig_\d+)"', card)[0] for card in cards(page)]


def test_a_card_whose_signals_stand_on_two_pages_is_whole_and_does_not_begin_again(
    product: Product, browser_of: BrowserOf
) -> None:
    billing_story(product)
    single = [failed(number, subscription_id=f"sub_{number}") for number in range(PAGE_SIZE - 1)]
    unpaid = [failed(number) for number in range(PAGE_SIZE, PAGE_SIZE + 3)]
    put(product, [*single, *unpaid, failed(PAGE_SIZE + 3, subscription_id="sub_last")])
    first, second = walk(browser_of(MEMBER))
    assert leading(first) == [f"sig_{number}" for number in range(PAGE_SIZE)]
    assert re.search(rf'<details class="signal__more" id="earlier-sig_{PAGE_SIZE - 1}"><summary>2 earlier', first)
    assert leading(second) == [f"sig_{PAGE_SIZE + 2}"]
    assert f"{PAGE_SIZE} cases with {PAGE_SIZE + 2} signals shown" in first
    assert "1 case shown" in second


def test_a_page_of_nothing_but_earlier_signals_says_so(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    put(product, [failed(number) for number in range(PAGE_SIZE + 5)])
    first, second = walk(browser_of(MEMBER))
    assert f"{PAGE_SIZE + 4} earlier on this subscription" in first
    assert cards(second) == []
    assert "Nothing begins on this page" in second
    assert "First page" in second


def test_a_thousand_open_cases_are_counted_in_groups_of_digits(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    put(product, [failed(number, subscription_id=None) for number in range(1_024)])
    assert badge(browser_of(MEMBER).get("/settings").text) == "1,024 open cases"


@pytest.mark.usefixtures("unpaid_months")
def test_the_navigation_and_the_filters_count_cards(browser_of: BrowserOf) -> None:
    browser = browser_of(MEMBER)
    for order, failing, late in (("severity", 5, 1), ("newest", 7, 1)):
        page = browser.get(f"/inbox?order={order}").text
        assert chips(page) == {"Payment failed": failing, "Payment overdue": late}
        for kind, count in (("payment_failed", failing), ("payment_overdue", late)):
            assert len(cards(browser.get(f"/inbox?order={order}&type={kind}").text)) == count
        assert badge(page) == "5 open cases"
    assert "each unpaid invoice on a card of its own" in page
    assert len(cards(browser.get("/inbox").text)) == 5
    browser.post("/inbox/sig_5/dismiss", data={"csrf_token": page_token(browser)})
    assert badge(browser.get("/accounts").text) == "4 open cases"


def test_what_is_lost_does_not_look_like_what_came_back(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    over = {"state": SignalState.RESOLVED, "resolved_at": UnixTime(NEWEST)}
    put(
        product,
        [
            failed(0, outcome=SignalOutcome.PAID, subscription_id="sub_paid", **over),
            failed(1, outcome=SignalOutcome.SUBSCRIPTION_ENDED, subscription_id="sub_ended", **over),
        ],
    )
    shown = cards(browser_of(MEMBER).get("/inbox?status=resolved").text)
    tones = [re.findall(r"badge--(\w+) [^>]*>(Paid|Subscription ended)<", card) for card in shown]
    assert sorted(tones) == [[("bad", "Subscription ended")], [("good", "Paid")]]
    assert all("signal--over" in card for card in shown), "nothing is pressing any more"
    assert not any("Critical" in card for card in shown)


def test_what_is_over_stands_newest_first(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    over = {"state": SignalState.RESOLVED, "resolved_at": UnixTime(NEWEST), "outcome": SignalOutcome.PAID}
    put(
        product,
        [
            failed(2, subscription_id="sub_0", **over),
            failed(0, subscription_id="sub_1", **over),
            failed(1, subscription_id="sub_2", **over),
        ],
    )
    page = browser_of(MEMBER).get("/inbox?status=resolved").text
    assert leading(page) == ["sig_1", "sig_2", "sig_0"]
    assert "What is over, newest first" in page
    links = {
        words: unescape(address)
        for address, words in re.findall(r'<a [^>]*href="(/inbox[^"]*)"[^>]*>(\w[\w ]+)<', page)
    }
    assert links["Most pressing"] == "/inbox?status=resolved&order=severity"
    assert (links["Open"], links["Dismissed"]) == ("/inbox", "/inbox?status=dismissed"), "in their own usual order"
    page = browser_of(MEMBER).get(links["Most pressing"]).text
    assert "What is over, most pressing first" in page
    assert '"/inbox?status=resolved">Newest<' in page
    assert 'href="/inbox"' in page


def test_an_inbox_without_stripe_does_not_say_that_all_is_well(product: Product, browser_of: BrowserOf) -> None:
    page = browser_of(MEMBER).get("/inbox").text
    assert "Stripe is not connected" in page
    assert "Nothing needs you" not in page
    billing_story(product)
    assert "Nothing needs you" in browser_of(MEMBER).get("/inbox").text


def test_an_empty_inbox_says_when_it_would_not_hear_of_anything(product: Product, browser_of: BrowserOf) -> None:
    def said() -> str:
        return browser_of(MEMBER).get("/inbox").text

    connect(product)
    assert "Nothing is known to need you" in said(), "the first sync is running"
    finish_sync(product)
    assert "Nothing needs you" in said()
    assert "appear here with each re-sync" in said()
    product.services().webhooks.save_signing_secret(product.actor_of(Role.ADMIN), Secret("whsec_" + "a" * 32))
    assert "appear here the moment Stripe tells of them" in said()
    with product.units.writing(product.workspace_id) as uow:
        uow.connections.save(uow.connections.get().sync_failed(ConnectionFault("invalid_api_key", "Refused.")))
        uow.commit()
    assert "Nothing is known to need you" in said()
    product.services().integration.disconnect_stripe(product.actor_of(Role.ADMIN))
    assert "nothing new appears here until somebody reconnects" in said()


def test_amounts_of_different_currencies_are_not_added(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    put(product, [failed(0), failed(1, currency="EUR"), failed(2)])
    page = browser_of(MEMBER).get("/inbox").text
    assert re.search(r"<summary>2 earlier on this subscription</summary>", page)


@pytest.mark.usefixtures("unpaid_months")
def test_the_account_page_folds_them_in_the_same_way(browser_of: BrowserOf, product: Product) -> None:
    page = browser_of(MEMBER).get(globex_billing(product)).text
    shown = cards(page)
    assert len(shown) == 4, "Acme's signal is Acme's"
    (whole,) = [card for card in shown if "<details" in card]
    assert "3 more on this subscription, " in whole
    assert whole.index("$149.00") < whole.index("<details") < whole.index("$150.50")
    assert "Critical" in whole
    assert "There are more" not in page


def test_the_account_page_says_when_it_does_not_show_all(product: Product, browser_of: BrowserOf) -> None:
    billing_story(product)
    put(product, [failed(number, subscription_id=f"sub_{number}") for number in range(SIGNALS_SHOWN + 1)])
    page = browser_of(MEMBER).get(globex_billing(product)).text
    assert len(cards(page)) == SIGNALS_SHOWN
    assert "There are more, which stand in the" in page
