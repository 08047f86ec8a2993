"""Every history vector, through the real mapping (billing rules 6)."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from clynto.adapters.stripe_api.map_catalogue import map_price
from clynto.adapters.stripe_api.map_invoice import map_invoice
from clynto.adapters.stripe_api.map_subscription import map_subscription
from clynto.domain.moments import UnixTime, start_of_second
from clynto.domain.money import MoneyBag, major_text
from clynto.domain.mrr_history import MrrPoint, MrrSnapshot, month_points

DATA = json.loads((Path(__file__).parents[2] / "data" / "history_vectors.json").read_text(encoding="utf-8"))
VECTORS = DATA["vectors"]


def _snapshot(written: dict[str, Any]) -> MrrSnapshot:
    bag = MoneyBag({currency: Fraction(amount) for currency, amount in written["by_currency"].items()})
    return MrrSnapshot(start_of_second(UnixTime(written["at"])), bag, bag)


def _points(vector: dict[str, Any], *, reverse: bool = False) -> list[dict[str, Any]]:
    invoices = [map_invoice(payload) for payload in vector["invoices"]]
    points = month_points(
        [map_subscription(payload) for payload in vector["subscriptions"]],
        reversed(invoices) if reverse else invoices,
        listed_prices={payload["id"]: map_price(payload) for payload in vector.get("prices", [])},
        snapshots=[_snapshot(written) for written in vector.get("snapshots", [])],
        now=UnixTime(vector["as_of"]),
        months=vector["months"],
    )
    return [_shown(point, vector["settings"]["mrr_basis"]) for point in points]


def _shown(point: MrrPoint, basis: str) -> dict[str, Any]:
    bag = point.net_mrr if basis == "net" else point.list_mrr
    return {
        "month": str(point.month),
        "by_currency": {
            currency: {
                "mrr_exact": f"{amount.numerator}/{amount.denominator}",
                "mrr": major_text(amount, currency),
            }
            for currency, amount in bag
        },
        "confidence": point.confidence.value,
        "notes": list(point.notes),
    }


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_history_vector(vector: dict[str, Any]) -> None:
    assert _points(vector) == vector["expected_points"]
    assert _points(vector, reverse=True) == vector["expected_points"]


def test_all_vectors_are_there() -> None:
    assert len(VECTORS) == DATA["count"] > 0
