"""Stories of paying and not paying, told by Stripe to a running server (guarantees H8 to H11, H17)."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from tests.integration.product.installation import wait_for
from tests.integration.webhooks.billed_workspace import BilledWorkspace, StripeAccount
from tests.integration.webhooks.running_product import RunningProduct


@pytest.fixture
def workspace(product: RunningProduct, account: StripeAccount) -> BilledWorkspace:
    """Acme is an account; nobody buys anything yet."""
    fed = product.fed_workspace(account)
    fed.add_company("Acme")
    return fed


def test_a_debt_is_one_case_from_the_first_refusal_to_the_money(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """H8, H9, B6: refused once, overdue, refused twice more, paid; one signal of each type, which
    counts the tries, and they close themselves."""
    customer = account.customer("Acme")
    subscription = account.subscription(customer)
    workspace.wait_until_worked_off()
    assert workspace.signals() == []
    account.tell("fail_next_payments", customer=customer, times=-1)
    product.advance(account, days=31, seconds=7_200)
    invoice = account.newest_invoice(subscription)
    begun = time.monotonic()
    failed = workspace.wait_for_signal("payment_failed")
    took = time.monotonic() - begun
    overdue = workspace.wait_for_signal("payment_overdue")
    assert took < 10
    assert (failed["amount"]["amount"], failed["amount"]["currency"], failed["plan"]) == ("120.00", "USD", "Team x 10")
    assert failed["account"]["name"] == "Acme"
    assert {link["kind"]: link["url"] for link in failed["links"]} == {
        "invoice": f"https://dashboard.stripe.com/test/invoices/{invoice}",
        "subscription": f"https://dashboard.stripe.com/test/subscriptions/{subscription}",
    }
    assert overdue["amount"]["amount"] == "120.00"
    for days in (4, 6):
        product.advance(account, days=days)
        workspace.wait_until_worked_off()
        assert sorted(one["type"] for one in workspace.signals()) == ["payment_failed", "payment_overdue"]
        again = workspace.wait_for_signal("payment_failed")
        assert again["id"] == failed["id"]
        assert f"(attempt {account.world.store.invoices[invoice].attempt_count})" in again["explanation"]
    assert account.world.store.invoices[invoice].attempt_count >= 3
    account.tell("recover", customer=customer)
    workspace.wait_until_worked_off()
    assert workspace.signals() == []
    closed = workspace.signals("status=resolved")
    assert {one["type"]: one["outcome"] for one in closed} == {"payment_failed": "paid", "payment_overdue": "recovered"}
    wait_for("paid", lambda: workspace.figures()["Acme"]["payment_status"] == "paid")


@pytest.mark.parametrize("encoding", ["flag", "date"])
def test_a_cancellation_is_scheduled_undone_scheduled_again_and_takes_effect(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace, encoding: str
) -> None:
    """H10: both encodings; an undo resolves, a new request is a new signal, the end keeps it open."""
    subscription = account.subscription(account.customer("Acme"))
    workspace.wait_until_worked_off()
    product.advance(account, seconds=60)
    account.tell("schedule_cancel", subscription=subscription, when=encoding)
    first = workspace.wait_for_signal("subscription_canceled")
    assert (first["amount"]["amount"], first["plan"]) == ("120.00", "Team x 10")
    assert workspace.figures()["Acme"]["mrr"]["amount"] == "120.00", "it counts until the end"
    product.advance(account, seconds=60)
    account.tell("undo_cancel", subscription=subscription)
    assert workspace.wait_for_signal("subscription_canceled", status="resolved")["outcome"] == "undone"
    assert workspace.signals() == []
    product.advance(account, seconds=60)
    account.tell("schedule_cancel", subscription=subscription, when=encoding)
    second = workspace.wait_for_signal("subscription_canceled")
    assert second["id"] != first["id"]
    assert workspace.figures()["Acme"]["mrr"]["amount"] == "120.00"
    product.advance(account, days=32)
    workspace.wait_until_worked_off()
    ended = workspace.signals()
    assert [(one["id"], one["type"]) for one in ended] == [(second["id"], "subscription_canceled")]
    assert workspace.figures()["Acme"]["mrr"]["amount"] in ("0.00", "0")


def test_revenue_that_shrinks_is_told_with_both_plans(account: StripeAccount, workspace: BilledWorkspace) -> None:
    """H11: fewer seats, and a cheaper plan."""
    subscription = account.subscription(account.customer("Acme"), "business_month")
    workspace.wait_until_worked_off()
    account.tell("cut_seats", subscription=subscription, quantity=6)
    cut = workspace.wait_for_signal("subscription_downgraded")
    assert (cut["amount"]["amount"], cut["plan"]) == ("116.00", "Business x 10 -> Business x 6")
    assert workspace.figures()["Acme"]["mrr"]["amount"] == "174.00"
    workspace.add_company("Globex")
    other = account.subscription(account.customer("Globex"), "business_month")
    workspace.wait_until_worked_off()
    account.tell("switch_plan", subscription=other, price=account.price("starter_month"))
    switched = wait_for(
        "the second", lambda: next((s for s in workspace.signals() if s["account"]["name"] == "Globex"), None)
    )
    assert (switched["amount"]["amount"], switched["plan"]) == ("100.00", "Business x 10 -> Starter x 10")


@pytest.mark.parametrize(
    ("story", "outcome"),
    [("pay_out_of_band", "paid"), ("void_invoice", "voided"), ("mark_uncollectible", "written_off")],
)
def test_a_debt_ends_in_every_way(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace, story: str, outcome: str
) -> None:
    """H8: paid outside Stripe, void, and given up."""
    customer = account.customer("Acme")
    subscription = account.subscription(customer)
    account.tell("fail_next_payments", customer=customer, times=-1)
    product.advance(account, days=31, seconds=7_200)
    workspace.wait_for_signal("payment_failed")
    account.tell(story, invoice=account.newest_invoice(subscription))
    assert workspace.wait_for_signal("payment_failed", status="resolved")["outcome"] == outcome
    workspace.wait_until_worked_off()
    assert "payment_failed" not in [one["type"] for one in workspace.signals()]


def test_a_subscription_that_stripe_pauses_over_a_failure(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """Billing rules 5.2 and 5.3: the failed payment carries a case that never becomes past due."""
    customer = account.customer("Acme")
    subscription = account.subscription(customer, pause_on_first_failure=True)
    account.tell("fail_next_payments", customer=customer, times=-1)
    product.advance(account, days=31, seconds=7_200)
    workspace.wait_for_signal("payment_failed")
    workspace.wait_until_worked_off()
    assert account.world.store.subscriptions[subscription].status == "paused"
    assert workspace.figures()["Acme"]["payment_status"] == "failed"


@pytest.mark.parametrize("version", ["2020-08-27", "2026-10-28.endive"])
def test_a_debt_stays_open_when_stripe_pauses_after_the_last_retry(
    product: RunningProduct, account: StripeAccount, version: str
) -> None:
    """S97, guarantee 7: events of older versions do not say why a subscription is paused."""
    workspace = product.fed_workspace(account, api_version=version)
    workspace.add_company("Acme")
    customer = account.customer("Acme")
    subscription = account.subscription(customer, retry_end="pause")
    account.tell("fail_next_payments", customer=customer, times=-1)
    product.advance(account, days=31, seconds=7_200)
    workspace.wait_for_signal("payment_overdue")
    product.advance(account, days=25)
    workspace.wait_until_worked_off()
    assert account.world.store.subscriptions[subscription].status == "paused"
    assert workspace.figures()["Acme"]["payment_status"] == "failed"
    assert {one["type"] for one in workspace.signals()} == {"payment_failed", "payment_overdue"}


def test_a_coupon_for_a_customer_changes_net_and_not_list(account: StripeAccount, workspace: BilledWorkspace) -> None:
    """A customer's discount comes with an event of its own; list revenue and signals stay."""
    customer = account.customer("Acme")
    account.subscription(customer)
    workspace.wait_until_worked_off()
    workspace.api.call("PATCH", "/workspace", json={"mrr_basis": "net"}, expect=200)
    wait_for("list", lambda: workspace.figures()["Acme"]["mrr"]["amount"] == "120.00")
    account.tell("discount_customer", customer=customer, coupon="PARTNER20")
    workspace.wait_until_worked_off()
    wait_for("net", lambda: workspace.figures()["Acme"]["mrr"]["amount"] == "96.00")
    assert workspace.signals() == []


def test_a_deleted_customer_leaves_history_and_one_signal_for_each_subscription(
    account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """B11: two subscriptions end with their customer; a re-sync adds nothing and does not fail."""
    customer = account.customer("Acme")
    subscriptions = {account.subscription(customer), account.subscription(customer, "starter_month")}
    workspace.wait_until_worked_off()
    account.tell("delete_customer", customer=customer)
    workspace.wait_until_worked_off()
    ended = workspace.signals("status=open")
    assert [one["type"] for one in ended] == ["subscription_canceled"] * 2
    assert {link["stripe_id"] for one in ended for link in one["links"] if link["kind"] == "subscription"} == (
        subscriptions
    )
    workspace.resync()
    shown = workspace.figures()["Acme"]
    assert Fraction(shown["mrr"]["amount"]) == 0
    assert len(shown["invoices"]) == 2
    assert {one["id"] for one in workspace.signals()} == {one["id"] for one in ended}


def test_the_first_payment_of_a_new_customer_fails(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """B10, C4: only the failure is delivered, and Stripe stumbles twice over the customer; the signal comes."""
    workspace.add_company("Newcomer")
    assert workspace.endpoint is not None
    workspace.endpoint.enabled_events = ["invoice.payment_failed"]
    customer = account.customer("Newcomer", paying=False)
    product.stripe.control.order_fault("fail", path=f"/v1/customers/{customer}", times=2, status=500)
    account.subscription(customer, "team_month", 5)
    failed = workspace.wait_for_signal("payment_failed", seconds=60)
    assert (failed["account"]["name"], failed["amount"]["amount"], failed["plan"]) == (
        "Newcomer",
        "60.00",
        "Team x 5",
    )
    billing = workspace.figures()["Newcomer"]
    assert len(billing["subscriptions"]) == 1
    assert billing["payment_status"] == "failed"
