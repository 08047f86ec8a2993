"""Sign-in, sessions and tokens (guarantees K5 to K7)."""

from __future__ import annotations

import pytest
from tests.unit.memory_product import ADMIN, MEMBER, OWNER, PASSWORD, Product

from clynto.adapters.memory.sign_in_directory import MemorySignInDirectory
from clynto.adapters.memory.unsafe_password_hashing import UnsafePasswordHashing
from clynto.application.attempt_limit import WINDOW_SECONDS, network_of
from clynto.application.audit import AuditTrail
from clynto.application.authenticate import BearerCredential, SessionCredential
from clynto.application.sign_in import (
    FAILURES_PER_ACCOUNT_AND_PLACE,
    FAILURES_PER_PLACE,
    SESSION_SECONDS,
    SignIn,
)
from clynto.domain.errors import NotSignedIn, SignInRefused, TooManyAttempts
from clynto.domain.roles import Role
from clynto.domain.secret import Secret

HOME = "192.0.2.7"
ELSEWHERE = "198.51.100.9"
WRONG = Secret("wrong battery staple")


def guess(product: Product, times: int, *, email: str = OWNER, address: str = ELSEWHERE) -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            product.access.sign_in(email=email, password=WRONG, address=address)


def test_a_session_names_the_person(product: Product) -> None:
    started = product.access.sign_in(email=f"  {OWNER.upper()} ", password=PASSWORD, address=HOME)
    actor = product.access.authenticate(SessionCredential(started.token))
    assert actor == started.actor
    assert (actor.label, actor.role, actor.workspace_id) == (OWNER, Role.OWNER, product.workspace_id)


def test_each_sign_in_is_a_new_session(product: Product) -> None:
    first, second = product.session_of(OWNER), product.session_of(OWNER)
    assert first != second
    product.access.sign_out(first)
    with pytest.raises(NotSignedIn):
        product.access.authenticate(SessionCredential(first))
    assert product.access.authenticate(SessionCredential(second)).label == OWNER


def test_a_session_ends_by_itself(product: Product) -> None:
    token = product.session_of(OWNER)
    product.clock.advance(seconds=SESSION_SECONDS + 1)
    with pytest.raises(NotSignedIn):
        product.access.authenticate(SessionCredential(token))


@pytest.mark.parametrize("email", [OWNER, "nobody@rheinwerk.example", "", "\ud800", "a\x00@b.example", "x" * 5000])
def test_unknown_people_and_wrong_passwords_are_refused_alike(product: Product, email: str) -> None:
    with pytest.raises(SignInRefused) as refusal:
        product.access.sign_in(email=email, password=WRONG, address=HOME)
    assert dict(refusal.value.facts) == {}


class NotingPasswords(UnsafePasswordHashing):
    """Notes what it was asked to compare with."""

    def __init__(self) -> None:
        super().__init__()
        self.compared: list[str | None] = []

    def verify(self, encoded: str | None, password: Secret) -> bool:
        self.compared.append(encoded)
        return super().verify(encoded, password)


def test_an_unknown_person_costs_a_comparison_as_well(product: Product) -> None:
    hashing, identifiers, clock = NotingPasswords(), product.identifiers, product.clock
    sign_in = SignIn(
        directory=MemorySignInDirectory(product.database),
        units=product.units,
        hashing=hashing,
        clock=clock,
        identifiers=identifiers,
        audit=AuditTrail(clock, identifiers),
    )
    with pytest.raises(SignInRefused):
        sign_in(email="nobody@rheinwerk.example", password=WRONG, address=HOME)
    assert hashing.compared == [None]


def test_the_tenth_guess_is_refused_even_if_right(product: Product) -> None:
    guess(product, FAILURES_PER_ACCOUNT_AND_PLACE)
    with pytest.raises(TooManyAttempts) as refusal:
        product.access.sign_in(email=OWNER, password=PASSWORD, address=ELSEWHERE)
    assert refusal.value.facts["retry_after"] == WINDOW_SECONDS


def test_guessing_elsewhere_does_not_lock_the_owner_out(product: Product) -> None:
    guess(product, FAILURES_PER_ACCOUNT_AND_PLACE)
    assert product.access.sign_in(email=OWNER, password=PASSWORD, address=HOME).actor.label == OWNER


def test_the_limit_is_lifted_with_time(product: Product) -> None:
    guess(product, FAILURES_PER_ACCOUNT_AND_PLACE)
    product.clock.advance(seconds=WINDOW_SECONDS + 1)
    assert product.access.sign_in(email=OWNER, password=PASSWORD, address=ELSEWHERE).actor.label == OWNER


def test_one_place_cannot_try_a_list_of_accounts(product: Product) -> None:
    for number in range(FAILURES_PER_PLACE):
        guess(product, 1, email=f"person{number}@rheinwerk.example")
    with pytest.raises(TooManyAttempts):
        product.access.sign_in(email=OWNER, password=PASSWORD, address=ELSEWHERE)


def test_a_whole_ipv6_network_is_one_place(product: Product) -> None:
    for number in range(FAILURES_PER_ACCOUNT_AND_PLACE):
        guess(product, 1, address=f"2001:db8:1:2::{number:x}")
    with pytest.raises(TooManyAttempts):
        product.access.sign_in(email=OWNER, password=PASSWORD, address="2001:db8:1:2:ffff::1")


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("no address", "unknown"),
    ],
)
def test_what_counts_as_one_place(address: str, place: str) -> None:
    assert network_of(address) == place


def test_a_demotion_and_a_removal_hold_from_the_next_request(product: Product) -> None:
    admin, member = product.session_of(ADMIN), product.session_of(MEMBER)
    owner = product.actor(OWNER)
    product.people.change_user(owner, product.user_id(ADMIN), role=Role.MEMBER)
    assert product.access.authenticate(SessionCredential(admin)).role is Role.MEMBER
    product.people.remove_user(owner, product.user_id(MEMBER))
    with pytest.raises(NotSignedIn):
        product.access.authenticate(SessionCredential(member))


def test_a_new_password_ends_all_sessions(product: Product) -> None:
    token = product.session_of(ADMIN)
    new = Secret("an entirely new password")
    product.people.change_user(product.actor(OWNER), product.user_id(ADMIN), password=new)
    with pytest.raises(NotSignedIn):
        product.access.authenticate(SessionCredential(token))
    with pytest.raises(SignInRefused):
        product.access.sign_in(email=ADMIN, password=PASSWORD, address=HOME)
    assert product.access.sign_in(email=ADMIN, password=new, address=HOME).actor.label == ADMIN


def test_a_token_acts_with_its_role_until_it_is_revoked(product: Product) -> None:
    issued = product.people.issue_token(product.actor(OWNER), name=" Reporting ", role=Role.ADMIN)
    assert issued.token.reveal().startswith("cly_")
    actor = product.access.authenticate(BearerCredential(issued.token))
    assert (actor.label, actor.role) == ("token: Reporting", Role.ADMIN)
    product.people.revoke_token(product.actor(ADMIN), issued.details.id)
    with pytest.raises(NotSignedIn):
        product.access.authenticate(BearerCredential(issued.token))


def test_a_session_is_no_token_and_a_token_no_session(product: Product) -> None:
    issued = product.people.issue_token(product.actor(OWNER), name="Reporting", role=Role.MEMBER)
    with pytest.raises(NotSignedIn):
        product.access.authenticate(SessionCredential(issued.token))
    with pytest.raises(NotSignedIn):
        product.access.authenticate(BearerCredential(product.session_of(OWNER)))


def test_nothing_that_is_stored_shows_a_token(product: Product) -> None:
    issued = product.people.issue_token(product.actor(OWNER), name="Reporting", role=Role.MEMBER)
    with product.units.reading(product.workspace_id) as uow:
        stored = [*uow.tokens.all(), *uow.audit_log.newest(before=None, limit=50)]
    assert issued.token.reveal() not in repr(stored)
    assert issued.token.reveal() not in repr(issued)
