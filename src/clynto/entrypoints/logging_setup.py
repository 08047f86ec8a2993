"""Logs of every process: one shape, and no secret in any of it (guarantees J1, J8).

Everything ends in one structlog formatter, whoever wrote it. Tracebacks are rendered to text without the values of
variables, and then every text is searched for what looks like a secret, whatever the field is called.
"""

from __future__ import annotations

import enum
import logging
import re
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor

from clynto.domain.secret import Secret

_MASK = "***"
_DEEPEST = 8

_NAMED = r"(?:pass(?:word|wd|phrase)|secret(?:_?key)?|api[_-]?key|token|session(?:_?id)?|authorization)\\?[\"']?\s*[:=]"

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Stripe: sk_live_..., rk_test_..., sk_org_live_..., with the stars of a key that Stripe has masked itself.
    (re.compile(r"(?:sk|rk|pk)[a-z]{0,8}_(?:[a-z]{1,8}_)?(?:live|test)_[\w*+/=.\-]+", re.IGNORECASE), _MASK),
    # Old keys without a mode; the digit keeps words like pk_accounts readable.
    (re.compile(r"(?<![A-Za-z0-9])(?:sk|rk|pk)_(?=[A-Za-z]*\d)[A-Za-z0-9]{16,}"), _MASK),
    (re.compile(r"whsec[a-z]*_[\w*+/=.\-]+", re.IGNORECASE), _MASK),
    (re.compile(r"\b(bearer|basic)(\s+|%20)[\w.~+/=:*\-]+", re.IGNORECASE), r"\1 " + _MASK),
    # Any answer to a webhook looks the same from outside, so the token in its address is a secret (contract).
    (re.compile(r"(/webhooks/stripe/)[^/\s?#\"'<>\\]+", re.IGNORECASE), r"\1" + _MASK),
    (re.compile(r"(://)[^/\s@\"'<>]+@"), r"\1" + _MASK + "@"),
    (re.compile(r"(\b(?:set-)?cookie\b[\"']?\s*[:=]\s*)[^\r\n]+", re.IGNORECASE), r"\1" + _MASK),
    (
        # The look-ahead keeps an empty field from taking the next field's name for its value.
        re.compile(
            rf"({_NAMED}\s*)(?!{_NAMED})(?:\\?\"[^\"\r\n]*\"?|\\?'[^'\r\n]*'?|[^\s,;&}}\])\"']+)",
            re.IGNORECASE,
        ),
        r"\1" + _MASK,
    ),
)

_SECRET_FIELD = re.compile(
    r"pass(?:word|wd|phrase)|secret|api_?key|token|authorization|cookie|signature|private_?key|^session$",
    re.IGNORECASE,
)

_QUIET = ("stripe", "rq", "rq.worker", "rq.queue", "rq.job", "rq.scheduler", "rq.registry", "urllib3", "asyncio")
_QUIET_TOO = ("gunicorn.error", "gunicorn.access", "sqlalchemy", "sqlalchemy.engine", "alembic", "werkzeug", "mcp")


class LogFormat(enum.StrEnum):
    """How lines are written (``CLYNTO_LOG_FORMAT``)."""

    CONSOLE = "console"
    JSON = "json"


def redacted(text: str) -> str:
    """``text`` with everything masked that looks like a key, a token, a cookie or a password."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact_event(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The structlog processor: all values and keys of the event, at any depth."""
    return {redacted(str(name)): _redacted_value(str(name), value, 0) for name, value in event.items()}


def configure_logging(log_format: LogFormat, *, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send all logs of this process to ``stream`` (standard error). Call it once, when the process starts."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        # Its default formatter prints no variables, unlike the console renderer's own.
        structlog.processors.ExceptionRenderer(),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=True)
        if log_format is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact_event, renderer],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in (*_QUIET, *_QUIET_TOO):
        noisy = logging.getLogger(name)
        noisy.setLevel(max(level, logging.WARNING))
        for own in noisy.handlers[:]:
            noisy.removeHandler(own)
        noisy.propagate = True
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def _redacted_value(name: str, value: object, depth: int) -> object:
    if _SECRET_FIELD.search(name) and not (value is None or isinstance(value, bool | int)):
        return _MASK
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Secret):
        return _MASK
    if isinstance(value, bytes | bytearray):
        return redacted(bytes(value).decode("utf-8", "replace"))
    if depth < _DEEPEST:
        if isinstance(value, Mapping):
            return {redacted(str(key)): _redacted_value(str(key), item, depth + 1) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [_redacted_value("", item, depth + 1) for item in value]
    return redacted(str(value))


def _log_uncaught(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    """Python's own hook would print the message as it is."""
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("clynto").critical("uncaught exception", exc_info=(kind, error, where))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
        _log_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
