"""The first visit happens once, to whoever knows the code."""

from __future__ import annotations

import threading

import pytest
from tests.unit.memory_product import PASSWORD, SET_UP_CODE, Product, empty_product

from clynto.application.founding import FoundingRequest
from clynto.application.set_up_first_workspace import FAILURES_PER_PLACE
from clynto.domain.errors import ClyntoError, Conflict, InvalidInput, TooManyAttempts
from clynto.domain.roles import Role
from clynto.domain.secret import Secret

HOME = "192.0.2.7"


def request(email: str = "ana@acme.example") -> FoundingRequest:
    return FoundingRequest("Acme", email, PASSWORD)


def test_the_code_founds_workspace_and_owner_once() -> None:
    product = empty_product()
    set_up = product.access.set_up_first_workspace
    assert set_up.awaited()
    workspace_id = set_up(code=Secret(f" {SET_UP_CODE.reveal()}\n"), request=request(), address=HOME)
    actor = product.access.sign_in(email="ana@acme.example", password=PASSWORD, address=HOME).actor
    assert (actor.workspace_id, actor.role) == (workspace_id, Role.OWNER)
    assert product.workspace.read_workspace(actor).workspace.name == "Acme"
    assert not set_up.awaited()
    with pytest.raises(Conflict):
        set_up(code=SET_UP_CODE, request=request("eve@acme.example"), address=HOME)


def test_a_wrong_code_founds_nothing_and_is_limited() -> None:
    set_up = empty_product().access.set_up_first_workspace
    for _ in range(FAILURES_PER_PLACE):
        with pytest.raises(InvalidInput) as refusal:
            set_up(code=Secret("guess"), request=request(), address=HOME)
        assert list(refusal.value.errors) == ["code"]
    with pytest.raises(TooManyAttempts):
        set_up(code=SET_UP_CODE, request=request(), address=HOME)
    assert set_up.awaited()


def test_without_a_code_there_is_no_first_visit(product: Product) -> None:
    with pytest.raises(ValueError, match="set-up code"):
        empty_product(code=Secret(""))


def test_what_was_typed_is_checked() -> None:
    set_up = empty_product().access.set_up_first_workspace
    with pytest.raises(InvalidInput) as refusal:
        set_up(code=SET_UP_CODE, request=FoundingRequest(" ", "x", Secret("short")), address=HOME)
    assert set(refusal.value.errors) == {"name", "owner_email", "owner_password"}
    assert set_up.awaited()


def test_of_several_first_visits_at_once_one_wins() -> None:
    product = empty_product()
    start = threading.Barrier(4)
    outcomes: list[str] = []

    def visit(number: int) -> None:
        start.wait(timeout=10)
        try:
            product.access.set_up_first_workspace(
                code=SET_UP_CODE, request=request(f"person{number}@acme.example"), address=HOME
            )
        except ClyntoError as refusal:
            outcomes.append(refusal.code)
        else:
            outcomes.append("won")

    visitors = [threading.Thread(target=visit, args=(number,)) for number in range(4)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(timeout=10)
    assert sorted(outcomes) == ["conflict", "conflict", "conflict", "won"]


def test_the_command_line_adds_workspaces() -> None:
    product = empty_product()
    first = product.create_workspace(request())
    second = product.create_workspace(request("ben@acme.example"))
    assert list(product.workspaces.ids()) == [first, second]
    with pytest.raises(Conflict):
        product.create_workspace(request("BEN@acme.example"))
