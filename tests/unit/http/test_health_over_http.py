"""Liveness, readiness and metrics (guarantees E5)."""

from __future__ import annotations

import threading
import time

from flask import Flask
from flask.testing import FlaskClient
from tests.unit.memory_product import Product

from clynto.domain.errors import QueueUnavailable
from clynto.entrypoints.http import health
from clynto.entrypoints.http.app import create_app
from clynto.entrypoints.http.health import ReadinessProbe


def unavailable() -> None:
    raise QueueUnavailable


def test_a_process_that_answers_is_alive(product: Product) -> None:
    product.readiness["redis"] = unavailable
    assert create_app(product.services()).test_client().get("/healthz").get_json() == {"alive": True}


def test_ready_means_that_every_part_answers(product: Product) -> None:
    product.readiness["database"] = lambda: None
    client = create_app(product.services()).test_client()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (200, {"ready": True, "checks": {"database": True}})
    product.readiness["redis"] = unavailable
    answer = create_app(product.services()).test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json() == {"ready": False, "checks": {"database": True, "redis": False}}


def test_a_part_that_hangs_is_waited_for_within_limits_and_asked_once() -> None:
    released, asked = threading.Event(), []

    def hang() -> None:
        asked.append(1)
        released.wait(timeout=60)

    probe = ReadinessProbe({"redis": hang, "database": lambda: None}, patience=0.05)
    begun = time.monotonic()
    answers = [probe() for _ in range(3)]
    assert time.monotonic() - begun < 3
    assert answers == [{"redis": False, "database": True}] * 3
    assert len(asked) == 1
    released.set()
    assert ReadinessProbe({"redis": hang}, patience=5)() == {"redis": True}


def test_patience_leaves_time_to_answer_within_five_seconds() -> None:
    assert health.PATIENCE_SECONDS < 5


def test_metrics_name_routes_and_never_real_paths(app: Flask, stranger: FlaskClient) -> None:
    stranger.get("/api/v1/users?limit=3")
    stranger.delete("/api/v1/users/usr_canary")
    stranger.get("/canary-page")
    text = stranger.get("/metrics").text
    assert 'route="/api/v1/users/<string:user_id>",status="401"' in text
    assert 'route="unknown",status="404"' in text
    assert "canary" not in text


def test_machines_need_no_cookie_and_get_none(stranger: FlaskClient) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"):
        assert "Set-Cookie" not in stranger.get(path).headers
