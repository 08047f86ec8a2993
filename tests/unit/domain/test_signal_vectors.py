"""Every signal vector, through the real mapping (billing rules 5)."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.domain.signal_story import Step, Told, shown, tell

DATA = json.loads((Path(__file__).parents[2] / "data" / "signal_vectors.json").read_text(encoding="utf-8"))
VECTORS = DATA["vectors"]
IDS = [vector["id"] for vector in VECTORS]
ANY_ORDER = [vector for vector in VECTORS if vector["any_order"]]


def _sorted(views: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(views, key=lambda view: (view["type"], view["identity_hint"]))


def _all(told: Told) -> list[dict[str, Any]]:
    return _sorted([shown(signal) for signal in told.ledger.signals.values()])


def _open(told: Told) -> list[dict[str, Any]]:
    return _sorted([shown(signal) for signal in told.ledger.open_signals])


@pytest.mark.parametrize("vector", VECTORS, ids=IDS)
def test_signals_and_non_events(vector: dict[str, Any]) -> None:
    told = tell(vector["steps"])

    assert _all(told) == _sorted(vector["expected"])
    assert told.non_events == vector["expected_non_events"]


@pytest.mark.parametrize("vector", VECTORS, ids=IDS)
def test_events_that_come_again_at_once_change_nothing(vector: dict[str, Any]) -> None:
    repeated: list[Step] = []
    for step in vector["steps"]:
        repeated.append(step)
        if step["kind"] == "event":
            repeated.append({**step, "id": f"{step['id']}_again"})

    told = tell(repeated)

    assert _all(told) == _sorted(vector["expected"])
    assert told.non_events == vector["expected_non_events"]


@pytest.mark.parametrize("vector", VECTORS, ids=IDS)
def test_events_that_all_come_again_at_the_end_change_nothing(vector: dict[str, Any]) -> None:
    again = [{**step, "id": f"{step['id']}_again"} for step in vector["steps"] if step["kind"] == "event"]

    told = tell([*vector["steps"], *again])

    assert _all(told) == _sorted(vector["expected"])
    assert told.non_events == vector["expected_non_events"]


@pytest.mark.parametrize("vector", ANY_ORDER, ids=[vector["id"] for vector in ANY_ORDER])
def test_the_order_of_events_does_not_matter_for_what_is_open(vector: dict[str, Any]) -> None:
    expected = _sorted([view for view in vector["expected"] if view["state"] == "open"])
    events = [step for step in vector["steps"] if step["kind"] == "event"]

    for order in itertools.permutations(events):
        left = iter(order)
        steps = [next(left) if step["kind"] == "event" else step for step in vector["steps"]]
        assert _open(tell(steps)) == expected, [step["id"] for step in order]


def test_all_vectors_are_there() -> None:
    assert len(VECTORS) == DATA["count"] > 0
