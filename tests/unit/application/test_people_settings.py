"""Workspace settings: what is accepted, and when figures follow."""

from __future__ import annotations

import datetime
from fractions import Fraction

import pytest
from tests.unit.memory_product import ADMIN, MEMBER, Product

from clynto.application.change_workspace import WorkspaceChanges
from clynto.application.workspace_details import RateText
from clynto.domain.errors import Forbidden, InvalidInput, QueueUnavailable
from clynto.domain.exchange_rates import ExchangeRate
from clynto.ports.work_queue import Job, JobKind
from clynto.ports.workspaces import MrrBasis

RATE = RateText("2026-10-01", "eur", "USD", "1.0842")


def test_members_read_and_do_not_change(product: Product) -> None:
    member = product.actor(MEMBER)
    with pytest.raises(Forbidden):
        product.workspace.change_workspace(member, WorkspaceChanges(name="Theirs"))
    assert product.workspace.read_workspace(member).workspace.name == "Rheinwerk"


def test_a_name_changes_no_figure(product: Product) -> None:
    changed = product.workspace.change_workspace(product.actor(ADMIN), WorkspaceChanges(name="  New name "))
    assert changed.settings.workspace.name == "New name"
    assert not changed.recomputing
    assert product.jobs() == []


@pytest.mark.parametrize(
    "changes",
    [
        WorkspaceChanges(default_currency=" usd"),
        WorkspaceChanges(mrr_basis=MrrBasis.NET),
        WorkspaceChanges(own_domains=["Rheinwerk.Example."]),
        WorkspaceChanges(exchange_rates=[RATE]),
    ],
)
def test_everything_else_has_figures_computed_anew(product: Product, changes: WorkspaceChanges) -> None:
    admin = product.actor(ADMIN)
    changed = product.workspace.change_workspace(admin, changes)
    assert changed.recomputing
    assert product.workspace.read_workspace(admin) == changed.settings
    assert product.jobs() == [Job(JobKind.RECOMPUTE, product.workspace_id, "settings")]
    assert not product.workspace.change_workspace(admin, changes).recomputing


def test_values_are_stored_in_one_form(product: Product) -> None:
    changes = WorkspaceChanges(
        default_currency="usd", own_domains=["@Rheinwerk.example", "rheinwerk.example."], exchange_rates=[RATE]
    )
    settings = product.workspace.change_workspace(product.actor(ADMIN), changes).settings
    assert settings.workspace.default_currency == "USD"
    assert settings.workspace.own_domains == ("rheinwerk.example",)
    assert settings.exchange_rates == (ExchangeRate(datetime.date(2026, 10, 1), "EUR", "USD", Fraction(10842, 10000)),)


def test_none_takes_the_currency_away(product: Product) -> None:
    admin = product.actor(ADMIN)
    product.workspace.change_workspace(admin, WorkspaceChanges(default_currency="USD"))
    settings = product.workspace.change_workspace(admin, WorkspaceChanges(default_currency=None)).settings
    assert settings.workspace.default_currency is None


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        (WorkspaceChanges(name="\n"), {"name"}),
        (WorkspaceChanges(name="a\x00b"), {"name"}),
        (WorkspaceChanges(default_currency="dollars"), {"default_currency"}),
        (WorkspaceChanges(own_domains=["fine.example", "not a domain"]), {"own_domains.1"}),
        (
            WorkspaceChanges(exchange_rates=[RATE, RateText("2026-02-30", "EUR", "eur", "-1")]),
            {"exchange_rates.1.date", "exchange_rates.1.to", "exchange_rates.1.rate"},
        ),
        (WorkspaceChanges(exchange_rates=[RateText("2026-10-01", "EUR", "USD", "1e3")]), {"exchange_rates.0.rate"}),
        (WorkspaceChanges(exchange_rates=[RateText("2026-10-01", "EUR", "USD", "0.000")]), {"exchange_rates.0.rate"}),
        (WorkspaceChanges(exchange_rates=[RATE, RATE]), {"exchange_rates.1"}),
    ],
)
def test_what_cannot_be_used_is_named_and_changes_nothing(
    product: Product, changes: WorkspaceChanges, fields: set[str]
) -> None:
    admin = product.actor(ADMIN)
    before = product.workspace.read_workspace(admin)
    with pytest.raises(InvalidInput) as refusal:
        product.workspace.change_workspace(admin, changes)
    assert set(refusal.value.errors) == fields
    assert product.workspace.read_workspace(admin) == before


def test_without_a_queue_the_change_fails_and_nothing_changes(product: Product) -> None:
    admin = product.actor(ADMIN)
    before = product.workspace.read_workspace(admin)
    product.break_queue()
    with pytest.raises(QueueUnavailable):
        product.workspace.change_workspace(admin, WorkspaceChanges(default_currency="USD"))
    assert product.workspace.read_workspace(admin) == before
    assert product.workspace.change_workspace(admin, WorkspaceChanges(name="Works")).settings.workspace.name == "Works"
