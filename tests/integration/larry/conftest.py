"""The product over SQLite, after it has read the seller's Stripe at the end of every month of a year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.integration.larry.books import Books
from tests.integration.larry.portfolio import DOMAINS, LOOKED_AT, NOW, OPENED, account_id, opened_world, second

from clynto.adapters.memory.sequential_identifiers import SequentialIdentifiers
from clynto.adapters.memory.settable_clock import SettableClock
from clynto.adapters.memory.vault import MemoryVault
from clynto.adapters.memory.work_queue import MemoryWorkQueue
from clynto.adapters.rq_queue.local_budget import LocalRequestBudget
from clynto.adapters.sql.engines import open_database
from clynto.adapters.sql.schema import migrate
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.adapters.stripe_api.careful_reads import Surroundings
from clynto.adapters.stripe_api.key_check import StripeApiKeyCheck
from clynto.adapters.stripe_api.reader import StripeApiReaders
from clynto.adapters.system.domain_rules import BundledDomainRules
from clynto.adapters.text_matching.near_words import RapidfuzzNearWords
from clynto.application.actor import Actor
from clynto.application.answer_question import AnswerQuestion
from clynto.application.audit import AuditTrail
from clynto.application.connect_stripe import ConnectStripe
from clynto.application.match_customers import MatchCustomers
from clynto.application.queries.run_query import RunQuery
from clynto.application.raise_signals import RaiseSignals
from clynto.application.rebuild_history import RebuildHistory
from clynto.application.recompute_billing import RecomputeBilling
from clynto.application.request_sync import RequestSync
from clynto.application.run_sync import RunSync, SyncTools
from clynto.application.take_snapshots import TakeSnapshots
from clynto.domain.account import Account
from clynto.domain.errors import ClyntoError
from clynto.domain.moments import UnixTime, start_of_second
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.domain.sync_run import StepName
from clynto.ports.workspaces import MrrBasis, Workspace
from stripe_sandbox import SandboxServer, World, keys

WORKSPACE = "wsp_1"
ADMIN = Actor(WORKSPACE, Role.ADMIN, "adam@rheinwerk.example")
MEMBER = Actor(WORKSPACE, Role.MEMBER, "mia@rheinwerk.example")
LATE_IN_THE_DAY = 23


@dataclass
class Larry:
    """Whom to ask, and what is true."""

    ask: AnswerQuestion
    run: RunQuery
    books: Books


def _plainly(error: ClyntoError, step: StepName | None) -> str:
    return f"{error.code} in {step}"


class _Product:
    """Everything that reads Stripe, with a worker that is this process."""

    def __init__(self, units: SqlUnitsOfWork, stripe_url: str) -> None:
        self.units = units
        self.clock = SettableClock(start_of_second(UnixTime(OPENED)))
        self.identifiers = SequentialIdentifiers()
        budget = LocalRequestBudget(key_rate=1_000_000, endpoint_rate=1_000_000)
        surroundings = Surroundings(budget=budget, clock=self.clock)
        readers = StripeApiReaders(surroundings, api_base=stripe_url)
        vault, queue = MemoryVault(), MemoryWorkQueue()
        audit = AuditTrail(self.clock, self.identifiers)
        recompute = RecomputeBilling(self.clock)
        signals = RaiseSignals(clock=self.clock, identifiers=self.identifiers)
        matching = MatchCustomers(rules=BundledDomainRules(), recompute=recompute, signals=signals)
        self.connect = ConnectStripe(
            units=units,
            clock=self.clock,
            identifiers=self.identifiers,
            key_check=StripeApiKeyCheck(surroundings, api_base=stripe_url),
            readers=readers,
            sealer=vault,
            queue=queue,
            audit=audit,
        )
        self.request = RequestSync(
            units=units, clock=self.clock, identifiers=self.identifiers, queue=queue, audit=audit
        )
        history = RebuildHistory(units=units, clock=self.clock)
        self.sync = RunSync(SyncTools(units, self.clock, readers, vault, matching, history, _plainly))
        self.snapshots = TakeSnapshots(units=units, clock=self.clock)

    def set_up(self) -> None:
        """The workspace with all its accounts."""
        with self.units.writing(WORKSPACE) as uow:
            uow.workspaces.save(Workspace(WORKSPACE, "Rheinwerk", None, MrrBasis.LIST, (), self.clock.now()))
            accounts = [
                Account(account_id(name), name, (domain,), f"crm-{place}", self.clock.now())
                for place, (name, domain) in enumerate(DOMAINS.items())
            ]
            uow.accounts.put_many(accounts)
            uow.commit()

    def read(self, world: World, moment: int) -> None:
        """Let time pass in Stripe and here, then sync to the end and write the day's figures down."""
        world.advance_to(moment)
        self.clock.set(start_of_second(UnixTime(moment)))
        with self.units.reading(WORKSPACE) as uow:
            known = uow.connections.get().has_key
        run_id = self.request(ADMIN) if known else self.connect(ADMIN, Secret(keys.RESTRICTED_TEST_KEY))
        assert self.sync(WORKSPACE, run_id, stopping=lambda: False)
        self.snapshots(WORKSPACE)


@pytest.fixture(scope="session")
def larry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Larry]:
    """A year of reading, then questions."""
    world = opened_world()
    books = Books(world)
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('larry') / 'clynto.db'}", pool_size=5)
    migrate(engine)
    units = SqlUnitsOfWork(engine)
    with SandboxServer(world) as server:
        product = _Product(units, server.url)
        product.clock.set(start_of_second(UnixTime(second(*LOOKED_AT[0]))))
        product.set_up()
        for year, month, day in LOOKED_AT:
            product.read(world, second(year, month, day, LATE_IN_THE_DAY))
            books.write_down(dt.date(year, month, day))
        product.read(world, NOW)
    near = RapidfuzzNearWords()
    run = RunQuery(units=units, clock=product.clock, near_words=near)
    ask = AnswerQuestion(
        units=units, run_query=run, clock=product.clock, identifiers=product.identifiers, near_words=near
    )
    yield Larry(ask, run, books)
    engine.dispose()
