"""Who may do what (guide, Before you start; contract, HTTP API)."""

from __future__ import annotations

import enum

from clynto.domain.errors import Forbidden


class Role(enum.StrEnum):
    """The three roles of a workspace."""

    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        """Higher may do all that lower may."""
        return _RANK[self]

    @property
    def and_above(self) -> str:
        """This role and those that may do more: ``admin or owner``."""
        names = [role.value for role in Role if role.covers(self)]
        return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

    def covers(self, required: Role) -> bool:
        """Whether this role may do what ``required`` may."""
        return self.rank >= required.rank


_RANK = {Role.MEMBER: 1, Role.ADMIN: 2, Role.OWNER: 3}


def require(role: Role, required: Role) -> None:
    """Raise ``Forbidden`` unless ``role`` covers ``required``."""
    if not role.covers(required):
        raise Forbidden(required=required.and_above)
