"""Everybody changes their own password (guarantees K5, K7)."""

from __future__ import annotations

import pytest
from tests.unit.memory_product import MEMBER, PASSWORD, Product

from clynto.application.actor import Actor
from clynto.application.attempt_limit import WINDOW_SECONDS
from clynto.application.authenticate import SessionCredential
from clynto.application.change_own_password import FAILURES_PER_PERSON
from clynto.domain.errors import InvalidInput, NotFound, NotSignedIn, SignInRefused, TooManyAttempts
from clynto.domain.roles import Role
from clynto.domain.secret import Secret

HOME = "192.0.2.7"
NEW = Secret("an entirely new password")


def change(product: Product, *, current: Secret = PASSWORD, new: Secret = NEW) -> None:
    product.people.change_own_password(product.actor(MEMBER), current=current, new=new)


def test_the_new_one_holds_and_all_sessions_end(product: Product) -> None:
    sessions = [product.session_of(MEMBER), product.session_of(MEMBER)]
    change(product)
    for session in sessions:
        with pytest.raises(NotSignedIn):
            product.access.authenticate(SessionCredential(session))
    with pytest.raises(SignInRefused):
        product.access.sign_in(email=MEMBER, password=PASSWORD, address=HOME)
    assert product.access.sign_in(email=MEMBER, password=NEW, address=HOME).actor.label == MEMBER
    told = product.people.read_audit_log(Actor(product.workspace_id, Role.ADMIN, "test"), limit=10).entries
    assert (MEMBER, "people.password_changed", "Changed their own password.") in [
        (entry.actor, entry.action, entry.detail) for entry in told
    ]


@pytest.mark.parametrize(
    ("current", "new", "fields"),
    [
        (Secret("wrong battery staple"), NEW, {"current_password"}),
        (PASSWORD, Secret("short"), {"new_password"}),
        (PASSWORD, Secret(MEMBER), {"new_password"}),
        (PASSWORD, PASSWORD, {"new_password"}),
        (Secret(""), Secret(""), {"current_password", "new_password"}),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_changes(
    product: Product, current: Secret, new: Secret, fields: set[str]
) -> None:
    session = product.session_of(MEMBER)
    with pytest.raises(InvalidInput) as refused:
        change(product, current=current, new=new)
    assert set(refused.value.errors) == fields
    assert product.access.authenticate(SessionCredential(session)).label == MEMBER
    assert product.access.sign_in(email=MEMBER, password=PASSWORD, address=HOME).actor.label == MEMBER


def test_it_cannot_be_guessed_in_a_browser_that_was_left_signed_in(product: Product) -> None:
    for _ in range(FAILURES_PER_PERSON):
        with pytest.raises(InvalidInput):
            change(product, current=Secret("wrong battery staple"))
    with pytest.raises(TooManyAttempts):
        change(product)
    # Guessing there does not keep the person from signing in.
    assert product.access.sign_in(email=MEMBER, password=PASSWORD, address=HOME).actor.label == MEMBER
    product.clock.advance(seconds=WINDOW_SECONDS + 1)
    change(product)


def test_a_token_and_somebody_removed_have_none(product: Product) -> None:
    for nobody in (None, "usr_gone"):
        actor = Actor(product.workspace_id, Role.OWNER, "token: Reporting", nobody)
        with pytest.raises(NotFound):
            product.people.change_own_password(actor, current=PASSWORD, new=NEW)
