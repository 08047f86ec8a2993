"""``clynto sandbox``: a pretended Stripe account, and moving the clock of a running one."""

from __future__ import annotations

import os
from pathlib import Path

import click

from clynto.entrypoints.demo_folder import demo_folder
from clynto.entrypoints.start_up_faults import StartUpFault


@click.group(invoke_without_command=True)
@click.option("--port", default=12111, show_default=True, help="Port on the loopback address; 0 picks one.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same portfolio.")
@click.option("--customers", default=300, show_default=True, help="How many customers the seller has.")
@click.option("--state-file", type=click.Path(dir_okay=False, path_type=Path), help="Where it is kept between runs.")
@click.pass_context
def sandbox(context: click.Context, port: int, seed: int, customers: int, state_file: Path | None) -> None:
    """Serve a pretended Stripe account on the loopback address."""
    if context.invoked_subcommand is not None:
        return
    from stripe_sandbox import run_sandbox
    from stripe_sandbox.keys import FULL_TEST_KEY, RESTRICTED_TEST_KEY

    def announce(url: str) -> None:
        click.echo(f"Stripe sandbox on {url}")
        click.echo(f"  restricted key  {RESTRICTED_TEST_KEY}")
        click.echo(f"  full key        {FULL_TEST_KEY}")

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
    try:
        now = SandboxClient(address).advance(days=days, hours=hours)
    except requests.RequestException:
        raise StartUpFault(f"The sandbox at {address} does not answer; is the demo running?") from None
    click.echo(f"The sandbox's clock stands at {now}.")
