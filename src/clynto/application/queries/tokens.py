"""Which API tokens there are; never what they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.domain.moments import UnixMicros
from clynto.domain.roles import Role
from clynto.ports.people import ApiToken
from clynto.ports.unit_of_work import UnitsOfWork


@dataclass(frozen=True, slots=True)
class TokenDetails:
    """An API token without the token and its hash."""

    id: str
    name: str
    role: Role
    created_at: UnixMicros
    last_used_at: UnixMicros | None

    @classmethod
    def of(cls, token: ApiToken) -> TokenDetails:
        """What may be shown of ``token``."""
        return cls(token.id, token.name, token.role, token.created_at, token.last_used_at)


class ListTokens:
    """For admins and owners."""

    def __init__(self, *, units: UnitsOfWork) -> None:
        self._units = units

    def __call__(self, actor: Actor) -> Sequence[TokenDetails]:
        """All tokens of the workspace, newest first. Raises ``Forbidden``."""
        actor.must_be(Role.ADMIN)
        with self._units.reading(actor.workspace_id) as uow:
            return tuple(TokenDetails.of(token) for token in uow.tokens.all())
