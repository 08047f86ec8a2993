"""Accounts from and to CSV files (guarantees K11, K12)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from tests.unit.http.acme import account, billing_story
from tests.unit.http.browsing import API, page_token, problem
from tests.unit.memory_product import ADMIN, Product, furnished_product

from clynto.domain.roles import Role
from clynto.entrypoints.http.api.accounts_files import LARGEST_FILE
from clynto.entrypoints.http.app import create_app

IMPORT, EXPORT = f"{API}/accounts/import", f"{API}/accounts/export"
CSV = "text/csv"
Bearer = Callable[[Role], dict[str, str]]
HARD_NAMES = [
    "Plain",
    "Comma, Inc.",
    'Quote "Q" GmbH',
    "Söhne & Töchter 🙂",
    "=cmd|' /C calc'!A0",
    "+49 221",
    "-5.00",
    "@sum",
    "'quoted",
    "'=already",
    "semi;colon",
    "שלום",
]


def exported(client: FlaskClient, query: str = "") -> list[list[str]]:
    answer = client.get(f"{EXPORT}{query}")
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def stored(product: Product) -> dict[str, tuple[str, ...]]:
    return {held.name: held.domains for held in product.database.committed(product.workspace_id).accounts.values()}


@pytest.mark.parametrize("as_upload", [False, True])
def test_lines_are_taken_or_reported(product: Product, admin: FlaskClient, as_upload: bool) -> None:
    account(product, "Old name", "globex.com")
    content = (
        "\ufeffname,domain,external_id\r\n"
        '"Acme, ""Inc.""",acme.com,crm-1\r\n'
        "Globex,GLOBEX.com,\r\n"
        "\r\n"
        "Twice,acme.com,\r\n"
        ",nameless.com,\r\n"
        "No domain,,\r\n"
        "Bad,not a domain!,\r\n"
        "Two,one.example.com two.example.com,\r\n"
    ).encode()
    if as_upload:
        answer = admin.post(IMPORT, data={"file": (io.BytesIO(content), "accounts.csv")})
    else:
        answer = admin.post(IMPORT, data=content, content_type=CSV)
    report = answer.get_json()
    assert (answer.status_code, report["created"], report["updated"]) == (200, 2, 1)
    assert [line["line"] for line in report["rejected"]] == [5, 6, 7, 8]
    assert all(line["reason"] for line in report["rejected"])
    held = stored(product)
    assert held['Acme, "Inc."'] == ("acme.com",)
    assert held["Globex"] == ("globex.com",)
    assert held["Two"] == ("one.example.com", "two.example.com")


def test_an_export_comes_back_unchanged(product: Product, admin: FlaskClient) -> None:
    for number, name in enumerate(HARD_NAMES):
        account(product, name, f"d{number}.com", f"www.d{number}.com", external_id=f"=crm-{number}")
    content = admin.get(EXPORT).data
    other = furnished_product()
    client = create_app(other.services()).test_client()
    headers = {"Authorization": f"Bearer {other.token_of(Role.ADMIN).reveal()}"}
    report = client.post(IMPORT, data=content, content_type=CSV, headers=headers).get_json()
    assert report == {"created": len(HARD_NAMES), "updated": 0, "rejected": []}
    assert stored(other) == stored(product)
    again = admin.post(IMPORT, data=content, content_type=CSV).get_json()
    assert again == {"created": 0, "updated": 0, "rejected": []}


def test_no_cell_runs_as_a_formula_and_numbers_stay_numbers(product: Product, admin: FlaskClient) -> None:
    billing_story(product)
    account(product, "=1+1", "formula.com")
    header, *rows = exported(admin)
    assert header[:4] == ["name", "domain", "external_id", "mrr"]
    assert {row[0] for row in rows} == {"Acme, Inc.", "Globex", "'=1+1"}
    acme = next(row for row in rows if row[0] == "Acme, Inc.")
    assert acme[3:7] == ["298.00", "3576.00", "USD", "paid"]


def test_an_export_follows_filters_and_order_over_many_pages(product: Product, admin: FlaskClient) -> None:
    lines = "".join(f"Account {number:04d},a{number}.com\n" for number in range(450))
    admin.post(IMPORT, data=f"name,domain\n{lines}", content_type=CSV)
    rows = exported(admin, "?sort=-name")[1:]
    assert [row[0] for row in rows] == [f"Account {number:04d}" for number in reversed(range(450))]
    assert [row[0] for row in exported(admin, "?q=a77.com")[1:]] == ["Account 0077"]
    assert problem(admin.get(f"{EXPORT}?limit=3")) == (422, "invalid_input")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"title,domain\nA,a.com\n",
        b"name\nA\n",
        b"name,domain,name\nA,a.com,B\n",
        b'name,domain\n"A,a.com\n',
        b"name,domain\n\xff\xff,a.com\n",
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing(product: Product, admin: FlaskClient, content: bytes) -> None:
    before = product.everything()
    answer = admin.post(IMPORT, data=content, content_type=CSV)
    assert problem(answer) == (422, "invalid_input")
    assert set(answer.get_json()["errors"]) == {"file"}
    assert product.everything() == before


def test_other_bodies_are_refused(admin: FlaskClient) -> None:
    assert problem(admin.post(IMPORT, json={"file": "name"})) == (415, "unsupported_media_type")
    assert problem(admin.post(IMPORT)) == (415, "unsupported_media_type")
    wrong = admin.post(IMPORT, data={"upload": (io.BytesIO(b"name,domain"), "a.csv")})
    assert (problem(wrong), set(wrong.get_json()["errors"])) == ((422, "invalid_input"), {"upload"})
    two = {"file": [(io.BytesIO(b"x"), "a.csv"), (io.BytesIO(b"y"), "b.csv")]}
    assert set(admin.post(IMPORT, data=two).get_json()["errors"]) == {"file"}
    text = admin.post(IMPORT, data={"file": "name,domain"}, content_type="multipart/form-data")
    assert set(text.get_json()["errors"]) == {"file"}


def test_only_this_route_takes_large_bodies(admin: FlaskClient) -> None:
    large = b"name,domain\n" + b"A,a.com\n" * 200_000
    assert len(large) > 1_500_000
    report = admin.post(IMPORT, data=large, content_type=CSV).get_json()
    assert (report["created"], len(report["rejected"])) == (1, 199_999)
    too_large = admin.post(IMPORT, data=b" " * (LARGEST_FILE + 5000), content_type=CSV)
    assert problem(too_large) == (413, "payload_too_large")
    assert problem(admin.post(f"{API}/accounts", json={"name": "x" * 1_100_000})) == (413, "payload_too_large")


def test_a_browser_uploads_with_the_pages_token(product: Product, browser_of: Callable[[str], FlaskClient]) -> None:
    browser = browser_of(ADMIN)
    form = {"file": (io.BytesIO(b"name,domain\nA,a.com\n"), "a.csv"), "csrf_token": page_token(browser)}
    assert browser.post(IMPORT, data=form).get_json()["created"] == 1
    bare = browser.post(IMPORT, data=b"name,domain\nB,b.com\n", content_type=CSV)
    assert problem(bare) == (403, "csrf_refused")
    headers = {"X-CSRF-Token": page_token(browser)}
    sent = browser.post(IMPORT, data=b"name,domain\nB,b.com\n", content_type=CSV, headers=headers)
    assert sent.get_json()["created"] == 1
