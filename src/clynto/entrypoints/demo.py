"""``clynto demo``: the whole product beside a pretended Stripe account, with a workspace that has a story to tell."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from clynto.application.actor import Actor
from clynto.application.add_user import AddUser
from clynto.application.configure_webhooks import SaveSigningSecret
from clynto.application.connect_stripe import ConnectStripe
from clynto.application.create_workspace import CreateWorkspace
from clynto.application.founding import Founder, FoundingRequest
from clynto.application.queries.show_integration import CardState, ShowIntegration
from clynto.domain.account import Account
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.entrypoints.all_in_one import child_environ, start_product
from clynto.entrypoints.cli_data import issued_token
from clynto.entrypoints.container import Container, container_for
from clynto.entrypoints.demo_folder import demo_folder
from clynto.entrypoints.processes import ProcessGroup, somebody_listens
from clynto.entrypoints.sandbox_client import SandboxClient, remember_address
from clynto.entrypoints.settings import Settings, load_settings
from clynto.entrypoints.start_up import demand_free_port, prepare_storage, redis_of
from clynto.entrypoints.start_up_faults import StartUpFault
from stripe_sandbox.keys import RESTRICTED_TEST_KEY

WORKSPACE_NAME = "Northwind Demo"
PEOPLE = {
    Role.OWNER: ("owner@demo.example", "owner demo sign-in"),
    Role.ADMIN: ("admin@demo.example", "admin demo sign-in"),
    Role.MEMBER: ("member@demo.example", "member demo sign-in"),
}
CUSTOMERS = 300
_SYNC_SECONDS = 300
_CLOCK_SECONDS = 0.5
_WEB_SECONDS = 60


def run_demo(environ: Mapping[str, str], *, port: int) -> None:
    """Run until Ctrl-C or SIGTERM. A second start finds workspace, data and the sandbox's clock as they were."""
    folder = demo_folder(environ)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sandbox = SandboxClient(f"http://127.0.0.1:{_free_port()}")
    offset_file = folder / "clock_offset"
    demo_environ = {
        **environ,
        "CLYNTO_DATA_DIR": str(folder),
        "CLYNTO_STRIPE_API_BASE": sandbox.url,
        "CLYNTO_CLOCK_OFFSET_FILE": str(offset_file),
    }
    settings = load_settings(demo_environ, on_terminal=sys.stderr.isatty())
    demand_free_port("127.0.0.1", port)
    click.echo("Starting the pretended Stripe account…", err=True)
    group = ProcessGroup(demo_environ)
    try:
        _start_sandbox(group, sandbox, folder)
        _write_offset(offset_file, sandbox)
        prepare_storage(settings)
        with redis_of(settings) as redis_url:
            group.environ = child_environ(demo_environ, settings, redis_url, port)
            start_product(group, host="127.0.0.1", port=port, workers=1)
            os.environ.update(group.environ)
            token = _fill(settings, redis_url, folder, sandbox, port, group)
            _follow_clock(offset_file, sandbox)
            _wait_for_web(port, group)
            _announce(port, token)
            gone = group.wait()
            group.stop()
    finally:
        group.stop()
    if gone is not None:
        raise StartUpFault(f"The {gone} process ended by itself; its messages stand above.")


def _start_sandbox(group: ProcessGroup, sandbox: SandboxClient, folder: Path) -> None:
    port = sandbox.url.rsplit(":", 1)[1]
    state = str(folder / "sandbox.state")
    group.start("sandbox", ["sandbox", "--port", port, "--customers", str(CUSTOMERS), "--state-file", state])
    sandbox.wait_until_ready()
    remember_address(folder, sandbox.url)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_offset(offset_file: Path, sandbox: SandboxClient) -> None:
    fresh = offset_file.with_suffix(".new")
    fresh.write_text(str(sandbox.now() - int(time.time())), encoding="ascii")
    fresh.replace(offset_file)


def _follow_clock(offset_file: Path, sandbox: SandboxClient) -> None:
    """The product's clock follows the sandbox's whenever that one is moved."""

    def follow() -> None:
        while True:
            # While the sandbox is busy or about to end, the last offset stays in force.
            with suppress(OSError):
                _write_offset(offset_file, sandbox)
            time.sleep(_CLOCK_SECONDS)

    threading.Thread(target=follow, name="follow-clock", daemon=True).start()


def _fill(
    settings: Settings, redis_url: str, folder: Path, sandbox: SandboxClient, port: int, group: ProcessGroup
) -> str:
    """Create what a first start lacks; the API token either way."""
    container = container_for(settings, redis_url, pool_size=2)
    token_file = folder / "api_token"
    known = container.workspaces().ids()
    if known and not token_file.exists():
        raise StartUpFault(f"The demo's first start was interrupted; remove {folder} and start again.")
    if known:
        owner = Actor(known[0], Role.OWNER, PEOPLE[Role.OWNER][0])
        _direct_webhooks(container, owner, folder, sandbox, port)
        return token_file.read_text(encoding="ascii")
    owner = _create_people(container)
    token = issued_token(container, owner.workspace_id, Role.ADMIN, "demo")
    _create_accounts(container, owner, sandbox)
    _connect(container, owner)
    _watch_first_sync(container, owner, group)
    _direct_webhooks(container, owner, folder, sandbox, port)
    token_file.touch(mode=0o600)
    token_file.write_text(token, encoding="ascii")
    return token


def _create_people(container: Container) -> Actor:
    founder = Founder(hashing=container.hashing(), clock=container.clock(), identifiers=container.identifiers())
    email, password = PEOPLE[Role.OWNER]
    create = CreateWorkspace(workspaces=container.workspaces(), founder=founder)
    workspace_id = create(FoundingRequest(WORKSPACE_NAME, email, Secret(password)))
    owner = Actor(workspace_id, Role.OWNER, email)
    add = AddUser(
        units=container.units(),
        hashing=container.hashing(),
        clock=container.clock(),
        identifiers=container.identifiers(),
        audit=container.audit(),
    )
    for role in (Role.ADMIN, Role.MEMBER):
        email, password = PEOPLE[role]
        add(owner, email=email, role=role, password=Secret(password))
    return owner


def _create_accounts(container: Container, owner: Actor, sandbox: SandboxClient) -> None:
    identifiers, now = container.identifiers(), container.clock().now()
    accounts = [
        Account(identifiers.new_id("acc"), company.name, (company.domain,), None, now)
        for company in sandbox.companies()
    ]
    with container.units().writing(owner.workspace_id) as uow:
        uow.accounts.put_many(accounts)
        container.audit().note(uow, owner, "accounts.imported", f"Imported accounts: {len(accounts)} created.")
        uow.commit()


def _connect(container: Container, owner: Actor) -> None:
    connect = ConnectStripe(
        units=container.units(),
        clock=container.clock(),
        identifiers=container.identifiers(),
        key_check=container.key_check(),
        readers=container.readers(),
        sealer=container.sealer(),
        queue=container.queue(),
        audit=container.audit(),
    )
    connect(owner, Secret(RESTRICTED_TEST_KEY))


def _watch_first_sync(container: Container, owner: Actor, group: ProcessGroup) -> None:
    show = ShowIntegration(units=container.units(), clock=container.clock(), queue=container.queue())
    deadline = time.monotonic() + _SYNC_SECONDS
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), console=console
    ) as bar:
        task = bar.add_task("First sync with Stripe", total=100)
        while time.monotonic() < deadline and group.ended() is None:
            card = show(owner)
            if card.run is None:
                bar.update(task, completed=100)
                break
            bar.update(task, completed=card.run.percent)
            time.sleep(0.2)
    card = show(owner)
    if card.state is not CardState.CONNECTED:
        fault = card.connection.fault
        raise StartUpFault(fault.message if fault else "The first sync did not end in time.")


def _direct_webhooks(container: Container, owner: Actor, folder: Path, sandbox: SandboxClient, port: int) -> None:
    """Let the sandbox deliver here, with a signing secret of its own for this demo."""
    secret_file = folder / "webhook_secret"
    if not secret_file.exists():
        secret_file.touch(mode=0o600)
        secret_file.write_text(f"whsec_{container.identifiers().new_token()}", encoding="ascii")
        save = SaveSigningSecret(
            units=container.units(),
            clock=container.clock(),
            identifiers=container.identifiers(),
            sealer=container.sealer(),
            audit=container.audit(),
        )
        save(owner, Secret(secret_file.read_text(encoding="ascii")))
    with container.units().reading(owner.workspace_id) as uow:
        endpoint = uow.webhook_endpoints.get()
    if endpoint is None:
        raise StartUpFault("The demo's webhook endpoint is missing.")
    secret = secret_file.read_text(encoding="ascii")
    sandbox.deliver_webhooks_to(f"http://127.0.0.1:{port}/webhooks/stripe/{endpoint.token}", secret=secret)


def _wait_for_web(port: int, group: ProcessGroup) -> None:
    """Nobody should be sent to an address that does not answer yet; ``group.wait`` tells if it never will."""
    deadline = time.monotonic() + _WEB_SECONDS
    while time.monotonic() < deadline and group.ended() is None and not somebody_listens("127.0.0.1", port):
        time.sleep(0.1)


def _announce(port: int, token: str) -> None:
    click.echo(f"\nClynto on http://127.0.0.1:{port}\n")
    for role, (email, password) in PEOPLE.items():
        click.echo(f"  {role.value:<7} {email:<20} {password}")
    click.echo(f"\n  API token  {token}")
    click.echo("\nMove the pretended Stripe account on with: .venv/bin/clynto sandbox advance --days 30")
    click.echo("Ctrl-C stops everything; the next start finds it as it was.")
