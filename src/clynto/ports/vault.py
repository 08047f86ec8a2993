"""Sealed credentials (architecture decision 6): whoever seals cannot open."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol

from clynto.domain.secret import Secret


class Purpose(enum.StrEnum):
    """What a credential is for. Each purpose has a key pair of its own."""

    STRIPE_API_KEY = "stripe_api_key"
    WEBHOOK_SIGNING_SECRET = "webhook_signing_secret"  # noqa: S105 - the name of a purpose, not a secret


@dataclass(frozen=True, slots=True)
class SealedCredential:
    """Ciphertext, worthless outside its workspace, purpose and key version (guarantee 8)."""

    ciphertext: bytes
    key_version: int


class CredentialSealer(Protocol):
    """Held by every process that accepts a credential."""

    def seal(self, secret: Secret, *, workspace_id: str, purpose: Purpose) -> SealedCredential:
        """Seal to the newest public key of ``purpose``."""
        ...


class CredentialOpener(Protocol):
    """Held only by processes that use credentials of the purpose; the web process cannot open Stripe keys."""

    def open(self, sealed: SealedCredential, *, workspace_id: str, purpose: Purpose) -> Secret:
        """The credential. Raises ``CredentialUnreadable`` for a wrong workspace, purpose, key or damaged bytes."""
        ...

    def needs_resealing(self, sealed: SealedCredential, *, purpose: Purpose) -> bool:
        """Whether it was sealed to a key version older than the newest."""
        ...
