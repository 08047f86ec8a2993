"""Who is in the workspace, and with which role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.domain.moments import UnixMicros
from clynto.domain.roles import Role
from clynto.ports.people import User
from clynto.ports.unit_of_work import UnitsOfWork


@dataclass(frozen=True, slots=True)
class Person:
    """A user as others may see them: without the password's hash."""

    id: str
    email: str
    role: Role
    created_at: UnixMicros

    @classmethod
    def of(cls, user: User) -> Person:
        """What may be shown of ``user``."""
        return cls(user.id, user.email, user.role, user.created_at)


class ListPeople:
    """Everybody sees everybody."""

    def __init__(self, *, units: UnitsOfWork) -> None:
        self._units = units

    def __call__(self, actor: Actor) -> Sequence[Person]:
        """All people of the workspace, by email. Raises ``Forbidden``."""
        actor.must_be(Role.MEMBER)
        with self._units.reading(actor.workspace_id) as uow:
            return tuple(Person.of(user) for user in uow.users.all())
