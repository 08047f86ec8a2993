"""Moving delayed jobs to their queue when they fall due (guarantees E10).

rq's scheduler is a process of its own that ends at the first connection error and is started again only minutes
later. One atomic step that any number of supervisors may take each second has no such gap and needs no lock.
"""

from __future__ import annotations

import time

from redis import Redis
from rq.job import Job as RqJob
from rq.registry import ScheduledJobRegistry

from clynto.adapters.rq_queue.job_routes import WAITING_TTL_SECONDS, QueueName
from clynto.adapters.rq_queue.work_queue import open_queue

# A delayed job that meets an equal one which waits is dropped: the one that waits starts later than both were due.
_MOVE_DUE = """
local moved = 0
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 1000)
for _, id in ipairs(due) do
  redis.call('ZREM', KEYS[1], id)
  local job = ARGV[2] .. id
  if redis.call('EXISTS', job) == 1 then
    local meta = redis.call('HGET', job, 'meta')
    local mark = meta and cjson.decode(meta)['mark']
    local waiting = mark and redis.call('GET', mark)
    if waiting and redis.call('LPOS', KEYS[2], waiting) then
      redis.call('DEL', job)
    else
      redis.call('HSET', job, 'status', 'queued')
      redis.call('RPUSH', KEYS[2], id)
      if mark then redis.call('SET', mark, id, 'EX', ARGV[3]) end
      moved = moved + 1
    end
  end
end
return moved
"""


class DelayedJobs:
    """The delayed jobs of all queues."""

    def __init__(self, redis: Redis) -> None:
        self._move_due = redis.register_script(_MOVE_DUE)
        self._queues = [open_queue(name, redis) for name in QueueName]

    def start_due(self) -> int:
        """Hand over all jobs that are due and return how many. Raises ``RedisError``."""
        moved = 0
        for queue in self._queues:
            registry = ScheduledJobRegistry(queue=queue)  # type: ignore[no-untyped-call]
            answer = self._move_due(
                keys=[registry.key, queue.key],
                args=[int(time.time()), RqJob.redis_job_namespace_prefix, WAITING_TTL_SECONDS],
            )
            moved += int(answer)
        return moved
