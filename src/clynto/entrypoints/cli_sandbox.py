"""``clynto sandbox``: a pretended Stripe account, and moving the clock of a running one."""

from __future__ import annotations

import datetime as dt
import os
import pickle
from pathlib import Path

import click

from clynto.entrypoints.demo_folder import demo_folder
from clynto.entrypoints.start_up_faults import StartUpFault

_DELIVERY_SECONDS = 120
"""How long moving the clock waits for the webhooks of the time that passed."""


@click.group(invoke_without_command=True)
@click.option(
    "--port",
    default=12111,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port on the loopback address; 0 picks one.",
)
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same portfolio.")
@click.option(
    "--customers",
    default=300,
    show_default=True,
    type=click.IntRange(min=0),
    help="How many ordinary customers the seller has, beside some with a story.",
)
@click.option("--state-file", type=click.Path(dir_okay=False, path_type=Path), help="Where it is kept between runs.")
@click.pass_context
def sandbox(context: click.Context, port: int, seed: int, customers: int, state_file: Path | None) -> None:
    """Serve a pretended Stripe account on the loopback address."""
    if context.invoked_subcommand is not None:
        return
    from clynto.entrypoints.start_up import demand_free_port
    from stripe_sandbox import run_sandbox
    from stripe_sandbox.keys import FULL_TEST_KEY, RESTRICTED_TEST_KEY

    def announce(url: str) -> None:
        click.echo(f"Stripe sandbox on {url}")
        click.echo(f"  restricted key  {RESTRICTED_TEST_KEY}")
        click.echo(f"  full key        {FULL_TEST_KEY}")

    if port:
        demand_free_port("127.0.0.1", port)
    if state_file is not None:
        _demand_usable(state_file)
    run_sandbox(
        port=port, seed=seed, customers=customers, state_file=state_file, follow_real_time=True, announce=announce
    )


@sandbox.command()
@click.option("--days", default=0, type=click.IntRange(0, 3650))
@click.option("--hours", default=0, type=click.IntRange(0, 240))
@click.option("--url", help="Address of the sandbox; by default that of the running demo.")
def advance(days: int, hours: int, url: str | None) -> None:
    """Move the sandbox's clock on: renewals, failures and cancellations happen and are delivered."""
    if not days and not hours:
        raise click.UsageError("Say how far: --days or --hours.")
    import requests

    from clynto.entrypoints.sandbox_client import SandboxClient, remembered_address

    address = url or remembered_address(demo_folder(os.environ))
    if address is None:
        raise StartUpFault("No demo was ever started here; give the sandbox's address with --url.")
    client = SandboxClient(address)
    try:
        now = client.advance(days=days, hours=hours)
        delivered = client.wait_for_deliveries(_DELIVERY_SECONDS)
    except requests.RequestException:
        raise StartUpFault(f"The sandbox at {address} does not answer; is the demo running?") from None
    told = dt.datetime.fromtimestamp(now, tz=dt.UTC)
    click.echo(f"The sandbox's clock stands at {told.day} {told:%B %Y, %H:%M} UTC.")
    if not delivered:
        click.echo("Some webhooks are still on their way.", err=True)


def _demand_usable(state_file: Path) -> None:
    """Raises ``StartUpFault`` for a file that is none of the sandbox's, and for a place where none can be kept."""
    from stripe_sandbox.state_file import load_world

    try:
        state_file.parent.mkdir(parents=True, exist_ok=True)
        if state_file.exists():
            load_world(state_file)
    except OSError as fault:
        raise StartUpFault(f"--state-file: {state_file} cannot be used: {fault.strerror}.") from None
    except (pickle.UnpicklingError, AttributeError, EOFError, ImportError, IndexError, TypeError, ValueError):
        raise StartUpFault(f"--state-file: {state_file} was not written by this version's sandbox.") from None
