"""The accounts table over HTTP: order, filters, pages, totals, editing (guide, On the Accounts page)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from tests.unit.http.acme import account, billing_story
from tests.unit.http.browsing import API, problem
from tests.unit.memory_product import Product

from clynto.ports.work_queue import JobKind

ACCOUNTS = f"{API}/accounts"
CONTRACT_ROW = {"id", "name", "domain", "mrr", "arr", "payment_status", "health_score", "renewal_at"}


def names(client: FlaskClient, query: str = "") -> list[str]:
    answer = client.get(f"{ACCOUNTS}{query}")
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.get_json()["items"]]


def test_a_row_holds_what_the_contract_names(product: Product, admin: FlaskClient) -> None:
    ids = billing_story(product)
    acme, globex = admin.get(ACCOUNTS).get_json()["items"]
    assert set(acme) >= CONTRACT_ROW
    assert (acme["id"], acme["name"], acme["domain"], acme["domains"]) == (
        ids["acme"],
        "Acme, Inc.",
        "acme.com",
        ["acme.com"],
    )
    assert acme["mrr"] == {
        "amount": "298.00",
        "currency": "USD",
        "mixed": False,
        "by_currency": {"USD": "298.00"},
        "unconverted": [],
    }
    assert acme["arr"]["amount"] == "3576.00"
    assert (acme["payment_status"], globex["payment_status"]) == ("paid", "overdue")
    assert acme["renewal_at"] == "2026-10-01T14:13:20Z"
    assert (acme["partial"], acme["as_of"]) == (False, "2026-09-21T14:13:20.000000Z")


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("name", "Acme, Inc."),
        ("-name", "Zenith"),
        ("mrr", "Globex"),
        ("-mrr", "Acme, Inc."),
        ("arr", "Globex"),
        ("-arr", "Acme, Inc."),
        ("payment_status", "Acme, Inc."),
        ("-payment_status", "Globex"),
        ("renewal_at", "Acme, Inc."),
        ("-renewal_at", "Acme, Inc."),
        ("health_score", None),
        ("-health_score", None),
        ("mrr_change_30", None),
        ("-mrr_change_30", None),
        ("mrr_change_90", None),
        ("-mrr_change_90", None),
        ("mrr_change_12_months", None),
        ("-mrr_change_12_months", None),
        ("domain", "Acme, Inc."),
        ("-domain", "Globex"),
        ("lifetime_value", None),
        ("-lifetime_value", None),
        ("external_id", None),
        ("-external_id", None),
    ],
)
def test_every_column_sorts(product: Product, admin: FlaskClient, sort: str, first: str | None) -> None:
    billing_story(product)
    account(product, "Zenith")
    listed = names(admin, f"?sort={sort}")
    assert len(listed) == 3
    assert first is None or listed[0] == first
    assert sort.lstrip("-") == "name" or listed[-1] == "Zenith"


def test_filters_and_search(product: Product, admin: FlaskClient) -> None:
    billing_story(product)
    account(product, "50%_off", "zenith.com")
    assert names(admin, "?payment_status=overdue") == ["Globex"]
    assert names(admin, "?payment_status=none") == ["50%_off"]
    assert names(admin, "?payment_status=paid,overdue") == ["Acme, Inc.", "Globex"]
    assert names(admin, "?payment_status=&q=") == ["50%_off", "Acme, Inc.", "Globex"]
    assert names(admin, "?q=ACME.c") == ["Acme, Inc."]
    assert names(admin, "?q=%25_") == ["50%_off"]
    assert names(admin, "?q=nobody") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sort=price", "sort"),
        ("sort=--mrr", "sort"),
        ("sort=", "sort"),
        ("payment_status=late", "payment_status"),
        ("payment_status=paid,", "payment_status"),
        ("q=" + "x" * 201, "q"),
        ("status=paid", "status"),
        ("sort=mrr&sort=name", "sort"),
        ("cursor=AAAA", "cursor"),
        ("limit=0", "limit"),
    ],
)
def test_odd_parameters_are_refused(admin: FlaskClient, query: str, field: str) -> None:
    answer = admin.get(f"{ACCOUNTS}?{query}")
    assert problem(answer) == (422, "invalid_input")
    assert set(answer.get_json()["errors"]) == {field}


@pytest.mark.parametrize("sort", ["name", "-mrr", "payment_status", "-renewal_at"])
def test_pages_hold_everything_once(product: Product, admin: FlaskClient, sort: str) -> None:
    billing_story(product)
    for number in range(4):
        account(product, f"Silent {number % 2}")
    seen: list[str] = []
    cursor = ""
    while True:
        page = admin.get(f"{ACCOUNTS}?sort={sort}&limit=2{cursor}").get_json()
        seen += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 6
    whole = admin.get(f"{ACCOUNTS}?sort={sort}").get_json()["items"]
    assert seen == [row["id"] for row in whole]


def test_a_cursor_belongs_to_its_query(product: Product, admin: FlaskClient) -> None:
    billing_story(product)
    cursor = admin.get(f"{ACCOUNTS}?limit=1").get_json()["next_cursor"]
    assert problem(admin.get(f"{ACCOUNTS}?limit=1&sort=-mrr&cursor={cursor}")) == (422, "invalid_input")


def test_totals_and_what_they_leave_out(product: Product, admin: FlaskClient) -> None:
    billing_story(product)
    totals = admin.get(f"{ACCOUNTS}/totals").get_json()
    assert (totals["accounts"], totals["mrr"]["amount"], totals["arr"]["amount"]) == (2, "447.00", "5364.00")
    assert totals["by_status"] == {"paid": 1, "overdue": 1, "failed": 0, "none": 0}
    coverage = totals["coverage"]
    assert (coverage["matched_customers"], coverage["unmatched_customers"]) == (2, 1)
    assert (coverage["covered_percent"], coverage["matched_mrr"]["amount"]) == (100, "447.00")
    late = admin.get(f"{ACCOUNTS}/totals?payment_status=overdue").get_json()
    assert (late["accounts"], late["mrr"]["amount"]) == (1, "149.00")
    assert problem(admin.get(f"{ACCOUNTS}/totals?limit=3")) == (422, "invalid_input")


def test_one_row_plus_pillars(product: Product, admin: FlaskClient) -> None:
    ids = billing_story(product)
    one = admin.get(f"{ACCOUNTS}/{ids['acme']}").get_json()
    assert set(one) >= CONTRACT_ROW | {"pillars"}
    assert [pillar["name"] for pillar in one["pillars"]] == ["usage", "support", "revenue"]
    assert one["lifetime_value"]["amount"] == "298.00"


def test_adding_changing_deleting(product: Product, admin: FlaskClient) -> None:
    answer = admin.post(ACCOUNTS, json={"name": "  Initech ", "domain": "https://www.Initech.com/about"})
    assert answer.status_code == 201
    added = answer.get_json()
    assert (added["name"], added["domains"], added["payment_status"]) == ("Initech", ["www.initech.com"], None)
    assert {job.kind for job in product.jobs()} == {JobKind.RECOMPUTE}
    address = f"{ACCOUNTS}/{added['id']}"
    changed = admin.patch(address, json={"domains": ["initech.com", "initech.de"], "external_id": "crm-7"}).get_json()
    assert (changed["name"], changed["domains"], changed["external_id"]) == (
        "Initech",
        ["initech.com", "initech.de"],
        "crm-7",
    )
    assert admin.patch(address, json={}).get_json()["domains"] == ["initech.com", "initech.de"]
    assert admin.patch(address, json={"domain": None}).get_json()["domains"] == []
    assert admin.delete(address).status_code == 204
    assert problem(admin.get(address)) == (404, "not_found")
    assert problem(admin.delete(address)) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"name"}),
        ({"name": " "}, {"name"}),
        ({"name": "x" * 301}, {"name"}),
        ({"name": 7}, {"name"}),
        ({"name": "A", "domain": "not a domain"}, {"domain"}),
        ({"name": "A", "domain": "localhost"}, {"domain"}),
        ({"name": "A", "domain": "a.com", "domains": ["b.com"]}, {"domain"}),
        ({"name": "A", "domains": "a.com"}, {"domains"}),
        ({"name": "A", "domains": [3]}, {"domains.0"}),
        ({"name": "A", "id": "acc_mine"}, {"id"}),
        ({"name": "A", "external_id": "x" * 201}, {"external_id"}),
    ],
)
def test_bad_accounts_are_named(product: Product, admin: FlaskClient, body: dict[str, Any], fields: set[str]) -> None:
    before = product.everything()
    answer = admin.post(ACCOUNTS, json=body)
    assert problem(answer) == (422, "invalid_input")
    assert set(answer.get_json()["errors"]) == fields
    assert product.everything() == before


def test_without_a_queue_nothing_is_stored(product: Product, admin: FlaskClient) -> None:
    product.break_queue()
    before = product.everything()
    assert problem(admin.post(ACCOUNTS, json={"name": "A", "domain": "a.com"})) == (503, "queue_unavailable")
    assert product.everything() == before
