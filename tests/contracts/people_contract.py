"""What every ``UserStore``, ``TokenStore`` and ``AuditLog`` keeps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import (
    HARD_TEXT,
    HERE,
    THERE,
    a_token,
    a_user,
    an_audit_entry,
    committed,
    moment,
)

from clynto.domain.errors import Conflict
from clynto.domain.roles import Role
from clynto.ports.unit_of_work import UnitsOfWork


class UserStoreContract(InTwoWorkspaces):
    """Sessions are written through the directory: see ``SignInDirectoryContract`` for what ends them."""

    def test_gives_back_what_was_stored(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.users.add(a_user())
        with units.reading(HERE) as unit:
            assert unit.users.get("usr_1") == a_user()
            assert unit.users.get("usr_2") is None

    def test_replaces_a_user(self, units: UnitsOfWork) -> None:
        changed = a_user(role=Role.MEMBER, password_hash="other", email="new@rheinwerk.example")
        with committed(units) as unit:
            unit.users.add(a_user())
            unit.users.save(changed)
        with units.reading(HERE) as unit:
            assert unit.users.get("usr_1") == changed
            assert list(unit.users.all()) == [changed]

    def test_lists_everybody_by_email(self, units: UnitsOfWork) -> None:
        users = [
            a_user("usr_1", email="m@x.example"),
            a_user("usr_2", email="z@x.example"),
            a_user("usr_3", email="a@x"),
        ]
        with committed(units) as unit:
            for user in users:
                unit.users.add(user)
            assert list(unit.users.all()) == [users[2], users[0], users[1]]

    @pytest.mark.parametrize("workspace_id", [HERE, THERE])
    def test_an_email_is_taken_only_once_anywhere(self, units: UnitsOfWork, workspace_id: str) -> None:
        with committed(units) as unit:
            unit.users.add(a_user())
        twin = a_user("usr_2", workspace_id=workspace_id, email=a_user().email)
        with units.writing(workspace_id) as unit, pytest.raises(Conflict):
            unit.users.add(twin)
        with units.reading(workspace_id) as unit:
            assert unit.users.get("usr_2") is None

    def test_a_freed_email_may_be_taken_again(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.users.add(a_user())
            unit.users.remove("usr_1")
            unit.users.add(a_user("usr_2", email=a_user().email))
            assert unit.users.get("usr_1") is None
            assert [user.id for user in unit.users.all()] == ["usr_2"]

    def test_counts_the_owners_it_holds(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            assert unit.users.lock_owners() == 0
            for number, role in enumerate([Role.OWNER, Role.ADMIN, Role.OWNER, Role.MEMBER]):
                unit.users.add(a_user(f"usr_{number}", role=role))
        with committed(units, THERE) as unit:
            unit.users.add(a_user("usr_9", workspace_id=THERE))
            assert unit.users.lock_owners() == 1
        with committed(units) as unit:
            assert unit.users.lock_owners() == 2

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.users.add(a_user())
        with committed(units, THERE) as unit:
            assert unit.users.get("usr_1") is None
            assert list(unit.users.all()) == []
            unit.users.remove("usr_1")
            unit.users.end_sessions("usr_1")
        with units.reading(HERE) as unit:
            assert unit.users.get("usr_1") == a_user()


class TokenStoreContract(InTwoWorkspaces):
    """Decided: "newest first" is by creation, then by id."""

    def test_gives_back_what_was_stored(self, units: UnitsOfWork) -> None:
        used = a_token("tok_2", name=HARD_TEXT, role=Role.OWNER, last_used_at=moment(5))
        with committed(units) as unit:
            unit.tokens.add(a_token())
            unit.tokens.add(used)
        with units.reading(HERE) as unit:
            assert (unit.tokens.get("tok_1"), unit.tokens.get("tok_2")) == (a_token(), used)
            assert unit.tokens.get("tok_3") is None

    def test_lists_the_newest_first(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            for token_id, second in (("tok_1", 5), ("tok_2", 9), ("tok_3", 1), ("tok_4", 5)):
                unit.tokens.add(a_token(token_id, created_at=moment(second)))
            assert [token.id for token in unit.tokens.all()] == ["tok_2", "tok_4", "tok_1", "tok_3"]

    def test_revokes(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.tokens.add(a_token("tok_1"))
            unit.tokens.add(a_token("tok_2"))
        with committed(units) as unit:
            assert unit.tokens.remove("tok_1") is True
            assert unit.tokens.remove("tok_1") is False
        with units.reading(HERE) as unit:
            assert unit.tokens.get("tok_1") is None
            assert list(unit.tokens.all()) == [a_token("tok_2")]

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.tokens.add(a_token())
        with committed(units, THERE) as unit:
            assert unit.tokens.get("tok_1") is None
            assert list(unit.tokens.all()) == []
            assert unit.tokens.remove("tok_1") is False
        with units.reading(HERE) as unit:
            assert unit.tokens.get("tok_1") == a_token()


class AuditLogContract(InTwoWorkspaces):
    """Entries carry ids that sort as they were made, so moment and id tell the same order; equal moments go by id."""

    def test_hands_out_the_newest_first_page_by_page(self, units: UnitsOfWork) -> None:
        entries = [an_audit_entry(f"aud_{number}", at=moment(number // 2)) for number in range(7)]
        with committed(units) as unit:
            for entry in entries:
                unit.audit_log.append(entry)
        newest_first = entries[::-1]
        with units.reading(HERE) as unit:
            assert list(unit.audit_log.newest(before=None, limit=3)) == newest_first[:3]
            assert list(unit.audit_log.newest(before="aud_4", limit=3)) == newest_first[3:6]
            assert list(unit.audit_log.newest(before="aud_1", limit=3)) == newest_first[6:]
            assert list(unit.audit_log.newest(before="aud_0", limit=3)) == []

    def test_holds_hard_text(self, units: UnitsOfWork) -> None:
        entry = replace(an_audit_entry(), detail=HARD_TEXT, actor="token tok_1")
        with committed(units) as unit:
            unit.audit_log.append(entry)
        with units.reading(HERE) as unit:
            assert list(unit.audit_log.newest(before=None, limit=1)) == [entry]

    def test_keeps_to_its_workspace(self, units: UnitsOfWork) -> None:
        with committed(units) as unit:
            unit.audit_log.append(an_audit_entry())
        with units.reading(THERE) as unit:
            assert list(unit.audit_log.newest(before=None, limit=9)) == []
