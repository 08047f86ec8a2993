"""Which workers are alive, by a sign of life in Redis.

rq's own list keeps a killed worker for minutes, and loses one that is busy with a long job in its own process.
"""

from __future__ import annotations

from typing import Any, cast

from redis import Redis

_KEY = "clynto:workers"
_ALIVE_MICROS = 15_000_000

# Redis's own clock is used on both sides, so machines whose clocks differ agree on who is alive.
_BEAT = """
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], time[1] * 1000000 + time[2], ARGV[1])
redis.call('EXPIRE', KEYS[1], 3600)
"""
_COUNT = """
local time = redis.call('TIME')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time[1] * 1000000 + time[2] - ARGV[1])
return redis.call('ZCARD', KEYS[1])
"""


def show_presence(redis: Redis, worker: str) -> None:
    """Give a sign of life for the next 15 s. Raises ``RedisError``."""
    redis.eval(_BEAT, 1, _KEY, worker)


def leave(redis: Redis, worker: str) -> None:
    """Be gone at once. Raises ``RedisError``."""
    redis.zrem(_KEY, worker)


def count_workers(redis: Redis) -> int:
    """How many workers gave a sign of life in the last 15 s. Raises ``RedisError``."""
    return int(cast(Any, redis.eval(_COUNT, 1, _KEY, str(_ALIVE_MICROS))))
