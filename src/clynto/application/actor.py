"""Who acts: taken from the session or token at the edge, handed to every use case."""

from __future__ import annotations

from dataclasses import dataclass

from clynto.domain.roles import Role, require


@dataclass(frozen=True, slots=True)
class Actor:
    """``label`` is what the audit log shows: an email, or the name of an API token."""

    workspace_id: str
    role: Role
    label: str
    user_id: str | None = None

    def must_be(self, required: Role) -> None:
        """Raise ``Forbidden`` unless the actor's role covers ``required``."""
        require(self.role, required)
