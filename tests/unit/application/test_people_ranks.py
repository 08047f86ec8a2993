"""Nobody grants a rank above their own or touches one above; one owner always remains (guarantees K3 to K5)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from tests.unit.memory_product import ADMIN, MEMBER, OWNER, Product

from clynto.application.actor import Actor
from clynto.application.authenticate import BearerCredential
from clynto.domain.errors import ClyntoError, Conflict, Forbidden, InvalidInput, LastOwner, NotFound, NotSignedIn
from clynto.domain.roles import Role
from clynto.domain.secret import Secret

GOOD = Secret("seventeen green whales")
Deed = Callable[[Product, Actor], object]

OWNER_DEEDS: list[Deed] = [
    lambda product, actor: product.people.add_user(
        actor, email="new@rheinwerk.example", role=Role.MEMBER, password=GOOD
    ),
    lambda product, actor: product.people.change_user(actor, product.user_id(MEMBER), role=Role.ADMIN),
    lambda product, actor: product.people.change_user(actor, actor.user_id or "", role=Role.OWNER),
    lambda product, actor: product.people.remove_user(actor, product.user_id(OWNER)),
]
ADMIN_DEEDS: list[Deed] = [
    lambda product, actor: product.people.issue_token(actor, name="Mine", role=Role.MEMBER),
    lambda product, actor: product.people.revoke_token(actor, "tok_unknown"),
    lambda product, actor: product.people.list_tokens(actor),
    lambda product, actor: product.people.read_audit_log(actor, limit=10),
]


@pytest.mark.parametrize("deed", OWNER_DEEDS)
@pytest.mark.parametrize("email", [MEMBER, ADMIN])
def test_only_owners_decide_who_is_in(product: Product, deed: Deed, email: str) -> None:
    before = product.people.list_people(product.actor(OWNER))
    with pytest.raises(Forbidden) as refusal:
        deed(product, product.actor(email))
    assert refusal.value.facts["required"] == "owner"
    assert product.people.list_people(product.actor(OWNER)) == before


@pytest.mark.parametrize("deed", ADMIN_DEEDS)
def test_members_have_no_say_over_tokens_and_do_not_see_the_log(product: Product, deed: Deed) -> None:
    with pytest.raises(Forbidden):
        deed(product, product.actor(MEMBER))


def test_nobody_issues_a_token_above_their_rank(product: Product) -> None:
    with pytest.raises(Forbidden):
        product.people.issue_token(product.actor(ADMIN), name="More", role=Role.OWNER)
    assert product.people.list_tokens(product.actor(ADMIN)) == ()


def test_an_admin_does_not_revoke_an_owners_token(product: Product) -> None:
    issued = product.people.issue_token(product.actor(OWNER), name="Top", role=Role.OWNER)
    with pytest.raises(Forbidden):
        product.people.revoke_token(product.actor(ADMIN), issued.details.id)


def test_the_last_owner_stays(product: Product) -> None:
    owner, owner_id = product.actor(OWNER), product.user_id(OWNER)
    with pytest.raises(LastOwner):
        product.people.change_user(owner, owner_id, role=Role.ADMIN)
    with pytest.raises(LastOwner):
        product.people.remove_user(owner, owner_id)
    assert product.actor(OWNER).role is Role.OWNER


def test_of_two_owners_who_demote_each_other_one_stays(product: Product) -> None:
    first = product.actor(OWNER)
    product.people.change_user(first, product.user_id(ADMIN), role=Role.OWNER)
    second = product.actor(ADMIN)
    product.people.change_user(first, product.user_id(ADMIN), role=Role.ADMIN)
    with pytest.raises(Forbidden):
        product.people.change_user(second, product.user_id(OWNER), role=Role.ADMIN)
    assert [person.role for person in product.people.list_people(first)].count(Role.OWNER) == 1


def test_two_owners_may_even_do_so_at_the_very_same_time(product: Product) -> None:
    product.people.change_user(product.actor(OWNER), product.user_id(ADMIN), role=Role.OWNER)
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def demote(acting: Actor, other: str) -> None:
        start.wait(timeout=10)
        try:
            product.people.change_user(acting, other, role=Role.MEMBER)
        except ClyntoError as refusal:
            outcomes.append(refusal.code)
        else:
            outcomes.append("done")

    pairs = [(product.actor(OWNER), product.user_id(ADMIN)), (product.actor(ADMIN), product.user_id(OWNER))]
    threads = [threading.Thread(target=demote, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert sorted(outcomes) == ["done", "forbidden"]
    with product.units.reading(product.workspace_id) as uow:
        assert [user.role for user in uow.users.all()].count(Role.OWNER) == 1


def test_who_was_demoted_a_moment_ago_no_longer_decides(product: Product) -> None:
    first = product.actor(OWNER)
    product.people.change_user(first, product.user_id(ADMIN), role=Role.OWNER)
    stale = product.actor(ADMIN)
    product.people.change_user(first, product.user_id(ADMIN), role=Role.MEMBER)
    with pytest.raises(Forbidden):
        product.people.remove_user(stale, product.user_id(MEMBER))


@pytest.mark.parametrize("removed", [True, False])
def test_tokens_go_with_the_person_who_made_them(product: Product, removed: bool) -> None:
    admin, owner = product.actor(ADMIN), product.actor(OWNER)
    direct = product.people.issue_token(admin, name="Direct", role=Role.ADMIN)
    through = product.people.issue_token(
        product.access.authenticate(BearerCredential(direct.token)), name="Through a token", role=Role.ADMIN
    )
    kept = product.people.issue_token(owner, name="Owner's", role=Role.ADMIN)
    if removed:
        product.people.remove_user(owner, product.user_id(ADMIN))
    else:
        product.people.change_user(owner, product.user_id(ADMIN), role=Role.MEMBER)
    for issued in (direct, through):
        with pytest.raises(NotSignedIn):
            product.access.authenticate(BearerCredential(issued.token))
    assert product.access.authenticate(BearerCredential(kept.token)).role is Role.ADMIN


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("not an address", "seventeen green whales", "email"),
        ("a@b", "seventeen green whales", "email"),
        ("two@@example.com", "seventeen green whales", "email"),
        ("nul\x00@example.com", "seventeen green whales", "email"),
        ("a" * 250 + "@example.com", "seventeen green whales", "email"),
        ("new@example.com", "elevenchars", "password"),
        ("new@example.com", "x" * 257, "password"),
        ("new@example.com", "abababababababab", "password"),
        ("new@example.com", "NEW@example.com", "password"),
    ],
)
def test_unusable_emails_and_passwords_are_named_by_field(
    product: Product, email: str, password: str, field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        product.people.add_user(product.actor(OWNER), email=email, role=Role.MEMBER, password=Secret(password))
    assert list(refusal.value.errors) == [field]


def test_all_that_is_wrong_is_told_at_once(product: Product) -> None:
    with pytest.raises(InvalidInput) as refusal:
        product.people.add_user(product.actor(OWNER), email="", role=Role.MEMBER, password=Secret(""))
    assert set(refusal.value.errors) == {"email", "password"}


def test_an_email_is_taken_whatever_its_case(product: Product) -> None:
    with pytest.raises(Conflict):
        product.people.add_user(product.actor(OWNER), email=ADMIN.upper(), role=Role.MEMBER, password=GOOD)


@pytest.mark.parametrize(
    "deed",
    [
        lambda product, actor, foreign: product.people.change_user(actor, foreign, role=Role.MEMBER),
        lambda product, actor, foreign: product.people.change_user(actor, foreign, password=GOOD),
        lambda product, actor, foreign: product.people.remove_user(actor, foreign),
        lambda product, actor, foreign: product.people.revoke_token(actor, foreign),
    ],
)
def test_foreign_people_and_tokens_are_unknown(product: Product, deed: Callable[[Product, Actor, str], object]) -> None:
    stranger = product.stranger()
    issued = product.people.issue_token(stranger, name="Theirs", role=Role.OWNER)
    told: list[tuple[type[ClyntoError], dict[str, object]]] = []
    for foreign in (stranger.user_id or "", issued.details.id, "usr_unknown"):
        with pytest.raises(NotFound) as refusal:
            deed(product, product.actor(OWNER), foreign)
        told.append((type(refusal.value), dict(refusal.value.facts)))
    assert told[0] == told[1] == told[2]


def test_the_log_tells_who_did_what(product: Product) -> None:
    owner = product.actor(OWNER)
    product.people.change_user(owner, product.user_id(MEMBER), role=Role.ADMIN)
    page = product.people.read_audit_log(owner, limit=1)
    entry = page.entries[0]
    assert (entry.actor, entry.action) == (OWNER, "people.role_changed")
    assert MEMBER in entry.detail
    older = product.people.read_audit_log(owner, limit=50, before=page.next_before)
    assert entry.id not in {one.id for one in older.entries}
