"""``clynto mcp`` as an assistant meets it: the official client, a real process, a real database."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import psutil
import pytest
from anyio.from_thread import start_blocking_portal
from mcp import Client, MCPError, StdioServerParameters
from sqlalchemy import Engine, select
from tests.contracts.question_world import fill
from tests.integration.postgres_server import PostgresServer
from tests.integration.product.installation import PASSWORD, Installation

from clynto.adapters.memory.unsafe_password_hashing import UnsafePasswordHashing
from clynto.adapters.sql.engines import open_database
from clynto.adapters.sql.tables import METADATA
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.adapters.sql.workspace_stores import SqlWorkspaceDirectory
from clynto.adapters.system.clocks import SystemClock
from clynto.adapters.system.random_identifiers import RandomIdentifiers
from clynto.adapters.text_matching.near_words import RapidfuzzNearWords
from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.create_workspace import CreateWorkspace
from clynto.application.founding import Founder, FoundingRequest
from clynto.application.issue_token import IssueToken
from clynto.application.queries.run_query import RunQuery
from clynto.application.revoke_token import RevokeToken
from clynto.domain.questions.filters import PaymentStatusIs, StatusWord
from clynto.domain.questions.json_form import query_to_json
from clynto.domain.questions.query import AccountFact, Accounts, Fact
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.entrypoints.settings import load_settings
from clynto.entrypoints.start_up import prepare_storage

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

ELSEWHERE = "Elsewhere Only Inc"
OVERDUE = Accounts((PaymentStatusIs((StatusWord.OVERDUE,)),))
Talk = Callable[[Client], Awaitable[None]]
Speak = Callable[[Talk], None]


@dataclass(frozen=True, slots=True)
class Place:
    """An installation with two filled workspaces."""

    installation: Installation
    engine: Engine
    here: str
    there: str

    @property
    def units(self) -> SqlUnitsOfWork:
        """Its database, seen from the test."""
        return SqlUnitsOfWork(self.engine)

    def token(self, name: str, *, role: str = "member", workspace_id: str | None = None) -> str:
        """A fresh token."""
        clock, identifiers = SystemClock(), RandomIdentifiers()
        issue = IssueToken(units=self.units, clock=clock, identifiers=identifiers, audit=AuditTrail(clock, identifiers))
        owner = Actor(workspace_id or self.here, Role.OWNER, "owner@here.example")
        return issue(owner, name=name, role=Role(role)).token.reveal()

    def client(self, token: str, *arguments: str) -> Client:
        """The official client, which starts the server and speaks to it."""
        environ = {**self.installation.environ, **({"CLYNTO_MCP_TOKEN": token} if token else {})}
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "clynto.entrypoints.cli", "mcp", *arguments], env=environ
        )
        return Client(server)

    def talk(self, token: str, talk: Talk, *arguments: str) -> None:
        """Speak to a server of one's own."""

        async def session() -> None:
            async with self.client(token, *arguments) as client:
                await talk(client)

        anyio.run(session)


SQLITE = pytest.param("sqlite", marks=pytest.mark.xdist_group("mcp-sqlite"))
POSTGRESQL = pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.xdist_group("mcp-postgresql")])


@pytest.fixture(scope="module", params=[SQLITE, POSTGRESQL])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("mcp")
    with ExitStack() as stack:
        url = f"sqlite:///{folder}/clynto.sqlite3"
        if request.param == "postgresql":
            server: PostgresServer = request.getfixturevalue("postgres_server")
            url = stack.enter_context(server.database(migrated=False))
        installation = Installation(folder, "http://127.0.0.1:9", {"CLYNTO_DATABASE_URL": url})
        prepare_storage(load_settings(installation.environ, on_terminal=False))
        engine = open_database(url)
        here, there = (_workspace(engine, name) for name in ("here", "there"))
        fill(SqlUnitsOfWork(engine), here)
        fill(SqlUnitsOfWork(engine), there, seed=11, names=[ELSEWHERE])
        yield Place(installation, engine, here, there)
        engine.dispose()
        installation.stop()


def _workspace(engine: Engine, name: str) -> str:
    founder = Founder(hashing=UnsafePasswordHashing(), clock=SystemClock(), identifiers=RandomIdentifiers())
    create = CreateWorkspace(workspaces=SqlWorkspaceDirectory(engine), founder=founder)
    return create(FoundingRequest(name, f"owner@{name}.example", Secret(PASSWORD)))


@pytest.fixture(scope="module")
def assistant(place: Place) -> Iterator[Speak]:
    """Speaks to one server for all tests that need none of their own, with a member's token."""
    with start_blocking_portal() as portal:
        client = place.client(place.token("assistant"))
        with portal.wrap_async_context_manager(client):
            yield lambda talk: portal.call(talk, client)


async def _call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """What a call that succeeds answers; its text says the same."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result
    document: dict[str, Any] = result.structured_content
    said, written = (block.text for block in result.content if block.type == "text")
    assert said == document["answer"]
    assert json.loads(written) == document
    return document


async def _refused(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert result.is_error, result
    document: dict[str, Any] = result.structured_content
    assert result.content[0].type == "text"
    assert result.content[0].text == document["detail"]
    return document


def test_an_assistant_finds_two_read_only_tools_and_two_resources(assistant: Speak) -> None:
    async def talk(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"ask", "run_query"}
        for tool in tools.values():
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint is True
            assert tool.annotations.destructive_hint is False
            jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        check = jsonschema.Draft202012Validator(tools["run_query"].input_schema)
        check.validate({"query": query_to_json(OVERDUE)})
        assert not check.is_valid({"query": {"kind": "refund"}})
        resources = {str(resource.uri) for resource in (await client.list_resources()).resources}
        assert resources == {"clynto://questions/examples", "clynto://queries/schema"}
        read = await client.read_resource("clynto://questions/examples")
        assert "Which accounts are overdue?" in getattr(read.contents[0], "text", "")
        read = await client.read_resource("clynto://queries/schema")
        jsonschema.Draft202012Validator.check_schema(json.loads(getattr(read.contents[0], "text", "")))

    assistant(talk)


def test_answers_are_those_of_the_product(place: Place, assistant: Speak) -> None:
    run = RunQuery(units=place.units, clock=SystemClock(), near_words=RapidfuzzNearWords())
    member = Actor(place.here, Role.MEMBER, "test")
    overdue, owed = run(member, OVERDUE), run(member, AccountFact("Hooli", Fact.MRR))

    async def talk(client: Client) -> None:
        asked = await _call(client, "ask", question="Which accounts are overdue?")
        assert asked["understood"] is True
        assert asked["answer"] == overdue.text
        assert asked["rows_in_all"] == overdue.table.total
        assert len(asked["rows"]) == len(overdue.table.rows) > 0
        again = await _call(client, "run_query", query=asked["query"])
        assert again["rows"] == asked["rows"]
        assert (await _call(client, "run_query", query=asked["query_text"]))["answer"] == asked["answer"]
        one = await _call(client, "run_query", query=query_to_json(AccountFact("Hooli", Fact.MRR)))
        assert one["answer"] == owed.text
        assert owed.figures[0].money is not None
        assert one["figures"][0]["money"]["amount"] == owed.figures[0].money.amount
        follow = await _call(client, "ask", question="What is the MRR of Hooli?")
        follow = await _call(client, "ask", question="what about Initech?", conversation_id=follow["conversation_id"])
        assert follow["query"] == query_to_json(AccountFact("Initech", Fact.MRR))
        unknown = await _call(client, "ask", question="what is the airspeed of a swallow?")
        assert unknown["understood"] is False
        assert unknown["suggestions"]
        assert "rows" not in unknown

    assistant(talk)


def test_wrong_input_is_told_in_the_words_of_the_api(place: Place, assistant: Speak) -> None:
    async def talk(client: Client) -> None:
        wrong = await _refused(client, "run_query", query={"kind": "refund", "account": "Hooli"})
        assert wrong["code"] == "invalid_input"
        assert wrong["errors"]["query"].startswith("query: kind is one of")
        for arguments in (
            {},
            {"query": 5},
            {"query": None},
            {"query": "accounts(filters=["},
            {"query": {"kind": "accounts", "limit": 10**6}},
            {"query": query_to_json(OVERDUE), "workspace": place.there},
        ):
            assert (await _refused(client, "run_query", **arguments))["code"] == "invalid_input"
        for arguments in (
            {},
            {"question": ""},
            {"question": 5},
            {"question": "x" * 501},
            {"question": "a", "sql": "b"},
        ):
            assert (await _refused(client, "ask", **arguments))["code"] == "invalid_input"
        for name in ("refund", "sync", "dismiss_signal", "create_account", "../ask", ""):
            with pytest.raises(MCPError):
                await client.call_tool(name, {})
        with pytest.raises(MCPError):
            await client.read_resource("file:///etc/passwd")
        assert (await _call(client, "ask", question="Which accounts are overdue?"))["understood"]

    assistant(talk)


def test_the_accounts_of_another_workspace_are_unknown(place: Place, assistant: Speak) -> None:
    with place.units.reading(place.there) as unit:
        foreign = unit.accounts.get("acc_000")
        assert foreign is not None
        assert foreign.name == ELSEWHERE

    async def talk(client: Client) -> None:
        for written in (ELSEWHERE, foreign.domains[0], place.there):
            theirs = await _call(client, "run_query", query=query_to_json(AccountFact(written)))
            nobodys = await _call(client, "run_query", query=query_to_json(AccountFact("Nowhere Known Ltd")))
            assert theirs["kind"] == nobodys["kind"] == "no_such_account"
            assert theirs["answer"] == nobodys["answer"].replace("Nowhere Known Ltd", written)
            assert theirs["rows"] == []
        asked = await _call(client, "ask", question=f'What is the MRR of "{ELSEWHERE}"?')
        assert asked["understood"] is False
        everything = await _call(client, "run_query", query=query_to_json(Accounts(limit=200)))
        assert ELSEWHERE not in json.dumps(everything)

    async def talk_there(client: Client) -> None:
        theirs = await _call(client, "run_query", query=query_to_json(AccountFact(ELSEWHERE)))
        assert theirs["kind"] == "answered"

    assistant(talk)
    place.talk(place.token("inhabitant", workspace_id=place.there), talk_there)


def test_a_revoked_token_is_refused_at_the_next_call(place: Place) -> None:
    token = place.token("leaver")
    owner = Actor(place.here, Role.OWNER, "owner@here.example")

    def revoke() -> None:
        with place.units.reading(place.here) as unit:
            (held,) = [known for known in unit.tokens.all() if known.name == "leaver"]
        audit = AuditTrail(SystemClock(), RandomIdentifiers())
        RevokeToken(units=place.units, audit=audit)(owner, held.id)

    async def talk(client: Client) -> None:
        assert (await _call(client, "ask", question="Which accounts are overdue?"))["rows"]
        await anyio.to_thread.run_sync(revoke)
        for tool, arguments in (
            ("ask", {"question": "How much MRR do we have?"}),
            ("run_query", {"query": "accounts()"}),
        ):
            refused = await _refused(client, tool, **arguments)
            assert refused["code"] == "not_signed_in"
            assert "rows" not in refused

    place.talk(token, talk)


def test_nothing_can_be_written(place: Place) -> None:
    token = place.token("writer", role="owner")
    before = _rows(place.engine)

    async def talk(client: Client) -> None:
        for question in (
            "Refund Hooli",
            "cancel the subscription of Hooli",
            "delete all accounts",
            "dismiss all signals",
            "'; DROP TABLE accounts; --",
            "Which accounts are overdue?",
        ):
            await _call(client, "ask", question=question)
        for text in ("accounts()", 'account_fact(account="\'; DELETE FROM accounts; --")'):
            await _call(client, "run_query", query=text)

    place.talk(token, talk)
    assert _rows(place.engine) == before


def _rows(engine: Engine) -> dict[str, list[Any]]:
    """Every row there is, but for what asking itself leaves: the history of questions, and when a token was used."""
    with engine.connect() as connection:
        return {
            table.name: sorted(
                connection.execute(select(*(column for column in table.c if column.name != "last_used_at"))).all(),
                key=repr,
            )
            for table in METADATA.sorted_tables
            if table.name != "questions"
        }


def test_the_token_stands_in_no_process_list(place: Place, tmp_path: Path) -> None:
    token = place.token("careful")
    file = tmp_path / "token"
    file.touch(0o600)
    file.write_text(f"{token}\n")

    async def talk(client: Client) -> None:
        await _call(client, "ask", question="Which accounts are overdue?")
        servers = [child for child in psutil.Process(os.getpid()).children(recursive=True) if "mcp" in child.cmdline()]
        assert servers
        for server in servers:
            assert token not in " ".join(server.cmdline())

    place.talk("", talk, "--token-file", str(file))
    place.talk(token, talk)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("clynto_nobodys_token_0123456789abcdef", "CLYNTO_MCP_TOKEN: this is no API token"),
        ("", "CLYNTO_MCP_TOKEN: set it to an API token"),
        (" \n", "CLYNTO_MCP_TOKEN: set it to an API token"),
    ],
)
def test_a_wrong_token_stops_the_start_with_one_line(place: Place, given: str, told: str) -> None:
    environ = {**place.installation.extra, **({"CLYNTO_MCP_TOKEN": given} if given else {})}
    started = Installation(place.installation.folder, "http://127.0.0.1:9", environ).run("mcp")
    assert started.returncode == 1
    assert started.stdout == ""
    assert started.stderr.startswith(f"clynto: {told}")
    assert started.stderr.count("\n") == 1
    assert not given.strip() or given not in started.stderr


def test_a_token_file_that_others_may_read_is_refused(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("clynto_token")
    file.chmod(0o644)
    started = place.installation.run("mcp", "--token-file", str(file))
    assert started.returncode == 1
    assert started.stderr.startswith("clynto: --token-file: ")
    assert "0600" in started.stderr
    assert place.installation.run("mcp", "--token", "abc").returncode == 2
