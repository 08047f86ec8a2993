"""Logs hold no secret, whoever writes them and however."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from clynto.domain.secret import Secret
from clynto.entrypoints.logging_setup import LogFormat, configure_logging, redact_event, redacted

_ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_TAIL = st.text(_ALNUM, min_size=16, max_size=99)
_KEYS = st.builds(
    lambda kind, mode, tail: (f"{kind}_{mode}_{tail}", tail),
    st.sampled_from(["sk", "rk", "pk", "sk_org", "rkcs"]),
    st.sampled_from(["live", "test"]),
    _TAIL,
)
_SIGNING = st.builds(lambda tail: (f"whsec_{tail}", tail), st.text(_ALNUM + "+/", min_size=24, max_size=64))
_BEARERS = st.builds(lambda tail: (f"Bearer {tail}", tail), _TAIL)
_WEBHOOKS = st.builds(lambda tail: (f"https://x.example/webhooks/stripe/{tail}", tail), _TAIL)
_COOKIES = st.builds(lambda tail: (f"Cookie: session={tail}; a=b", tail), _TAIL)
_PASSWORDS = st.builds(
    lambda shape, tail: (shape.format(tail), tail),
    st.sampled_from(['password="{}"', "password: {}", '{{"password": "{}"}}', "secret_key={}&x=1", "'token': '{}'"]),
    _TAIL,
)
_ADDRESSES = st.builds(lambda tail: (f"postgresql://user:{tail}@db.example/x", tail), _TAIL)
_SECRETS = st.one_of(_KEYS, _SIGNING, _BEARERS, _WEBHOOKS, _COOKIES, _PASSWORDS, _ADDRESSES)
# Shorter than any secret, so that it cannot happen to be one itself.
_AROUND = st.text(max_size=12)


@given(_SECRETS, _AROUND, _AROUND)
def test_no_secret_survives_in_any_text(secret: tuple[str, str], before: str, after: str) -> None:
    whole, core = secret
    assert core not in redacted(f"{before} {whole} {after}")


@given(_KEYS, _AROUND)
def test_keys_glued_to_other_text_are_found(secret: tuple[str, str], before: str) -> None:
    assert secret[1] not in redacted(before + secret[0])


def test_empty_field_does_not_hide_the_next() -> None:
    assert "hunter" not in redacted('token= password="hunter2 and more" x=1')
    assert "hunter" not in redacted("token: secret: hunter2")


@given(_SECRETS)
def test_no_secret_survives_at_any_depth(secret: tuple[str, str]) -> None:
    whole, core = secret
    deep: object = whole
    for _ in range(12):
        deep = {"inner": [deep, (whole, whole.encode(), ValueError(whole))]}
    event = redact_event(None, "info", {"event": whole, whole: 1, "value": deep, "x": {whole: whole}})
    assert core not in repr(event)


@given(st.text(_ALNUM, min_size=1, max_size=40))
def test_fields_named_like_secrets_are_masked_whatever_they_hold(value: str) -> None:
    names = ("password", "api_key", "signing_secret", "Authorization", "csrf_token", "cookie", "Stripe-Signature")
    event = redact_event(None, "info", dict.fromkeys(names, value))
    assert set(event.values()) == {"***"}


@pytest.mark.parametrize(
    "text",
    [
        "job begins: run_sync ws_01k run_01k",
        "pk_accounts violates a constraint",
        "task_id 7 of risk_level test_live",
        "GET /v1/customers 200 in 120 ms, request req_8cKz1",
        "https://clynto.example/accounts/acc_01k",
        "customer cus_NffrFeUfNV2Hib matched by domain",
    ],
)
def test_ordinary_words_stay_readable(text: str) -> None:
    assert redacted(text) == text


@pytest.fixture
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hooks = root.handlers[:], root.level, (sys.excepthook, threading.excepthook)
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(False)
    structlog.reset_defaults()


_CANARY = "rk_live_canary51H8xQcanary"


def _fail(local_variable: str) -> None:
    kept = {"inner": local_variable}
    raise ValueError(f"refused with {_CANARY}, {len(kept)} left")


@pytest.mark.usefixtures("_logging_as_before")
@pytest.mark.parametrize("log_format", LogFormat)
def test_whole_road_from_both_kinds_of_logger(log_format: LogFormat) -> None:
    stream = io.StringIO()
    configure_logging(log_format, stream=stream)
    structlog.get_logger("clynto").info("connected", key=_CANARY, secret=Secret(_CANARY), count=3)
    logging.getLogger("clynto.worker").warning("job %s with %s", "run_1", _CANARY)
    try:
        _fail("-".join(("held", "in", "a", "variable")))
    except ValueError:
        logging.getLogger("clynto.worker").exception("failed")
        structlog.get_logger("clynto").exception("failed too")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"careless {_CANARY}", UserWarning, stacklevel=1)
    written = stream.getvalue()
    assert "canary" not in written
    assert "held-in-a-variable" not in written
    assert written.count("ValueError: refused with ***") == 2
    assert "in _fail" in written
    assert "careless ***" in written
    if log_format is LogFormat.JSON:
        lines = [json.loads(line) for line in written.splitlines()]
        assert [line["level"] for line in lines] == ["info", "warning", "error", "error", "warning"]
        assert lines[0] | {"timestamp": ""} == {
            "event": "connected",
            "key": "***",
            "secret": "***",
            "count": 3,
            "logger": "clynto",
            "level": "info",
            "timestamp": "",
        }


@pytest.mark.usefixtures("_logging_as_before")
@pytest.mark.parametrize("name", ["stripe", "rq.worker", "gunicorn.access", "sqlalchemy.engine"])
def test_vendors_speak_only_from_warning_up_and_through_us(name: str) -> None:
    stream = io.StringIO()
    configure_logging(LogFormat.JSON, stream=stream)
    vendor = logging.getLogger(name)
    vendor.info("chatter")
    vendor.warning("trouble with %s", _CANARY)
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["event"] == "trouble with ***"


@pytest.mark.usefixtures("_logging_as_before")
def test_uncaught_exceptions_are_redacted_too() -> None:
    stream = io.StringIO()
    configure_logging(LogFormat.JSON, stream=stream)
    try:
        _fail("x")
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    thread = threading.Thread(target=_fail, args=("x",))
    thread.start()
    thread.join()
    assert stream.getvalue().count("uncaught exception") == 2
    assert "canary" not in stream.getvalue()
