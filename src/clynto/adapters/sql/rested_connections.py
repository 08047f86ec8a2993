"""Asking PostgreSQL connections whether they still work, where they have rested.

Whatever cuts a connection that nobody uses (a restarted server, a firewall, an administrator) is found out before it is
used. One that worked a moment ago is not asked: on a busy web process that would be a round trip in front of every
transaction, a tenth of what the process does. If it was cut in that moment, whoever uses it hears that the database is
away, as those do in whose transaction it was cut, and the next one gets a new connection.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

RESTED_SECONDS = 1.0
_RESTS_SINCE = "clynto_rests_since"


def ask_the_rested(engine: Engine) -> None:
    """From now on a connection that rested for ``RESTED_SECONDS`` is replaced if it does not answer, and so are all
    that are as old."""
    dialect = engine.dialect
    assert dialect.loaded_dbapi is not None, "it was loaded with the engine"
    fault_of_driver: type[Exception] = dialect.loaded_dbapi.Error

    def rests(_connection: Any, entry: ConnectionPoolEntry) -> None:
        entry.info[_RESTS_SINCE] = time.monotonic()

    def is_wanted(connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        since = entry.info.get(_RESTS_SINCE)
        if since is None or time.monotonic() - since < RESTED_SECONDS:
            return
        try:
            dialect.do_ping(connection)
        except fault_of_driver as fault:
            raise InvalidatePoolError from fault

    event.listen(engine, "checkin", rests)
    event.listen(engine, "checkout", is_wanted)
