"""The served document is sound and agrees with the contract page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from tests.unit.http.browsing import API

from clynto.entrypoints.http.access import ANSWERED_BY_FLASK, access_of

CONTRACT = """
GET /api/v1/integrations/stripe
POST /api/v1/integrations/stripe/connection
DELETE /api/v1/integrations/stripe/connection
POST /api/v1/integrations/stripe/syncs
GET /api/v1/integrations/stripe/syncs
GET /api/v1/integrations/stripe/syncs/{}
PUT /api/v1/integrations/stripe/webhook-secret
GET /api/v1/integrations/stripe/customers
PUT /api/v1/integrations/stripe/customers/{}/match
DELETE /api/v1/integrations/stripe/customers/{}/match
POST /webhooks/stripe/{}
GET /api/v1/accounts
POST /api/v1/accounts
PATCH /api/v1/accounts/{}
DELETE /api/v1/accounts/{}
POST /api/v1/accounts/import
GET /api/v1/accounts/{}
GET /api/v1/accounts/{}/billing
GET /api/v1/accounts/{}/billing/mrr-explanation
GET /api/v1/accounts/{}/mrr-history
GET /api/v1/accounts/{}/health
GET /api/v1/signals
POST /api/v1/signals/{}/dismiss
POST /api/v1/signals/{}/reopen
GET /api/v1/larry/questions
POST /api/v1/larry/questions
GET /api/v1/users
POST /api/v1/users
PATCH /api/v1/users/{}
DELETE /api/v1/users/{}
GET /api/v1/tokens
POST /api/v1/tokens
DELETE /api/v1/tokens/{}
GET /api/v1/audit-log
GET /api/v1/workspace
PATCH /api/v1/workspace
PUT /api/v1/accounts/{}/pillars/{}
GET /healthz
GET /readyz
GET /metrics
"""
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    """As anybody gets it."""
    response = app.test_client().get(f"{API}/openapi.json")
    assert response.status_code == 200
    served: dict[str, Any] = response.get_json()
    return served


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                yield method, path, operation


@pytest.mark.parametrize("line", CONTRACT.split("\n")[1:-1])
def test_the_contract_is_served(document: dict[str, Any], line: str) -> None:
    served = {f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}" for method, path, _ in operations(document)}
    assert line in served


def test_every_api_route_is_documented(app: Flask, document: dict[str, Any]) -> None:
    documented = {f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}" for method, path, _ in operations(document)}
    routed = {
        f"{method} {re.sub(r'<[^>]*>', '{}', rule.rule)}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - ANSWERED_BY_FLASK - {"HEAD"}
        if rule.rule.startswith("/api/")
    }
    assert routed - documented == {f"GET {API}/openapi.json"}


def test_its_structure_is_sound(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.0.3"
    assert document["info"]["title"]
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    for _, path, operation in operations(document):
        declared = {entry["name"] for entry in operation.get("parameters", []) if entry["in"] == "path"}
        declared |= {entry["name"] for entry in document["paths"][path].get("parameters", []) if entry["in"] == "path"}
        assert declared == set(re.findall(r"{([^}]*)}", path)), path
        assert operation["summary"], path
        assert operation["responses"], path
        for status, answer in operation["responses"].items():
            assert status == "default" or 200 <= int(status) < 600
            assert "$ref" in answer or answer["description"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references(document):
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        assert target


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, inner in node.items():
            if key == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def test_it_says_who_may_call_what(app: Flask, document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    endpoints = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule): rule.endpoint for rule in app.url_map.iter_rules()}
    for method, path, operation in operations(document):
        access = access_of(app, endpoints[path], method.upper())
        assert access is not None
        if access.role is None:
            assert operation["security"] == []
            continue
        assert operation["x-required-role"] == access.role.value
        assert {name for way in operation["security"] for name in way} <= set(schemes)
        by_session = next(way for way in operation["security"] if "session" in way)
        assert ("pageToken" in by_session) is (method != "get")
        assert {"401", "403", "422", "default"} <= set(operation["responses"])


def test_every_refusal_is_a_problem_document(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status == "503" and path == "/readyz":
                continue
            if status == "default" or int(status) >= 400:
                resolved = (
                    document["components"]["responses"][answer["$ref"].split("/")[-1]] if "$ref" in answer else answer
                )
                assert list(resolved["content"]) == ["application/problem+json"], (path, status)


@pytest.mark.parametrize("schema", ["NewToken", "NewAccount", "AccountChanges", "WorkspaceChanges"])
def test_it_says_that_names_are_not_empty(document: dict[str, Any], schema: str) -> None:
    assert document["components"]["schemas"][schema]["properties"]["name"]["minLength"] == 1


def test_it_says_how_rates_name_currencies_and_what_a_typed_query_is(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    rate = schemas["RateText"]["properties"]
    for name in ("from", "to"):
        assert re.search(rate[name]["pattern"], "EUR")
        assert not re.search(rate[name]["pattern"], "")
    ways = schemas["TypedQuery"]["properties"]["query"]["oneOf"]
    assert [way["type"] for way in ways] == ["string", "object"]
