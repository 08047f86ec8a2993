"""Liveness, readiness and metrics, for machines that look after us."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

from flask import Response, jsonify
from marshmallow import Schema, fields

from clynto.entrypoints.http.access import public
from clynto.entrypoints.http.api.resource import Resource
from clynto.entrypoints.http.metrics import RequestMetrics
from clynto.entrypoints.services import ReadinessCheck

PATIENCE_SECONDS = 4.0
"""A monitor hears from us within 5 s whatever hangs (guarantees E5)."""


class ReadinessProbe:
    """Asks every part at once. A check that hangs is not started a second time, so a dead part costs one thread."""

    def __init__(self, checks: Mapping[str, ReadinessCheck], *, patience: float = PATIENCE_SECONDS) -> None:
        self._checks = dict(checks)
        self._patience = patience
        self._lock = Lock()
        self._running: dict[str, Future[None]] = {}
        self._threads = ThreadPoolExecutor(max_workers=max(len(self._checks), 1), thread_name_prefix="readiness")

    def __call__(self) -> dict[str, bool]:
        """Which parts answer."""
        deadline = time.monotonic() + self._patience
        with self._lock:
            asked = {name: self._asked(name, check) for name, check in self._checks.items()}
        return {name: _answered(future, deadline) for name, future in asked.items()}

    def _asked(self, name: str, check: ReadinessCheck) -> Future[None]:
        former = self._running.get(name)
        if former is None or former.done():
            self._running[name] = self._threads.submit(check)
        return self._running[name]


def _answered(future: Future[None], deadline: float) -> bool:
    try:
        return future.exception(timeout=max(deadline - time.monotonic(), 0.0)) is None
    except TimeoutError:
        return False


class ReadinessSchema(Schema):
    """Which parts answer."""

    ready = fields.Boolean(required=True)
    checks = fields.Dict(keys=fields.String(), values=fields.Boolean(), required=True)


class LivenessSchema(Schema):
    """The process answers."""

    alive = fields.Boolean(required=True)


def health_resource(checks: Mapping[str, ReadinessCheck], metrics: RequestMetrics) -> Resource:
    """The three addresses, bound to what they report."""
    resource = Resource("health", url_prefix="", description="For monitoring.")
    probe = ReadinessProbe(checks)

    @resource.view("/healthz")
    @resource.answers(200, LivenessSchema)
    @public
    def healthz() -> dict[str, bool]:
        """Whether this process answers at all."""
        return {"alive": True}

    @resource.view("/readyz")
    @resource.also_answers(503, ReadinessSchema, "A part does not answer.")
    @resource.also_answers(200, ReadinessSchema, "Ready.")
    @public
    def readyz() -> Response:
        """Whether database and Redis answer."""
        answers = probe()
        response = jsonify(ready=all(answers.values()), checks=answers)
        response.status_code = 200 if all(answers.values()) else 503
        return response

    @resource.view("/metrics")
    @resource.also_answers(200, None, "Figures in Prometheus' text format.", content_type="text/plain")
    @public
    def metrics_text() -> Response:
        """What Prometheus reads."""
        return metrics.render()

    return resource
