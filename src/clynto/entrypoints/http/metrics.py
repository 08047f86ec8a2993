"""What Prometheus reads.

Several web processes put their counts together when ``PROMETHEUS_MULTIPROC_DIR`` names a folder before the process
starts (the process starter sets it together with ``WebSettings.metrics_dir``); otherwise each process tells its own.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0)
UNKNOWN_ROUTE = "unknown"
METRICS_KEY = "clynto_metrics"


class RequestMetrics:
    """Counts and times requests by route pattern, never by real path, which may hold ids and tokens."""

    def __init__(self, metrics_dir: Path | None) -> None:
        own = CollectorRegistry()
        self._requests = Counter("clynto_http_requests", "Requests", ("method", "route", "status"), registry=own)
        self._seconds = Histogram(
            "clynto_http_request_seconds", "Time to answer", ("route",), registry=own, buckets=DURATION_BUCKETS
        )
        self._shown = own
        if metrics_dir is not None:
            self._shown = CollectorRegistry()
            MultiProcessCollector(self._shown, path=str(metrics_dir))  # type: ignore[no-untyped-call]

    def watch(self, app: Flask) -> None:
        """Count every request of ``app``."""
        app.extensions[METRICS_KEY] = self
        app.before_request(self._begin)
        app.after_request(self._end)

    def count(self, method: str, route: str, status: str, seconds: float | None) -> None:
        """Count one answer."""
        self._requests.labels(method, route, status).inc()
        if seconds is not None:
            self._seconds.labels(route).observe(seconds)

    def render(self) -> Response:
        """All figures in Prometheus' text format."""
        return Response(generate_latest(self._shown), content_type=CONTENT_TYPE_LATEST)

    def _begin(self) -> None:
        g.begun_at = time.perf_counter()

    def _end(self, response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else UNKNOWN_ROUTE
        method = request.method if request.url_rule else UNKNOWN_ROUTE
        begun_at: float | None = g.get("begun_at")
        seconds = None if begun_at is None else time.perf_counter() - begun_at
        self.count(method, route, str(response.status_code), seconds)
        return response


def metrics_of(app: Flask) -> RequestMetrics:
    """The figures of ``app``, for what answers in front of it."""
    return cast(RequestMetrics, app.extensions[METRICS_KEY])
