"""Lists page, filter and refuse as Stripe's do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from stripe_sandbox import World, keys

Ask = Callable[..., requests.Response]


def walk(ask: Ask, path: str, **params: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while True:
        page = ask(path, **params).json()
        rows += page["data"]
        if not page["has_more"]:
            return rows
        params["starting_after"] = page["data"][-1]["id"]


def test_a_page_has_ten_rows_unless_told_and_newest_come_first(ask: Ask) -> None:
    page = ask("/v1/invoices").json()
    created = [row["created"] for row in page["data"]]
    assert len(created) == 10
    assert created == sorted(created, reverse=True)
    assert (page["object"], page["url"], page["has_more"]) == ("list", "/v1/invoices", True)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/products", lambda store: {p.id for p in store.products}),
        ("/v1/prices", lambda store: {p.id for p in store.prices}),
        ("/v1/customers", lambda store: {c.id for c in store.customers if c.test_clock is None}),
        ("/v1/invoices", lambda store: {i.id for i in store.invoices if i.test_clock is None}),
        ("/v1/events", lambda store: {e.id for e in store.events}),
        ("/v1/coupons", lambda store: {c.id for c in store.coupons}),
    ],
)
def test_walking_a_list_sees_every_object_once(
    ask: Ask, portfolio: World, path: str, expected: Callable[[Any], set[str]]
) -> None:
    ids = [row["id"] for row in walk(ask, path, limit=100)]
    assert len(ids) == len(set(ids))
    assert set(ids) == expected(portfolio.store)


def test_ending_before_walks_the_other_way(ask: Ask) -> None:
    ids = [row["id"] for row in walk(ask, "/v1/customers", limit=100)]
    page = ask("/v1/customers", ending_before=ids[40], limit=7).json()
    assert [row["id"] for row in page["data"]] == ids[33:40]
    assert page["has_more"] is True
    first = ask("/v1/customers", ending_before=ids[5], limit=100).json()
    assert [row["id"] for row in first["data"]] == ids[:5]
    assert first["has_more"] is False


@pytest.mark.parametrize(
    ("params", "wrong"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"nonsense": 1}, "nonsense"),
        ({"created[after]": 1}, "created[after]"),
        ({"status": "failed"}, "status"),
        ({"starting_after": "in_unknown"}, "starting_after"),
    ],
)
def test_wrong_parameters_answer_400_and_are_named(ask: Ask, params: dict[str, Any], wrong: str) -> None:
    answer = ask("/v1/invoices", **params)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == wrong
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_both_cursors_at_once_are_refused(ask: Ask) -> None:
    assert ask("/v1/events", starting_after="evt_1", ending_before="evt_2").status_code == 400


def test_an_unknown_id_is_a_missing_resource(ask: Ask) -> None:
    answer = ask("/v1/customers/cus_nobody")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "resource_missing"
    assert ask("/v1/refunds").status_code == 404


@pytest.mark.parametrize(
    ("suffix", "holds"),
    [
        ("[gte]", lambda created, mark: created >= mark),
        ("[gt]", lambda created, mark: created > mark),
        ("[lte]", lambda created, mark: created <= mark),
        ("[lt]", lambda created, mark: created < mark),
        ("", lambda created, mark: created == mark),
    ],
)
def test_created_cuts_exactly(ask: Ask, portfolio: World, suffix: str, holds: Callable[[int, int], bool]) -> None:
    mark = portfolio.store.invoices.listed[len(portfolio.store.invoices) // 2].created
    found = {row["id"] for row in walk(ask, "/v1/invoices", limit=100, **{f"created{suffix}": mark})}
    plain = [i for i in portfolio.store.invoices if i.test_clock is None]
    assert found == {i.id for i in plain if holds(i.created, mark)}


def test_canceled_subscriptions_are_hidden_unless_asked_for(ask: Ask, portfolio: World) -> None:
    everything = [s for s in portfolio.store.subscriptions if s.test_clock is None]
    ended = {s.id for s in everything if s.status in ("canceled", "incomplete_expired")}

    def ids(**params: Any) -> set[str]:
        return {row["id"] for row in walk(ask, "/v1/subscriptions", limit=100, **params)}

    assert ids() == {s.id for s in everything} - ended
    assert ids(status="ended") == ended
    assert ids(status="all") == {s.id for s in everything}
    for status in ("active", "past_due", "unpaid", "paused", "trialing", "incomplete", "canceled"):
        expected = {s.id for s in everything if s.status == status}
        assert expected, f"the portfolio should have one that is {status}"
        assert ids(status=status) == expected


def test_filters_of_each_list(ask: Ask, portfolio: World) -> None:
    store = portfolio.store
    subscription = next(s for s in store.subscriptions if s.collection_method == "send_invoice")
    by_customer = walk(ask, "/v1/invoices", customer=subscription.customer)
    assert {row["customer"] for row in by_customer} == {subscription.customer}
    by_subscription = walk(ask, "/v1/invoices", subscription=subscription.id, limit=100)
    assert len(by_subscription) == len(store.invoices_of_subscription[subscription.id])
    assert {row["status"] for row in walk(ask, "/v1/invoices", status="open")} == {"open"}
    emailed = walk(ask, "/v1/subscriptions", collection_method="send_invoice", limit=100)
    assert {row["collection_method"] for row in emailed} == {"send_invoice"}
    due = walk(ask, "/v1/invoices", **{"due_date[lt]": portfolio.now}, limit=100)
    assert due
    assert all(row["due_date"] < portfolio.now for row in due)
    archived = walk(ask, "/v1/prices", active="false")
    assert {row["active"] for row in archived} == {False}
    assert {row["type"] for row in walk(ask, "/v1/prices", type="one_time")} == {"one_time"}
    product = store.prices[subscription.items[0].price].product
    assert {row["product"] for row in walk(ask, "/v1/prices", product=product)} == {product}
    chosen = [p.id for p in store.products][:2]
    found = ask("/v1/products", **{"ids[]": chosen}).json()["data"]
    assert {row["id"] for row in found} == set(chosen)
    with_price = walk(ask, "/v1/subscriptions", price=subscription.items[0].price, limit=100)
    assert subscription.id in {row["id"] for row in with_price}
    soon = portfolio.now + 86_400 * 3
    renewing = walk(ask, "/v1/subscriptions", **{"current_period_end[lte]": soon}, limit=100)
    assert all(min(i["current_period_end"] for i in row["items"]["data"]) <= soon for row in renewing)


def test_customers_by_email_are_matched_exactly(ask: Ask, portfolio: World) -> None:
    shouting = next(c for c in portfolio.store.customers if c.email and "EXAMPLE" in c.email)
    assert len(ask("/v1/customers", email=shouting.email).json()["data"]) == 1
    assert ask("/v1/customers", email=(shouting.email or "").lower()).json()["data"] == []


def test_objects_on_a_test_clock_are_only_listed_for_it(ask: Ask, portfolio: World) -> None:
    hidden = next(c for c in portfolio.store.customers if c.test_clock)
    assert hidden.id not in {row["id"] for row in walk(ask, "/v1/customers", limit=100)}
    shown = ask("/v1/customers", test_clock=hidden.test_clock).json()["data"]
    assert [row["id"] for row in shown] == [hidden.id]


def test_nested_lists_show_ten_rows_and_lead_to_the_rest(ask: Ask, portfolio: World) -> None:
    big = next(s for s in portfolio.store.subscriptions if len(s.items) == 25)
    nested = ask(f"/v1/subscriptions/{big.id}").json()["items"]
    assert (len(nested["data"]), nested["has_more"]) == (10, True)
    rest = walk(ask, nested["url"], limit=10)
    assert [row["id"] for row in rest] == [item.id for item in big.items]
    long = next(i for i in portfolio.store.invoices if len(i.lines) == 250)
    lines = ask(f"/v1/invoices/{long.id}").json()["lines"]
    assert (len(lines["data"]), lines["has_more"]) == (10, True)
    assert [row["id"] for row in walk(ask, lines["url"], limit=100)] == [line.id for line in long.lines]


def test_subscription_items_need_their_subscription(ask: Ask) -> None:
    assert ask("/v1/subscription_items").status_code == 400


def test_a_deleted_customer_leaves_the_list_and_keeps_a_tombstone(ask: Ask, portfolio: World) -> None:
    gone = {i.customer for i in portfolio.store.invoices} - {c.id for c in portfolio.store.customers}
    (identity,) = gone
    assert ask(f"/v1/customers/{identity}").json() == {
        "id": identity,
        "object": "customer",
        "deleted": True,
    }
    answer = ask("/v1/customers", starting_after=identity)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "resource_missing")
    listed = walk(ask, "/v1/subscriptions", customer=identity, status="all")
    assert {row["status"] for row in listed} == {"canceled"}


def test_brackets_may_be_encoded(ask: Ask, portfolio_server: Any) -> None:
    raw = f"{portfolio_server.url}/v1/prices?expand%5B%5D=data.tiers&expand%5B1%5D=data.currency_options"
    assert "tiers" in ask(raw).json()["data"][0]
    assert "currency_options" in ask(raw).json()["data"][0]


def test_events_by_type_and_delivery(ask: Ask) -> None:
    subscriptions = walk(ask, "/v1/events", type="customer.subscription.*", limit=100)
    assert subscriptions
    assert all(row["type"].startswith("customer.subscription.") for row in subscriptions)
    two = walk(ask, "/v1/events", **{"types[]": ["invoice.paid", "invoice.voided"]}, limit=100)
    assert {row["type"] for row in two} <= {"invoice.paid", "invoice.voided"}
    assert walk(ask, "/v1/events", delivery_success="false") == []


def test_everything_but_get_is_refused_and_counted(server: Any, world: World, session: requests.Session) -> None:
    headers = {"Authorization": f"Bearer {keys.FULL_TEST_KEY}"}
    for method in ("POST", "DELETE", "PUT", "PATCH"):
        answer = session.request(method, f"{server.url}/v1/customers", headers=headers, timeout=5)
        assert answer.status_code == 405
    assert world.request_log.violations == 4
