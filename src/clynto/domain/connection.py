"""The connection of a workspace to Stripe, as a state machine (guide, Troubleshooting and Disconnect)."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from clynto.domain.errors import DifferentMode, DifferentStripeAccount, NotConnected
from clynto.domain.moments import UnixMicros


class Mode(enum.StrEnum):
    """Which Stripe environment a key reads."""

    LIVE = "live"
    TEST = "test"


class ConnectionStatus(enum.StrEnum):
    """What is stored; the card's ``syncing`` is derived from the active run."""

    NOT_CONNECTED = "not_connected"
    CONNECTED = "connected"
    ERROR = "error"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class ConnectionFault:
    """What the card shows in red. ``message`` is a finished sentence without any secret."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class StripeIdentity:
    """Whose data a key reads. ``account_id`` is None where the key may not read the account."""

    mode: Mode
    account_id: str | None
    account_name: str | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """``key_last4`` is all that is ever shown of the key. ``generation`` grows with each connect and disconnect.

    ``last_sync_at`` is when the newest *complete* sync ended, ``last_sync_began_at`` when it sent its first request.
    """

    status: ConnectionStatus = ConnectionStatus.NOT_CONNECTED
    mode: Mode | None = None
    stripe_account_id: str | None = None
    stripe_account_name: str | None = None
    key_last4: str | None = None
    full_secret_key: bool = False
    generation: int = 0
    connected_at: UnixMicros | None = None
    disconnected_at: UnixMicros | None = None
    last_sync_at: UnixMicros | None = None
    last_sync_began_at: UnixMicros | None = None
    events_readable: bool = False
    fault: ConnectionFault | None = None

    @property
    def has_key(self) -> bool:
        """Whether a key is stored."""
        return self.status in (ConnectionStatus.CONNECTED, ConnectionStatus.ERROR)

    @property
    def frozen(self) -> bool:
        """Data of an ended connection stays visible and does not move (guide, Disconnect)."""
        return self.status is ConnectionStatus.DISCONNECTED

    def moment_of_figures(self, now: UnixMicros) -> UnixMicros:
        """The moment that figures are computed and converted for: now, or the disconnect that froze them."""
        if self.frozen and self.disconnected_at is not None:
            return self.disconnected_at
        return now

    def connect(self, identity: StripeIdentity, *, key_last4: str, full_secret_key: bool, at: UnixMicros) -> Connection:
        """Accept a proven key, for the first time or again.

        Raises ``DifferentMode`` or ``DifferentStripeAccount`` when data of another origin is held already.
        """
        if self.mode is not None and identity.mode is not self.mode:
            raise DifferentMode(connected=self.mode.value, offered=identity.mode.value)
        known, offered = self.stripe_account_id, identity.account_id
        if known is not None and offered is not None and known != offered:
            raise DifferentStripeAccount(connected=known, offered=offered)
        return replace(
            self,
            status=ConnectionStatus.CONNECTED,
            mode=identity.mode,
            stripe_account_id=offered or known,
            stripe_account_name=identity.account_name or self.stripe_account_name,
            key_last4=key_last4,
            full_secret_key=full_secret_key,
            generation=self.generation + 1,
            connected_at=at,
            disconnected_at=None,
            fault=None,
        )

    def disconnect(self, at: UnixMicros) -> Connection:
        """Forget the key, keep the data. Raises ``NotConnected`` if there is nothing to sever."""
        if not self.has_key:
            raise NotConnected
        return replace(
            self,
            status=ConnectionStatus.DISCONNECTED,
            key_last4=None,
            full_secret_key=False,
            generation=self.generation + 1,
            disconnected_at=at,
            fault=None,
        )

    def sync_succeeded(self, at: UnixMicros, *, began_at: UnixMicros | None = None) -> Connection:
        """All six steps are complete: the only way ``last_sync_at`` moves (guarantee 5)."""
        if not self.has_key:
            return self
        return replace(
            self,
            status=ConnectionStatus.CONNECTED,
            last_sync_at=at,
            last_sync_began_at=began_at or at,
            fault=None,
        )

    def sync_failed(self, fault: ConnectionFault) -> Connection:
        """The newest sync did not complete; old data and ``last_sync_at`` stay."""
        if not self.has_key:
            return self
        return replace(self, status=ConnectionStatus.ERROR, fault=fault)
