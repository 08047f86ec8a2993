"""``clynto mcp``: questions from an assistant."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clynto.domain.secret import Secret
from clynto.entrypoints.cli_settings import loaded_settings, storage
from clynto.entrypoints.secret_files import SecretFileUnusable, read_secret
from clynto.entrypoints.start_up_faults import SettingsError

if TYPE_CHECKING:
    from clynto.application.authenticate import Authenticate
    from clynto.entrypoints.container import Container

TOKEN = "CLYNTO_MCP_TOKEN"  # noqa: S105 - the name of a setting, not a secret


@click.command()
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"File, readable by its owner alone, that holds the API token; else {TOKEN} does.",
)
def mcp(token_file: Path | None) -> None:
    """Serve an assistant over standard input and output (Model Context Protocol), read-only.

    The API token decides workspace and role. It is never an argument, which everybody on the machine could read.
    """
    from clynto.application.authenticate import Authenticate, BearerCredential
    from clynto.domain.errors import NotSignedIn
    from clynto.entrypoints.logging_setup import configure_logging

    settings = loaded_settings()
    configure_logging(settings.log_format)
    token = _token(token_file)
    with storage() as container:
        authenticate = Authenticate(directory=container.directory(), clock=container.clock())
        try:
            authenticate(BearerCredential(token))
        except NotSignedIn:
            raise SettingsError(_named(token_file), "this is no API token of this installation") from None
        _serve(container, authenticate, token)


def _serve(container: Container, authenticate: Authenticate, token: Secret) -> None:
    """Reads the protocol's modules only now: it takes seconds, and a wrong token is told at once."""
    from clynto.entrypoints.mcp_server import serve_over_standard_streams
    from clynto.entrypoints.mcp_tools import AssistantServices
    from clynto.entrypoints.web_services import larry_of

    larry = larry_of(container)
    serve_over_standard_streams(
        AssistantServices(
            authenticate=authenticate,
            answer_question=larry.answer_question,
            run_query=larry.run_query,
            token=token,
        )
    )


def _named(token_file: Path | None) -> str:
    return TOKEN if token_file is None else "--token-file"


def _token(token_file: Path | None) -> Secret:
    """Taken out of the environment, so that nothing started from here inherits it."""
    from_environment = os.environ.pop(TOKEN, None)
    if token_file is not None:
        if from_environment is not None:
            raise SettingsError(TOKEN, "set either this or --token-file, not both")
        try:
            return read_secret(token_file)
        except SecretFileUnusable as fault:
            raise SettingsError("--token-file", str(fault)) from None
    if not from_environment or not from_environment.strip():
        raise SettingsError(TOKEN, "set it to an API token of the workspace (`clynto token create`)")
    return Secret(from_environment.strip())
