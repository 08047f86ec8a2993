"""``clynto demo`` on a fresh folder: three people sign in, the card is connected, every figure equals the sandbox's
own truth, and a second start finds it all as it was."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import requests
from tests.integration.product.figures import differences
from tests.integration.product.installation import Api, Installation, wait_for
from tests.integration.product.seller import Seller

from stripe_sandbox.state_file import load_world

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("product-processes")]
READY_SECONDS = 150.0
SIGN_IN = re.compile(r"^  (owner|admin|member) +(\S+) +(.+)$", re.MULTILINE)


@dataclass
class Printed:
    """What the demo tells whoever starts it."""

    address: str
    token: str
    people: dict[str, tuple[str, str]]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An empty folder and no address of Stripe: the demo brings its own."""
    made = Installation(tmp_path, "https://api.stripe.com")
    yield made
    made.stop()


def started(installation: Installation) -> Printed:
    """Start the demo and wait for what it prints when everything stands."""
    number = len(installation.processes)
    process = installation.start("demo", "--port", str(installation.port))
    log = installation.folder / f"demo-{number}.log"

    def printed() -> str | None:
        assert process.poll() is None, log.read_text()
        told = log.read_text()
        return told if "Ctrl-C stops everything" in told else None

    told = wait_for("the demo to stand", printed, seconds=READY_SECONDS, every=0.2)
    address = re.search(r"^Clynto on (\S+)$", told, re.MULTILINE)
    token = re.search(r"API token +(\S+)", told)
    assert address is not None
    assert token is not None
    people = {role: (email, password) for role, email, password in SIGN_IN.findall(told)}
    return Printed(address[1], token[1], people)


def ended(installation: Installation) -> None:
    """Ctrl-C, as from a terminal; nothing that was started is left."""
    process = installation.processes[-1]
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def signed_in(printed: Printed, role: str) -> requests.Session:
    """A browser session of one of the three."""
    session = requests.Session()
    page = session.get(f"{printed.address}/login", timeout=30).text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    email, password = printed.people[role]
    form = {"email": email, "password": password, "csrf_token": found[1]}
    answer = session.post(f"{printed.address}/login", data=form, timeout=30)
    assert answer.status_code == 200
    assert "/login" not in answer.url
    return session


def test_the_demo_shows_the_sandbox_s_own_truth_and_keeps_it(installation: Installation) -> None:
    """Issue, Shown by: address printed, sign-in works, card connected, every account equal to the cent."""
    printed = started(installation)
    assert printed.address == installation.base
    assert set(printed.people) == {"owner", "admin", "member"}
    for role in printed.people:
        with signed_in(printed, role) as session:
            page = session.get(f"{printed.address}/integrations", timeout=30)
            assert (page.status_code, "Connected" in page.text) == (200, True)
    api = Api(printed.address, printed.token)
    card = api.card()
    assert (card["state"], card["mode"], card["error"]) == ("connected", "test", None)
    assert card["customers_matched"] > 200
    accounts = {row["domain"]: row["mrr"] for row in api.everything("/accounts")}
    ended(installation)

    seller = Seller(load_world(installation.folder / "demo" / "sandbox.state"), "")
    again = started(installation)
    assert again.token == printed.token
    api = Api(again.address, again.token)
    # The pretended account lives on: whatever fell due meanwhile was delivered, and is in the truth as well.
    seller.world.follow_real_time()

    def equal() -> bool:
        with seller.world.lock:
            seller.world.catch_up()
        return differences(api, seller) == []

    wait_for("every account to equal the sandbox's truth", equal, seconds=30, every=1.0)
    assert set(accounts) == {row["domain"] for row in api.everything("/accounts")}
    assert api.card()["last_sync_at"] == card["last_sync_at"]
    assert [run["state"] for run in api.everything("/integrations/stripe/syncs")] == ["succeeded"]
    ended(installation)
    assert "Traceback" not in installation.logs()
