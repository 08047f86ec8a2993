"""Judges a pasted key: shape, mode, account, then one probe for each permission (stripe_facts 5; guarantees G5)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from clynto.adapters.stripe_api.api_versions import NEWEST
from clynto.adapters.stripe_api.careful_reads import CarefulReads, Found, Read, Surroundings, key_fingerprint
from clynto.adapters.stripe_api.patience import KEY_CHECK_PATIENCE, Patience
from clynto.adapters.stripe_api.refusals import PERMISSIONS
from clynto.adapters.stripe_api.transport import STRIPE_API_BASE, ReadOnlyTransport
from clynto.domain.connection import Mode, StripeIdentity
from clynto.domain.errors import InvalidApiKey, MissingPermissions, StripeAnswerUnusable
from clynto.domain.secret import Secret
from clynto.ports.stripe_reading import KeyReport

KEY_CHECK_CALL_SECONDS = 4.0

_KEY_SHAPE = re.compile(r"(sk|rk)[a-z]*_(live|test)_[A-Za-z0-9]+")
_TELLING_PREFIXES = (("pk_", "publishable"), ("whsec_", "webhook_secret"), ("sk_org", "organisation"))
_LONGEST_KEY = 500

_ACCOUNT = Read("account", "account", "/v1/account", NEWEST, "account")
_EVENTS = Read("events", "events", "/v1/events", NEWEST, "list", (("limit", "1"),))
_PROBES = tuple(Read(name, name, f"/v1/{name}", NEWEST, "list", (("limit", "1"),)) for name in PERMISSIONS)


class StripeApiKeyCheck:
    """Judges keys against the Stripe at ``api_base``; see ``StripeKeyCheck`` for what is promised."""

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        api_base: str = STRIPE_API_BASE,
        patience: Patience = KEY_CHECK_PATIENCE,
        call_seconds: float = KEY_CHECK_CALL_SECONDS,
    ) -> None:
        self._surroundings = surroundings
        self._api_base = api_base
        self._patience = patience
        self._call_seconds = call_seconds

    def examine(self, key: Secret) -> KeyReport:
        """See ``StripeKeyCheck.examine``. White space around the key is not part of it."""
        key = Secret(key.reveal().strip())
        mode, full_secret_key = _shape_of(key)
        transport = ReadOnlyTransport(
            key, api_base=self._api_base, connections=len(_PROBES) + 1, call_seconds=self._call_seconds
        )
        reads = CarefulReads(transport, key_fingerprint(key), self._surroundings, self._patience, lambda: True)
        try:
            identity = _identity(reads, mode)
            events_readable = _probe(reads, mode)
        finally:
            transport.close()
        return KeyReport(identity=identity, full_secret_key=full_secret_key, events_readable=events_readable)


def _shape_of(key: Secret) -> tuple[Mode, bool]:
    """Mode and whether it can do everything. Raises ``InvalidApiKey``; nothing has been sent by then."""
    shape = _shape_or_reason(key)
    if isinstance(shape, str):
        raise InvalidApiKey(reason=shape)
    return shape


def _shape_or_reason(key: Secret) -> tuple[Mode, bool] | str:
    # Nothing is raised in here, where a variable holds what was pasted (guarantees J1).
    text = key.reveal()
    for prefix, reason in _TELLING_PREFIXES:
        if text.startswith(prefix):
            return reason
    shape = _KEY_SHAPE.fullmatch(text) if len(text) <= _LONGEST_KEY else None
    if shape is None:
        return "malformed"
    return Mode(shape.group(2)), shape.group(1) == "sk"


def _identity(reads: CarefulReads, mode: Mode) -> StripeIdentity:
    """Whose key it is. 401 is the end; 403 is the rule for restricted keys, and often tells the account all the same
    (stripe_facts, trap 1)."""
    found = reads.read(_ACCOUNT)
    if isinstance(found, Found):
        account_id = found.body.get("id")
        return StripeIdentity(
            mode=mode,
            account_id=account_id if isinstance(account_id, str) else None,
            account_name=_name_in(found.body),
        )
    error = found.as_error("account")
    if isinstance(error, MissingPermissions):
        return StripeIdentity(mode=mode, account_id=found.account_id)
    raise error


def _name_in(account: dict[str, Any]) -> str | None:
    settings, profile = account.get("settings"), account.get("business_profile")
    dashboard = settings.get("dashboard") if isinstance(settings, dict) else None
    candidates = (
        profile.get("name") if isinstance(profile, dict) else None,
        dashboard.get("display_name") if isinstance(dashboard, dict) else None,
    )
    return next((name for name in candidates if isinstance(name, str) and name), None)


def _probe(reads: CarefulReads, mode: Mode) -> bool:
    """Try all five lists at once and say everything that is missing together; return whether events are readable."""
    with ThreadPoolExecutor(len(_PROBES) + 1, thread_name_prefix="stripe-key-check") as pool:
        events = pool.submit(reads.read, _EVENTS)
        answers = list(pool.map(reads.read, _PROBES))
    missing: dict[str, None] = {}
    refusals = []
    for probe, answer in zip(_PROBES, answers, strict=True):
        if isinstance(answer, Found):
            _demand_mode(answer, mode)
            continue
        error = answer.as_error(probe.resource)
        if not isinstance(error, MissingPermissions):
            raise error
        missing[probe.resource] = None
        refusals.append(answer)
    if missing:
        raise MissingPermissions(permissions=list(missing), request_id=refusals[0].request_id)
    return isinstance(events.result(), Found)


def _demand_mode(found: Found, mode: Mode) -> None:
    for entry in found.body["data"]:
        if entry.get("livemode") is not (mode is Mode.LIVE):
            raise StripeAnswerUnusable(request_id=found.request_id)
