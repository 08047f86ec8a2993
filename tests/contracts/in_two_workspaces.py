"""What every suite over a unit of work shares.

Binding a suite: a test module supplies a fixture ``units`` that returns a fresh, empty ``UnitsOfWork`` and declares
``class TestAccounts(AccountStoreContract): ...``. Suites that need more say so in their docstring.
"""

from __future__ import annotations

import pytest
from tests.contracts.samples import HERE, THERE, a_workspace, committed

from clynto.ports.unit_of_work import UnitsOfWork


class InTwoWorkspaces:
    """Stores two workspaces, so that each test has a neighbour whose data must stay its own."""

    @pytest.fixture(autouse=True)
    def _stored_workspaces(self, units: UnitsOfWork) -> None:
        for workspace_id in (HERE, THERE):
            with committed(units, workspace_id) as unit:
                unit.workspaces.save(a_workspace(workspace_id))
