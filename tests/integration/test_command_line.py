"""``clynto`` from the outside: exit status, what stands on which stream, and no traceback (contract, Command line)."""

from __future__ import annotations

import socket
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from clynto.adapters.system.argon2_passwords import Argon2Passwords
from clynto.domain.secret import Secret
from clynto.entrypoints.cli import main

PASSWORD = "correct horse battery staple"


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    output: str
    errors: str


Clynto = Callable[..., Ended]


@pytest.fixture
def clynto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Clynto:
    """Runs a command in an installation of the test's own."""
    monkeypatch.setenv("CLYNTO_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("CLYNTO_REDIS_URL", f"unix://{tmp_path}/nobody.sock")
    monkeypatch.setenv("CLYNTO_LOG_FORMAT", "json")

    def run(*arguments: str, typed: str = "") -> Ended:
        given = tmp_path / "typed"
        given.write_text(typed)
        monkeypatch.setattr("sys.argv", ["clynto", *arguments])
        capfd.readouterr()
        with given.open() as standard_input:
            monkeypatch.setattr("sys.stdin", standard_input)
            with pytest.raises(SystemExit) as ended:
                main()
        shown = capfd.readouterr()
        assert "Traceback" not in shown.err
        return Ended(int(ended.value.code or 0), shown.out, shown.err)

    return run


@pytest.fixture
def installed(clynto: Clynto) -> Clynto:
    """With a migrated database and the vault's keys."""
    assert clynto("migrate").status == 0
    return clynto


@pytest.fixture
def workspace(installed: Clynto) -> str:
    """The id of a workspace with an owner."""
    made = installed(*CREATE, "--owner-email", "ann@rheinwerk.example", typed=f"{PASSWORD}\n")
    assert made.status == 0
    return made.output.strip()


CREATE = ("workspace", "create", "--name", "Rheinwerk", "--owner-password-stdin")


def assert_one_line(ended: Ended, *says: str) -> None:
    """A failure: status 1, one line on standard error, nothing else."""
    assert (ended.status, ended.output) == (1, "")
    assert ended.errors.startswith("clynto: ")
    assert len(ended.errors.strip().splitlines()) == 1, ended.errors
    for text in says:
        assert text in ended.errors


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        *([name, "--help"] for name in ("up", "demo", "web", "worker", "migrate", "sandbox")),
        *([group, "--help"] for group in ("workspace", "user", "token", "accounts", "vault")),
        ["workspace", "create", "--help"],
        ["user", "add", "--help"],
        ["user", "password", "--help"],
        ["token", "create", "--help"],
        ["accounts", "import", "--help"],
        ["vault", "rotate", "--help"],
        ["vault", "init", "--help"],
    ],
)
def test_every_command_of_the_contract_explains_itself(clynto: Clynto, arguments: list[str]) -> None:
    told = clynto(*arguments)
    assert (told.status, told.errors) == (0, "")
    assert told.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["web", "--nonsense"],
        ["web", "--port", "0"],
        ["web", "--port", "70000"],
        ["web", "--port", "eighty"],
        ["up", "--workers", "0"],
        ["worker", "surplus"],
        ["workspace", "create"],
        [*CREATE],
        ["workspace", "create", "--name", "A", "--owner-email", "a@a.example"],
        ["user", "add", "--workspace", "wsp_1", "--email", "a@a.example", "--role", "king", "--password-stdin"],
        ["token", "create", "--workspace", "wsp_1", "--role", "king", "--name", "n"],
        ["token", "create", "--role", "admin", "--name", "n"],
        ["accounts", "import", "--workspace", "wsp_1"],
        ["accounts", "import", "--workspace", "wsp_1", "/nowhere/at/all.csv"],
        ["vault", "destroy"],
        ["sandbox", "--port", "x"],
        ["sandbox", "--port", "99999"],
        ["sandbox", "--customers", "-3"],
        ["sandbox", "advance"],
    ],
)
def test_wrong_usage_is_status_two(clynto: Clynto, arguments: list[str]) -> None:
    told = clynto(*arguments)
    assert (told.status, told.output) == (2, "")
    assert "Error: " in told.errors


@pytest.mark.parametrize("arguments", [[*CREATE, "--owner-email", "a@a.example"]])
def test_a_missing_password_is_wrong_usage(installed: Clynto, arguments: list[str]) -> None:
    told = installed(*arguments)
    assert told.status == 2
    assert "Standard input holds no password." in told.errors


COMMANDS = (("web",), ("worker",), ("migrate",), ("up",), ("vault", "init"), ("vault", "rotate"), ("demo",))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLYNTO_DATABASE_URL", "mysql://root:canary51@db/clynto"),
        ("CLYNTO_DATABASE_URL", "sqlite:///:memory:"),
        ("CLYNTO_REDIS_URL", "http://canary51@nowhere"),
        ("CLYNTO_STRIPE_API_BASE", "http://api.stripe.example"),
        ("CLYNTO_STRIPE_MAX_RPS", "fast"),
        ("CLYNTO_PUBLIC_URL", "ftp://canary51@us"),
        ("CLYNTO_SECRET_KEY", "canary51"),
        ("CLYNTO_VAULT_PUBLIC_KEY_FILE", " "),
        ("CLYNTO_LOG_FORMAT", "xml"),
        ("CLYNTO_NO_SUCH_THING", "canary51"),
        ("FLASK_DEBUG", "1"),
    ],
)
def test_a_wrong_setting_stops_every_command_and_is_named(
    clynto: Clynto, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Contract, Environment; K15: one line that names the variable and repeats nothing of a secret."""
    monkeypatch.setenv(name, value)
    for arguments in COMMANDS:
        if arguments == ("demo",) and name == "CLYNTO_STRIPE_API_BASE":
            continue  # the demo brings its own
        told = clynto(*arguments)
        assert_one_line(told, name)
        assert "canary51" not in told.errors


def test_a_database_that_is_behind_is_told(clynto: Clynto) -> None:
    for arguments in (("web",), ("worker",), (*CREATE, "--owner-email", "a@a.example")):
        assert_one_line(clynto(*arguments, typed=PASSWORD), "run `clynto migrate` first")


def test_a_place_without_a_write_ahead_log_is_told(
    clynto: Clynto, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """F2: SQLite locks by files of its own there, as on a network file system, and has no shared memory for the log."""
    monkeypatch.setenv("CLYNTO_DATABASE_URL", f"sqlite:///file:{tmp_path}/slow.db?vfs=unix-dotfile&uri=true")
    for arguments in (("migrate",), ("up",), ("web",), ("worker",), (*CREATE, "--owner-email", "a@a.example")):
        assert_one_line(clynto(*arguments, typed=PASSWORD), "CLYNTO_DATABASE_URL", "write-ahead log", "local disk")


def test_migrating_again_changes_nothing(installed: Clynto) -> None:
    assert installed("migrate") == Ended(0, "", "The database is up to date.\n")


def test_a_redis_that_does_not_answer_is_told(installed: Clynto) -> None:
    for arguments in (("web",), ("worker",), ("up",)):
        assert_one_line(installed(*arguments), "CLYNTO_REDIS_URL", "does not answer")


def test_a_key_file_that_others_may_read_is_told(installed: Clynto, tmp_path: Path) -> None:
    """Issue "Processes": start-up says in one line that a key file is readable by others."""
    keys = tmp_path / "var" / "vault_stripe_keys.json"
    keys.chmod(0o644)
    assert_one_line(installed("worker"), str(keys), "readable by others")
    keys.chmod(0o600)
    keys.rename(keys.with_suffix(".gone"))
    assert_one_line(installed("worker"), str(keys))
    assert not keys.exists()


def test_only_workers_need_the_private_key_for_stripe_keys(installed: Clynto, tmp_path: Path) -> None:
    """Architecture decision 6: the web process begins without it; what stops it here is Redis."""
    (tmp_path / "var" / "vault_stripe_keys.json").unlink()
    assert_one_line(installed("web"), "CLYNTO_REDIS_URL")


def test_a_database_that_cannot_be_opened_is_told(clynto: Clynto, monkeypatch: pytest.MonkeyPatch) -> None:
    """E.g. a folder that is not there, or a PostgreSQL that nobody started."""
    for url in ("sqlite:////no/such/folder/clynto.sqlite3", "postgresql://clynto:canary51@127.0.0.1:9/clynto"):
        monkeypatch.setenv("CLYNTO_DATABASE_URL", url)
        for arguments in (("migrate",), ("web",), ("worker",), ("vault", "rotate")):
            told = clynto(*arguments)
            assert_one_line(told, "CLYNTO_DATABASE_URL")
            assert "canary51" not in told.errors


def test_keys_are_made_once_and_private(clynto: Clynto, tmp_path: Path) -> None:
    assert clynto("vault", "init").output == "Made the vault's keys.\n"
    assert clynto("vault", "init").output == "The vault's keys are there already.\n"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "var").glob("vault_*.json")}
    assert modes == {0o600}


def test_ids_and_tokens_stand_alone_on_standard_output(installed: Clynto, workspace: str) -> None:
    assert workspace.startswith("wsp_")
    person = installed(
        *("user", "add", "--workspace", workspace, "--email", "bo@rheinwerk.example", "--role", "member"),
        "--password-stdin",
        typed=f"{PASSWORD}\n",
    )
    assert (person.status, len(person.output.split()), person.errors) == (0, 1, "")
    token = installed("token", "create", "--workspace", workspace, "--role", "admin", "--name", "scripts")
    assert (token.status, len(token.output.split()), token.errors) == (0, 1, "")
    again = installed("token", "create", "--workspace", workspace, "--role", "admin", "--name", "scripts")
    assert again.output != token.output


def test_what_cannot_be_done_is_one_line(installed: Clynto, workspace: str, tmp_path: Path) -> None:
    table = tmp_path / "accounts.csv"
    table.write_text("name,domain\nAcme,acme.example\n")
    add = ("user", "add", "--email", "ann@rheinwerk.example", "--role", "member", "--password-stdin", "--workspace")
    assert_one_line(installed(*add, "wsp_unknown", typed=PASSWORD), "There is no workspace wsp_unknown.")
    assert_one_line(installed(*add, workspace, typed=PASSWORD))
    assert_one_line(installed(*add, workspace, typed="short"), "password")
    assert_one_line(installed(*CREATE, "--owner-email", "no address", typed=PASSWORD), "owner_email")
    assert_one_line(installed("token", "create", "--workspace", "wsp_no", "--role", "admin", "--name", "n"), "wsp_no")
    assert_one_line(installed("accounts", "import", "--workspace", workspace, str(table)), "CLYNTO_REDIS_URL")


def test_the_operator_sets_a_password_that_was_forgotten(installed: Clynto, workspace: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "var" / "clynto.sqlite3") as database:
        [(owner, before)] = database.execute("SELECT email, password_hash FROM users").fetchall()
    set_it = ("user", "password", "--password-stdin", "--workspace", workspace, "--email")
    assert_one_line(installed(*set_it, "nobody@rheinwerk.example", typed=PASSWORD), "nobody@rheinwerk.example")
    assert_one_line(installed(*set_it, owner, typed="short"), "password")
    told = installed(*set_it, f" {owner.upper()}", typed="an entirely new password")
    assert (told.status, told.output, told.errors) == (0, "", "")
    with sqlite3.connect(tmp_path / "var" / "clynto.sqlite3") as database:
        [(after,)] = database.execute("SELECT password_hash FROM users").fetchall()
    assert Argon2Passwords().verify(after, Secret("an entirely new password"))
    assert after != before


@pytest.mark.parametrize("variable", ["PUBLIC", "PRIVATE", "WEBHOOK"])
def test_a_key_file_that_cannot_be_is_told_with_its_variable(
    clynto: Clynto, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    (tmp_path / "a_file").write_text("no folder")
    name = f"CLYNTO_VAULT_{variable}_KEY_FILE"
    monkeypatch.setenv(name, str(tmp_path / "a_file" / "keys.json"))
    assert_one_line(clynto("migrate"), f"{name}: ", "cannot be written")
    monkeypatch.setenv(name, str(tmp_path))
    assert_one_line(clynto("migrate"), f"{name}: ")


def test_a_sandbox_that_cannot_be_served_is_told(clynto: Clynto, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert_one_line(clynto("sandbox", "--port", port), f"Port {port} is taken")
    strange = tmp_path / "strange"
    strange.write_text("not a sandbox")
    assert_one_line(clynto("sandbox", "--port", "0", "--state-file", str(strange)), "was not written by")
    inside = str(strange / "deeper")
    assert_one_line(clynto("sandbox", "--port", "0", "--state-file", inside), "cannot be used")


def test_a_sandbox_that_is_not_there_is_told(clynto: Clynto) -> None:
    assert_one_line(clynto("sandbox", "advance", "--days", "1"), "No demo was ever started here")
    unheard = clynto("sandbox", "advance", "--days", "1", "--url", "http://127.0.0.1:9")
    assert_one_line(unheard, "does not answer")
