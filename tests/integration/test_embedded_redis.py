"""The Redis that comes with a wheel."""

from __future__ import annotations

import stat
from pathlib import Path

from clynto.adapters.rq_queue.connection import connect, ping
from clynto.adapters.rq_queue.embedded_redis import EmbeddedRedis


def test_serves_only_its_owner_and_leaves_nothing_behind(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / "redis")
    server.start()
    socket = tmp_path / "redis" / "redis.sock"
    assert server.running()
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    server.stop()
    assert not server.running()
    assert not socket.exists()
    assert server.pid is None


def test_second_start_joins_the_server_that_a_dead_process_left(tmp_path: Path) -> None:
    first = EmbeddedRedis(tmp_path)
    first.start()
    pid = first.pid
    second = EmbeddedRedis(tmp_path)
    second.start()
    assert second.pid == pid
    second.stop()
    assert not ping(first.url)
    first.stop()


def test_starts_over_a_socket_that_nobody_serves(tmp_path: Path) -> None:
    (tmp_path / "redis.sock").touch()
    server = EmbeddedRedis(tmp_path)
    server.start()
    assert server.running()
    server.stop()


def test_works_in_a_folder_too_deep_for_a_socket(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path / ("x" * 90))
    server.start()
    assert server.running()
    server.stop()


def test_evicts_nothing(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path)
    server.start()
    client = connect(server.url)
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    client.close()
    server.stop()
