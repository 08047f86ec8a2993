"""What unit tests of use cases share."""

from __future__ import annotations

import pytest
from tests.unit.memory_product import Product, furnished_product


@pytest.fixture
def product() -> Product:
    """A workspace with one person of each role, in memory."""
    return furnished_product()
