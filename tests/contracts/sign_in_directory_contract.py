"""What every ``SignInDirectory`` finds."""

from __future__ import annotations

from tests.contracts.in_two_workspaces import InTwoWorkspaces
from tests.contracts.samples import HERE, THERE, a_session, a_token, a_user, committed, moment

from clynto.domain.moments import UnixMicros
from clynto.ports.people import SignInDirectory
from clynto.ports.unit_of_work import UnitsOfWork

DAY = 86_400


def _last_used_at(units: UnitsOfWork) -> UnixMicros | None:
    with units.reading(HERE) as unit:
        token = unit.tokens.get("tok_1")
    assert token is not None
    return token.last_used_at


class SignInDirectoryContract(InTwoWorkspaces):
    """Needs the fixtures ``units`` and ``sign_in_directory`` over the same store.

    Decided: a session has ended at ``expires_at`` itself; a token's use is written again once 60 s have passed;
    ``failed_sign_ins`` counts a try made exactly at ``since``; tries older than a day may be forgotten.
    """

    def test_finds_users_of_every_workspace_by_email(
        self, units: UnitsOfWork, sign_in_directory: SignInDirectory
    ) -> None:
        theirs = a_user("usr_2", workspace_id=THERE)
        with committed(units) as unit:
            unit.users.add(a_user())
        with committed(units, THERE) as unit:
            unit.users.add(theirs)
        assert sign_in_directory.user_by_email("usr_1@rheinwerk.example") == a_user()
        assert sign_in_directory.user_by_email("usr_2@rheinwerk.example") == theirs
        assert sign_in_directory.user_by_email("nobody@rheinwerk.example") is None
        assert sign_in_directory.user_by_email("%") is None

    def test_finds_the_user_behind_a_session_until_it_ends(
        self, units: UnitsOfWork, sign_in_directory: SignInDirectory
    ) -> None:
        with committed(units) as unit:
            unit.users.add(a_user())
        sign_in_directory.start_session(a_session(expires_at=moment(60)))
        assert sign_in_directory.user_of_session("hash-1", at=moment(59, 999_999)) == a_user()
        assert sign_in_directory.user_of_session("hash-1", at=moment(60)) is None
        assert sign_in_directory.user_of_session("hash-2", at=moment(1)) is None

    def test_ends_one_session(self, units: UnitsOfWork, sign_in_directory: SignInDirectory) -> None:
        with committed(units) as unit:
            unit.users.add(a_user())
        for token_hash in ("hash-1", "hash-2"):
            sign_in_directory.start_session(a_session(token_hash))
        sign_in_directory.end_session("hash-1")
        sign_in_directory.end_session("hash-unknown")
        assert sign_in_directory.user_of_session("hash-1", at=moment(1)) is None
        assert sign_in_directory.user_of_session("hash-2", at=moment(1)) == a_user()

    def test_all_sessions_of_one_user_can_be_ended(
        self, units: UnitsOfWork, sign_in_directory: SignInDirectory
    ) -> None:
        with committed(units) as unit:
            unit.users.add(a_user("usr_1"))
            unit.users.add(a_user("usr_2"))
        for token_hash, user_id in (("hash-1", "usr_1"), ("hash-2", "usr_1"), ("hash-3", "usr_2")):
            sign_in_directory.start_session(a_session(token_hash, user_id=user_id))
        with committed(units) as unit:
            unit.users.end_sessions("usr_1")
        with committed(units, THERE) as unit:
            unit.users.end_sessions("usr_2")
        assert sign_in_directory.user_of_session("hash-1", at=moment(1)) is None
        assert sign_in_directory.user_of_session("hash-2", at=moment(1)) is None
        assert sign_in_directory.user_of_session("hash-3", at=moment(1)) == a_user("usr_2")

    def test_a_removed_user_has_no_sessions_even_when_added_again(
        self, units: UnitsOfWork, sign_in_directory: SignInDirectory
    ) -> None:
        with committed(units) as unit:
            unit.users.add(a_user())
        sign_in_directory.start_session(a_session())
        with committed(units) as unit:
            unit.users.remove("usr_1")
        assert sign_in_directory.user_of_session("hash-1", at=moment(1)) is None
        assert sign_in_directory.user_by_email(a_user().email) is None
        with committed(units) as unit:
            unit.users.add(a_user())
        assert sign_in_directory.user_of_session("hash-1", at=moment(1)) is None

    def test_a_session_shows_the_user_of_today(self, units: UnitsOfWork, sign_in_directory: SignInDirectory) -> None:
        with committed(units) as unit:
            unit.users.add(a_user())
        sign_in_directory.start_session(a_session())
        with committed(units) as unit:
            unit.users.save(a_user(password_hash="changed"))
        assert sign_in_directory.user_of_session("hash-1", at=moment(1)) == a_user(password_hash="changed")

    def test_saving_a_user_keeps_the_sessions(self, units: UnitsOfWork, sign_in_directory: SignInDirectory) -> None:
        with committed(units) as unit:
            unit.users.add(a_user())
        sign_in_directory.start_session(a_session())
        with committed(units) as unit:
            unit.users.save(a_user())
        assert sign_in_directory.user_of_session("hash-1", at=moment(1)) == a_user()

    def test_notes_the_use_of_a_token_at_most_once_a_minute(
        self, units: UnitsOfWork, sign_in_directory: SignInDirectory
    ) -> None:
        with committed(units) as unit:
            unit.tokens.add(a_token())
        found = sign_in_directory.token_by_hash("hash-of-tok_1", at=moment(10))
        assert found is not None
        assert (found.id, found.workspace_id, found.role) == ("tok_1", HERE, a_token().role)
        assert _last_used_at(units) == moment(10)
        sign_in_directory.token_by_hash("hash-of-tok_1", at=moment(69))
        assert _last_used_at(units) == moment(10)
        sign_in_directory.token_by_hash("hash-of-tok_1", at=moment(70))
        assert _last_used_at(units) == moment(70)

    def test_knows_no_revoked_token(self, units: UnitsOfWork, sign_in_directory: SignInDirectory) -> None:
        with committed(units) as unit:
            unit.tokens.add(a_token())
        with committed(units) as unit:
            unit.tokens.remove("tok_1")
        assert sign_in_directory.token_by_hash("hash-of-tok_1", at=moment(1)) is None
        assert sign_in_directory.token_by_hash("unknown", at=moment(1)) is None

    def test_counts_failed_tries_by_key_and_time(self, sign_in_directory: SignInDirectory) -> None:
        for seconds in (10, 20, 20, 30):
            sign_in_directory.note_failed_sign_in("a@x.example", at=moment(seconds))
        sign_in_directory.note_failed_sign_in("198.51.100.7", at=moment(25))
        assert sign_in_directory.failed_sign_ins("a@x.example", since=moment(0)) == 4
        assert sign_in_directory.failed_sign_ins("a@x.example", since=moment(20)) == 3
        assert sign_in_directory.failed_sign_ins("a@x.example", since=moment(20, 1)) == 1
        assert sign_in_directory.failed_sign_ins("198.51.100.7", since=moment(0)) == 1
        assert sign_in_directory.failed_sign_ins("b@x.example", since=moment(0)) == 0

    def test_keeps_the_tries_of_the_last_day_and_forgets_older_ones(self, sign_in_directory: SignInDirectory) -> None:
        sign_in_directory.note_failed_sign_in("a@x.example", at=moment(0))
        sign_in_directory.note_failed_sign_in("a@x.example", at=moment(2 * DAY - 60))
        sign_in_directory.note_failed_sign_in("b@x.example", at=moment(2 * DAY))
        assert sign_in_directory.failed_sign_ins("a@x.example", since=moment(0)) == 1
