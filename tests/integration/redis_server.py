"""A real Redis for a test session, emptied before each test that asks for its address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clynto.adapters.rq_queue.connection import connect
from clynto.adapters.rq_queue.embedded_redis import EmbeddedRedis


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """The running server."""
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: EmbeddedRedis) -> str:
    """The address of an empty Redis."""
    client = connect(redis_server.url)
    client.flushall()
    client.close()
    return redis_server.url
