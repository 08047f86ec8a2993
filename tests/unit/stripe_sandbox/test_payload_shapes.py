"""Rendered objects have exactly the keys, types and nulls that Stripe's published types state, in every version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from stripe_sandbox import World
from stripe_sandbox.records import Record
from stripe_sandbox.rendering.api_versions import SAMPLED_VERSIONS, Shape, shape_of
from stripe_sandbox.rendering.catalog_payloads import (
    currency_option_payloads,
    discount_payload,
    tier_payloads,
)
from stripe_sandbox.rendering.invoice_payloads import line_payload, payments_payload
from stripe_sandbox.rendering.payloads import payload_of

SHAPES = json.loads((Path(__file__).parents[2] / "data" / "stripe_shapes.json").read_text(encoding="utf-8"))
VERSIONS = [entry["api_version"] for entry in SHAPES["versions"]]
SKIPPED = frozenset(SHAPES["about"]["skipped_subtrees"])
PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "number": (int, float),
    "decimal string": (str,),
    "id": (str, dict),
    "object": (dict,),
    "true when present": (bool,),
}


def in_version(rule: dict[str, Any], version: str) -> bool:
    if rule["in"] == "all":
        return True
    place = VERSIONS.index(version)
    for part in rule["in"].split(","):
        first, _, last = part.strip().partition("..")
        if VERSIONS.index(first) <= place <= VERSIONS.index(last or first):
            return True
    return False


def rule_for(rule: dict[str, Any], version: str) -> tuple[str, bool, bool]:
    """Return (type, may be null, may be absent) as they were at that version."""
    kind, null, optional = rule["type"], rule.get("null", False), rule.get("opt", False)
    for change in reversed(rule.get("changed", [])):
        if VERSIONS.index(version) <= VERSIONS.index(change["from_version"]):
            words = change["was"].split()
            null, optional = "null" in words, "optional" in words
            kind = words[0]
    return kind, null, optional


class Checker:
    """Collects every difference between a payload and the published shape of one version."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.faults: list[str] = []

    def check(self, payload: Any, name: str) -> None:
        rules = {path: rule for path, rule in SHAPES["objects"][name].items() if in_version(rule, self.version)}
        self._level(payload, rules, "", name)

    def _level(self, payload: dict[str, Any], rules: dict[str, Any], prefix: str, where: str) -> None:
        known = {}
        for path, rule in rules.items():
            rest = path.removeprefix(prefix)
            if path.startswith(prefix) and rest and "." not in rest:
                known[rest.removesuffix("[]")] = (path, rule)
        for key, value in payload.items():
            if key not in known:
                self.faults.append(f"{where}: unknown key {prefix}{key}")
                continue
            self._value(value, *known[key], rules, where)
        for key, (_, rule) in known.items():
            if key not in payload and not rule_for(rule, self.version)[2]:
                self.faults.append(f"{where}: missing {prefix}{key}")

    def _value(self, value: Any, path: str, rule: dict[str, Any], rules: dict[str, Any], where: str) -> None:
        kind, null, _ = rule_for(rule, self.version)
        if value is None:
            if not null:
                self.faults.append(f"{where}: {path} is null")
            return
        if "enum" in rule and isinstance(value, str) and value not in rule["enum"]:
            self.faults.append(f"{where}: {path} = {value!r}")
        if path.rsplit(".", 1)[-1] in SKIPPED or kind.startswith("map<string") or "|" in kind:
            return
        family = kind.partition("<")[0].partition(":")[0]
        if family == "list":
            self._list(value, kind, where)
        elif family == "array":
            self._array(value, kind, path, rules, where)
        elif family == "map":
            for option in value.values():
                self._level(option, rules, f"{path}{{}}.", where)
        elif kind.startswith("object:"):
            self.check(value, kind.removeprefix("object:"))
        else:
            self._plain(value, kind, path, rules, where)

    def _plain(self, value: Any, kind: str, path: str, rules: dict[str, Any], where: str) -> None:
        expected = PYTHON_TYPES[kind]
        fits = isinstance(value, expected) and (bool in expected or not isinstance(value, bool))
        if not fits:
            self.faults.append(f"{where}: {path} is {type(value).__name__}, not {kind}")
        elif kind == "object" and any(other.startswith(f"{path}.") for other in rules):
            self._level(value, rules, f"{path}.", where)

    def _list(self, value: Any, kind: str, where: str) -> None:
        if set(value) != {"object", "data", "has_more", "url"}:
            self.faults.append(f"{where}: a list with {sorted(value)}")
        for row in value["data"]:
            self.check(row, kind.removeprefix("list<object:").removesuffix(">"))

    def _array(self, value: Any, kind: str, path: str, rules: dict[str, Any], where: str) -> None:
        if not isinstance(value, list):
            self.faults.append(f"{where}: {path} is no array")
            return
        for row in value:
            if kind == "array<object>":
                self._level(row, rules, f"{path}[].", where)
            elif kind in ("array<id>", "array<string>") and not isinstance(row, str):
                self.faults.append(f"{where}: {path} holds {type(row).__name__}")


def payloads(world: World, shape: Shape) -> Iterator[tuple[str, Any]]:
    store = world.store
    # Paid invoices are all alike: every fifteenth of them will do.
    invoices = [i for n, i in enumerate(store.invoices) if i.status != "paid" or n % 15 == 0]
    groups: list[tuple[str, list[Record]]] = [
        ("product", list(store.products)),
        ("price", list(store.prices)),
        ("coupon", list(store.coupons)),
        ("customer", list(store.customers)),
        ("subscription", list(store.subscriptions)),
        ("subscription_item", list(store.items.values())),
        ("invoice", list(invoices)),
    ]
    for name, records in groups:
        for record in records:
            yield name, payload_of(store, record, shape)
    for invoice in invoices:
        for line in invoice.lines[:3]:
            yield "line_item", line_payload(store, invoice, line, shape)
        if shape >= Shape.BASIL:
            for payment in payments_payload(store, invoice, shape)["data"]:
                yield "invoice_payment", payment
    for discount in store.discounts.values():
        yield "discount", discount_payload(store, discount, shape)
    for price in store.prices:
        payload = payload_of(store, price, shape)
        payload["currency_options"] = currency_option_payloads(price, with_tiers=True)
        payload["tiers"] = tier_payloads(price.amounts[price.currency])
        yield "price", payload


@pytest.mark.parametrize("shape", list(Shape))
def test_every_object_has_the_published_shape(portfolio: World, shape: Shape) -> None:
    checker = Checker(SAMPLED_VERSIONS[shape])
    for name, payload in payloads(portfolio, shape):
        checker.check(payload, name)
    assert sorted(set(checker.faults)) == []


def test_events_have_the_published_shape(portfolio: World) -> None:
    checker = Checker("2026-10-28.endive")
    for event in portfolio.store.events:
        payload = orjson.loads(orjson.dumps(payload_of(portfolio.store, event, Shape.ENDIVE)))
        checker.check(payload, "event")
        assert payload["type"] in SHAPES["event_types_newest"]
    assert sorted(set(checker.faults)) == []


def test_the_versions_are_those_of_the_shapes_file() -> None:
    assert list(SAMPLED_VERSIONS.values()) == VERSIONS


@pytest.mark.parametrize(
    ("version", "shape"),
    [
        ("2020-08-27", Shape.V2022_11),
        ("2023-10-16", Shape.V2022_11),
        ("2024-06-20", Shape.V2024_06),
        ("2024-09-30.acacia", Shape.ACACIA),
        ("2025-03-31.basil", Shape.BASIL),
        ("2025-09-30.clover", Shape.CLOVER),
        ("2026-03-25.dahlia", Shape.DAHLIA),
        ("2026-09-30.endive", Shape.ENDIVE),
    ],
)
def test_a_version_has_the_shape_of_the_release_before_it(version: str, shape: Shape) -> None:
    assert shape_of(version) is shape


@pytest.mark.parametrize("text", ["", "latest", "2026-10-28-endive", "1999-01-01", "2026-10-28.Endive!"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Invalid Stripe API version"):
        shape_of(text)
