"""The tabs of one account over HTTP: billing, explanation, history, health (contract, HTTP API)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from flask.testing import FlaskClient
from tests.unit.http.acme import DAY, account, billing_story
from tests.unit.http.browsing import API, problem
from tests.unit.memory_product import Product

from clynto.application.rebuild_history import HistoryGap, RebuildHistory
from clynto.application.take_snapshots import TakeSnapshots
from clynto.domain.exclusion_wording import describe_exclusion
from clynto.domain.item_amount import NotCounted
from clynto.domain.moments import UnixTime, start_of_second
from clynto.domain.money import MoneyBag
from clynto.domain.mrr_history import MrrSnapshot
from clynto.domain.roles import Role
from clynto.domain.subscription import COUNTED_STATUSES, SubscriptionStatus
from clynto.ports.mrr_records import AccountSnapshot

ACCOUNTS = f"{API}/accounts"


@pytest.fixture
def ids(product: Product) -> dict[str, str]:
    """Accounts of the story, by short name."""
    return billing_story(product)


def got(client: FlaskClient, path: str) -> dict[str, Any]:
    answer = client.get(f"{ACCOUNTS}/{path}")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.get_json()
    return document


def test_the_billing_tab(ids: dict[str, str], admin: FlaskClient) -> None:
    tab = got(admin, f"{ids['acme']}/billing")
    assert (tab["matched"], tab["empty_reason"], tab["frozen"]) == (True, None, False)
    assert (tab["mrr"]["amount"], tab["arr"]["amount"], tab["payment_status"]) == ("298.00", "3576.00", "paid")
    live, trial = tab["subscriptions"]
    assert (live["id"], live["plan_name"], live["quantity"], live["interval"]) == ("sub_acme", "Team", 2, "month")
    assert (live["mrr"]["amount"], live["renewal_at"], live["cancel_at"]) == ("298.00", "2026-10-01T14:13:20Z", None)
    assert live["stripe_url"] == "https://dashboard.stripe.com/test/subscriptions/sub_acme"
    assert (trial["status"], trial["counted"], trial["mrr"]["amount"]) == ("trialing", False, "0.00")
    (invoice,) = tab["invoices"]
    assert (invoice["id"], invoice["number"], invoice["status"]) == ("in_acme", "GLBX-0001", "paid")
    assert invoice["amount_paid"] == {
        "amount": "298.00",
        "currency": "USD",
        "mixed": False,
        "by_currency": {"USD": "298.00"},
        "unconverted": [],
    }
    assert (invoice["amount_remaining"]["amount"], invoice["paid_at"]) == ("0.00", "2026-09-01T14:13:20Z")
    assert invoice["stripe_url"] == "https://dashboard.stripe.com/test/invoices/in_acme"
    assert tab["lifetime_value"]["amount"] == "298.00"


@pytest.mark.parametrize(("domains", "reason"), [((), "no_domain"), (("nobody.com",), "no_matching_customer")])
def test_an_empty_tab_says_why(
    product: Product, ids: dict[str, str], admin: FlaskClient, domains: tuple[str, ...], reason: str
) -> None:
    tab = got(admin, f"{account(product, 'Empty', *domains)}/billing")
    assert (tab["matched"], tab["empty_reason"], tab["subscriptions"], tab["invoices"]) == (False, reason, [], [])
    assert tab["payment_status"] is None


def test_an_empty_tab_says_that_another_account_has_the_same_domain(
    product: Product, ids: dict[str, str], admin: FlaskClient
) -> None:
    one, other = (account(product, name, "shared.com") for name in ("One", "Other"))
    assert got(admin, f"{one}/billing")["empty_reason"] == "shared_domain"
    product.services().accounts.delete_account(product.actor_of(Role.ADMIN), other)
    assert got(admin, f"{one}/billing")["empty_reason"] == "no_matching_customer"


def test_before_stripe_is_connected(product: Product, admin: FlaskClient) -> None:
    assert got(admin, f"{account(product, 'A', 'a.com')}/billing")["empty_reason"] == "not_connected"


def test_a_disconnect_freezes_the_tab(product: Product, ids: dict[str, str], admin: FlaskClient) -> None:
    product.services().integration.disconnect_stripe(product.actor_of(Role.ADMIN))
    tab = got(admin, f"{ids['acme']}/billing")
    assert (tab["frozen"], tab["mrr"]["amount"]) == (True, "298.00")


def test_the_explanation_adds_up(ids: dict[str, str], admin: FlaskClient) -> None:
    explained = got(admin, f"{ids['acme']}/billing/mrr-explanation")
    (line,) = explained["lines"]
    assert {name: line[name] for name in ("subscription", "item", "price", "quantity", "interval", "factor")} == {
        "subscription": "sub_acme",
        "item": "si_acme",
        "price": "price_team",
        "quantity": 2,
        "interval": "month",
        "factor": "1",
    }
    assert (line["product_name"], line["result"]["amount"]) == ("Team", "298.00")
    assert sum(Fraction(entry["result_exact"]) for entry in explained["lines"]) == 29_800
    assert Decimal(explained["mrr"]["amount"]) == Decimal("298.00")
    (left_out,) = explained["excluded"]
    assert (left_out["id"], left_out["code"]) == ("sub_trial", "not_counted:trialing")
    assert "trial" in left_out["reason"]


def test_every_exclusion_has_its_sentence() -> None:
    said = {describe_exclusion(reason.value) for reason in NotCounted}
    said |= {describe_exclusion(f"not_counted:{status}") for status in set(SubscriptionStatus) - COUNTED_STATUSES}
    assert len(said) == len(NotCounted) + len(set(SubscriptionStatus) - COUNTED_STATUSES)
    assert all(sentence.endswith(".") and "_" not in sentence for sentence in said)
    assert "status brand_new" in describe_exclusion("not_counted:brand_new")
    assert describe_exclusion("something") == "It is not counted."


def test_the_history_of_mrr(ids: dict[str, str], admin: FlaskClient) -> None:
    history = got(admin, f"{ids['acme']}/mrr-history")
    months = [point["month"] for point in history["points"]]
    assert len(months) == 13
    assert months == sorted(months)
    assert (months[0], months[-1]) == ("2025-09", "2026-09")
    assert {point["basis"] for point in history["points"]} == {"observed", "reconstructed"}
    live = history["points"][-1]
    assert (live["live"], live["basis"], live["mrr"]["amount"]) == (True, "observed", "298.00")
    (movement,) = history["movements"]
    assert (movement["month"], movement["type"], movement["amount"]["amount"]) == ("2026-09", "new", "298.00")
    assert len(got(admin, f"{ids['acme']}/mrr-history?months=36")["points"]) == 37


def test_the_history_of_the_whole_workspace(product: Product, ids: dict[str, str], admin: FlaskClient) -> None:
    """A day's snapshot of every account adds up to the workspace's point; the live point is the sum of now."""
    taken = TakeSnapshots(units=product.units, clock=product.clock)
    assert taken(product.workspace_id) >= len(ids)
    rows = admin.get(f"{ACCOUNTS}?limit=200").get_json()["items"]
    expected = sum(Decimal(row["mrr"]["amount"]) for row in rows)
    history = admin.get(f"{API}/workspace/mrr-history").get_json()
    assert len(history["points"]) == 13
    live = history["points"][-1]
    assert (live["live"], live["basis"], Decimal(live["mrr"]["amount"])) == (True, "observed", expected)
    assert admin.get(f"{API}/workspace/mrr-history?months=0").status_code == 422


def test_months_that_nobody_looked_at_are_no_churn(product: Product, ids: dict[str, str], admin: FlaskClient) -> None:
    """They are left out until they are rebuilt: unknown is not zero."""
    gap = HistoryGap(units=product.units, clock=product.clock)
    rebuild = RebuildHistory(units=product.units, clock=product.clock)
    rebuild(product.workspace_id, stopping=lambda: False)
    assert not gap(product.workspace_id)
    product.clock.advance(seconds=70 * DAY)
    for path in (f"{ACCOUNTS}/{ids['acme']}/mrr-history", f"{API}/workspace/mrr-history"):
        history = admin.get(path).get_json()
        assert [point["month"] for point in history["points"]][-2:] == ["2026-08", "2026-11"]
        assert not [one for one in history["movements"] if one["type"] == "churn"]
    assert gap(product.workspace_id)
    rebuild(product.workspace_id, stopping=lambda: False)
    assert not gap(product.workspace_id)
    history = got(admin, f"{ids['acme']}/mrr-history")
    assert [point["month"] for point in history["points"]][-3:] == ["2026-09", "2026-10", "2026-11"]


def test_a_month_that_was_observed_on_its_last_day_leaves_no_gap(product: Product, ids: dict[str, str]) -> None:
    gap = HistoryGap(units=product.units, clock=product.clock)
    product.clock.advance(seconds=70 * DAY)
    assert gap(product.workspace_id)
    late = dt.datetime(2026, 10, 31, 23, tzinfo=dt.UTC).timestamp()
    nothing = MoneyBag.empty()
    snapshot = AccountSnapshot(ids["acme"], MrrSnapshot(start_of_second(UnixTime(int(late))), nothing, nothing))
    with product.units.writing(product.workspace_id) as uow:
        uow.mrr_records.put_snapshots([snapshot])
        uow.commit()
    assert not gap(product.workspace_id)


@pytest.mark.parametrize("months", ["0", "37", "-1", "x", "", "1.5"])
def test_months_out_of_bounds_are_refused(ids: dict[str, str], admin: FlaskClient, months: str) -> None:
    answer = admin.get(f"{ACCOUNTS}/{ids['acme']}/mrr-history?months={months}")
    assert (problem(answer), set(answer.get_json()["errors"])) == ((422, "invalid_input"), {"months"})


def test_health_follows_payments(ids: dict[str, str], admin: FlaskClient) -> None:
    health = got(admin, f"{ids['globex']}/health")
    assert health["score"] == 50
    revenue = next(pillar for pillar in health["pillars"] if pillar["name"] == "revenue")
    assert (revenue["score"], revenue["contributes"], revenue["indicator"]) == (50, True, "warning")
    usage = next(pillar for pillar in health["pillars"] if pillar["name"] == "usage")
    assert (usage["score"], usage["contributes"], usage["indicator"]) == (None, False, "none")


def test_another_system_sets_a_pillar(product: Product, ids: dict[str, str], admin: FlaskClient) -> None:
    path = f"{ACCOUNTS}/{ids['acme']}/pillars/usage"
    body = {"score": 40, "reason": "Fewer logins.", "as_of": "2026-09-20T12:00:00+02:00"}
    health = admin.put(path, json=body).get_json()
    assert health["score"] == 70
    usage = next(pillar for pillar in health["pillars"] if pillar["name"] == "usage")
    assert (usage["score"], usage["reason"], usage["as_of"]) == (40, "Fewer logins.", "2026-09-20T10:00:00.000000Z")
    assert health["history"][0]["score"] == 70
    assert got(admin, ids["acme"])["health_score"] == 70
    assert admin.put(path, json={"score": 0, "reason": "None at all."}).status_code == 200


@pytest.mark.parametrize(
    ("name", "body", "fields"),
    [
        ("usage", {}, {"score", "reason"}),
        ("usage", {"score": 101, "reason": "x"}, {"score"}),
        ("usage", {"score": -1, "reason": "x"}, {"score"}),
        ("usage", {"score": "40", "reason": "x"}, {"score"}),
        ("usage", {"score": 1.5, "reason": "x"}, {"score"}),
        ("usage", {"score": True, "reason": "x"}, {"score"}),
        ("usage", {"score": 40, "reason": " "}, {"reason"}),
        ("usage", {"score": 40, "reason": "x" * 501}, {"reason"}),
        ("usage", {"score": 40, "reason": "x", "as_of": "yesterday"}, {"as_of"}),
        ("usage", {"score": 40, "reason": "x", "as_of": "2026-09-20T12:00:00"}, {"as_of"}),
        ("usage", {"score": 40, "reason": "x", "as_of": "2999-01-01T00:00:00Z"}, {"as_of"}),
        ("usage", {"score": 40, "reason": "x", "weight": 3}, {"weight"}),
        ("revenue", {"score": 40, "reason": "x"}, {"name"}),
        ("happiness", {"score": 40, "reason": "x"}, {"name"}),
    ],
)
def test_bad_measurements_are_refused(
    product: Product,
    ids: dict[str, str],
    admin: FlaskClient,
    name: str,
    body: dict[str, Any],
    fields: set[str],
) -> None:
    before = got(admin, f"{ids['acme']}/health")
    answer = admin.put(f"{ACCOUNTS}/{ids['acme']}/pillars/{name}", json=body)
    assert (problem(answer), set(answer.get_json()["errors"])) == ((422, "invalid_input"), fields)
    assert got(admin, f"{ids['acme']}/health") == before
