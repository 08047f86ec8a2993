"""Looking past the API into the database and Redis of an installation."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.pool import NullPool

from clynto.adapters.rq_queue.connection import connect as connect_redis
from clynto.adapters.sql.tables import METADATA

_CONDITION = "FOR EACH ROW WHEN (NEW.workspace_id = '{workspace}')"
_REFUSING = {
    "sqlite": [f"CREATE TRIGGER no BEFORE INSERT ON {{table}} {_CONDITION} BEGIN SELECT RAISE(ABORT, 'refused'); END"],
    "postgresql": [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$",
        f"CREATE TRIGGER no BEFORE INSERT ON {{table}} {_CONDITION} EXECUTE FUNCTION refuse()",
    ],
}
_REFUSING_NO_MORE = {
    "sqlite": ["DROP TRIGGER no"],
    "postgresql": ["DROP TRIGGER no ON {table}", "DROP FUNCTION refuse"],
}


@cache
def engine_of(url: str) -> Engine:
    """Connections of our own, without the product's settings, and each closed after use. Kept, since a new engine
    compiles every statement again, which takes four times longer than to ask it."""
    return create_engine(url, poolclass=NullPool)


def rows_of(url: str, table: str) -> list[dict[str, Any]]:
    """All rows of a table."""
    with engine_of(url).connect() as connection:
        return [dict(row) for row in connection.execute(select(METADATA.tables[table])).mappings()]


def forms_of(secret: str) -> set[bytes]:
    """The secret as it is written, backwards, in base 64 wherever it may begin, in hexadecimal and as an address has
    it, and each of its halves."""
    plain, half = secret.encode(), len(secret) // 2
    encoded = set()
    for shift in range(3):
        # The first and last group of four letters may hold bits of a neighbour.
        code = base64.b64encode(b"\0" * shift + plain)
        encoded |= {code[4:-4], code[4:-4].translate(bytes.maketrans(b"+/", b"-_"))}
    spelled = "".join(f"%{byte:02X}" for byte in plain).encode()
    halves = {secret[:half].encode(), secret[half:].encode()}
    return {plain, plain[::-1], plain.hex().encode(), plain.hex().upper().encode(), spelled} | halves | encoded


def run_row(url: str, run_id: str) -> dict[str, Any]:
    """One sync run as it is stored."""
    return next(row for row in rows_of(url, "sync_runs") if row["id"] == run_id)


def change(url: str, statement: str, **values: Any) -> None:
    """Write to the database behind the product's back."""
    with engine_of(url).begin() as connection:
        connection.execute(text(statement), values)


@contextmanager
def refused_rows(url: str, table: str, workspace_id: str) -> Iterator[None]:
    """The database itself refuses every new row of a workspace in this table; so it does one that is to replace what
    is there."""
    with engine_of(url).connect() as connection:

        def tell(statements: list[str]) -> None:
            for statement in statements:
                connection.exec_driver_sql(statement.format(table=table, workspace=workspace_id))
            connection.commit()

        kind = connection.dialect.name
        tell(_REFUSING[kind])
        try:
            yield
        finally:
            tell(_REFUSING_NO_MORE[kind])


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
