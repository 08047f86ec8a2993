"""A secret in a file of its own, made on the first start and readable by its owner alone."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from clynto.domain.secret import Secret


class SecretFileUnusable(Exception):
    """The file is open to others or cannot be read or made. One line without the secret."""


def read_or_make_secret(path: Path) -> Secret:
    """The secret in ``path``; a fresh one of 384 random bits if there is no such file.

    Two processes that start at once end with the same secret. Raises ``SecretFileUnusable``.
    """
    try:
        if not path.exists():
            _make(path)
    except OSError as error:
        raise SecretFileUnusable(f"{path} cannot be read: {error.strerror}") from None
    return read_secret(path)


def read_secret(path: Path) -> Secret:
    """The secret in ``path``, without blanks around it. Raises ``SecretFileUnusable``."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SecretFileUnusable(f"{path} is readable by others; its mode must be 0600")
            return Secret(file.read().decode("utf-8").strip())
    except OSError as error:
        raise SecretFileUnusable(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SecretFileUnusable(f"{path} holds no text") from None


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    neighbour = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        descriptor = os.open(neighbour, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces what another process has just made.
        path.hardlink_to(neighbour)
    except FileExistsError:
        return
    finally:
        neighbour.unlink(missing_ok=True)
