"""``clynto``: the command line (contract, Command line).

Exit status 0 on success, 2 for wrong usage, 1 for a failure with one clear line on standard error. Each command
imports what it needs when it runs, so that help and wrong usage answer at once and no process reads what it never uses.
"""

from __future__ import annotations

import os
import sys

import click

from clynto.domain.errors import ClyntoError, InvalidInput
from clynto.entrypoints.cli_data import accounts, token, user, vault, workspace
from clynto.entrypoints.cli_mcp import mcp
from clynto.entrypoints.cli_sandbox import sandbox
from clynto.entrypoints.cli_settings import loaded_settings
from clynto.entrypoints.start_up_faults import SettingsError, StartUpFault

HOST = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
PORT = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="clynto")
def clynto() -> None:
    """Clynto Billing with Stripe."""


@clynto.command()
@HOST
@PORT
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Worker processes.")
def up(host: str, port: int, workers: int) -> None:
    """Start web, workers and an embedded Redis in one go."""
    from clynto.entrypoints.all_in_one import run_all

    run_all(loaded_settings(), host=host, port=port, workers=workers)


@clynto.command()
@PORT
def demo(port: int) -> None:
    """Start everything with a pretended Stripe account and a filled workspace."""
    from clynto.entrypoints.demo import run_demo

    run_demo(dict(os.environ), port=port)


@clynto.command()
@HOST
@PORT
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 64), help="Web server processes.")
def web(host: str, port: int, processes: int) -> None:
    """Start the web server alone."""
    from clynto.entrypoints.logging_setup import configure_logging
    from clynto.entrypoints.start_up import check_storage, demand_free_port, redis_of
    from clynto.entrypoints.web import WebServer
    from clynto.ports.vault import Purpose

    settings = loaded_settings()
    configure_logging(settings.log_format)
    check_storage(settings, opens=(Purpose.WEBHOOK_SIGNING_SECRET,))
    demand_free_port(host, port)
    with redis_of(settings) as redis_url:
        sys.argv = sys.argv[:1]
        WebServer(settings, redis_url, host=host, port=port, processes=processes).run()


@clynto.command()
def worker() -> None:
    """Start a worker; several may run, on several machines."""
    from clynto.entrypoints.logging_setup import configure_logging
    from clynto.entrypoints.start_up import check_storage, redis_of
    from clynto.entrypoints.worker import run_worker
    from clynto.ports.vault import Purpose

    settings = loaded_settings()
    configure_logging(settings.log_format)
    check_storage(settings, opens=tuple(Purpose))
    with redis_of(settings) as redis_url:
        run_worker(settings, redis_url)


@clynto.command()
def migrate() -> None:
    """Bring the database up to date and make the vault's keys if there are none."""
    from clynto.entrypoints.start_up import prepare_storage

    prepare_storage(loaded_settings())
    click.echo("The database is up to date.", err=True)


for command in (workspace, user, token, accounts, vault, mcp, sandbox):
    clynto.add_command(command)


def main() -> None:
    """Run the command line and turn expected failures into one line."""
    try:
        status = clynto.main(standalone_mode=False)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(wrong.exit_code)
    except click.Abort:
        sys.exit(130)
    except (SettingsError, StartUpFault) as fault:
        _fail(str(fault))
    except InvalidInput as wrong:
        _fail(" ".join(f"{field}: {text}" for field, text in wrong.errors.items()))
    except ClyntoError as error:
        from clynto.entrypoints.http.problem_details import sentence

        _fail(sentence(error.code, error.facts))
    else:
        sys.exit(status if isinstance(status, int) else 0)


def _fail(line: str) -> None:
    click.echo(f"clynto: {line}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
