"""The web process: gunicorn with threads, each worker process with a container of its own."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from clynto.entrypoints.container import container_for
from clynto.entrypoints.http.unread_requests import LONGEST_REQUEST_LINE
from clynto.entrypoints.http.web_application import web_application
from clynto.entrypoints.http.whole_requests import WholeRequestWorker
from clynto.entrypoints.logging_setup import configure_logging
from clynto.entrypoints.process_tuning import tune_process
from clynto.entrypoints.secret_files import read_or_make_secret
from clynto.entrypoints.services import WebSettings
from clynto.entrypoints.settings import Settings
from clynto.entrypoints.web_services import services_of

THREADS = 24
GRACE_SECONDS = 8
SLOWEST_REQUEST_SECONDS = 60
_LOG = logging.getLogger("clynto.web")
OWN_HANDLERS_ONLY = {
    "version": 1,
    "incremental": True,
    "handlers": {},
    "root": {"level": "INFO"},
    "loggers": {"gunicorn.error": {"level": "WARNING", "propagate": True}, "gunicorn.access": {"level": "CRITICAL"}},
}


def set_up_code_file(settings: Settings) -> Path:
    """Where the code of the first visit is kept, so that every web process knows the same one."""
    return settings.data_dir / "set_up_code"


class QuietLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """Makes no line for each request: gunicorn would put one together, headers and all, for nobody to read."""

    access_log_enabled = False


class WebServer(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """``run`` blocks until SIGTERM or SIGINT and ends what runs within the grace period."""

    def __init__(self, settings: Settings, redis_url: str, *, host: str, port: int, processes: int) -> None:
        self._settings = settings
        self._redis_url = redis_url
        self._host = host
        self._port = port
        self._processes = processes
        super().__init__()

    def load_config(self) -> None:
        """Gunicorn asks for its configuration."""
        bind = f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"
        for name, value in {
            "bind": bind,
            "workers": self._processes,
            "worker_class": WholeRequestWorker,
            "threads": THREADS,
            "graceful_timeout": GRACE_SECONDS,
            "timeout": SLOWEST_REQUEST_SECONDS,
            "keepalive": 15,
            "proc_name": "clynto-web",
            # Through our own handler, which redacts: gunicorn's would print a second time, and never as JSON.
            "errorlog": None,
            "logger_class": QuietLogger,
            "logconfig_dict": OWN_HANDLERS_ONLY,
            "limit_request_line": LONGEST_REQUEST_LINE,
            # Nothing outside may steer the server, and no file belongs in a home folder.
            "control_socket_disable": True,
            "loglevel": "warning",
            "when_ready": self._tell,
        }.items():
            self.cfg.set(name, value)

    def _tell(self, _: Any) -> None:
        """Gunicorn listens."""
        many = "1 process" if self._processes == 1 else f"{self._processes} processes"
        _LOG.info("web listens on %s:%d with %s", self._host, self._port, many)

    def load(self) -> Any:
        """Gunicorn asks for the application, once in each worker process."""
        configure_logging(self._settings.log_format)
        settings = self._settings
        container = container_for(settings, self._redis_url, pool_size=THREADS)
        web = WebSettings(
            public_url=settings.public_url_at(self._port),
            secret_key=settings.secret_key,
            trusted_proxies=settings.trusted_proxies,
        )
        code = read_or_make_secret(set_up_code_file(settings))
        application = web_application(services_of(container, web, code))
        tune_process()
        return application
