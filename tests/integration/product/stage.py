"""An installation ready to be driven: Redis of its own, migrated database, and pretended Stripe accounts to read."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import requests
from tests.integration.product.installation import PASSWORD, Api, Installation, Process, free_port, kill_group, wait_for
from tests.integration.product.known_password import HashedOnce
from tests.integration.product.seller import KEY_CANARY, Seller, small_seller
from tests.integration.product.stored import database_dump

from clynto.adapters.rq_queue.embedded_redis import EmbeddedRedis
from clynto.application.create_workspace import CreateWorkspace
from clynto.application.founding import Founder, FoundingRequest
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.entrypoints.cli_data import issued_token
from clynto.entrypoints.container import Container, container_for
from clynto.entrypoints.settings import Settings, load_settings
from clynto.entrypoints.start_up import prepare_storage
from stripe_sandbox import SandboxServer, World
from stripe_sandbox.faults import FaultKind, FaultRule
from stripe_sandbox.request_log import LoggedRequest

SYNC_READ = "limit=100.*"
"""The query of every list read of a sync, which the probes of a key check do not have."""
_NUMBERS = itertools.count(1)


@dataclass
class Stage:
    """What a test of the whole product works with."""

    installation: Installation
    sandbox: SandboxServer
    redis: EmbeddedRedis
    redis_folder: Path
    opened: list[Api] = field(default_factory=list)
    workers: list[Process] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """What the processes read from their environment."""
        return load_settings(self.installation.environ, on_terminal=False)

    @property
    def database_url(self) -> str:
        """Where the data is."""
        return self.settings.database_url.reveal()

    def workspace(self, name: str) -> Api:
        """A fresh workspace, seen by an admin's token; its id is ``Api.workspace_id``."""
        container = self.container
        founder = Founder(hashing=HashedOnce(), clock=container.clock(), identifiers=container.identifiers())
        create = CreateWorkspace(workspaces=container.workspaces(), founder=founder)
        workspace_id = create(FoundingRequest(name, f"owner-{name}@rheinwerk.example", Secret(PASSWORD)))
        token = issued_token(container, workspace_id, Role.ADMIN, "tests")
        return self.seen_by(token, workspace_id)

    @cached_property
    def container(self) -> Container:
        """What the command line would use."""
        return container_for(self.settings, "redis://unused", pool_size=1)

    def open(self, seller: Seller) -> Seller:
        """Let the pretended Stripe answer for one more account."""
        self.sandbox.open_account(seller.world)
        return seller

    def customer_of_ours(self, seller: Seller | None = None, *, accounts: bool = True) -> tuple[Api, Seller]:
        """A workspace with an account for each company of a seller, a small one of its own unless given."""
        known = self.open(small_seller()) if seller is None else seller
        api = self.workspace(f"number-{next(_NUMBERS)}")
        if accounts:
            accounts_of(api, known)
        return api, known

    def fault(self, kind: FaultKind, seller: Seller, path: str, **details: Any) -> FaultRule:
        """Order a fault for the lists that syncs of one Stripe account read."""
        wanted = {"path": path, "query": SYNC_READ, "key": seller.key[-4:], **details}
        return self.sandbox.world.traffic.faults.add(kind, **wanted)

    def release(self, rule: FaultRule) -> None:
        """Let go what a fault holds."""
        self.sandbox.world.traffic.faults.release(rule.id)

    def start_worker(self) -> Process:
        """One more worker."""
        worker = self.installation.start_worker()
        self.workers.append(worker)
        return worker

    def kill_workers(self) -> None:
        """SIGKILL to every worker and all of its children at once."""
        for worker in self.workers:
            kill_group(worker)
        self.workers.clear()

    def put_right(self) -> None:
        """Web, worker and Redis stand, whatever was done to them; ordered faults are gone."""
        self.sandbox.world.traffic.faults.clear()
        self.sandbox.world.traffic.latency = 0.0
        if not self.redis.running():
            self.redis.start()
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        for spare in self.workers[1:]:
            kill_group(spare)
        del self.workers[1:]
        if not self.workers:
            self.start_worker()
        if not self.installation.answers():
            self.installation.start_web()

    def seen_by(self, token: str, workspace_id: str, *, port: int | None = None) -> Api:
        """A token's view, through the first web server or the one at ``port``."""
        base = self.installation.base if port is None else f"http://127.0.0.1:{port}"
        api = Api(base, token, workspace_id=workspace_id)
        self.opened.append(api)
        return api

    def second_web(self) -> int:
        """Start one more web server; where it listens."""
        port = free_port()
        self.installation.start("web", "--port", str(port))
        wait_for("the second web server", lambda: _answers(port), seconds=40)
        return port

    def requests_of(self, seller: Seller, path: str | None = None) -> list[LoggedRequest]:
        """What Stripe was asked with a seller's key."""
        return [entry for entry in self.sandbox.world.request_log.find(path=path) if entry.key[-4:] == seller.key[-4:]]

    def quiet(self, seller: Seller, *, polls: int = 6) -> int:
        """Wait until no request came for a while; how many there were."""
        counts: list[int] = []

        def unchanged() -> bool:
            counts.append(len(self.requests_of(seller)))
            return len(counts) > polls and len(set(counts[-polls:])) == 1

        wait_for("the requests to end", unchanged, every=0.1)
        return counts[-1]

    def redis_log(self) -> bytes:
        """What Redis had to say."""
        return (self.redis_folder / "redis.log").read_bytes()

    def close(self) -> None:
        """End everything that was opened."""
        for api in self.opened:
            api.session.close()
        self.container.database().dispose()


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


@contextmanager
def staged(
    folder: Path,
    sellers: Sequence[Seller],
    environ: Mapping[str, str] = MappingProxyType({}),
    *,
    time_zone: str = "UTC",
    web: bool = True,
    workers: int = 1,
) -> Iterator[Stage]:
    """An installation whose processes run until the end. ``environ`` goes without its ``CLYNTO_`` in front."""
    with ExitStack() as ending:
        sandbox = ending.enter_context(SandboxServer(*_worlds(sellers)))
        # A socket's path may not be long, and pytest's folders are.
        redis_folder = Path(tempfile.mkdtemp(prefix="clynto-redis-"))
        ending.callback(shutil.rmtree, redis_folder, ignore_errors=True)
        redis = EmbeddedRedis(redis_folder)
        redis.start()
        ending.callback(redis.stop)
        extra = {
            "TZ": time_zone,
            "CLYNTO_REDIS_URL": redis.url,
            **{f"CLYNTO_{name}": value for name, value in environ.items()},
        }
        installation = Installation(folder, sandbox.url, extra)
        stage = Stage(installation, sandbox, redis, redis_folder)
        prepare_storage(stage.settings)
        ending.callback(installation.stop)
        ending.callback(sandbox.world.traffic.faults.clear)
        ending.callback(stage.close)
        for _ in range(workers):
            stage.start_worker()
        if web:
            installation.start_web()
        yield stage
        assert sandbox.world.request_log.violations == 0, "something other than GET was sent to Stripe"
        for place in (installation.logs().encode(), stage.redis_log(), database_dump(stage.database_url)):
            assert KEY_CANARY not in place, "a Stripe key can be read"


def _worlds(sellers: Sequence[Seller]) -> list[World]:
    return [seller.world for seller in sellers]


def accounts_of(api: Api, seller: Seller) -> None:
    """Import an account for every company that the seller knows."""
    rows = "".join(f'"{company.name}",{company.domain}\n' for company in seller.world.companies)
    api.call("POST", "/accounts/import", data=f"name,domain\n{rows}".encode(), headers={"Content-Type": "text/csv"})


def connect(api: Api, key: str) -> Any:
    """Paste a key, which has to be accepted."""
    return api.post("/integrations/stripe/connection", {"api_key": key}, expect=202)


def ended(api: Api, *, seconds: float = 60.0) -> Any:
    """The card once no sync is under way."""

    def card() -> Any:
        seen = api.card()
        return seen if seen["state"] != "syncing" else None

    return wait_for("the sync to end", card, seconds=seconds)


def connected(api: Api, key: str, *, seconds: float = 60.0) -> Any:
    """Paste a key and wait for the whole first sync to succeed."""
    connect(api, key)
    card = ended(api, seconds=seconds)
    assert card["state"] == "connected", card["error"]
    return card


def running_step(api: Api) -> str | None:
    """The step that the card's bar is at."""
    progress = api.card()["progress"]
    steps = [] if progress is None else progress["steps"]
    return next((step["name"] for step in steps if step["state"] == "running"), None)


def resynced(api: Api, *, seconds: float = 60.0) -> Any:
    """Ask for a re-sync and wait for its end; the finished run."""
    run_id = api.post("/integrations/stripe/syncs", expect=202)["run_id"]
    return run_ended(api, run_id, seconds=seconds)


def run_ended(api: Api, run_id: str, *, seconds: float = 60.0) -> Any:
    """The run once it is over."""

    def run() -> Any:
        seen = api.get(f"/integrations/stripe/syncs/{run_id}")
        return seen if seen["state"] not in ("queued", "running") else None

    return wait_for("the run to end", run, seconds=seconds)


def rule_met(rule: Any, *, seconds: float = 30.0) -> None:
    """Wait until an ordered fault has met a request."""
    wait_for(f"a request to {rule.path}", lambda: rule.hits > 0, seconds=seconds, every=0.02)
