"""``clynto up``: storage, embedded Redis, web and workers in one go (contract, Set-up)."""

from __future__ import annotations

import os
from collections.abc import Mapping

import click

from clynto.entrypoints.container import container_for
from clynto.entrypoints.processes import ProcessGroup, somebody_listens
from clynto.entrypoints.secret_files import read_or_make_secret
from clynto.entrypoints.settings import Settings
from clynto.entrypoints.start_up import demand_free_port, prepare_storage, redis_of
from clynto.entrypoints.start_up_faults import StartUpFault
from clynto.entrypoints.web import set_up_code_file


def run_all(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Run until Ctrl-C or SIGTERM. Raises ``StartUpFault``, also when a part ends by itself."""
    demand_free_port(host, port)
    prepare_storage(settings)
    with redis_of(settings) as redis_url:
        group = ProcessGroup(child_environ(os.environ, settings, redis_url, port))
        try:
            start_product(group, host=host, port=port, workers=workers)
            gone = group.wait(at_each_look=_Announcement(settings, host, port))
        finally:
            group.stop()
    if gone is not None:
        raise StartUpFault(f"The {gone} process ended by itself; its messages stand above.")


def child_environ(environ: Mapping[str, str], settings: Settings, redis_url: str, port: int) -> dict[str, str]:
    """What the processes of one installation share."""
    return {
        **environ,
        "CLYNTO_DATA_DIR": str(settings.data_dir),
        "CLYNTO_REDIS_URL": redis_url,
        "CLYNTO_PUBLIC_URL": settings.public_url_at(port),
    }


def start_product(group: ProcessGroup, *, host: str, port: int, workers: int) -> None:
    """Workers first, so that nothing waits once the web server answers."""
    for number in range(1, workers + 1):
        group.start(f"worker {number}" if workers > 1 else "worker", ["worker"])
    group.start("web", ["web", "--host", host, "--port", str(port)])


class _Announcement:
    """Tells the address once, when the web server answers: nobody should be sent to one that does not yet."""

    def __init__(self, settings: Settings, host: str, port: int) -> None:
        self._settings = settings
        self._host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - only compared
        self._port = port
        self._told = False

    def __call__(self) -> None:
        if not self._told and somebody_listens(self._host, self._port):
            self._told = True
            self._tell(f"http://{self._host}:{self._port}")

    def _tell(self, address: str) -> None:
        click.echo(f"Clynto on {address}")
        if not container_for(self._settings, "redis://unused").workspaces().any_exists():
            code = read_or_make_secret(set_up_code_file(self._settings))
            click.echo(f"First visit: open {address}/setup and enter the set-up code {code.reveal()}")
