"""Tells whether a webhook really comes from Stripe (stripe_facts 6.1; guarantees A1 to A6). Pure, and our own.

It does not depend on the SDK, whose check has accepted empty secrets and future time stamps and ends in other
exceptions than its own for hostile bytes. Here no input raises, and nothing is parsed before it is verified.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from clynto.domain.secret import Secret

TOLERANCE_SECONDS = 300
LONGEST_HEADER = 8192

_TIMESTAMP = re.compile(rb"[0-9]{1,12}")
_SIGNATURE = re.compile(rb"[0-9a-f]{64}")


class Verdict(enum.StrEnum):
    """What was found. Only ``GENUINE`` lets a body in; the rest is for the card, never for the sender (A10)."""

    GENUINE = "genuine"
    MISSING = "missing"
    MALFORMED = "malformed"
    MISMATCH = "mismatch"
    TOO_OLD = "too_old"
    TOO_NEW = "too_new"


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """``skew_seconds`` is our time minus the signed one, known only for a body that a secret really signed."""

    verdict: Verdict
    skew_seconds: int | None = None

    @property
    def genuine(self) -> bool:
        """Whether the body may be used."""
        return self.verdict is Verdict.GENUINE

    def __bool__(self) -> bool:
        return self.genuine


def verify(
    payload: bytes,
    header: bytes | str | None,
    secrets: Sequence[Secret],
    now_seconds: int,
    tolerance: int = TOLERANCE_SECONDS,
) -> SignatureCheck:
    """Check ``payload``, byte for byte as received, against the ``Stripe-Signature`` header.

    Any of its ``v1`` may fit any of ``secrets``, because Stripe signs with both while a secret is rolled. An empty
    secret never fits. The signed time may differ from ``now_seconds`` by ``tolerance`` seconds in either direction.
    """
    if not header:
        return SignatureCheck(Verdict.MISSING)
    # Everything that counts is ASCII; whatever else stands there can only fail to fit.
    raw = header.encode("ascii", "replace") if isinstance(header, str) else header
    parts = _parts(raw)
    if parts is None:
        return SignatureCheck(Verdict.MALFORMED)
    stamp, signatures = parts
    if not _signed_by_any(stamp, payload, signatures, secrets):
        return SignatureCheck(Verdict.MISMATCH)
    skew = now_seconds - int(stamp)
    if skew > tolerance:
        return SignatureCheck(Verdict.TOO_OLD, skew)
    if skew < -tolerance:
        return SignatureCheck(Verdict.TOO_NEW, skew)
    return SignatureCheck(Verdict.GENUINE, skew)


def _parts(header: bytes) -> tuple[bytes, list[bytes]] | None:
    """The time stamp as written and all usable ``v1``; None unless there is exactly one stamp and some ``v1``."""
    if len(header) > LONGEST_HEADER:
        return None
    stamps: list[bytes] = []
    signatures: list[bytes] = []
    for part in header.split(b","):
        scheme, _, value = part.strip().partition(b"=")
        if scheme == b"t":
            stamps.append(value)
        elif scheme == b"v1" and _SIGNATURE.fullmatch(value):
            signatures.append(value)
    if len(stamps) != 1 or not _TIMESTAMP.fullmatch(stamps[0]) or not signatures:
        return None
    return stamps[0], signatures


def _signed_by_any(stamp: bytes, payload: bytes, signatures: Sequence[bytes], secrets: Sequence[Secret]) -> bool:
    fits = False
    for secret in secrets:
        key = secret.reveal().encode("utf-8", "surrogatepass")
        if not key.strip():
            continue
        expected = hmac.new(key, stamp + b"." + payload, hashlib.sha256).hexdigest().encode("ascii")
        for signature in signatures:
            # No early end: the time taken tells nothing about which secret or signature fitted.
            fits |= hmac.compare_digest(expected, signature)
    return fits
