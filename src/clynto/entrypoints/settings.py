"""All environment variables, read and judged in one place (contract, Environment; guarantees K15).

``load_settings`` is a function of a mapping and the file system. A wrong value raises ``SettingsError`` with one line
that names the variable and never quotes a secret.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from clynto.domain.secret import Secret
from clynto.entrypoints.logging_setup import LogFormat
from clynto.entrypoints.secret_files import SecretFileUnusable, read_or_make_secret, read_secret
from clynto.entrypoints.start_up_faults import SettingsError

STRIPE_API = "https://api.stripe.com"
KNOWN = frozenset(
    f"CLYNTO_{name}"
    for name in (
        "DATA_DIR",
        "DATABASE_URL",
        "REDIS_URL",
        "STRIPE_API_BASE",
        "STRIPE_MAX_RPS",
        "STRIPE_ENDPOINT_RPS",
        "STRIPE_PATIENCE_SECONDS",
        "PUBLIC_URL",
        "SECRET_KEY",
        "SECRET_KEY_FILE",
        "VAULT_PUBLIC_KEY_FILE",
        "VAULT_PRIVATE_KEY_FILE",
        "VAULT_WEBHOOK_KEY_FILE",
        "LOG_FORMAT",
        "TRUSTED_PROXIES",
        "CLOCK_OFFSET_FILE",
        "LARRY_MODEL_URL",
        "LARRY_MODEL",
        "LARRY_MODEL_KEY",
        "LARRY_MODEL_KEY_FILE",
        "LARRY_MODEL_SECONDS",
        "MCP_TOKEN",
    )
)
_LEAST_SECRET_LENGTH = 32
_LEAST_SECRET_VARIETY = 10
_LONGEST_MODEL_NAME = 200
_WELL_KNOWN = re.compile(
    r"change.?me|change.?this|default|example|insecure|placeholder|replace|secret.?key|s3cr3t|password|your.?key|dev.?key",
    re.IGNORECASE,
)
_DEBUG_SWITCHES = ("CLYNTO_DEBUG", "FLASK_DEBUG", "WERKZEUG_DEBUG_PIN")


@dataclass(frozen=True, slots=True)
class VaultFiles:
    """Paths only: whether the files are sound is judged by the vault, and only for those a process needs."""

    public: Path
    stripe_private: Path
    webhook_private: Path


@dataclass(frozen=True, slots=True)
class LarryModel:
    """A language model that may plan queries (ADR 0033). ``url`` is the address below which ``/chat/completions``
    stands; ``seconds`` bounds a call. ``key`` None: the endpoint asks for none."""

    url: str
    name: str
    key: Secret | None
    seconds: int


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a process can be told from outside.

    ``redis_url`` None: an embedded server. ``public_url`` None: ``http://127.0.0.1:PORT`` (``public_url_at``).
    Addresses of the database and of Redis may hold passwords, hence ``Secret``. Rates are in requests a second.
    ``stripe_patience_seconds`` is how long a sync stays with one read that Stripe does not answer (guarantees E8).
    ``trusted_proxies`` counts the proxies in front whose forwarded headers are believed (guarantees K7).
    ``larry_model`` None: Larry understands questions by himself alone, and nothing of them leaves.
    """

    data_dir: Path
    database_url: Secret
    redis_url: Secret | None
    stripe_api_base: str
    stripe_max_rps: int
    stripe_endpoint_rps: int
    stripe_patience_seconds: int
    public_url: str | None
    secret_key: Secret
    vault: VaultFiles
    log_format: LogFormat
    trusted_proxies: int
    clock_offset_file: Path | None
    larry_model: LarryModel | None = None

    def public_url_at(self, port: int) -> str:
        """The address that webhooks and links use, without a slash at its end."""
        return self.public_url or f"http://127.0.0.1:{port}"


def load_settings(environ: Mapping[str, str], *, on_terminal: bool) -> Settings:
    """Judge all settings; make the data folder and the session secret if they are not there.

    ``on_terminal`` says whether standard error is one. Raises ``SettingsError``.
    """
    _refuse_debug(environ)
    for name in environ:
        if name.startswith("CLYNTO_") and name not in KNOWN:
            raise SettingsError(name, "there is no such setting")
    data_dir = _data_dir(environ)
    stripe_api_base = _stripe_api_base(environ)
    return Settings(
        data_dir=data_dir,
        database_url=_database_url(environ, data_dir),
        redis_url=_redis_url(environ),
        stripe_api_base=stripe_api_base,
        stripe_max_rps=_whole_number(environ, "CLYNTO_STRIPE_MAX_RPS", default=80, least=1, most=10_000),
        stripe_endpoint_rps=_whole_number(environ, "CLYNTO_STRIPE_ENDPOINT_RPS", default=25, least=1, most=10_000),
        stripe_patience_seconds=_whole_number(
            environ, "CLYNTO_STRIPE_PATIENCE_SECONDS", default=120, least=4, most=600
        ),
        public_url=_public_url(environ),
        secret_key=_secret_key(environ, data_dir),
        vault=VaultFiles(
            _path(environ, "CLYNTO_VAULT_PUBLIC_KEY_FILE", data_dir / "vault_public_keys.json"),
            _path(environ, "CLYNTO_VAULT_PRIVATE_KEY_FILE", data_dir / "vault_stripe_keys.json"),
            _path(environ, "CLYNTO_VAULT_WEBHOOK_KEY_FILE", data_dir / "vault_webhook_keys.json"),
        ),
        log_format=_log_format(environ, on_terminal=on_terminal),
        trusted_proxies=_whole_number(environ, "CLYNTO_TRUSTED_PROXIES", default=0, least=0, most=10),
        clock_offset_file=_clock_offset_file(environ, stripe_api_base),
        larry_model=_larry_model(environ),
    )


def _refuse_debug(environ: Mapping[str, str]) -> None:
    for name in _DEBUG_SWITCHES:
        if environ.get(name, "").strip().lower() not in ("", "0", "false", "no", "off"):
            raise SettingsError(name, "debugging would show secrets to visitors; unset it")


def _data_dir(environ: Mapping[str, str]) -> Path:
    folder = _path(environ, "CLYNTO_DATA_DIR", Path("var")).absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError("CLYNTO_DATA_DIR", f"the folder cannot be made: {error.strerror}") from None
    return folder


def _path(environ: Mapping[str, str], name: str, default: Path) -> Path:
    text = environ.get(name)
    if text is None:
        return default
    if not text.strip() or "\0" in text:
        raise SettingsError(name, "must be a path")
    return Path(text)


def _database_url(environ: Mapping[str, str], data_dir: Path) -> Secret:
    name = "CLYNTO_DATABASE_URL"
    text = environ.get(name)
    if text is None:
        return Secret(f"sqlite:///{data_dir / 'clynto.sqlite3'}")
    scheme, found, rest = text.partition("://")
    if not found:
        raise SettingsError(name, "must be an address such as postgresql://user@host/name or sqlite:///file")
    if scheme in ("postgresql", "postgresql+psycopg"):
        return Secret(f"postgresql+psycopg://{rest}")
    if scheme != "sqlite":
        raise SettingsError(name, "must begin with postgresql:// or sqlite:///")
    if not rest.startswith("/") or rest.strip("/") in ("", ":memory:"):
        raise SettingsError(name, "SQLite must be a file, since several processes share it: sqlite:///file")
    return Secret(text)


def _redis_url(environ: Mapping[str, str]) -> Secret | None:
    name = "CLYNTO_REDIS_URL"
    text = environ.get(name)
    if text is None:
        return None
    parts = _split(name, text)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise SettingsError(name, "must begin with redis://, rediss:// or unix://")
    if not (parts.path.strip("/") if parts.scheme == "unix" else parts.hostname):
        raise SettingsError(name, "names no server")
    return Secret(text)


def _stripe_api_base(environ: Mapping[str, str]) -> str:
    name = "CLYNTO_STRIPE_API_BASE"
    text = environ.get(name, STRIPE_API)
    _guarded_address(name, text, "Stripe keys")
    return text.rstrip("/")


def _guarded_address(name: str, text: str, travels: str) -> None:
    parts = _web_address(name, text)
    if parts.scheme == "http" and not _is_this_machine(parts.hostname or ""):
        raise SettingsError(name, f"must begin with https://, or {travels} would travel in the clear")


def _public_url(environ: Mapping[str, str]) -> str | None:
    text = environ.get("CLYNTO_PUBLIC_URL")
    if text is None:
        return None
    _web_address("CLYNTO_PUBLIC_URL", text)
    return text.rstrip("/")


def _web_address(name: str, text: str) -> SplitResult:
    parts = _split(name, text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(name, "must be an address that begins with https:// or http://")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise SettingsError(name, "must hold no user, password, query or fragment")
    return parts


def _split(name: str, text: str) -> SplitResult:
    # urlsplit silently drops line ends and tabs, so what was judged would not be what is used.
    if not text.isprintable() or " " in text:
        raise SettingsError(name, "must be an address")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        # The message of urlsplit quotes the address, password included.
        raise SettingsError(name, "must be an address") from None
    return parts


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _whole_number(environ: Mapping[str, str], name: str, *, default: int, least: int, most: int) -> int:
    text = environ.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,6}", text) or not least <= int(text) <= most:
        raise SettingsError(name, f"must be a whole number from {least} to {most}")
    return int(text)


def _secret_key(environ: Mapping[str, str], data_dir: Path) -> Secret:
    given = environ.get("CLYNTO_SECRET_KEY")
    if given is not None:
        if "CLYNTO_SECRET_KEY_FILE" in environ:
            raise SettingsError("CLYNTO_SECRET_KEY", "set either this or CLYNTO_SECRET_KEY_FILE, not both")
        return _strong("CLYNTO_SECRET_KEY", given)
    path = _path(environ, "CLYNTO_SECRET_KEY_FILE", data_dir / "secret_key")
    try:
        return _strong("CLYNTO_SECRET_KEY_FILE", read_or_make_secret(path).reveal())
    except SecretFileUnusable as error:
        raise SettingsError("CLYNTO_SECRET_KEY_FILE", str(error)) from None


def _strong(name: str, secret: str) -> Secret:
    if len(secret) < _LEAST_SECRET_LENGTH or len(set(secret)) < _LEAST_SECRET_VARIETY:
        raise SettingsError(name, f"must be at least {_LEAST_SECRET_LENGTH} random characters")
    if _WELL_KNOWN.search(secret):
        raise SettingsError(name, "is a well-known default and no secret")
    return Secret(secret)


def _log_format(environ: Mapping[str, str], *, on_terminal: bool) -> LogFormat:
    text = environ.get("CLYNTO_LOG_FORMAT")
    if text is None:
        return LogFormat.CONSOLE if on_terminal else LogFormat.JSON
    if text not in tuple(LogFormat):
        raise SettingsError("CLYNTO_LOG_FORMAT", "must be console or json")
    return LogFormat(text)


def _clock_offset_file(environ: Mapping[str, str], stripe_api_base: str) -> Path | None:
    name = "CLYNTO_CLOCK_OFFSET_FILE"
    if name not in environ:
        return None
    if stripe_api_base == STRIPE_API:
        raise SettingsError(name, "a moved clock is for a sandbox, never for the real Stripe")
    return _path(environ, name, Path())


def _larry_model(environ: Mapping[str, str]) -> LarryModel | None:
    address, named = "CLYNTO_LARRY_MODEL_URL", "CLYNTO_LARRY_MODEL"
    url, name = environ.get(address), environ.get(named)
    if url is None:
        for variable in (named, *(f"{named}_{part}" for part in ("KEY", "KEY_FILE", "SECONDS"))):
            if variable in environ:
                raise SettingsError(variable, f"has no effect without {address}")
        return None
    _guarded_address(address, url, "questions")
    if name is None:
        raise SettingsError(named, f"must name the model at {address}")
    if not name.strip() or not name.isprintable() or len(name) > _LONGEST_MODEL_NAME:
        raise SettingsError(named, "must be the name of a model")
    seconds = _whole_number(environ, "CLYNTO_LARRY_MODEL_SECONDS", default=10, least=1, most=50)
    return LarryModel(url.rstrip("/"), name, _larry_model_key(environ), seconds)


def _larry_model_key(environ: Mapping[str, str]) -> Secret | None:
    variable, file_variable = "CLYNTO_LARRY_MODEL_KEY", "CLYNTO_LARRY_MODEL_KEY_FILE"
    given = environ.get(variable)
    if given is not None:
        if file_variable in environ:
            raise SettingsError(variable, f"set either this or {file_variable}, not both")
        return _header_value(variable, Secret(given))
    if file_variable not in environ:
        return None
    try:
        return _header_value(file_variable, read_secret(_path(environ, file_variable, Path())))
    except SecretFileUnusable as error:
        raise SettingsError(file_variable, str(error)) from None


def _header_value(variable: str, key: Secret) -> Secret:
    """A key with a line end would break the request that carries it, and so end up in an error text."""
    if not re.fullmatch(r"[!-~]{1,500}", key.reveal()):
        raise SettingsError(variable, "must be a key: printable characters without blanks")
    return key
