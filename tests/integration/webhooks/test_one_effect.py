"""One event has one effect, one fact one signal, and an old picture never replaces a young one (guarantees B)."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, func, select, update
from tests.integration.product.installation import wait_for
from tests.integration.webhooks.billed_workspace import BilledWorkspace, StripeAccount
from tests.integration.webhooks.running_product import RunningProduct

from clynto.adapters.sql.tables import METADATA
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.domain.invoice import DELETED_DRAFT

INBOX = METADATA.tables["event_inbox"]


@pytest.fixture
def workspace(product: RunningProduct, account: StripeAccount) -> BilledWorkspace:
    """Acme is known; the test delivers by hand."""
    made = product.workspace(account)
    made.add_company("Acme")
    made.connect()
    made.save_secret()
    return made


def asked_for(product: RunningProduct, path: str) -> int:
    """How often Stripe was asked for an object."""
    return len(product.stripe.control.requests.find(path=path))


def deliver_all(workspace: BilledWorkspace, account: StripeAccount) -> None:
    """Everything that has happened, in order."""
    for event in account.events():
        workspace.send_event(event)
    workspace.wait_until_worked_off()


def test_one_event_fifty_times_at_once(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """B5: fifty copies in parallel, after a restart, and again after the bodies are gone: one effect, 50 x 200."""
    customer = account.customer("Acme", paying=False)
    account.subscription(customer)
    failed = next(event for event in account.events() if event.type == "invoice.payment_failed")
    body, url = account.payload(failed), workspace.url

    def fifty() -> set[int]:
        with ThreadPoolExecutor(10) as pool:
            return set(pool.map(lambda _: workspace.send(body, url=url).status_code, range(50)))

    assert fifty() == {200}
    first = workspace.wait_for_signal("payment_failed")
    workspace.wait_until_worked_off()
    told = workspace.signals("")
    product.kill_web()
    product.kill_worker()
    product.start_web()
    product.start_worker()
    assert fifty() == {200}
    with product.engine.begin() as connection:
        here = INBOX.c.workspace_id == workspace.id
        assert connection.scalar(select(func.count()).select_from(INBOX).where(here)) == 1
        assert connection.scalar(select(INBOX.c.body).where(here)) is None, "the body went with the effect"
        connection.execute(delete(INBOX).where(here))
    assert fifty() == {200}
    workspace.wait_until_worked_off()
    assert [one["id"] for one in workspace.signals("type=payment_failed")] == [first["id"]]
    assert workspace.signals("") == told


def test_a_late_failure_does_not_undo_a_payment(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """B12: paid first, and only then the news of the first refused try."""
    customer = account.customer("Acme")
    account.subscription(customer)
    deliver_all(workspace, account)
    account.tell("fail_next_payments", customer=customer, times=1)
    known = {event.id for event in account.events()}
    product.advance(account, days=31, seconds=7_200)
    product.advance(account, days=4)
    news = [event for event in account.events() if event.id not in known]
    failed = [event for event in news if event.type == "invoice.payment_failed"]
    assert failed
    for event in sorted(news, key=lambda event: event in failed):
        workspace.send_event(event)
    workspace.wait_until_worked_off()
    assert workspace.figures()["Acme"]["payment_status"] == "paid"
    assert workspace.signals() == []


def test_twenty_first_events_of_one_subscription_at_once(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """B9, B13: first sight by many at once makes one row, no fault, and few questions."""
    customer = account.customer("Acme")
    # All of them come within the second that they tell of, in which only Stripe could tell which was the last.
    time.sleep(-time.time() % 1)
    subscription = account.subscription(customer)
    newest = next(e for e in reversed(account.events()) if e.object_id == subscription)
    asked = asked_for(product, f"/v1/subscriptions/{subscription}")
    traces = product.installation.logs().count("Traceback")
    bodies = [{**account.payload(newest), "id": f"evt_first_{n}_{workspace.id}"} for n in range(200)]
    url = workspace.url
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda body: workspace.send(body, url=url).status_code, bodies))
    assert set(answers) == {200}
    workspace.wait_until_worked_off()
    with product.reading.connect() as connection:
        table = METADATA.tables["stripe_subscriptions"]
        held = connection.execute(select(table).where(table.c.workspace_id == workspace.id)).all()
    assert [row.id for row in held] == [subscription]
    assert asked_for(product, f"/v1/subscriptions/{subscription}") - asked <= 5
    assert product.installation.logs().count("Traceback") == traces
    assert workspace.figures()["Acme"]["mrr"]["amount"] == "120.00"


def test_an_older_picture_takes_nothing_away_and_a_cut_list_proves_nothing(
    account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """B2, D4: parent and items are one version; absence in an incomplete list is no deletion."""
    customer = account.customer("Acme")
    subscription = account.subscription(customer)
    created = next(event for event in reversed(account.events()) if event.object_id == subscription)
    deliver_all(workspace, account)
    for name in ("starter_month", "business_month"):
        account.tell("add_item", subscription=subscription, price=account.price(name), quantity=5)
    deliver_all(workspace, account)
    whole = workspace.figures()
    assert len(account.world.store.subscriptions[subscription].items) == 3
    older: dict[str, Any] = account.payload(created)
    workspace.send({**older, "id": f"evt_older_{workspace.id}", "created": created.created - 50})
    newest = next(event for event in reversed(account.events()) if event.object_id == subscription)
    cut: dict[str, Any] = copied(account.payload(newest))
    items = cut["data"]["object"]["items"]
    items["data"], items["has_more"] = items["data"][:1], True
    workspace.send({**cut, "id": f"evt_cut_{workspace.id}", "created": newest.created + 1})
    workspace.wait_until_worked_off()
    assert workspace.figures() == whole
    assert workspace.signals() == []


def test_an_invoice_of_250_lines_comes_whole_by_webhook(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """D4: an event carries the first ten lines and says that there are more; all are read before any is believed."""
    customer = account.customer("Acme")
    account.tell("invoice_once", customer=customer, amounts=[(f"Part {n}", 100 + n) for n in range(250)])
    told = next(event for event in account.events() if event.type == "invoice.finalized")
    lines = account.payload(told)["data"]
    assert copied({"data": lines})["data"]["object"]["lines"]["has_more"]
    workspace.send_event(told)
    workspace.wait_until_worked_off()
    with SqlUnitsOfWork(product.engine).reading(workspace.id) as uow:
        (invoice, _) = uow.invoices.get_many([told.object_id])[told.object_id]
    assert invoice.lines_complete
    assert len({line.id for line in invoice.lines}) == 250
    assert sum(line.amount for line in invoice.lines) == sum(range(100, 350)) == invoice.amount_due


@pytest.mark.parametrize("found_by", ["its event", "a re-sync"])
def test_a_deleted_draft_says_nothing_any_more(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace, found_by: str
) -> None:
    """H8: only drafts can be deleted; none of an account's figures comes from one that is gone."""
    customer = account.customer("Acme")
    account.subscription(customer)
    deliver_all(workspace, account)
    before = workspace.figures()["Acme"]
    body = copied(account.payload(next(one for one in account.events() if one.type == "invoice.created")))
    draft = {**body["data"]["object"], "id": "in_draft", "number": None, "status": "draft", "amount_paid": 0}
    told = {**body, "type": "invoice.updated", "created": int(time.time()), "data": {"object": draft}}

    def status() -> str:
        with SqlUnitsOfWork(product.engine).reading(workspace.id) as uow:
            return uow.invoices.get_many(["in_draft"])["in_draft"][0].status

    workspace.send({**told, "id": f"evt_draft_{workspace.id}"})
    workspace.wait_until_worked_off()
    assert status() == "draft"
    if found_by == "its event":
        gone = {"type": "invoice.deleted", "created": told["created"] + 1, "id": f"evt_gone_{workspace.id}"}
        workspace.send({**told, **gone})
        workspace.wait_until_worked_off()
    else:
        time.sleep(1.1)
        workspace.resync()
    assert status() == DELETED_DRAFT
    assert workspace.figures()["Acme"] == before
    assert workspace.signals() == []


def test_events_with_half_their_fields_fill_whole_rows(account: StripeAccount, workspace: BilledWorkspace) -> None:
    """C4: an event is a hint; what it lacks comes from the API."""
    customer = account.customer("Acme")
    subscription = account.subscription(customer)
    for event in account.events():
        body = copied(account.payload(event))
        carried = body["data"]["object"]
        kept = {"id", "object", "customer"}
        body["data"]["object"] = {name: value for name, value in carried.items() if name in kept}
        if carried["object"] in ("subscription", "invoice"):
            workspace.send(body)
    workspace.wait_until_worked_off()
    shown = workspace.figures()["Acme"]
    assert (shown["mrr"]["amount"], shown["payment_status"]) == ("120.00", "paid")
    assert [one["id"] for one in shown["subscriptions"]] == [subscription]
    assert len(shown["invoices"]) == 1


def test_a_claim_of_the_past_holds_nothing_back(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """B8: killed while Stripe was asked, with the job gone from Redis too: taken up again and done once."""
    customer = account.customer("Acme")
    hold = product.stripe.control.order_fault("hold", path=f"/v1/customers/{customer}", times=1)
    account.subscription(customer)
    for event in account.events():
        if event.type.startswith("invoice."):
            workspace.send_event(event)
    wait_for("the question", lambda: hold.hits)
    product.kill_worker()
    with product.redis_client() as redis:
        redis.flushall()
    product.stripe.control.clear_faults()
    product.start_worker()
    wait_for("the inbox", lambda: workspace.panel()["pending"] == 0, seconds=120)
    assert workspace.figures()["Acme"]["mrr"]["amount"] == "120.00"
    assert len(workspace.figures()["Acme"]["invoices"]) == 1


def test_an_event_that_always_fails_is_parked_shown_and_tried_again(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """A14: bounded tries, visible on the card, a button to try again; a hundred others are not held up."""
    customer, other = account.customer("Acme"), account.customer("Globex")
    workspace.add_company("Globex")
    account.subscription(customer)
    product.stripe.control.order_fault("fail", path=f"/v1/customers/{customer}", times=None, status=500)
    bad = next(event for event in account.events() if event.type == "invoice.finalized")
    workspace.send_event(bad)
    wait_for("a failed try", lambda: _attempts(product, workspace, bad.id) >= 1)
    for number in range(100):
        workspace.send({**account.payload(_about(account, other)), "id": f"evt_good_{number}_{workspace.id}"})
    wait_for("the others", lambda: workspace.panel()["pending"] <= 1, seconds=30)
    with product.engine.begin() as connection:
        # Seven tries are behind us: the waits between them are ten minutes in all.
        one = (INBOX.c.workspace_id == workspace.id) & (INBOX.c.event_id == bad.id)
        connection.execute(update(INBOX).where(one).values(attempts=7, due_at=0))
    panel = wait_for("the parked event", lambda: (p := workspace.panel())["parked"] == 1 and p, seconds=60)
    assert panel["retry_possible"]
    (parked,) = panel["parked_events"]
    assert (parked["id"], parked["attempts"], parked["fault"]) == (bad.id, 8, "stripe_unreachable")
    product.stripe.control.clear_faults()
    assert workspace.api.post("/integrations/stripe/parked-events/retry", expect=202) == {"retried": 1}
    wait_for("its effect", lambda: (p := workspace.panel())["parked"] == p["pending"] == 0, seconds=60)
    assert len(workspace.figures()["Acme"]["invoices"]) == 1


def _attempts(product: RunningProduct, workspace: BilledWorkspace, event_id: str) -> int:
    with product.reading.connect() as connection:
        wanted = select(INBOX.c.attempts).where(INBOX.c.workspace_id == workspace.id, INBOX.c.event_id == event_id)
        return connection.scalar(wanted) or 0


def _about(account: StripeAccount, object_id: str) -> Any:
    return next(event for event in account.events() if event.object_id == object_id)


def copied(told: dict[str, Any]) -> dict[str, Any]:
    """The body as plain values that may be changed."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(told))
    return plain
