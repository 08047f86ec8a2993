"""The vault's key files: JSON documents with raw X25519 keys (base64) by purpose and version.

One public file holds the public keys of all purposes; each private file holds the key pairs' private halves of one
purpose, so that a process is given no more than it must open (architecture decision 6). Files are written whole to
a neighbour and renamed, so a crash leaves the old content or the new, and a reader never sees half a file.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from clynto.ports.vault import Purpose

_PUBLIC_FORMAT = "clynto-vault-public-keys/1"
_PRIVATE_FORMAT = "clynto-vault-private-keys/1"
_OTHERS_MAY_READ = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class VaultKeysUnusable(Exception):
    """The key files are missing, open to others, damaged or do not fit each other. One line, without key material."""


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """Public keys by purpose and version; versions count from 1."""

    by_purpose: Mapping[Purpose, Mapping[int, X25519PublicKey]]

    def newest(self, purpose: Purpose) -> int:
        """The version that new credentials are sealed to."""
        return max(self.by_purpose[purpose])


@dataclass(frozen=True, slots=True)
class PrivateKeys:
    """Private keys of one purpose by version."""

    purpose: Purpose
    by_version: Mapping[int, X25519PrivateKey] = field(repr=False)


def read_public(path: Path) -> PublicKeys:
    """The public keys. Raises ``VaultKeysUnusable``, also if others may write the file."""
    document = _read(path, forbidden=_OTHERS_MAY_WRITE, what="writable by others")
    if document.get("format") != _PUBLIC_FORMAT:
        raise VaultKeysUnusable(f"vault key file {path} is not a file of public keys")
    purposes = document.get("purposes")
    if not isinstance(purposes, dict) or set(purposes) != {purpose.value for purpose in Purpose}:
        raise VaultKeysUnusable(f"vault key file {path} does not name every purpose")
    return PublicKeys(
        {
            purpose: {
                version: X25519PublicKey.from_public_bytes(raw)
                for version, raw in _versions(path, purposes[purpose.value]).items()
            }
            for purpose in Purpose
        }
    )


def read_private(path: Path, purpose: Purpose) -> PrivateKeys:
    """The private keys of ``purpose``. Raises ``VaultKeysUnusable``, also if anybody but the owner may use the file."""
    document = _read(path, forbidden=_OTHERS_MAY_READ, what="readable by others (its mode must be 0600)")
    if document.get("format") != _PRIVATE_FORMAT or document.get("purpose") != purpose.value:
        raise VaultKeysUnusable(f"vault key file {path} is not a file of private keys for {purpose.value}")
    versions = _versions(path, document.get("keys"))
    return PrivateKeys(
        purpose, {version: X25519PrivateKey.from_private_bytes(raw) for version, raw in versions.items()}
    )


def write_public(path: Path, keys: PublicKeys) -> None:
    """Replace the public file."""
    purposes = {
        purpose.value: {str(version): _text(key.public_bytes_raw()) for version, key in sorted(versions.items())}
        for purpose, versions in keys.by_purpose.items()
    }
    _write(path, {"format": _PUBLIC_FORMAT, "purposes": purposes})


def write_private(path: Path, keys: PrivateKeys) -> None:
    """Replace a private file."""
    versions = {str(version): _text(key.private_bytes_raw()) for version, key in sorted(keys.by_version.items())}
    _write(path, {"format": _PRIVATE_FORMAT, "purpose": keys.purpose.value, "keys": versions})


def fingerprint_of_file(path: Path) -> tuple[int, int, int] | None:
    """Changes whenever a file is replaced; None if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read(path: Path, *, forbidden: int, what: str) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & forbidden:
                raise VaultKeysUnusable(f"vault key file {path} is {what}")
            document = json.loads(file.read())
    except FileNotFoundError:
        raise VaultKeysUnusable(f"vault key file {path} does not exist") from None
    except OSError as error:
        raise VaultKeysUnusable(f"vault key file {path} cannot be read: {error.strerror}") from None
    except ValueError:
        # The decoder's message quotes nothing, but its exception holds the whole document.
        raise VaultKeysUnusable(f"vault key file {path} is damaged") from None
    if not isinstance(document, dict):
        raise VaultKeysUnusable(f"vault key file {path} is damaged")
    return document


def _versions(path: Path, entries: object) -> dict[int, bytes]:
    if not isinstance(entries, dict) or not entries:
        raise VaultKeysUnusable(f"vault key file {path} holds no key")
    found: dict[int, bytes] = {}
    for version, text in entries.items():
        if not (isinstance(version, str) and version.isascii() and version.isdigit() and isinstance(text, str)):
            raise VaultKeysUnusable(f"vault key file {path} is damaged")
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise VaultKeysUnusable(f"vault key file {path} is damaged") from None
        if len(raw) != 32:
            raise VaultKeysUnusable(f"vault key file {path} is damaged")
        found[int(version)] = raw
    return found


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def make_folder(path: Path) -> None:
    """The folder of a key file. Raises ``VaultKeysUnusable``."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise VaultKeysUnusable(f"vault key file {path} cannot be written: {error.strerror}") from None


def _write(path: Path, document: Mapping[str, object]) -> None:
    make_folder(path)
    neighbour = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        descriptor = os.open(neighbour, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(document, file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        neighbour.replace(path)
    except OSError as error:
        raise VaultKeysUnusable(f"vault key file {path} cannot be written: {error.strerror}") from None
    finally:
        neighbour.unlink(missing_ok=True)
    # Without this the rename itself may be lost with the power, and with it a key that already sealed something.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
