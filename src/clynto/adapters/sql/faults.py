"""What the drivers raise, as the errors of the domain."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import exc

from clynto.domain.errors import ServiceUnavailable
from clynto.ports.unit_of_work import COLLISION

_COLLISIONS = frozenset({"40001", "40P01"})
"""Serialisation failure and deadlock: nothing was done, and doing it again is the answer (guarantees F4)."""


@contextmanager
def translated() -> Iterator[None]:
    """Turn an unreachable, overloaded or colliding database into ``ServiceUnavailable``; all else stays as it is."""
    try:
        yield
    except exc.TimeoutError as fault:
        raise ServiceUnavailable(reason="no_free_connection") from fault
    except (exc.OperationalError, exc.InterfaceError) as fault:
        if _is_our_mistake(fault):
            raise
        raise ServiceUnavailable(reason=_reason(fault.orig)) from fault
    except (psycopg.OperationalError, psycopg.InterfaceError) as fault:
        # Where the driver is used by itself.
        raise ServiceUnavailable(reason=_reason(fault)) from fault


def breaks_unique(fault: exc.IntegrityError, name: str, sqlite_columns: str) -> bool:
    """Whether exactly this uniqueness was broken; every other integrity error must surface (guarantees F5).

    PostgreSQL tells the constraint by its name, SQLite by its columns.
    """
    if isinstance(fault.orig, psycopg.Error):
        return fault.orig.diag.constraint_name == name
    return str(fault.orig) == f"UNIQUE constraint failed: {sqlite_columns}"


def _is_our_mistake(fault: exc.DBAPIError) -> bool:
    """SQLite's driver calls wrong SQL an operational error as well."""
    return isinstance(fault.orig, sqlite3.Error) and fault.orig.sqlite_errorcode == sqlite3.SQLITE_ERROR


def _reason(fault: BaseException | None) -> str:
    if isinstance(fault, psycopg.Error) and fault.sqlstate in _COLLISIONS:
        return COLLISION
    return "database_unavailable"
