"""What every ``WorkspaceDirectory`` does before a workspace is chosen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.contracts.news_samples import CURRENT, FORMER, an_endpoint
from tests.contracts.samples import a_user, a_workspace, an_audit_entry, committed, moment

from clynto.domain.errors import Conflict
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork
from clynto.ports.workspaces import WorkspaceDirectory


class WorkspaceDirectoryContract:
    """Needs the fixtures ``units`` (empty) and ``workspace_directory`` over the same store."""

    def test_begins_with_nothing(self, workspace_directory: WorkspaceDirectory) -> None:
        assert list(workspace_directory.ids()) == []
        assert workspace_directory.any_exists() is False

    def test_creates_a_workspace_with_its_owner_and_the_trace(
        self, units: UnitsOfWork, workspace_directory: WorkspaceDirectory
    ) -> None:
        workspace_directory.create(a_workspace("ws_a"), a_user(workspace_id="ws_a"), an_audit_entry())
        assert list(workspace_directory.ids()) == ["ws_a"]
        assert workspace_directory.any_exists() is True
        with units.reading("ws_a") as unit:
            assert unit.workspaces.get() == a_workspace("ws_a")
            assert list(unit.users.all()) == [a_user(workspace_id="ws_a")]
            assert list(unit.audit_log.newest(before=None, limit=9)) == [an_audit_entry()]

    def test_names_the_oldest_first(self, workspace_directory: WorkspaceDirectory) -> None:
        for workspace_id, second in (("ws_c", 1), ("ws_a", 2), ("ws_b", 0)):
            workspace_directory.create(
                a_workspace(workspace_id, created_at=moment(second)),
                a_user(f"usr_{workspace_id}", workspace_id=workspace_id),
                an_audit_entry(f"aud_{workspace_id}"),
            )
        assert list(workspace_directory.ids()) == ["ws_b", "ws_c", "ws_a"]

    def test_a_taken_email_leaves_nothing_behind(
        self, units: UnitsOfWork, workspace_directory: WorkspaceDirectory
    ) -> None:
        workspace_directory.create(a_workspace("ws_a"), a_user(workspace_id="ws_a"), an_audit_entry())
        with pytest.raises(Conflict):
            workspace_directory.create(
                a_workspace("ws_b"),
                a_user("usr_2", workspace_id="ws_b", email=a_user().email),
                an_audit_entry("aud_2"),
            )
        assert list(workspace_directory.ids()) == ["ws_a"]
        with units.reading("ws_b") as unit:
            assert list(unit.users.all()) == []
            assert list(unit.audit_log.newest(before=None, limit=9)) == []

    def test_knows_whether_any_credential_is_held(
        self, units: UnitsOfWork, workspace_directory: WorkspaceDirectory
    ) -> None:
        def held_after(change: Callable[[UnitOfWork], None], workspace_id: str = "ws_b") -> bool:
            with committed(units, workspace_id) as unit:
                change(unit)
            return workspace_directory.holds_credentials()

        assert workspace_directory.holds_credentials() is False
        workspace_directory.create(a_workspace("ws_a"), a_user(workspace_id="ws_a"), an_audit_entry())
        assert workspace_directory.holds_credentials() is False
        assert held_after(lambda unit: unit.connections.put_sealed_key(CURRENT)) is True
        assert held_after(lambda unit: unit.connections.erase_key(), "ws_a") is True
        assert held_after(lambda unit: unit.connections.erase_key()) is False
        bare = an_endpoint(current=None)
        assert held_after(lambda unit: unit.webhook_endpoints.save(bare)) is False
        assert held_after(lambda unit: unit.webhook_endpoints.save(replace(bare, current=CURRENT))) is True
        assert held_after(lambda unit: unit.webhook_endpoints.save(replace(bare, former=FORMER))) is True
        assert held_after(lambda unit: unit.webhook_endpoints.save(bare)) is False

    def test_only_the_first_is_first(self, workspace_directory: WorkspaceDirectory) -> None:
        workspace_directory.create_first(a_workspace("ws_a"), a_user(workspace_id="ws_a"), an_audit_entry())
        with pytest.raises(Conflict):
            workspace_directory.create_first(
                a_workspace("ws_b"), a_user("usr_2", workspace_id="ws_b"), an_audit_entry("aud_2")
            )
        assert list(workspace_directory.ids()) == ["ws_a"]

    def test_of_several_firsts_at_once_exactly_one_wins(self, workspace_directory: WorkspaceDirectory) -> None:
        outcomes: list[str] = []
        start = threading.Barrier(4)

        def create(number: int) -> None:
            start.wait(timeout=10)
            workspace_id = f"ws_{number}"
            try:
                workspace_directory.create_first(
                    a_workspace(workspace_id),
                    a_user(f"usr_{number}", workspace_id=workspace_id),
                    an_audit_entry(f"aud_{number}"),
                )
            except Conflict:
                outcomes.append("refused")
            else:
                outcomes.append("created")

        threads = [threading.Thread(target=create, args=(number,), daemon=True) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
        assert sorted(outcomes) == ["created", "refused", "refused", "refused"]
        assert len(workspace_directory.ids()) == 1
