"""Only what the workspace's own secret has signed is taken in, and nobody learns why not (guarantees A, C8, L6)."""

from __future__ import annotations

import datetime
import itertools
import json
import statistics
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests
from sqlalchemy import select
from tests.integration.product.installation import wait_for
from tests.integration.webhooks.billed_workspace import SIGNING_SECRET, BilledWorkspace, StripeAccount
from tests.integration.webhooks.running_product import RunningProduct

from clynto.adapters.sql.tables import METADATA
from clynto.domain.webhook_event import MISSED_TYPES, RECOMMENDED_TYPES
from stripe_sandbox.webhooks.endpoint import signature_header

OTHER_SECRET = "whsec_anotherOneEntirely00000002"
SHAPES = Path(__file__).parents[2] / "data" / "stripe_shapes.json"
TOLD_ON_THE_CARD = {"webhook_endpoints"}
"""Where a refusal may leave a trace: the card tells of it."""


@pytest.fixture
def workspace(product: RunningProduct, account: StripeAccount) -> BilledWorkspace:
    """Connected, with a secret; Acme is known and nothing of it is delivered by itself."""
    made = product.workspace(account)
    made.add_company("Acme")
    made.connect()
    made.save_secret()
    return made


def contents(product: RunningProduct, workspace: BilledWorkspace) -> dict[str, list[str]]:
    """Every row of the workspace, but for where refusals are counted."""
    found = {}
    with product.reading.connect() as connection:
        for name, table in METADATA.tables.items():
            if name in TOLD_ON_THE_CARD or "workspace_id" not in table.c:
                continue
            rows = connection.execute(select(table).where(table.c.workspace_id == workspace.id))
            found[name] = sorted(repr(tuple(row)) for row in rows)
    return found


def seen(answer: requests.Response) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    """What an outsider can tell answers apart by."""
    changing = {"Date"}
    return answer.status_code, answer.content, tuple(pair for pair in answer.headers.items() if pair[0] not in changing)


def test_without_a_secret_nothing_is_accepted(product: RunningProduct, account: StripeAccount) -> None:
    """A1: unsigned, or signed with what stands where a secret is missing, is what nobody's address answers."""
    bare = product.workspace(account)
    bare.add_company("Acme")
    bare.connect()
    body = bare.customer_event(account.customer("Acme"))
    before = contents(product, bare)
    nobodys = seen(bare.send(body, url=f"{product.installation.base}/webhooks/stripe/{'x' * 43}"))
    token = bare.url.rpartition("/")[2]
    for guess in ("", "None", "whsec_", token, "whsec_of_nobody"):
        assert seen(bare.send(body, secrets=(guess,))) == nobodys, guess
    for unsigned in ("", "t=1,v1=", "v1=00"):
        assert seen(bare.send(body, signature=unsigned)) == nobodys
    assert nobodys[0] == 400
    assert contents(product, bare) == before
    assert bare.panel()["state"] == "not_configured"


def test_an_unverified_body_changes_nothing(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """A2, A12: whatever type it claims, and however often it comes, a refused body leaves no row."""
    body = workspace.customer_event(account.customer("Acme"))
    before = contents(product, workspace)
    url = workspace.url
    kinds = itertools.cycle([*RECOMMENDED_TYPES, "account.application.deauthorized", "customer.deleted", "ping"])
    for number, kind in zip(range(400), kinds, strict=False):
        answer = workspace.send({**body, "id": f"evt_bad_{number}", "type": kind}, secrets=(OTHER_SECRET,), url=url)
        assert answer.status_code == 400
    assert contents(product, workspace) == before


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded", ""]
)
def test_the_very_bytes_are_signed_whatever_they_are_called(
    account: StripeAccount, workspace: BilledWorkspace, media_type: str
) -> None:
    """A3, A15: odd spacing, order and escapes are as good as any; one other byte is not; no cookie, no redirect."""
    told = workspace.customer_event(account.customer("Acme"), note="caf\u00e9 \u65e5\u672c")
    turned = dict(reversed(list(told.items())))
    text = orjson.dumps(turned, option=orjson.OPT_INDENT_2).replace(b"caf\xc3\xa9", b"caf\\u00e9") + b" \n"
    answer = workspace.send(text, headers={"Content-Type": media_type})
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert "Set-Cookie" not in answer.headers
    altered = bytes([text[0] ^ 1]) + text[1:]
    at = int(time.time())
    refused = workspace.send(altered, signature=signature_header(text, [SIGNING_SECRET], at))
    assert refused.status_code == 400


def test_hostile_bytes_never_cause_a_fault(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """A4: no sequence of bytes from outside ends in a 5xx or a traceback."""
    body = orjson.dumps(workspace.customer_event(account.customer("Acme")))
    url, before = workspace.url, product.installation.logs().count("Traceback")
    odd = ["t=\u00e9,v1=\u00e9", "t=1,v1=" + "\u00ff" * 64, ",,,", "t=" + "9" * 400, "v1=" * 2_000, "t=-1,v1=0"]
    for signature in odd:
        assert workspace.send(body, signature=signature.encode("latin-1").decode("latin-1"), url=url).status_code == 400
    for hostile in (b"", b"\xff\xfe", b"null", b"[]", b'{"id":', b"\x00" * 64, b'{"id":1,"type":[]}', b"[" * 5_000):
        assert workspace.send(hostile, url=url).status_code == 200, "genuinely signed, and no event at all"
        assert workspace.send(hostile, secrets=(OTHER_SECRET,), url=url).status_code == 400
    assert product.installation.logs().count("Traceback") == before


def test_the_signed_time_counts_at_receipt(account: StripeAccount, workspace: BilledWorkspace) -> None:
    """A5: five minutes to either side; a replay inside them has no second effect."""
    body = workspace.customer_event(account.customer("Acme"))
    now = int(time.time())
    assert [workspace.send(body, at=now + off).status_code for off in (-310, 310, 31_536_000)] == [400, 400, 400]
    assert [workspace.send(body, at=now + off).status_code for off in (-280, 0, 280)] == [200, 200, 200]
    workspace.wait_until_worked_off()
    assert workspace.panel()["parked"] == 0


def test_what_was_received_in_time_counts_however_late_it_is_worked_off(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """A5: a refused payment three times inside five minutes, and nobody to work on it for ten: one signal all the
    same, dated when it happened."""
    customer = account.customer("Acme", paying=False)
    account.subscription(customer)
    failed = next(event for event in account.events() if event.type == "invoice.payment_failed")
    product.kill_worker()
    now = int(time.time())
    answers = [workspace.send(account.payload(failed), at=now + off).status_code for off in (-200, 0, 200)]
    assert answers == [200] * 3
    product.advance(account, seconds=600)
    product.start_worker()
    workspace.wait_until_worked_off()
    (signal,) = workspace.signals("type=payment_failed&status=")
    happened = datetime.datetime.fromisoformat(signal["occurred_at"]).timestamp()
    assert happened == failed.created


def test_every_type_that_stripe_publishes_is_acknowledged(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """A13: each of some 270 types, about something that we do not hold: 200, and no row but in the inbox."""
    published = json.loads(SHAPES.read_text("utf-8"))["event_types_newest"]
    assert len(published) > 250
    body = workspace.customer_event(account.customer("Acme"))
    before, url = contents(product, workspace), workspace.url
    for number, kind in enumerate(published):
        told = {"object": kind.partition(".")[0], "id": f"x_{number}"}
        ours = kind in MISSED_TYPES or kind.startswith(("product.", "price."))
        data = {} if ours else {"object": told}
        answer = workspace.send({**body, "id": f"evt_p{number}_{workspace.id}", "type": kind, "data": data}, url=url)
        assert (answer.status_code, answer.json()) == (200, {"received": True}), kind
    workspace.wait_until_worked_off()
    after = contents(product, workspace)
    assert {name: rows for name, rows in after.items() if name != "event_inbox"} == {
        name: rows for name, rows in before.items() if name != "event_inbox"
    }
    assert workspace.panel()["parked"] == 0


def test_a_rolled_secret_overlaps_for_a_day(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """A6: two signatures of which either fits; the former secret holds for 24 hours and not longer."""
    customer = account.customer("Acme")
    workspace.save_secret(OTHER_SECRET)
    assert workspace.send(workspace.customer_event(customer), secrets=("whsec_wrong", OTHER_SECRET)).status_code == 200
    assert workspace.send(workspace.customer_event(customer), secrets=(SIGNING_SECRET,)).status_code == 200
    assert workspace.panel()["former_valid_until"] is not None
    product.advance(account, seconds=86_000)
    assert workspace.send(workspace.customer_event(customer), secrets=(SIGNING_SECRET,)).status_code == 200
    product.advance(account, seconds=500)
    assert workspace.send(workspace.customer_event(customer), secrets=(SIGNING_SECRET,)).status_code == 400
    assert workspace.send(workspace.customer_event(customer), secrets=(OTHER_SECRET,)).status_code == 200


def test_a_renewed_address_ends_the_former_one(account: StripeAccount, workspace: BilledWorkspace) -> None:
    """Issue 3, 1: unguessable, and new whenever somebody asks for it."""
    former = workspace.url
    assert len(former.rpartition("/")[2]) >= 22
    workspace.api.post("/integrations/stripe/webhook-address", expect=200)
    assert workspace.url != former
    body = workspace.customer_event(account.customer("Acme"))
    assert workspace.send(body, url=former).status_code == 400
    assert workspace.send(body).status_code == 400, "the secret went with the address"
    workspace.save_secret()
    assert workspace.send(body).status_code == 200
    assert workspace.send(body, url=former).status_code == 400


def test_events_of_others_are_acknowledged_counted_and_without_effect(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """A7, A8, A13: the other mode, another account, types nobody knows, no object at all, thin events."""
    customer = account.customer("Acme")
    held = workspace.figures()
    body = workspace.customer_event(customer)
    odd: list[dict[str, Any]] = [
        {"livemode": True},
        {"account": "acct_other"},
        {"type": "foo.bar"},
        {"type": "invoice.upcoming", "data": {"object": {"object": "invoice"}}},
        {"data": {}},
        {"object": "v2.core.event", "type": "v1.billing.meter.no_meter_found", "data": None},
    ]
    for number, changes in enumerate(odd):
        answer = workspace.send({**body, **changes, "id": f"evt_others_{number}_{workspace.id}"})
        assert (answer.status_code, answer.json()) == (200, {"received": True}), changes
    workspace.wait_until_worked_off()
    panel = workspace.panel()
    assert (panel["ignored_other_mode"], panel["ignored_foreign_account"], panel["parked"]) == (1, 1, 0)
    assert workspace.figures() == held
    with product.reading.connect() as connection:
        table = METADATA.tables["stripe_customers"]
        assert connection.execute(select(table).where(table.c.workspace_id == workspace.id)).all() == []


def test_only_its_own_secret_opens_a_workspace(product: RunningProduct, account: StripeAccount) -> None:
    """A9: every secret at every address; then hints of another workspace inside a delivery."""
    workspaces = [product.workspace(account) for _ in range(3)]
    secrets = [f"whsec_{'abc'[number] * 24}" for number in range(3)]
    for workspace, secret in zip(workspaces, secrets, strict=True):
        workspace.add_company("Acme")
        workspace.connect()
        workspace.save_secret(secret)
    customer = account.customer("Acme")
    answers = {
        (sender, addressee): workspaces[addressee]
        .send(workspaces[sender].customer_event(customer), secrets=(secrets[sender],))
        .status_code
        for sender in range(3)
        for addressee in range(3)
    }
    assert answers == {(a, b): 200 if a == b else 400 for a in range(3) for b in range(3)}
    first, second = workspaces[0], workspaces[1]
    second.wait_until_worked_off()
    before = contents(product, second)
    hints = {"workspace_id": second.id, "metadata": {"workspace": second.id}, "endpoint": second.url}
    headers = {"X-Workspace-Id": second.id, "X-Forwarded-Host": second.url, "Referer": second.url}
    body = first.customer_event(customer, **hints)
    assert first.send(body, secrets=(secrets[0],), headers=headers).status_code == 200
    first.wait_until_worked_off()
    assert contents(product, second) == before


def test_all_refusals_look_and_last_the_same(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """A10: unknown, disconnected, without a secret and badly signed: the same bytes, and within 5 ms of each other."""
    without, gone = product.workspace(account), product.workspace(account)
    without.connect()
    gone.connect()
    gone.save_secret()
    body = orjson.dumps(workspace.customer_event(account.customer("Acme")))
    addresses = {
        "unknown": f"{product.installation.base}/webhooks/stripe/{'y' * 43}",
        "odd": f"{product.installation.base}/webhooks/stripe/%00%ff",
        "without": without.url,
        "disconnected": gone.url,
        "signed badly": workspace.url,
    }
    gone.api.call("DELETE", "/integrations/stripe/connection", expect=200)
    wrong: dict[str, Any] = {"signed badly": {"secrets": (OTHER_SECRET,)}, "unknown": {"secrets": (OTHER_SECRET,)}}
    answers: set[Any] = set()

    def spread() -> float:
        """How far the times lie apart, asked in turn; of each the lower fifth, to which a busy machine adds least."""
        seconds: dict[str, list[float]] = {name: [] for name in addresses}
        for _ in range(60):
            for name, url in addresses.items():
                begun = time.perf_counter()
                answer = workspace.send(body, url=url, **wrong.get(name, {}))
                seconds[name].append(time.perf_counter() - begun)
                answers.add(seen(answer))
        quick = [statistics.quantiles(taken, n=5)[0] for taken in seconds.values()]
        return max(quick) - min(quick)

    # A difference that is there shows in every round; one that the machine made does not.
    assert any(spread() < 0.005 for _ in range(5))
    assert len(answers) == 1


def test_the_card_tells_of_a_wrong_secret_within_a_minute(account: StripeAccount, workspace: BilledWorkspace) -> None:
    """C8: told, and cleared by the next good delivery."""
    customer = account.customer("Acme")
    assert workspace.panel()["state"] == "waiting"
    assert workspace.send(workspace.customer_event(customer), secrets=(OTHER_SECRET,)).status_code == 400
    panel = wait_for("the card", lambda: (p := workspace.panel())["state"] == "signature_invalid" and p, seconds=60)
    assert panel["refusal"]["message"].startswith("Webhook signature invalid")
    assert panel["last_event_at"] is None
    time.sleep(0.01)
    assert workspace.send(workspace.customer_event(customer)).status_code == 200
    panel = workspace.panel()
    assert (panel["state"], panel["refusal"]) == ("receiving", None)
    assert panel["last_event_at"] is not None


def test_a_clock_that_is_off_is_told_by_how_much(account: StripeAccount, workspace: BilledWorkspace) -> None:
    """L6: the right secret and a time ten minutes back."""
    body = workspace.customer_event(account.customer("Acme"))
    assert workspace.send(body, at=int(time.time()) - 600).status_code == 400
    refusal = wait_for("the refusal", lambda: workspace.panel()["refusal"])
    assert abs(refusal["clock_skew_seconds"] - 600) < 30
    assert "the clock differs by about 10 min" in refusal["message"]


def test_after_a_disconnect_nothing_changes(
    product: RunningProduct, account: StripeAccount, workspace: BilledWorkspace
) -> None:
    """L1: what waited, and what is still sent, has no effect; Stripe is not asked."""
    customer = account.customer("Acme")
    workspace.send(workspace.customer_event(customer))
    workspace.wait_until_worked_off()
    product.kill_worker()
    for _ in range(50):
        assert workspace.send(workspace.customer_event(customer, type="customer.deleted")).status_code == 200
    url = workspace.url
    workspace.api.call("DELETE", "/integrations/stripe/connection", expect=200)
    held, asked, stored = workspace.figures(), product.stripe.control.requests.total, contents(product, workspace)
    for _ in range(50):
        assert workspace.send(workspace.customer_event(customer, type="customer.deleted"), url=url).status_code == 400
    product.start_worker()
    wait_for("the inbox", lambda: workspace.panel()["pending"] == 0)
    assert workspace.figures() == held
    assert product.stripe.control.requests.total == asked
    later = contents(product, workspace)
    assert {name for name in stored if later[name] != stored[name]} <= {"event_inbox"}
    with product.reading.connect() as connection:
        table = METADATA.tables["stripe_customers"]
        (row,) = connection.execute(select(table).where(table.c.workspace_id == workspace.id)).all()
    assert not row.deleted
