"""A running product that several tests share, and the Stripe accounts whose events it gets.

Every test takes workspaces and a Stripe account of its own, so tests do not disturb each other. All Stripe accounts
live at one address; the API key decides which one answers.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from sqlalchemy import Engine
from tests.integration.product.installation import PASSWORD, Api, Installation, Process, kill_group
from tests.integration.webhooks.billed_workspace import BilledWorkspace, StripeAccount

from clynto.adapters.memory.unsafe_password_hashing import UnsafePasswordHashing
from clynto.adapters.rq_queue.connection import connect as connect_redis
from clynto.adapters.rq_queue.embedded_redis import EmbeddedRedis
from clynto.adapters.sql.engines import READING, open_database
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.adapters.sql.workspace_stores import SqlWorkspaceDirectory
from clynto.adapters.system.clocks import SystemClock
from clynto.adapters.system.random_identifiers import RandomIdentifiers
from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.create_workspace import CreateWorkspace
from clynto.application.founding import Founder, FoundingRequest
from clynto.application.issue_token import IssueToken
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.entrypoints.settings import load_settings
from clynto.entrypoints.start_up import prepare_storage
from stripe_sandbox import Account, SandboxServer, World

ACCOUNTS = 120
"""Stripe accounts that wait to be used; an unused one costs next to nothing."""
_NUMBERS = itertools.count(1)


class RunningProduct:
    """Database, Redis, one web process, one worker, and the Stripe they talk to."""

    def __init__(self, folder: Path, database_url: str | None) -> None:
        worlds = [World(seed=number, account=Account(id=f"acct_{number}")) for number in range(1, ACCOUNTS + 1)]
        # The first world of a server comes with a sender; ours bring their own, so that nothing is sent twice.
        self.stripe = SandboxServer(World(), *worlds)
        self._unused = iter(worlds)
        self.redis = EmbeddedRedis(folder / "redis")
        self._offset_file = folder / "clock_offset"
        self.offset = 0
        self._accounts: list[StripeAccount] = []
        extra = {"CLYNTO_REDIS_URL": self.redis.url, "CLYNTO_CLOCK_OFFSET_FILE": str(self._offset_file)}
        if database_url is not None:
            extra["CLYNTO_DATABASE_URL"] = database_url
        self.installation = Installation(folder, self.stripe.url, extra)
        self.database_url = database_url or f"sqlite:///{folder / 'clynto.sqlite3'}"
        self.engine: Engine = open_database(self.database_url, pool_size=4)
        # For looking on: a transaction that may write would take SQLite's one write lock from the worker, out of turn.
        self.reading = self.engine.execution_options(**READING[self.engine.dialect.name])
        self.web: Process | None = None
        self.worker: Process | None = None

    def start(self) -> None:
        """Everything, on a migrated database."""
        self.stripe.start()
        self.redis.start()
        prepare_storage(load_settings(self.installation.environ, on_terminal=False))
        self.start_worker()
        self.start_web()

    def stop(self) -> None:
        """End everything."""
        for account in self._accounts:
            account.close()
        self.installation.stop()
        self.engine.dispose()
        self.redis.stop()
        self.stripe.stop()

    def start_web(self) -> None:
        """A web process that answers."""
        self.web = self.installation.start_web()

    def start_worker(self) -> None:
        """A worker that will take jobs up."""
        self.worker = self.installation.start_worker()

    def kill_web(self) -> None:
        """SIGKILL, children included."""
        assert self.web is not None
        kill_group(self.web)

    def kill_worker(self) -> None:
        """SIGKILL, children included."""
        assert self.worker is not None
        kill_group(self.worker)

    @contextmanager
    def redis_client(self) -> Iterator[Redis]:
        """A connection of the test's own."""
        client = connect_redis(self.redis.url)
        try:
            yield client
        finally:
            client.close()

    def put_right(self) -> None:
        """Whatever a test broke stands again."""
        self.stripe.control.clear_faults()
        for account in self._accounts:
            account.close()
        self._accounts.clear()
        if not self.redis.running():
            self.redis.start()
        if self.worker is None or self.worker.poll() is not None:
            self.start_worker()
        if self.web is None or self.web.poll() is not None:
            self.start_web()

    def stripe_account(self) -> StripeAccount:
        """A fresh Stripe account at the present moment of the product's clock."""
        world = next(self._unused)
        account = StripeAccount(world, f"rk_test_sandbox{world.seed:05d}", self.present)
        self._accounts.append(account)
        return account

    def workspace(self, account: StripeAccount) -> BilledWorkspace:
        """A fresh workspace that is not connected yet."""
        number = next(_NUMBERS)
        units, clock, identifiers = SqlUnitsOfWork(self.engine), SystemClock(), RandomIdentifiers()
        founder = Founder(hashing=UnsafePasswordHashing(), clock=clock, identifiers=identifiers)
        create = CreateWorkspace(workspaces=SqlWorkspaceDirectory(self.engine), founder=founder)
        workspace_id = create(
            FoundingRequest(f"Workspace {number}", f"o{number}@rheinwerk{os.getpid()}.example", Secret(PASSWORD))
        )
        issue = IssueToken(units=units, clock=clock, identifiers=identifiers, audit=AuditTrail(clock, identifiers))
        token = issue(Actor(workspace_id, Role.OWNER, "tests"), name="tests", role=Role.ADMIN).token.reveal()
        return BilledWorkspace(workspace_id, Api(self.installation.base, token), account)

    def fed_workspace(self, account: StripeAccount, **details: str) -> BilledWorkspace:
        """Connected, synced, and with its webhook endpoint known to Stripe."""
        workspace = self.workspace(account)
        workspace.connect()
        workspace.receive_webhooks(**details)
        return workspace

    @property
    def present(self) -> int:
        """The product's present second."""
        return int(time.time()) + self.offset

    def advance(self, account: StripeAccount, *, days: int = 0, seconds: int = 0) -> None:
        """Let time go by for the Stripe account and for the product, which follows it.

        Deliveries wait until the product's clock is there as well: else it would date its reads before the events.
        """
        ahead = days * 86_400 + seconds
        account.sender.pause()
        account.world.advance(ahead)
        self.offset += ahead
        fresh = self._offset_file.with_suffix(".new")
        fresh.write_text(str(self.offset), "ascii")
        fresh.replace(self._offset_file)
        account.sender.resume()


def wait_until_quiet(workspaces: Sequence[BilledWorkspace], *, seconds: float = 60.0) -> None:
    """Until everything sent has been delivered and worked off."""
    for workspace in workspaces:
        workspace.wait_until_worked_off(seconds=seconds)
