"""Commands about workspaces, people, tokens, accounts and the vault."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clynto.domain.roles import Role
from clynto.entrypoints.cli_settings import (
    loaded_settings,
    operator_of,
    secret_from_standard_input,
    storage,
    storage_and_queue,
)
from clynto.entrypoints.start_up_faults import StartUpFault

if TYPE_CHECKING:
    from clynto.application.reseal_credentials import Resealed
    from clynto.entrypoints.container import Container
    from clynto.ports.vault import Purpose

WORKSPACE = click.option("--workspace", "workspace_id", required=True, metavar="ID", help="Id of the workspace.")
SEALING_SECONDS = 2.0
"""Longer than any process takes from sealing a credential to storing it."""
ROLE = click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="What it may do.")


@click.group()
def workspace() -> None:
    """Workspaces."""


@workspace.command("create")
@click.option("--name", required=True)
@click.option("--owner-email", required=True)
@click.option("--owner-password-stdin", is_flag=True, required=True, help="Read the password from standard input.")
def create_workspace(name: str, owner_email: str, owner_password_stdin: bool) -> None:  # noqa: ARG001
    """Create a workspace with its owner; prints the new id alone."""
    from clynto.application.create_workspace import CreateWorkspace
    from clynto.application.founding import Founder, FoundingRequest

    password = secret_from_standard_input("password")
    with storage() as container:
        founder = Founder(hashing=container.hashing(), clock=container.clock(), identifiers=container.identifiers())
        create = CreateWorkspace(workspaces=container.workspaces(), founder=founder)
        click.echo(create(FoundingRequest(name, owner_email, password)))


@click.group()
def user() -> None:
    """People of a workspace."""


@user.command("add")
@WORKSPACE
@click.option("--email", required=True)
@ROLE
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password from standard input.")
def add_user(workspace_id: str, email: str, role: str, password_stdin: bool) -> None:  # noqa: ARG001
    """Add a person; prints the new id alone."""
    from clynto.application.add_user import AddUser

    password = secret_from_standard_input("password")
    with storage() as container:
        add = AddUser(
            units=container.units(),
            hashing=container.hashing(),
            clock=container.clock(),
            identifiers=container.identifiers(),
            audit=container.audit(),
        )
        person = add(operator_of(container, workspace_id), email=email, role=Role(role), password=password)
        click.echo(person.id)


@user.command("password")
@WORKSPACE
@click.option("--email", required=True)
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password from standard input.")
def set_password(workspace_id: str, email: str, password_stdin: bool) -> None:  # noqa: ARG001
    """Set the password of a person who forgot theirs, the only owner too; ends their sessions."""
    from clynto.application.change_user import ChangeUser
    from clynto.application.person_details import normalised_email
    from clynto.application.queries.people import ListPeople

    password = secret_from_standard_input("password")
    with storage() as container:
        units, operator = container.units(), operator_of(container, workspace_id)
        people = ListPeople(units=units)(operator)
        found = next((person for person in people if person.email == normalised_email(email)), None)
        if found is None:
            raise StartUpFault(f"Nobody in this workspace has the address {email}.")
        ChangeUser(units=units, hashing=container.hashing(), audit=container.audit())(
            operator, found.id, password=password
        )


@click.group()
def token() -> None:
    """API tokens."""


@token.command("create")
@WORKSPACE
@ROLE
@click.option("--name", required=True, help="What it is for.")
def create_token(workspace_id: str, role: str, name: str) -> None:
    """Create an API token; prints it alone, once."""
    with storage() as container:
        click.echo(issued_token(container, workspace_id, Role(role), name))


def issued_token(container: Container, workspace_id: str, role: Role, name: str) -> str:
    """A fresh token, readable this once."""
    from clynto.application.issue_token import IssueToken

    issue = IssueToken(
        units=container.units(),
        clock=container.clock(),
        identifiers=container.identifiers(),
        audit=container.audit(),
    )
    return issue(operator_of(container, workspace_id), name=name, role=role).token.reveal()


@click.group()
def accounts() -> None:
    """Accounts of a workspace."""


@accounts.command("import")
@WORKSPACE
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_accounts(workspace_id: str, file: Path) -> None:
    """Import accounts from a CSV file (name,domain[,external_id])."""
    from clynto.application.import_accounts import ImportAccounts

    with storage_and_queue() as container:
        importing = ImportAccounts(
            units=container.units(),
            clock=container.clock(),
            identifiers=container.identifiers(),
            rules=container.domain_rules(),
            queue=container.queue(),
            audit=container.audit(),
        )
        report = importing(operator_of(container, workspace_id), file.read_bytes())
    for line in report.rejected:
        click.echo(f"line {line.line}: {line.reason}", err=True)
    if report.left_out:
        click.echo(f"columns left out: {', '.join(report.left_out)}", err=True)
    counts = f"{report.created} created, {report.updated} updated, {report.unchanged} unchanged"
    click.echo(f"{counts}, {len(report.rejected)} rejected")


@click.group()
def vault() -> None:
    """Keys that seal credentials."""


@vault.command("init")
def initialise_vault() -> None:
    """Make the key files if there are none."""
    from clynto.entrypoints.start_up import custody_of, faults_in_one_line

    settings = loaded_settings()
    with faults_in_one_line(settings):
        made = custody_of(settings).initialise()
    click.echo("Made the vault's keys." if made else "The vault's keys are there already.")


@vault.command("rotate")
def rotate_vault() -> None:
    """Add new keys, seal every credential to them, and destroy the old ones. May be repeated if interrupted."""
    from clynto.entrypoints.start_up import custody_of, faults_in_one_line
    from clynto.ports.vault import Purpose

    settings = loaded_settings()
    custody = custody_of(settings)
    with storage() as container:
        for purpose in Purpose:
            with faults_in_one_line(settings):
                version = custody.rotate(purpose)
            first = _resealed(container, purpose)
            # A key that was pasted while we began may be sealed to the former version and not be stored yet.
            time.sleep(SEALING_SECONDS)
            last = _resealed(container, purpose)
            custody.retire(purpose, still_in_use=last.versions_in_use)
            note = f", {last.unreadable} unreadable and left alone" if last.unreadable else ""
            sealed = first.resealed + last.resealed
            click.echo(f"{purpose.value}: version {version}, {sealed} credentials sealed to it{note}")


def _resealed(container: Container, purpose: Purpose) -> Resealed:
    """Seal what every workspace holds to the newest version; what became of it altogether."""
    from clynto.application.reseal_credentials import ResealCredentials, Resealed
    from clynto.ports.vault import Purpose

    opener = container.stripe_opener() if purpose is Purpose.STRIPE_API_KEY else container.webhook_opener()
    reseal = ResealCredentials(units=container.units(), opener=opener, sealer=container.sealer())
    outcomes = [reseal(workspace_id, purpose) for workspace_id in container.workspaces().ids()]
    return Resealed(
        resealed=sum(outcome.resealed for outcome in outcomes),
        unreadable=sum(outcome.unreadable for outcome in outcomes),
        versions_in_use=frozenset().union(*(outcome.versions_in_use for outcome in outcomes)),
    )
