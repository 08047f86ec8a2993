"""Failing assertions of the shared contract suites show their values, as those of test modules do."""

import pytest

pytest.register_assert_rewrite("tests.contracts")
