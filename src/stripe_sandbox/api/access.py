"""Decides whether a request's key may do what it asks."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stripe_sandbox.api.stripe_errors import (
    blocked_address,
    expired_key,
    invalid_key,
    missing_permission,
    no_key,
    publishable_key,
)
from stripe_sandbox.keys import ApiKey

if TYPE_CHECKING:
    from stripe_sandbox.world import World


def presented_key(authorization: str | None) -> str | None:
    """Return the key from a Bearer header or from the user name of Basic authentication."""
    scheme, _, rest = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip() or None
    if scheme.lower() == "basic":
        try:
            user = base64.b64decode(rest, validate=True).decode("utf-8", "replace").partition(":")[0]
        except binascii.Error:
            return None
        return user or None
    return None


def admit(worlds: Sequence[World], secret: str | None) -> tuple[World, ApiKey]:
    """Return the account that the key belongs to; refuse a key that is missing, unknown or unusable."""
    if secret is None:
        raise no_key()
    if secret.startswith("pk_"):
        raise publishable_key()
    for world in worlds:
        key = world.keys.find(secret)
        if key is not None and key.livemode == world.account.livemode:
            if key.state == "expired":
                raise expired_key(secret)
            if key.state == "ip_restricted":
                raise blocked_address(secret)
            return world, key
    raise invalid_key(secret)


def demand(world: World, key: ApiKey, permission: str) -> None:
    """Refuse a key that lacks the permission."""
    if not key.may(permission):
        raise missing_permission(key.secret, permission, world.account.id)
