"""Looking past the API into the database and Redis of an installation."""

from __future__ import annotations

import zlib
from typing import Any, cast

from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.pool import NullPool

from clynto.adapters.rq_queue.connection import connect as connect_redis
from clynto.adapters.sql.tables import METADATA


def engine_of(url: str) -> Engine:
    """A connection of our own, without the product's settings."""
    return create_engine(url, poolclass=NullPool)


def rows_of(url: str, table: str) -> list[dict[str, Any]]:
    """All rows of a table."""
    with engine_of(url).connect() as connection:
        return [dict(row) for row in connection.execute(select(METADATA.tables[table])).mappings()]


def run_row(url: str, run_id: str) -> dict[str, Any]:
    """One sync run as it is stored."""
    return next(row for row in rows_of(url, "sync_runs") if row["id"] == run_id)


def change(url: str, statement: str, **values: Any) -> None:
    """Write to the database behind the product's back."""
    with engine_of(url).begin() as connection:
        connection.execute(text(statement), values)


def database_dump(url: str) -> bytes:
    """Every value of every row."""
    parts: list[bytes] = []
    for name in METADATA.tables:
        for row in rows_of(url, name):
            parts.extend(
                value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
                for value in row.values()
            )
    return b"\n".join(parts)


def redis_dump(url: str) -> bytes:
    """Every key and value, with what rq compressed made readable."""
    client = connect_redis(url)
    parts: list[bytes] = []
    for key in client.scan_iter():
        parts.append(key)
        parts += _contents(client, key)
    client.close()
    return b"\n".join(parts)


def _contents(client: Any, key: bytes) -> list[bytes]:
    match cast(bytes, client.type(key)):
        case b"string":
            values = [client.get(key)]
        case b"hash":
            values = [part for pair in client.hgetall(key).items() for part in pair]
        case b"list":
            values = client.lrange(key, 0, -1)
        case b"set":
            values = list(client.smembers(key))
        case b"zset":
            values = client.zrange(key, 0, -1)
        case b"stream":
            values = [repr(client.xrange(key)).encode()]
        case _:
            values = []
    found = [value for value in values if value is not None]
    return found + [_inflated(value) for value in found]


def _inflated(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return b""
