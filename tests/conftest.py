"""How the processes of the tests run."""

from __future__ import annotations

import gc

from clynto.entrypoints.process_tuning import OBJECTS_BETWEEN_COLLECTIONS


def pytest_collection_finish() -> None:
    """Let Python's collector run as seldom as it does in the product. What is imported and collected by now stays until
    the end; with Python's own settings it is looked at again and again, for a tenth of the tests' processor time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 20, 50)
