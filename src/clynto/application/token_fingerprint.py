"""What we store of a session or API token: enough to recognise it, useless to whoever reads the database."""

from __future__ import annotations

import hashlib

from clynto.domain.secret import Secret


def fingerprint(token: Secret) -> str:
    """SHA-256 in hex. Tokens have 192 random bits, so a slow or salted hash would add nothing."""
    return hashlib.sha256(token.reveal().encode("utf-8", "surrogatepass")).hexdigest()
