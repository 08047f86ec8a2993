"""Settings of the interpreter for processes that live long and work with many threads and many small objects."""

from __future__ import annotations

import gc
import sys

OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""A page of a list alone is some 20,000 objects, none of them in a cycle. With Python's own 700 the collector takes a
sixth of a sync's processor time and finds nothing; the memory that waits for it grows by a few megabytes."""
SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps the others waiting. Each statement of SQLite and each answer of a socket gives
the interpreter away; with Python's own 5 ms, a thread that stores would wait ten times longer than it works."""


def tune_process() -> None:
    """Call it once in each process, when everything is imported and made."""
    gc.collect()
    # What is there now stays until the end; the collector need not look at it again.
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 20, 50)
    sys.setswitchinterval(SWITCH_SECONDS)
