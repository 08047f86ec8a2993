"""What every ``RequestBudget`` keeps to (``clynto.ports.request_budget``).

Binding: a test module supplies the fixtures ``budget`` (a fresh ``RequestBudget`` with ``KEY_RATE`` requests a second
over all endpoints of a key and ``ENDPOINT_RATE`` for one endpoint) and ``pass_time`` (lets so many seconds go by, in
truth or not), and declares ``class TestBudget(RequestBudgetContract): ...``.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from clynto.ports.request_budget import RequestBudget

KEY_RATE = 50
ENDPOINT_RATE = 25

_TOLERANCE = 0.1
"""Seconds that real time may pass between two reservations of a test."""


class RequestBudgetContract:
    """See the module's text for the fixtures."""

    def test_the_first_request_goes_at_once(self, budget: RequestBudget) -> None:
        assert budget.reserve("key", "invoices") <= 0.001

    def test_waiting_times_are_never_negative(self, budget: RequestBudget, pass_time: Callable[[float], None]) -> None:
        budget.reserve("key", "invoices")
        pass_time(1.0)
        assert budget.reserve("key", "invoices") >= 0.0

    def test_one_endpoint_keeps_its_own_limit(self, budget: RequestBudget) -> None:
        waits = [budget.reserve("key", "invoices") for _ in range(75)]
        _demand_pace(waits, ENDPOINT_RATE)

    def test_all_endpoints_together_keep_the_limit_of_the_key(self, budget: RequestBudget) -> None:
        waits = [budget.reserve("key", f"endpoint-{number % 6}") for number in range(150)]
        _demand_pace(sorted(waits), KEY_RATE)

    def test_the_limit_is_used(self, budget: RequestBudget) -> None:
        waits = [budget.reserve("key", "invoices") for _ in range(50)]
        assert waits[-1] <= 50 / ENDPOINT_RATE * 1.2 + _TOLERANCE

    def test_a_queue_on_one_endpoint_leaves_room_for_another(self, budget: RequestBudget) -> None:
        for _ in range(75):
            budget.reserve("key", "invoices")
        assert budget.reserve("key", "customers") <= 0.2

    def test_keys_do_not_share_a_budget(self, budget: RequestBudget) -> None:
        for _ in range(100):
            budget.reserve("key", "invoices")
        assert budget.reserve("another key", "invoices") <= 0.001

    def test_waiting_frees_slots(self, budget: RequestBudget, pass_time: Callable[[float], None]) -> None:
        for _ in range(25):
            budget.reserve("key", "invoices")
        pass_time(1.2)
        assert budget.reserve("key", "invoices") <= _TOLERANCE

    def test_a_refusal_slows_its_endpoint_down(self, budget: RequestBudget, pass_time: Callable[[float], None]) -> None:
        before = _span(budget, "invoices")
        pass_time(before + 0.2)
        budget.refused("key", "invoices")
        assert _span(budget, "invoices") >= before * 1.5

    def test_a_refusal_of_one_key_does_not_slow_another(self, budget: RequestBudget) -> None:
        before = _span(budget, "invoices", key="another key")
        budget.refused("key", "invoices")
        assert _span(budget, "customers", key="another key") <= before * 1.2 + _TOLERANCE

    def test_the_pace_recovers_by_itself(self, budget: RequestBudget, pass_time: Callable[[float], None]) -> None:
        budget.refused("key", "invoices")
        slowed = _span(budget, "invoices")
        pass_time(slowed + 3.0)
        assert _span(budget, "invoices") < slowed

    def test_the_pace_never_ends(self, budget: RequestBudget) -> None:
        for _ in range(200):
            budget.refused("key", "invoices")
        assert _span(budget, "invoices") < 60.0

    def test_threads_never_share_a_slot(self, budget: RequestBudget) -> None:
        with ThreadPoolExecutor(8) as pool:
            waits = sorted(pool.map(lambda _: budget.reserve("key", "invoices"), range(75)))
        _demand_pace(waits, ENDPOINT_RATE)


def _demand_pace(waits: list[float], rate: int) -> None:
    """At most one second's worth at once, and after that no faster than ``rate``."""
    for number, wait in enumerate(waits):
        assert wait >= (number - rate) / rate - _TOLERANCE


def _span(budget: RequestBudget, endpoint: str, key: str = "key") -> float:
    """Seconds that ten requests take from the first to the last."""
    waits = [budget.reserve(key, endpoint) for _ in range(10)]
    return waits[-1] - waits[0]
