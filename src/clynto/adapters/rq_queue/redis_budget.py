"""The request budget of a Stripe key, shared by all workers through Redis (architecture decision 8).

Each key has a row of cells in time, and a cell is used once. Each endpoint of a key has a next free moment, moved on by
one interval with every reservation. A reservation takes the first free cell at or after the endpoint's next free
moment: a long queue on one endpoint leaves the cells between its own to the others.

No second of time, wherever it begins, holds more sendings than the limit. While the key's limit is what binds, each
sending waits for the beginning of its cell of ``1 / key_rate``. While the endpoints' limit binds, that waiting would
cost a fifth of their pace, so there a sending may fall anywhere into its cell; a second touches one cell more than it
is long, and the cells are ``1 / (key_rate - 1)``.

A refusal (429) halves the pace of its endpoint, which comes back to full speed in a straight line over 30 s. Stripe's
global limit shows as refusals on every endpoint, so it slows all of them.

All of it is one Lua script on Redis's clock: atomic, and right for machines whose clocks differ. When Redis cannot be
reached, the process keeps the pace on its own (guarantees E12) and asks Redis again every few seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from redis.exceptions import RedisError

from clynto.adapters.rq_queue.connection import connect
from clynto.adapters.rq_queue.local_budget import (
    FULL_RECOVERY_SECONDS,
    IDLE_SECONDS,
    ONE_REFUSAL_SECONDS,
    SLOWEST_PACE,
    LocalRequestBudget,
)

_LOG = logging.getLogger("clynto.request_budget")
_CALL_SECONDS = 0.5
_ASK_AGAIN_SECONDS = 5.0
_MICROS = 1_000_000

_PACE_OF_ENDPOINT = """
local function now_micros()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
local function text(number) return string.format('%.0f', number) end
local function pace_at(key, now, recovery)
  local found = redis.call('HMGET', key, 'pace', 'refused_at')
  if not found[1] then return 1, nil end
  local pace, refused_at = tonumber(found[1]), tonumber(found[2])
  local recovered = math.max(0, math.min(1, (now - refused_at) / recovery))
  return pace + (1 - pace) * recovered, refused_at
end
"""

# KEYS: row of cells, taken cells, endpoint. ARGV: key rate, endpoint rate, recovery in micros, seconds until forgotten.
_RESERVE = (
    _PACE_OF_ENDPOINT
    + """
local now = now_micros()
local key_rate, endpoint_rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local aligned = key_rate <= endpoint_rate
local width = aligned and 1000000 / key_rate or 1000000 / (key_rate - 1)
local rest = aligned and width or 2 * width
local row = redis.call('HMGET', KEYS[1], 'anchor', 'last_slot')
local anchor, last_slot = tonumber(row[1] or 0), tonumber(row[2] or 0)
if last_slot + rest <= now then
  anchor = now
  redis.call('DEL', KEYS[2])
end
local earliest = math.max(now, tonumber(redis.call('HGET', KEYS[3], 'next_free') or 0))
local cell = (earliest - anchor) / width
cell = math.max(0, aligned and math.ceil(cell - 0.001) or math.floor(cell))
while redis.call('GETBIT', KEYS[2], cell) == 1 do cell = cell + 1 end
redis.call('SETBIT', KEYS[2], cell, 1)
local slot = math.max(earliest, math.ceil(anchor + cell * width))
local interval = math.ceil(1000000 / (endpoint_rate * pace_at(KEYS[3], now, tonumber(ARGV[3]))))
redis.call('HSET', KEYS[1], 'anchor', text(anchor), 'last_slot', text(math.max(last_slot, slot)))
redis.call('HSET', KEYS[3], 'next_free', text(slot + interval))
local forgotten = math.ceil((slot - now) / 1000000) + tonumber(ARGV[4])
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, forgotten) end
return slot - now
"""
)

# KEYS: endpoint. ARGV: recovery in micros, micros in which refusals are one, slowest pace, seconds until forgotten.
_REFUSED = (
    _PACE_OF_ENDPOINT
    + """
local now = now_micros()
local pace, refused_at = pace_at(KEYS[1], now, tonumber(ARGV[1]))
if refused_at and now - refused_at < tonumber(ARGV[2]) then return 0 end
pace = math.max(tonumber(ARGV[3]), pace / 2)
redis.call('HSET', KEYS[1], 'pace', string.format('%.6f', pace), 'refused_at', text(now))
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""
)


class RedisRequestBudget:
    """Implements ``RequestBudget`` for all processes on one Redis. Rates are in requests a second.

    ``key_rate`` is ``CLYNTO_STRIPE_MAX_RPS``; ``endpoint_rate`` is Stripe's 25 a second (stripe_facts 4). Making one
    connects to nothing; it may be used by several threads.
    """

    def __init__(self, redis_url: str, *, key_rate: int, endpoint_rate: int = 25) -> None:
        redis = connect(redis_url, call_seconds=_CALL_SECONDS)
        self._reserve = redis.register_script(_RESERVE)
        self._refused = redis.register_script(_REFUSED)
        self._rates = (key_rate, endpoint_rate)
        self._alone = LocalRequestBudget(key_rate=key_rate, endpoint_rate=endpoint_rate)
        self._lock = threading.Lock()
        self._ask_again_at = 0.0

    def reserve(self, key_fingerprint: str, endpoint: str) -> float:
        """Take the next free slot and return how many seconds to wait before sending (0.0: now)."""
        waiting = self._ask(
            self._reserve,
            keys=[
                f"clynto:budget:{key_fingerprint}:row",
                f"clynto:budget:{key_fingerprint}:taken",
                _endpoint_key(key_fingerprint, endpoint),
            ],
            args=[*self._rates, FULL_RECOVERY_SECONDS * _MICROS, int(IDLE_SECONDS)],
        )
        if waiting is None:
            return self._alone.reserve(key_fingerprint, endpoint)
        return max(0.0, int(waiting) / _MICROS)

    def refused(self, key_fingerprint: str, endpoint: str) -> None:
        """Stripe answered 429: halve the pace of this key and endpoint."""
        # Told to both, so that a fallback right after a refusal does not start at full speed.
        self._alone.refused(key_fingerprint, endpoint)
        self._ask(
            self._refused,
            keys=[_endpoint_key(key_fingerprint, endpoint)],
            args=[FULL_RECOVERY_SECONDS * _MICROS, ONE_REFUSAL_SECONDS * _MICROS, SLOWEST_PACE, int(IDLE_SECONDS)],
        )

    def _ask(self, script: Any, *, keys: list[str], args: list[float]) -> Any:
        """The script's answer; None while Redis cannot be reached."""
        if time.monotonic() < self._ask_again_at:
            return None
        try:
            answer = script(keys=keys, args=args)
        except RedisError as error:
            with self._lock:
                if self._ask_again_at == 0.0:
                    _LOG.warning("Redis does not answer (%s): this process keeps the pace alone", type(error).__name__)
                self._ask_again_at = time.monotonic() + _ASK_AGAIN_SECONDS
            return None
        if self._ask_again_at:
            with self._lock:
                self._ask_again_at = 0.0
            _LOG.warning("Redis answers again: the pace is shared")
        return answer


def _endpoint_key(key_fingerprint: str, endpoint: str) -> str:
    return f"clynto:budget:{key_fingerprint}:endpoint:{endpoint}"
