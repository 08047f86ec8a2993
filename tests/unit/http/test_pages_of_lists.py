"""Lists in pages (contract, Lists)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.http.browsing import API, problem
from tests.unit.memory_product import OWNER, Product

from clynto.domain.errors import InvalidInput
from clynto.domain.roles import Role
from clynto.entrypoints.http.pagination import cursor_to, position_of, slice_of

LISTS = ["/users", "/tokens", "/audit-log"]
Bearer = Callable[[Role], dict[str, str]]


@pytest.mark.parametrize("path", LISTS)
def test_pages_hold_everything_once(product: Product, app: Flask, bearer: Bearer, path: str) -> None:
    for number in range(5):
        product.people.issue_token(product.actor(OWNER), name=f"Token {number}", role=Role.MEMBER)
    headers, client = bearer(Role.OWNER), app.test_client()
    whole = client.get(f"{API}{path}?limit=200", headers=headers).get_json()
    assert whole["next_cursor"] is None
    collected: list[dict[str, object]] = []
    cursor = ""
    while True:
        page = client.get(f"{API}{path}?limit=2{cursor}", headers=headers).get_json()
        assert set(page) == {"items", "next_cursor"}
        assert len(page["items"]) <= 2
        collected += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert [row["id"] for row in collected] == [row["id"] for row in whole["items"]]
    assert len(collected) >= 3


REFUSING = [*LISTS, "/larry/questions"]


@pytest.mark.parametrize("path", REFUSING)
@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.5", "", "many", "9" * 5000])
def test_limits_out_of_bounds_are_refused(app: Flask, bearer: Bearer, path: str, limit: str) -> None:
    response = app.test_client().get(f"{API}{path}?limit={limit}", headers=bearer(Role.OWNER))
    assert problem(response) == (422, "invalid_input")
    assert set(response.get_json()["errors"]) == {"limit"}


@pytest.mark.parametrize("path", REFUSING)
@pytest.mark.parametrize("cursor", ["", "!", "é", "AA", "usr_1", "x" * 1001, "//8="])
def test_invented_cursors_are_refused(app: Flask, bearer: Bearer, path: str, cursor: str) -> None:
    response = app.test_client().get(f"{API}{path}", query_string={"cursor": cursor}, headers=bearer(Role.OWNER))
    assert problem(response) == (422, "invalid_input")
    assert set(response.get_json()["errors"]) == {"cursor"}


def test_lists_hold_what_the_contract_names(app: Flask, bearer: Bearer) -> None:
    headers, client = bearer(Role.OWNER), app.test_client()
    person = client.get(f"{API}/users", headers=headers).get_json()["items"][0]
    assert set(person) == {"id", "email", "role", "created_at"}
    token = client.get(f"{API}/tokens", headers=headers).get_json()["items"][0]
    assert set(token) == {"id", "name", "role", "created_at", "last_used_at"}
    entry = client.get(f"{API}/audit-log", headers=headers).get_json()["items"][0]
    assert set(entry) == {"id", "at", "actor", "action", "detail"}
    assert entry["at"].endswith("Z")


@given(st.text(alphabet=st.characters(categories=["L", "N", "P"]), min_size=1, max_size=100))
def test_a_cursor_gives_back_its_position(position: str) -> None:
    assert position_of(cursor_to(position)) == position


@given(st.text(max_size=60))
def test_any_other_word_is_refused_or_a_position(word: str) -> None:
    try:
        position = position_of(word)
    except InvalidInput:
        return
    assert cursor_to(position or "") == word


def test_rows_that_come_and_go_are_neither_doubled_nor_lost() -> None:
    first = slice_of(["b", "d", "f"], identity=str, limit=2, cursor=None)
    second = slice_of(["a", "d", "e", "f"], identity=str, limit=2, cursor=first["next_cursor"])
    assert (first["items"], second["items"]) == (["b", "d"], ["e", "f"])
    assert second["next_cursor"] is None
