"""Faults to order: what may go wrong between a client and Stripe, and when.

A rule matches requests by method, path, query and key, lets `after` of them pass and then hits `times` of them
(None: all).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from stripe_sandbox.records import Json

if TYPE_CHECKING:
    from stripe_sandbox.world import World

FaultKind = Literal[
    "fail",  # answer `status` with `body` (JSON object or text) and `headers`
    "slow",  # answer rightly, `seconds` later
    "drip",  # answer rightly, one byte every `seconds`
    "cut",  # send half of the body, then reset the connection
    "hold",  # render the answer now, send it when the rule is released
    "silent",  # accept and never answer until released
    "html",  # 200 with a web page, as a proxy does
    "truncate",  # 200 with the first half of the JSON as a complete body
    "empty_page",  # an empty list that says there is more
    "repeat_page",  # always the first page, saying there is more
    "mutate",  # call `action(world)` just before the answer is rendered
    "date",  # `headers` may carry a wrong Date
]


@dataclass(slots=True)
class FaultRule:
    """One ordered fault; see `FaultKind`.

    `path` and `query` are regular expressions for the whole path and for the whole query as it was sent; `key` is the
    end of the API key, empty for every key.
    """

    kind: FaultKind
    path: str = ".*"
    query: str = ".*"
    key: str = field(default="", repr=False)
    method: str = ".*"
    times: int | None = 1
    after: int = 0
    status: int = 500
    body: Json | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    action: Callable[[World], None] | None = None
    id: str = ""
    seen: int = 0
    hits: int = 0
    released: Future[None] = field(default_factory=Future, repr=False)

    def as_json(self) -> Json:
        """Return the rule for the control API."""
        shown = ("id", "kind", "path", "query", "method", "times", "after", "seen", "hits")
        return {name: getattr(self, name) for name in shown}

    def fits(self, method: str, path: str, query: str, key: str) -> bool:
        """True if the rule is about such a request."""
        patterns = ((self.path, path), (self.query, query), (self.method, method))
        return all(re.fullmatch(pattern, text) for pattern, text in patterns) and key.endswith(self.key)


class Faults:
    """The rules in force; the first that matches decides what happens to a request."""

    def __init__(self) -> None:
        self._rules: list[FaultRule] = []
        self._lock = threading.Lock()
        self._issued = 0

    def add(self, kind: FaultKind, **details: Any) -> FaultRule:
        """Order a fault; `details` are the other fields of `FaultRule`."""
        rule = FaultRule(kind, **details)
        re.compile(rule.path)
        re.compile(rule.query)
        with self._lock:
            self._issued += 1
            rule.id = f"fault_{self._issued}"
            self._rules.append(rule)
        return rule

    def hit(self, method: str, path: str, query: str = "", key: str = "") -> FaultRule | None:
        """Return the fault that this request meets, counting it."""
        with self._lock:
            for rule in self._rules:
                if not rule.fits(method, path, query, key):
                    continue
                rule.seen += 1
                if rule.seen > rule.after and (rule.times is None or rule.hits < rule.times):
                    rule.hits += 1
                    return rule
        return None

    def release(self, rule_id: str) -> None:
        """Let every answer that the rule holds go, and those to come."""
        for rule in self.rules():
            if rule.id == rule_id and not rule.released.done():
                rule.released.set_result(None)

    def rules(self) -> list[FaultRule]:
        """Return all rules, those used up included."""
        with self._lock:
            return list(self._rules)

    def clear(self) -> None:
        """Drop all rules and release what they hold."""
        for rule in self.rules():
            self.release(rule.id)
        with self._lock:
            self._rules.clear()
