"""Which adapter stands behind which port: the one place that knows all of them (dependency-injector).

Only process starters import this. A web process gets no private key for Stripe keys (architecture decision 6); a
worker gets one.
"""

from __future__ import annotations

from pathlib import Path

from dependency_injector import containers, providers

from clynto.adapters.openai_planner.planner import ChatEndpoint, OpenAiPlanner
from clynto.adapters.rq_queue.redis_budget import RedisRequestBudget
from clynto.adapters.rq_queue.work_queue import RqWorkQueue
from clynto.adapters.sql.engines import open_database
from clynto.adapters.sql.event_intake import SqlEventIntake
from clynto.adapters.sql.sign_in_directory import SqlSignInDirectory
from clynto.adapters.sql.sync_run_stores import SqlStalledRuns
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.adapters.sql.webhook_stores import SqlWaitingEvents, SqlWebhookAddresses
from clynto.adapters.sql.workspace_stores import SqlWorkspaceDirectory
from clynto.adapters.stripe_api.careful_reads import Surroundings
from clynto.adapters.stripe_api.event_reading import StripeEventReading
from clynto.adapters.stripe_api.key_check import StripeApiKeyCheck
from clynto.adapters.stripe_api.patience import EVENT_CALL_SECONDS, EVENT_PATIENCE, Patience, call_seconds_within
from clynto.adapters.stripe_api.reader import StripeApiReaders
from clynto.adapters.stripe_api.reading_process import ReadersInTwoProcesses
from clynto.adapters.system.argon2_passwords import Argon2Passwords
from clynto.adapters.system.clocks import OffsetClock, OffsetFile, SystemClock
from clynto.adapters.system.domain_rules import BundledDomainRules
from clynto.adapters.system.random_identifiers import RandomIdentifiers
from clynto.adapters.text_matching.near_words import RapidfuzzNearWords
from clynto.adapters.vault.hpke_vault import HpkeOpener, HpkeSealer
from clynto.application.audit import AuditTrail
from clynto.application.match_customers import MatchCustomers
from clynto.application.raise_signals import RaiseSignals
from clynto.application.recompute_billing import RecomputeBilling
from clynto.entrypoints.settings import LarryModel, Settings
from clynto.ports.clock import Clock
from clynto.ports.vault import Purpose


def clock_for(offset_file: Path | None) -> Clock:
    """The clock of the product: the machine's, or in the demo one that follows the sandbox's."""
    if offset_file is None:
        return SystemClock()
    return OffsetClock(SystemClock(), OffsetFile(offset_file))


def _webhook_opener(settings: Settings) -> HpkeOpener:
    return HpkeOpener(settings.vault.public, {Purpose.WEBHOOK_SIGNING_SECRET: settings.vault.webhook_private})


def _stripe_opener(settings: Settings) -> HpkeOpener:
    return HpkeOpener(settings.vault.public, {Purpose.STRIPE_API_KEY: settings.vault.stripe_private})


def _planner(model: LarryModel | None) -> OpenAiPlanner | None:
    if model is None:
        return None
    return OpenAiPlanner(ChatEndpoint(model.url, model.name, model.key, model.seconds))


class Container(containers.DeclarativeContainer):
    """Everything that web, worker and command line share. Singletons are per process and made on first use."""

    settings = providers.Dependency(instance_of=Settings)
    redis_url = providers.Dependency(instance_of=str)
    database_url = providers.Dependency(instance_of=str)
    pool_size = providers.Object(10)

    machine_clock = providers.Singleton(SystemClock)
    clock = providers.Singleton(clock_for, settings.provided.clock_offset_file)
    identifiers = providers.Singleton(RandomIdentifiers)
    hashing = providers.Singleton(Argon2Passwords)
    domain_rules = providers.Singleton(BundledDomainRules)
    near_words = providers.Singleton(RapidfuzzNearWords)

    database = providers.Singleton(open_database, database_url, pool_size=pool_size)
    units = providers.Singleton(SqlUnitsOfWork, database)
    workspaces = providers.Singleton(SqlWorkspaceDirectory, database)
    directory = providers.Singleton(SqlSignInDirectory, database)
    stalled_runs = providers.Singleton(SqlStalledRuns, database)
    webhook_addresses = providers.Singleton(SqlWebhookAddresses, database)
    event_intake = providers.Singleton(SqlEventIntake, database)
    waiting_events = providers.Singleton(SqlWaitingEvents, database)

    queue = providers.Singleton(RqWorkQueue, redis_url)
    budget = providers.Singleton(
        RedisRequestBudget,
        redis_url,
        key_rate=settings.provided.stripe_max_rps,
        endpoint_rate=settings.provided.stripe_endpoint_rps,
    )
    surroundings = providers.Singleton(Surroundings, budget=budget, clock=clock)
    readers = providers.Singleton(
        StripeApiReaders,
        surroundings,
        api_base=settings.provided.stripe_api_base,
        patience=providers.Singleton(Patience, longest=settings.provided.stripe_patience_seconds),
        call_seconds=providers.Callable(call_seconds_within, settings.provided.stripe_patience_seconds),
    )
    list_readers = providers.Singleton(ReadersInTwoProcesses, readers)
    event_readers = providers.Singleton(
        StripeApiReaders,
        surroundings,
        api_base=settings.provided.stripe_api_base,
        patience=EVENT_PATIENCE,
        call_seconds=EVENT_CALL_SECONDS,
    )
    key_check = providers.Singleton(StripeApiKeyCheck, surroundings, api_base=settings.provided.stripe_api_base)
    event_reading = providers.Singleton(StripeEventReading)

    planner = providers.Singleton(_planner, settings.provided.larry_model)

    sealer = providers.Singleton(HpkeSealer, settings.provided.vault.public)
    webhook_opener = providers.Singleton(_webhook_opener, settings)
    stripe_opener = providers.Singleton(_stripe_opener, settings)

    audit = providers.Singleton(AuditTrail, clock, identifiers)
    recompute = providers.Singleton(RecomputeBilling, clock)
    signals = providers.Singleton(RaiseSignals, clock=clock, identifiers=identifiers)
    matching = providers.Singleton(MatchCustomers, rules=domain_rules, recompute=recompute, signals=signals)


def container_for(settings: Settings, redis_url: str, *, pool_size: int = 10) -> Container:
    """The container of one process."""
    return Container(
        settings=settings,
        redis_url=redis_url,
        database_url=settings.database_url.reveal(),
        pool_size=providers.Object(pool_size),
    )
