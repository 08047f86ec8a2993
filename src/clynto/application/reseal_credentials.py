"""Seal stored credentials to the newest key (``clynto vault rotate``; guarantees J5). Harmless when interrupted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clynto.domain.errors import CredentialUnreadable
from clynto.ports.unit_of_work import UnitsOfWork
from clynto.ports.vault import CredentialOpener, CredentialSealer, Purpose, SealedCredential


@dataclass(frozen=True, slots=True)
class Resealed:
    """What became of a workspace's credentials of one purpose."""

    resealed: int
    unreadable: int
    versions_in_use: frozenset[int]


class ResealCredentials:
    """One workspace a transaction. What cannot be opened is left as it is and reported."""

    def __init__(self, *, units: UnitsOfWork, opener: CredentialOpener, sealer: CredentialSealer) -> None:
        self._units = units
        self._opener = opener
        self._sealer = sealer

    def __call__(self, workspace_id: str, purpose: Purpose) -> Resealed:
        """Reseal whatever is sealed to an older version."""
        if purpose is Purpose.STRIPE_API_KEY:
            return self._stripe_key(workspace_id)
        return self._signing_secrets(workspace_id)

    def _stripe_key(self, workspace_id: str) -> Resealed:
        with self._units.writing(workspace_id) as uow:
            sealed = uow.connections.sealed_key()
            fresh, counts = self._fresh(workspace_id, Purpose.STRIPE_API_KEY, [sealed])
            if counts.resealed and fresh[0] is not None:
                uow.connections.put_sealed_key(fresh[0])
                uow.commit()
        return counts

    def _signing_secrets(self, workspace_id: str) -> Resealed:
        purpose = Purpose.WEBHOOK_SIGNING_SECRET
        with self._units.writing(workspace_id) as uow:
            endpoint = uow.webhook_endpoints.get()
            held = [] if endpoint is None else [endpoint.current, endpoint.former]
            fresh, counts = self._fresh(workspace_id, purpose, held)
            if endpoint is not None and counts.resealed:
                uow.webhook_endpoints.save(replace(endpoint, current=fresh[0], former=fresh[1]))
                uow.commit()
        return counts

    def _fresh(
        self, workspace_id: str, purpose: Purpose, held: list[SealedCredential | None]
    ) -> tuple[list[SealedCredential | None], Resealed]:
        fresh: list[SealedCredential | None] = []
        resealed = unreadable = 0
        for sealed in held:
            if sealed is None or not self._opener.needs_resealing(sealed, purpose=purpose):
                fresh.append(sealed)
                continue
            try:
                secret = self._opener.open(sealed, workspace_id=workspace_id, purpose=purpose)
            except CredentialUnreadable:
                unreadable += 1
                fresh.append(sealed)
                continue
            fresh.append(self._sealer.seal(secret, workspace_id=workspace_id, purpose=purpose))
            resealed += 1
        in_use = frozenset(sealed.key_version for sealed in fresh if sealed is not None)
        return fresh, Resealed(resealed, unreadable, in_use)
