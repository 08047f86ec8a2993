"""What the shape of a pasted key tells (stripe_facts 5)."""

from __future__ import annotations

import re

from clynto.domain.connection import Mode, StripeIdentity
from clynto.domain.errors import InvalidApiKey
from clynto.domain.secret import Secret
from clynto.ports.stripe_reading import KeyReport

_SHAPE = re.compile(r"(sk|rk)_(live|test)_[A-Za-z0-9]{1,490}")
_TELLING_PREFIXES = (("pk_", "publishable"), ("whsec_", "webhook_secret"), ("sk_org", "organisation"))


def report_by_shape(key: Secret) -> KeyReport:
    """What can be said of a key without asking Stripe. Raises ``InvalidApiKey`` for what cannot be one."""
    for prefix, reason in _TELLING_PREFIXES:
        if key.reveal().startswith(prefix):
            raise InvalidApiKey(reason=reason)
    shape = _SHAPE.fullmatch(key.reveal())
    if shape is None:
        raise InvalidApiKey(reason="malformed")
    full = shape[1] == "sk"
    return KeyReport(StripeIdentity(Mode(shape[2]), account_id=None), full_secret_key=full, events_readable=full)
