"""Environment variables: what is accepted, and one clear line for what is not."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from clynto.domain.secret import Secret
from clynto.entrypoints.logging_setup import LogFormat
from clynto.entrypoints.settings import KNOWN, Settings, load_settings
from clynto.entrypoints.start_up_faults import SettingsError

_STRONG = "q8Zr2mXw5LtB9vKd3HnPs7YcGf4JaUeR"


def _load(tmp_path: Path, **given: str) -> Settings:
    return load_settings({"CLYNTO_DATA_DIR": str(tmp_path / "var"), **given}, on_terminal=True)


def test_defaults_are_those_of_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings({"PATH": "/bin"}, on_terminal=True)
    var = tmp_path / "var"
    assert settings.data_dir == var
    assert settings.database_url.reveal() == f"sqlite:///{var}/clynto.sqlite3"
    assert settings.redis_url is None
    assert settings.stripe_api_base == "https://api.stripe.com"
    assert (settings.stripe_max_rps, settings.stripe_endpoint_rps) == (80, 25)
    assert settings.stripe_patience_seconds == 120
    assert settings.public_url is None
    assert settings.public_url_at(8_000) == "http://127.0.0.1:8000"
    assert settings.vault.public.parent == var
    assert len({settings.vault.public, settings.vault.stripe_private, settings.vault.webhook_private}) == 3
    assert settings.log_format is LogFormat.CONSOLE
    assert settings.trusted_proxies == 0
    assert settings.clock_offset_file is None
    assert stat.S_IMODE(var.stat().st_mode) == 0o700


def test_session_secret_is_made_once_and_private(tmp_path: Path) -> None:
    first = _load(tmp_path)
    file = tmp_path / "var" / "secret_key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(first.secret_key.reveal()) >= 64
    assert _load(tmp_path).secret_key == first.secret_key
    assert [path.name for path in file.parent.iterdir()] == ["secret_key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_session_secret_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    _load(tmp_path)
    (tmp_path / "var" / "secret_key").chmod(mode)
    with pytest.raises(SettingsError, match=r"^CLYNTO_SECRET_KEY_FILE: .*0600$"):
        _load(tmp_path)


def test_everything_can_be_set(tmp_path: Path) -> None:
    settings = _load(
        tmp_path,
        CLYNTO_DATABASE_URL="postgresql://u:p@db/clynto",
        CLYNTO_REDIS_URL="rediss://:p@redis:6380/1",
        CLYNTO_STRIPE_API_BASE="http://127.0.0.1:12111/",
        CLYNTO_STRIPE_MAX_RPS="40",
        CLYNTO_STRIPE_ENDPOINT_RPS="20",
        CLYNTO_STRIPE_PATIENCE_SECONDS="30",
        CLYNTO_PUBLIC_URL="https://clynto.example/",
        CLYNTO_SECRET_KEY=_STRONG,
        CLYNTO_VAULT_PUBLIC_KEY_FILE="/keys/public",
        CLYNTO_VAULT_PRIVATE_KEY_FILE="/keys/stripe",
        CLYNTO_VAULT_WEBHOOK_KEY_FILE="/keys/webhook",
        CLYNTO_LOG_FORMAT="json",
        CLYNTO_TRUSTED_PROXIES="1",
        CLYNTO_CLOCK_OFFSET_FILE="/tmp/offset",
    )
    assert settings.database_url.reveal() == "postgresql+psycopg://u:p@db/clynto"
    assert settings.redis_url == Secret("rediss://:p@redis:6380/1")
    assert settings.stripe_api_base == "http://127.0.0.1:12111"
    assert settings.stripe_patience_seconds == 30
    assert settings.public_url_at(1) == "https://clynto.example"
    assert settings.secret_key == Secret(_STRONG)
    assert settings.vault.webhook_private == Path("/keys/webhook")
    assert settings.log_format is LogFormat.JSON
    assert settings.clock_offset_file == Path("/tmp/offset")
    assert not (tmp_path / "var" / "secret_key").exists()
    assert not {":p@", _STRONG} & {text for text in (":p@", _STRONG) if text in repr(settings)}


def test_logs_are_json_away_from_a_terminal(tmp_path: Path) -> None:
    assert load_settings({"CLYNTO_DATA_DIR": str(tmp_path)}, on_terminal=False).log_format is LogFormat.JSON


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLYNTO_DATA_DIR", ""),
        ("CLYNTO_DATA_DIR", "a\0b"),
        ("CLYNTO_DATA_DIR", "/proc/nothing/here"),
        ("CLYNTO_DATABASE_URL", ""),
        ("CLYNTO_DATABASE_URL", "clynto.sqlite3"),
        ("CLYNTO_DATABASE_URL", "mysql://u:canary@db/x"),
        ("CLYNTO_DATABASE_URL", "sqlite://"),
        ("CLYNTO_DATABASE_URL", "sqlite:///:memory:"),
        ("CLYNTO_REDIS_URL", ""),
        ("CLYNTO_REDIS_URL", "http://localhost"),
        ("CLYNTO_REDIS_URL", "redis://"),
        ("CLYNTO_REDIS_URL", "redis://:canary@host:port"),
        ("CLYNTO_STRIPE_API_BASE", ""),
        ("CLYNTO_STRIPE_API_BASE", "api.stripe.com"),
        ("CLYNTO_STRIPE_API_BASE", "http://api.stripe.com"),
        ("CLYNTO_STRIPE_API_BASE", "http://127.0.0.1.evil.example"),
        ("CLYNTO_STRIPE_API_BASE", "https://u:canary@api.stripe.com"),
        ("CLYNTO_STRIPE_API_BASE", "https://api.stripe.com\n.evil.example"),
        ("CLYNTO_STRIPE_MAX_RPS", ""),
        ("CLYNTO_STRIPE_MAX_RPS", "0"),
        ("CLYNTO_STRIPE_MAX_RPS", "-5"),
        ("CLYNTO_STRIPE_MAX_RPS", "80.5"),
        ("CLYNTO_STRIPE_MAX_RPS", "٨٠"),
        ("CLYNTO_STRIPE_ENDPOINT_RPS", "many"),
        ("CLYNTO_STRIPE_PATIENCE_SECONDS", "3"),
        ("CLYNTO_STRIPE_PATIENCE_SECONDS", "601"),
        ("CLYNTO_PUBLIC_URL", "clynto.example"),
        ("CLYNTO_PUBLIC_URL", "https://clynto.example/?x=1"),
        ("CLYNTO_PUBLIC_URL", "https://[::1"),
        ("CLYNTO_SECRET_KEY", ""),
        ("CLYNTO_SECRET_KEY", "short"),
        ("CLYNTO_SECRET_KEY", "a" * 64),
        ("CLYNTO_SECRET_KEY", "please-change-me-please-change-me-1234567"),
        ("CLYNTO_SECRET_KEY", "my-default-key-for-development-0123456789"),
        ("CLYNTO_SECRET_KEY_FILE", ""),
        ("CLYNTO_VAULT_PRIVATE_KEY_FILE", " "),
        ("CLYNTO_LOG_FORMAT", "xml"),
        ("CLYNTO_TRUSTED_PROXIES", "all"),
        ("CLYNTO_CLOCK_OFFSET_FILE", "/tmp/offset"),
        ("CLYNTO_DEBUG", "1"),
        ("FLASK_DEBUG", "true"),
        ("CLYNTO_VAULT_PRIVATE_KEYFILE", "/keys/stripe"),
    ],
)
def test_wrong_value_is_one_line_that_names_the_variable(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _load(tmp_path, **{name: value})
    line = str(caught.value)
    assert line.startswith(f"{name}: ")
    assert "\n" not in line
    assert "canary" not in line
    assert caught.value.variable == name
    assert caught.value.__cause__ is None


def test_secret_from_two_places_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not both"):
        _load(tmp_path, CLYNTO_SECRET_KEY=_STRONG, CLYNTO_SECRET_KEY_FILE=str(tmp_path / "key"))


def test_weak_secret_in_a_file_names_the_file_setting(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.touch(0o600)
    file.write_text("changeme")
    with pytest.raises(SettingsError, match=r"^CLYNTO_SECRET_KEY_FILE: ") as caught:
        _load(tmp_path, CLYNTO_SECRET_KEY_FILE=str(file))
    assert "changeme" not in str(caught.value)
    file.write_bytes(b"\xff" * 64)
    with pytest.raises(SettingsError, match="no text"):
        _load(tmp_path, CLYNTO_SECRET_KEY_FILE=str(file))


def test_debug_switched_off_is_no_debug(tmp_path: Path) -> None:
    _load(tmp_path, FLASK_DEBUG="0")


def test_every_name_of_the_contract_is_known() -> None:
    assert {
        "CLYNTO_DATA_DIR",
        "CLYNTO_DATABASE_URL",
        "CLYNTO_REDIS_URL",
        "CLYNTO_STRIPE_API_BASE",
        "CLYNTO_STRIPE_MAX_RPS",
        "CLYNTO_PUBLIC_URL",
        "CLYNTO_SECRET_KEY",
        "CLYNTO_SECRET_KEY_FILE",
        "CLYNTO_VAULT_PUBLIC_KEY_FILE",
        "CLYNTO_VAULT_PRIVATE_KEY_FILE",
        "CLYNTO_LOG_FORMAT",
    } <= KNOWN
