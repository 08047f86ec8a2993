"""Everything can also be steered over HTTP, under `/_sandbox`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import pytest
import requests
from starlette.testclient import TestClient

from stripe_sandbox import SandboxServer, World, keys
from stripe_sandbox.company import Company
from stripe_sandbox.server import make_app
from stripe_sandbox.state_file import load_world
from stripe_sandbox.webhooks.sender import WebhookSender


class Steer(Protocol):
    def __call__(self, method: str, address: str, /, **details: Any) -> Any: ...


@pytest.fixture
def steer(server: SandboxServer, session: requests.Session) -> Steer:
    def call(method: str, address: str, /, **details: Any) -> Any:
        answer = session.request(method, f"{server.url}/_sandbox{address}", json=details or None, timeout=10)
        answer.raise_for_status()
        return answer.json()

    return call


def test_the_clock(steer: Steer, world: World) -> None:
    before = steer("GET", "/clock")["now"]
    assert steer("POST", "/clock/advance", days=30, hours=2)["now"] == before + 30 * 86_400 + 7_200
    assert world.now == before + 30 * 86_400 + 7_200


def test_stories(steer: Steer, world: World, prices: dict[str, str]) -> None:
    customer = steer("POST", "/stories/new_customer", name="A", email="a@a.example")["id"]
    subscription = steer("POST", "/stories/new_subscription", customer=customer, prices=[[prices["team_month"], 3]])[
        "id"
    ]
    steer("POST", "/stories/cut_seats", subscription=subscription, quantity=2)
    assert world.store.subscriptions[subscription].items[0].quantity == 2
    assert "cut_seats" in steer("GET", "/stories")["stories"]


@pytest.mark.parametrize(
    ("path", "details"),
    [
        ("/stories/burn_down", {}),
        ("/stories/__init__", {}),
        ("/stories/cut_seats", {"subscription": "sub_none", "quantity": 1}),
        ("/stories/cut_seats", {"nonsense": 1}),
        ("/faults", {"kind": "mutate"}),
        ("/date_header", {"clock": "sundial"}),
        ("/webhook_settings", {"speed": 1}),
    ],
)
def test_nonsense_is_refused_with_a_reason(
    server: SandboxServer, session: requests.Session, path: str, details: dict[str, Any]
) -> None:
    answer = session.post(f"{server.url}/_sandbox{path}", json=details, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_truth_companies_and_overview(steer: Steer, world: World) -> None:
    world.companies = [Company("A", "a.example")]
    world.stories.new_customer("A", "a@a.example")
    assert steer("GET", "/companies") == {"companies": [{"name": "A", "domain": "a.example"}]}
    assert steer("GET", "/truth")["companies"]["a.example"]["matches"] is True
    overview = steer("GET", "/")
    assert overview["objects"]["customers"] == 1
    assert overview["account"]["id"] == world.account.id


def test_keys_faults_limits_and_log(steer: Steer, server: SandboxServer, session: requests.Session) -> None:
    secret = "rk_test_madeatruntime01"
    steer("POST", "/keys", secret=secret, permissions=[keys.PRODUCT_READ])

    def status(path: str) -> int:
        headers = {"Authorization": f"Bearer {secret}"}
        return session.get(server.url + path, headers=headers, timeout=5).status_code

    assert (status("/v1/products"), status("/v1/prices")) == (200, 403)
    rule = steer("POST", "/faults", kind="fail", path="/v1/products", status=500)
    assert status("/v1/products") == 500
    assert steer("GET", "/faults")["faults"][0]["hits"] == 1
    steer("POST", f"/faults/{rule['id']}/release")
    steer("DELETE", "/faults")
    steer("POST", "/rate_limits", endpoint_rate=1)
    assert [status("/v1/products") for _ in range(2)] == [200, 429]
    steer("POST", "/rate_limits")
    steer("POST", "/latency", milliseconds=1)
    steer("POST", "/date_header", clock="real")
    summary = steer("GET", "/requests/summary")
    assert summary["by_path"] == {"GET /v1/products": 4, "GET /v1/prices": 1}
    assert [row["status"] for row in steer("GET", "/requests?status=403")["requests"]] == [403]
    steer("DELETE", "/requests")
    assert steer("GET", "/requests")["requests"] == []
    steer("DELETE", f"/keys/{secret}")
    assert status("/v1/products") == 401
    assert secret not in {key["secret"] for key in steer("GET", "/keys")["keys"]}


def test_webhook_endpoints(steer: Steer, world: World) -> None:
    steer("POST", "/webhook_settings", drop_all=True, retry_scale=0)
    made = steer("POST", "/webhook_endpoints", url="http://127.0.0.1:9/hook", enabled_events=["customer.*"])
    assert made["secrets"][0].startswith("whsec_")
    rolled = steer("POST", f"/webhook_endpoints/{made['id']}/roll_secret")["secret"]
    steer("POST", f"/webhook_endpoints/{made['id']}/expire_old_secrets")
    assert steer("GET", "/webhook_endpoints")["endpoints"][0]["secrets"] == [rolled]
    steer("POST", "/deliveries/pause")
    world.stories.new_customer("A", "a@a.example")
    steer("POST", "/deliveries/resume")
    assert steer("POST", "/deliveries/drain", timeout=5) == {"drained": True}
    tried = len(steer("GET", "/deliveries")["deliveries"])
    event = world.store.events.listed[-1]
    steer("POST", "/deliveries/resend", event=event.id)
    steer("POST", "/deliveries/drain", timeout=5)
    assert len(steer("GET", "/deliveries")["deliveries"]) == 2 * tried
    steer("DELETE", f"/webhook_endpoints/{made['id']}")
    assert world.endpoints == {}


def test_the_world_is_saved_after_each_advance(world: World, tmp_path: Path) -> None:
    path = tmp_path / "sandbox.state"
    app = make_app(world, WebhookSender(world), state_file=path)
    with TestClient(app) as client:
        client.post("/_sandbox/clock/advance", json={"days": 3})
    assert load_world(path).now == world.now


def test_without_control_there_is_no_control(world: World, session: requests.Session) -> None:
    with SandboxServer(world, control=False) as server:
        assert session.get(f"{server.url}/_sandbox/clock", timeout=5).status_code != 200
