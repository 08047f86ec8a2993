"""Stories of paying and not paying, told by Stripe to a running server (guarantees H8 to H11, H17; issue of webhooks)."""

from __future__ import annotations

import time

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
    """H8, H9, B6: refused once, overdue, refused again, paid; one signal of each type, and they close themselves."""
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
    product.advance(account, days=4)
    workspace.wait_until_worked_off()
    assert sorted(one["type"] for one in workspace.signals()) == ["payment_failed", "payment_overdue"]
    again = workspace.wait_for_signal("payment_failed")
    assert again["id"] == failed["id"]
    account.tell("recover", customer=customer)
    workspace.wait_until_worked_off()
    assert workspace.signals() == []
    closed = workspace.signals("status=resolved")
    assert {one["type"]: one["outcome"] for one in closed} == {"payment_failed": "paid", "payment_overdue": "recovered"}
    wait_for("paid", lambda: workspace.figures()["Acme"]["payment_status"] == "paid")
