"""API keys of the pretended account, ready to import, and what each may read.

The permission names are those of Stripe's own error texts (`rak_plan_read` is the one for prices).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

CUSTOMER_READ = "rak_customer_read"
SUBSCRIPTION_READ = "rak_subscription_read"
INVOICE_READ = "rak_invoice_read"
PRODUCT_READ = "rak_product_read"
PRICE_READ = "rak_plan_read"
COUPON_READ = "rak_coupon_read"
EVENT_READ = "rak_event_read"
ACCOUNT_READ = "rak_accounts_kyc_basic_read"

#: The five read permissions that a billing reader is told to ask for.
FIVE_READS = frozenset({CUSTOMER_READ, SUBSCRIPTION_READ, INVOICE_READ, PRODUCT_READ, PRICE_READ})
ALL_READS = FIVE_READS | {COUPON_READ, EVENT_READ, ACCOUNT_READ}

RESTRICTED_TEST_KEY = "rk_test_sandboxdemo51FiveReadsOnly00000001"
RESTRICTED_LIVE_KEY = "rk_live_sandboxdemo51FiveReadsOnly00000001"
RESTRICTED_WITH_COUPONS_KEY = "rk_test_sandboxdemo51CouponsToo000000001"
RESTRICTED_WITH_EVENTS_KEY = "rk_test_sandboxdemo51EventsToo0000000001"
RESTRICTED_EVERYTHING_KEY = "rk_test_sandboxdemo51AllReads00000000001"
FULL_TEST_KEY = "sk_test_sandboxdemo51FullSecretKey00000001"
FULL_LIVE_KEY = "sk_live_sandboxdemo51FullSecretKey00000001"
EXPIRED_KEY = "rk_test_sandboxdemo51ExpiredKey000000001"
IP_RESTRICTED_KEY = "rk_test_sandboxdemo51OtherAddress00000001"
NO_PERMISSIONS_KEY = "rk_test_sandboxdemo51NothingAtAll00000001"
PUBLISHABLE_KEY = "pk_test_sandboxdemo51Publishable00000001"
#: Well-formed, but the sandbox has never heard of it.
UNKNOWN_KEY = "rk_test_sandboxdemo51NeverIssued00000001"

_MISSING = "rk_test_sandboxdemo51No{}0000000001"
#: A key for each of the five permissions that lacks exactly that one.
KEY_WITHOUT: dict[str, str] = {
    CUSTOMER_READ: _MISSING.format("Customers"),
    SUBSCRIPTION_READ: _MISSING.format("Subscriptions"),
    INVOICE_READ: _MISSING.format("Invoices"),
    PRODUCT_READ: _MISSING.format("Products"),
    PRICE_READ: _MISSING.format("Prices"),
}

KeyState = Literal["active", "expired", "ip_restricted"]


@dataclass(slots=True)
class ApiKey:
    """One key: what it may read, whether it may do everything, and whether it is usable from here."""

    secret: str
    permissions: set[str] = field(default_factory=set)
    unrestricted: bool = False
    state: KeyState = "active"

    @property
    def livemode(self) -> bool:
        """True if the key's prefix says live."""
        return "_live_" in self.secret

    def may(self, permission: str) -> bool:
        """True if the key has the permission."""
        return self.unrestricted or permission in self.permissions


def mask(secret: str) -> str:
    """Hide the middle of a key as Stripe's messages do: prefix and last four characters stay."""
    prefix = secret[: secret.find("_", 3) + 1] if secret.count("_") >= 2 else ""
    hidden = max(len(secret) - len(prefix) - 4, 0)
    return prefix + "*" * hidden + secret[-4:]


class KeyRing:
    """The keys that the account has issued; may be changed at any time."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}
        for key in _default_keys():
            self._keys[key.secret] = key

    def find(self, secret: str) -> ApiKey | None:
        """Return the key, or None if it was never issued or is deleted."""
        return self._keys.get(secret)

    def put(
        self,
        secret: str,
        permissions: frozenset[str] | set[str] = FIVE_READS,
        *,
        unrestricted: bool = False,
        state: KeyState = "active",
    ) -> ApiKey:
        """Issue a key, or replace what an issued one may do."""
        key = ApiKey(secret, set(permissions), unrestricted, state)
        self._keys[secret] = key
        return key

    def delete(self, secret: str) -> None:
        """Revoke a key; from then on it is unknown."""
        self._keys.pop(secret, None)

    def grant(self, secret: str, permission: str) -> None:
        """Give a key one more permission."""
        self._keys[secret].permissions.add(permission)

    def revoke(self, secret: str, permission: str) -> None:
        """Take one permission from a key."""
        self._keys[secret].permissions.discard(permission)

    def issued(self) -> list[ApiKey]:
        """Return all keys that exist now."""
        return list(self._keys.values())


def _default_keys() -> list[ApiKey]:
    five = FIVE_READS
    keys = [
        ApiKey(RESTRICTED_TEST_KEY, set(five)),
        ApiKey(RESTRICTED_LIVE_KEY, set(five)),
        ApiKey(RESTRICTED_WITH_COUPONS_KEY, {*five, COUPON_READ}),
        ApiKey(RESTRICTED_WITH_EVENTS_KEY, {*five, EVENT_READ}),
        ApiKey(RESTRICTED_EVERYTHING_KEY, set(ALL_READS)),
        ApiKey(FULL_TEST_KEY, unrestricted=True),
        ApiKey(FULL_LIVE_KEY, unrestricted=True),
        ApiKey(EXPIRED_KEY, set(five), state="expired"),
        ApiKey(IP_RESTRICTED_KEY, set(five), state="ip_restricted"),
        ApiKey(NO_PERMISSIONS_KEY),
    ]
    keys.extend(ApiKey(secret, set(five - {permission})) for permission, secret in KEY_WITHOUT.items())
    return keys
