"""Settings and container for commands that run once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from clynto.domain.secret import Secret
from clynto.entrypoints.start_up_faults import StartUpFault

if TYPE_CHECKING:
    from clynto.application.actor import Actor
    from clynto.entrypoints.container import Container
    from clynto.entrypoints.settings import Settings


def loaded_settings() -> Settings:
    """From the environment. Raises ``SettingsError``."""
    from clynto.entrypoints.settings import load_settings

    return load_settings(os.environ, on_terminal=sys.stderr.isatty())


@contextmanager
def storage() -> Iterator[Container]:
    """A container over an up-to-date database, without Redis."""
    from clynto.entrypoints.container import container_for
    from clynto.entrypoints.start_up import check_storage, faults_in_one_line

    settings = loaded_settings()
    check_storage(settings, opens=())
    with faults_in_one_line(settings):
        container = container_for(settings, "redis://unused", pool_size=2)
        yield container
        container.database().dispose()


@contextmanager
def storage_and_queue() -> Iterator[Container]:
    """A container over database and Redis."""
    from clynto.entrypoints.container import container_for
    from clynto.entrypoints.start_up import check_storage, faults_in_one_line, redis_of

    settings = loaded_settings()
    check_storage(settings, opens=())
    with redis_of(settings) as redis_url, faults_in_one_line(settings):
        container = container_for(settings, redis_url, pool_size=2)
        yield container
        container.database().dispose()


def operator_of(container: Container, workspace_id: str) -> Actor:
    """Whoever holds the machine may do everything. Raises ``StartUpFault`` for an unknown workspace."""
    from clynto.application.actor import Actor
    from clynto.application.create_workspace import OPERATOR
    from clynto.domain.roles import Role

    if workspace_id not in container.workspaces().ids():
        raise StartUpFault(f"There is no workspace {workspace_id}.")
    return Actor(workspace_id, Role.OWNER, OPERATOR)


def secret_from_standard_input(what: str) -> Secret:
    """The first line of standard input. Raises a usage error if it is empty."""
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise click.UsageError(f"Standard input holds no {what}.")
    return Secret(line)
