"""What has to be in place before a process begins, each fault told in one line (guarantees F2, J4, K15)."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from clynto.adapters.rq_queue.connection import ping
from clynto.adapters.rq_queue.embedded_redis import EmbeddedRedis, EmbeddedRedisFailed
from clynto.adapters.sql.engines import DatabaseUnusable, database_faults_told
from clynto.adapters.sql.schema import migrate, schema_is_current
from clynto.adapters.vault.key_custody import KeyCustody
from clynto.adapters.vault.key_files import VaultKeysUnusable
from clynto.domain.errors import ServiceUnavailable
from clynto.entrypoints.container import Container, container_for
from clynto.entrypoints.settings import Settings
from clynto.entrypoints.start_up_faults import StartUpFault
from clynto.ports.vault import Purpose


def custody_of(settings: Settings) -> KeyCustody:
    """The vault's key files as the settings name them."""
    files = settings.vault
    return KeyCustody(files.public, files.stripe_private, files.webhook_private)


@contextmanager
def faults_in_one_line(settings: Settings) -> Iterator[None]:
    """Turn what adapters raise at start-up into ``StartUpFault``, which names the variable to look at."""
    try:
        with database_faults_told():
            yield
    except DatabaseUnusable as fault:
        raise StartUpFault(f"CLYNTO_DATABASE_URL: {fault}") from None
    except ServiceUnavailable:
        raise StartUpFault("CLYNTO_DATABASE_URL: the database does not answer there, or cannot be opened.") from None
    except VaultKeysUnusable as fault:
        raise StartUpFault(f"{_variable_of(settings, str(fault))}{fault}") from None
    except EmbeddedRedisFailed as fault:
        raise StartUpFault(str(fault)) from None


def _variable_of(settings: Settings, told: str) -> str:
    files = settings.vault
    variables = {
        "CLYNTO_VAULT_PUBLIC_KEY_FILE": files.public,
        "CLYNTO_VAULT_PRIVATE_KEY_FILE": files.stripe_private,
        "CLYNTO_VAULT_WEBHOOK_KEY_FILE": files.webhook_private,
    }
    return next((f"{name}: " for name, path in variables.items() if f" {path} " in told), "")


def prepare_storage(settings: Settings) -> None:
    """Bring the schema up to date and make the vault's keys on the first start. Raises ``StartUpFault``."""
    with faults_in_one_line(settings):
        container = container_for(settings, "redis://unused")
        migrate(container.database())
        _initialise_vault(settings, container)
        container.database().dispose()


def _initialise_vault(settings: Settings, container: Container) -> None:
    """New keys while credentials are stored would make all of them unreadable without anybody noticing (J4)."""
    if not settings.vault.public.exists() and container.workspaces().holds_credentials():
        raise StartUpFault(
            f"CLYNTO_VAULT_PUBLIC_KEY_FILE: {settings.vault.public} is missing, but the database holds credentials "
            "sealed to it; restore the vault's key files."
        )
    custody_of(settings).initialise()


def check_storage(settings: Settings, *, opens: tuple[Purpose, ...]) -> None:
    """Raise ``StartUpFault`` unless migrations are done and the key files for these purposes are sound."""
    with faults_in_one_line(settings):
        engine = container_for(settings, "redis://unused").database()
        current = schema_is_current(engine)
        engine.dispose()
        if not current:
            raise StartUpFault("CLYNTO_DATABASE_URL: the database is not up to date; run `clynto migrate` first.")
        custody_of(settings).check(*opens)


def demand_free_port(host: str, port: int) -> None:
    """Raise ``StartUpFault`` unless a server could listen there: else it would only say so after everything began."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            if fault.errno == errno.EADDRINUSE:
                raise StartUpFault(f"Port {port} is taken; choose another one with --port.") from None
            raise StartUpFault(f"Nothing can listen on {host}, port {port}: {fault.strerror}.") from None


@contextmanager
def redis_of(settings: Settings) -> Iterator[str]:
    """The address of Redis: the configured one, or an embedded server that ends with whoever started it."""
    if settings.redis_url is not None:
        url = settings.redis_url.reveal()
        if not ping(url):
            raise StartUpFault("CLYNTO_REDIS_URL: Redis does not answer there.")
        yield url
        return
    embedded = EmbeddedRedis(settings.data_dir / "redis")
    if embedded.running():
        yield embedded.url
        return
    with faults_in_one_line(settings):
        embedded.start()
    try:
        yield embedded.url
    finally:
        embedded.stop()
