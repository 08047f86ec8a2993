"""Nobody grants a rank above their own or touches one above; one owner always remains (guarantees K4)."""

from __future__ import annotations

from clynto.application.actor import Actor
from clynto.domain.errors import LastOwner, NotFound
from clynto.domain.roles import Role
from clynto.ports.people import User
from clynto.ports.unit_of_work import UnitOfWork


def locked_person(uow: UnitOfWork, actor: Actor, user_id: str) -> tuple[User, int]:
    """The person to change and how many owners there are, held until the transaction ends.

    The owners are locked first, and the actor's own role is read after that: of two owners who demote each other
    at once, the second one no longer has the right. Raises ``NotFound`` or ``Forbidden``.
    """
    owners = uow.users.lock_owners()
    acting = uow.users.get(actor.user_id) if actor.user_id is not None else None
    if acting is not None:
        Actor(actor.workspace_id, acting.role, acting.email, acting.id).must_be(Role.OWNER)
    person = uow.users.get(user_id)
    if person is None:
        raise NotFound
    actor.must_be(person.role)
    return person, owners


def keep_an_owner(person: User, owners: int, new_role: Role | None) -> None:
    """Raise ``LastOwner`` if ``person`` is the only owner and would not be one any more. None: they leave."""
    if person.role is Role.OWNER and new_role is not Role.OWNER and owners <= 1:
        raise LastOwner


def revoke_tokens_made_by(uow: UnitOfWork, user_id: str, *, still_allowed: Role | None) -> int:
    """Take away the tokens of ``user_id`` that ``still_allowed`` does not cover (None: all); how many went.

    Otherwise a person who was demoted or removed would keep access through a token (guarantees K5).
    """
    revoked = 0
    for token in uow.tokens.all():
        if token.created_by == user_id and (still_allowed is None or not still_allowed.covers(token.role)):
            revoked += uow.tokens.remove(token.id)
    return revoked
