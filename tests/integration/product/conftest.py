"""Fixtures of the tests that drive the whole product."""

from __future__ import annotations

from tests.integration.postgres_server import postgres_server

__all__ = ["postgres_server"]
