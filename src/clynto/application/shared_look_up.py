"""Look an address up once for all deliveries that ask for it at the same time.

A look-up that begins after a delivery has come in knows whatever was true then: a disconnect, a renewed address, a new
secret. So whoever comes while one is under way shares the next one with all others who wait, and never an older one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from clynto.domain.moments import UnixMicros
from clynto.ports.webhooks import AddressedEndpoint, WebhookAddresses


@dataclass(slots=True)
class _LookUp:
    """One look-up, begun or about to begin."""

    over: bool = False
    found: AddressedEndpoint | None = None
    error: Exception | None = None

    def result(self) -> AddressedEndpoint | None:
        """What was found. Raises what the look-up raised."""
        if self.error is not None:
            raise self.error
        return self.found


@dataclass(slots=True)
class _Address:
    under_way: bool = False
    following: _LookUp | None = None
    turn: threading.Condition = field(default_factory=threading.Condition)


class SharedLookUp:
    """``WebhookAddresses`` before others. Safe to call from many threads."""

    def __init__(self, addresses: WebhookAddresses) -> None:
        self._addresses = addresses
        self._guard = threading.Lock()
        self._asked: dict[str, tuple[_Address, int]] = {}

    def find(self, token: str) -> AddressedEndpoint | None:
        """See ``WebhookAddresses.find``."""
        address = self._enter(token)
        try:
            return self._shared(token, address)
        finally:
            self._leave(token)

    def note_refusal(self, workspace_id: str, at: UnixMicros, *, reason: str, skew_seconds: int | None) -> None:
        """See ``WebhookAddresses.note_refusal``."""
        self._addresses.note_refusal(workspace_id, at, reason=reason, skew_seconds=skew_seconds)

    def _shared(self, token: str, address: _Address) -> AddressedEndpoint | None:
        with address.turn:
            own = address.following
            if own is None:
                own = address.following = _LookUp()
            while address.under_way and not own.over:
                address.turn.wait()
            if own.over:
                return own.result()
            address.under_way, address.following = True, None
        try:
            own.found = self._addresses.find(token)
        except Exception as error:  # noqa: BLE001 - carried to everybody who shares the look-up
            own.error = error
        finally:
            with address.turn:
                own.over, address.under_way = True, False
                address.turn.notify_all()
        return own.result()

    def _enter(self, token: str) -> _Address:
        with self._guard:
            address, users = self._asked.get(token, (_Address(), 0))
            self._asked[token] = address, users + 1
            return address

    def _leave(self, token: str) -> None:
        """Nothing is kept of an address that nobody asks for: anybody may make addresses up."""
        with self._guard:
            address, users = self._asked[token]
            if users == 1:
                del self._asked[token]
            else:
                self._asked[token] = address, users - 1
