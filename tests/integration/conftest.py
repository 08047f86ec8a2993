"""One PostgreSQL server for all integration tests: a fixture that each folder imported would start once a folder."""

from __future__ import annotations

from tests.integration.postgres_server import postgres_server

__all__ = ["postgres_server"]
