"""The command line of the sandbox."""

from __future__ import annotations

from pathlib import Path

import click

from stripe_sandbox.keys import FULL_LIVE_KEY, FULL_TEST_KEY, RESTRICTED_LIVE_KEY, RESTRICTED_TEST_KEY
from stripe_sandbox.server import run_sandbox


@click.command()
@click.option("--port", default=12111, show_default=True, help="Port on the loopback address; 0 picks one.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same portfolio.")
@click.option("--customers", default=300, show_default=True, help="How many customers the seller has.")
@click.option(
    "--state-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the account is kept between runs.",
)
@click.option(
    "--invoices-per-customer",
    type=click.IntRange(min=1),
    help="Plain history of this length instead of a believable one, for benchmarks.",
)
@click.option("--frozen-clock", is_flag=True, help="Let time stand still unless advanced.")
@click.option("--live", is_flag=True, help="Pretend to be live mode.")
def main(
    port: int,
    seed: int,
    customers: int,
    state_file: Path | None,
    invoices_per_customer: int | None,
    frozen_clock: bool,
    live: bool,
) -> None:
    """Serve a pretended Stripe account on the loopback address."""

    def announce(url: str) -> None:
        restricted, full = (RESTRICTED_LIVE_KEY, FULL_LIVE_KEY) if live else (RESTRICTED_TEST_KEY, FULL_TEST_KEY)
        click.echo(f"Stripe sandbox on {url}")
        click.echo(f"  restricted key  {restricted}")
        click.echo(f"  full key        {full}")

    run_sandbox(
        port=port,
        seed=seed,
        customers=customers,
        state_file=state_file,
        invoices_per_customer=invoices_per_customer,
        follow_real_time=not frozen_clock,
        livemode=live,
        announce=announce,
    )
