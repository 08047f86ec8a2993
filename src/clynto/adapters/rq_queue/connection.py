"""Redis connections that never hang: everything answers or fails well within 5 s (guarantees E5)."""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

CALL_SECONDS = 1.5
"""How long one command may take; two in a row and a reconnect stay under 5 s."""


def connect(url: str, *, call_seconds: float = CALL_SECONDS) -> Redis:
    """A client for ``url`` (``redis://``, ``rediss://`` or ``unix://``). Nothing is sent before the first command.

    A connection that a restarted server has dropped is renewed once; a server that does not answer is not asked again.
    """
    client = Redis.from_url(
        url,
        socket_timeout=call_seconds,
        socket_connect_timeout=call_seconds,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    )
    if not isinstance(client, Redis):
        raise TypeError("the Redis client library answered with another class")
    return client


def ping(url: str) -> bool:
    """Whether a Redis server answers at ``url`` within a few seconds."""
    client = connect(url)
    try:
        return bool(client.ping())
    except RedisError:
        return False
    finally:
        client.close()
