"""A whole first sync over HTTP, on SQLite and on PostgreSQL: every figure of every account, to the cent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from tests.integration.postgres_server import PostgresServer
from tests.integration.product.figures import differences, explanation_faults, invoices_read, subscriptions_read
from tests.integration.product.installation import Api, wait_for
from tests.integration.product.seller import Seller, account, seller_of
from tests.integration.product.stage import Stage, accounts_of, connect, ended, resynced, staged
from tests.integration.product.stored import database_dump, forms_of, redis_dump

from stripe_sandbox import PortfolioPlan, build_portfolio

pytestmark = [pytest.mark.processes, pytest.mark.postgres, pytest.mark.xdist_group("truth")]

SIGNING_SECRET = "whsec_canary93Kd0Pz7Lm2Qw8Rt5Yx"
ODD_NAMES = ("nul\x00inside", "lone\ud800surrogate", "🚀" * 10_000, "\u202eright to left")
PINNED_VERSIONS = {"2026-10-28.endive", "2025-08-27.basil"}
MOMENTS = re.compile(rb'"(as_of|computed_at|began_at|detected_at)":"[^"]*"')


@dataclass
class Walk:
    """What was seen on the way through one installation."""

    stage: Stage
    api: Api
    percents: list[int] = field(default_factory=list)
    first_card: Any = None
    dumps: list[bytes] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)


@pytest.fixture(scope="module")
def seller() -> Seller:
    """Every special case that Stripe accounts know, and names that trip databases."""
    made = seller_of(build_portfolio(PortfolioPlan(seed=7, customers=140, account=account())))
    named = [customer for customer in made.world.store.customers if customer.name and customer.email]
    for customer, name in zip(named, ODD_NAMES, strict=False):
        made.world.stories.rename_customer(customer.id, name)
    return made


@pytest.fixture(scope="module")
def walks(
    seller: Seller, postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Walk]]:
    """One installation on each database, over the same account at the same moment."""
    with ExitStack() as ending:
        found = {}
        for backend in ("sqlite", "postgresql"):
            folder = tmp_path_factory.mktemp(backend)
            if backend == "postgresql":
                url = ending.enter_context(postgres_server.database(migrated=False))
                stage = ending.enter_context(
                    staged(folder, [seller], {"DATABASE_URL": url}, time_zone="Pacific/Kiritimati")
                )
            else:
                stage = ending.enter_context(staged(folder, [seller]))
            found[backend] = walked(stage, seller)
        yield found


def walked(stage: Stage, seller: Seller) -> Walk:
    """Accounts, a signing secret, and the first sync with a look at every step of the bar."""
    walk = Walk(stage, stage.workspace("truth"))
    api = walk.api
    accounts_of(api, seller)
    held = stage.sandbox.world.traffic.faults.add("hold", path="/v1/invoices", after=1, times=1)
    connect(api, seller.key)
    wait_for("the sync to be held", lambda: _seen(walk) and held.hits, every=0.02)
    api.call("PUT", "/integrations/stripe/webhook-secret", json={"signing_secret": SIGNING_SECRET}, expect=200)
    walk.dumps.append(redis_dump(stage.redis.url))
    stage.sandbox.world.traffic.faults.release(held.id)
    wait_for("the sync to end", lambda: not _seen(walk), every=0.02)
    walk.first_card = ended(api)
    walk.answers = canonical(walk)
    logs = stage.installation.logs().encode() + stage.redis_log()
    walk.dumps += [redis_dump(stage.redis.url), database_dump(stage.database_url), logs]
    return walk


def _seen(walk: Walk) -> bool:
    """Note the bar; whether a sync is under way."""
    progress = walk.api.card()["progress"]
    if progress is None:
        return False
    walk.percents.append(progress["percent"])
    return True


def canonical(walk: Walk, *, every: int = 1) -> list[bytes]:
    """Accounts, Billing tabs and explanations (of every so-manieth account), customers and signals, in an order and
    with names that are the data's own."""
    api = walk.api
    rows = sorted(api.everything("/accounts"), key=lambda row: row["domain"])
    tabs = [api.get(f"/accounts/{row['id']}/billing{tab}") for row in rows[::every] for tab in ("", "/mrr-explanation")]
    customers = sorted(api.everything("/integrations/stripe/customers"), key=lambda row: row["id"])
    signals = sorted(
        ({**signal, "id": "", "links": sorted(signal["links"], key=str)} for signal in api.everything("/signals")),
        key=lambda signal: (signal["type"], str(signal["links"])),
    )
    names = {row["id"].encode(): row["domain"].encode() for row in rows}
    ids = re.compile(rb"acc_\w+")
    return [
        ids.sub(lambda found: names[found[0]], MOMENTS.sub(b"", orjson.dumps(one, option=orjson.OPT_SORT_KEYS)))
        for one in [*rows, *tabs, *customers, *signals]
    ]


@pytest.fixture(params=["sqlite", "postgresql"])
def walk(request: pytest.FixtureRequest, walks: dict[str, Walk]) -> Walk:
    """One of the two."""
    return walks[request.param]


def test_every_account_equals_the_truth_on_both_bases(walk: Walk, seller: Seller) -> None:
    """H1, H3, H4, H6, H8, H16, D1, D4 in one portfolio: no account differs by a cent, list or net."""
    assert differences(walk.api, seller) == []
    walk.api.call("PATCH", "/workspace", json={"mrr_basis": "net"}, expect=200)
    try:
        assert differences(walk.api, seller, "net") == []
        rows = walk.api.everything("/accounts")[::3]
        assert [fault for row in rows for fault in explanation_faults(walk.api, row["id"])] == []
    finally:
        walk.api.call("PATCH", "/workspace", json={"mrr_basis": "list"}, expect=200)


def test_lines_of_every_explanation_add_up(walk: Walk) -> None:
    """The figure of an account is the sum of its lines, exactly."""
    rows = walk.api.everything("/accounts")[::2]
    assert [fault for row in rows for fault in explanation_faults(walk.api, row["id"])] == []


def test_counts_and_card_are_exact(walk: Walk, seller: Seller) -> None:
    """D6, L7: the card counts distinct objects, and the bar never ran backwards (D10)."""
    store, truth = seller.world.store, seller.world.truth()
    card = walk.first_card
    assert card["state"] == "connected"
    assert card["error"] is None
    assert card["records_synced"] == {
        "customers": sum(customer.test_clock is None for customer in store.customers),
        "subscriptions": len(subscriptions_read(seller)),
        "invoices": len(invoices_read(seller)),
    }
    assert card["customers_matched"] == sum(customer["matches"] for customer in truth["customers"].values())
    assert walk.percents == sorted(walk.percents)
    assert len(set(walk.percents)) > 2


def test_odd_names_do_not_stop_a_sync(walk: Walk) -> None:
    """D11: NUL, half a surrogate pair, 10,000 emoji and right-to-left marks."""
    names = " ".join(str(row["name"]) for row in walk.api.everything("/integrations/stripe/customers"))
    assert "nulinside" in names or "nul\ufffdinside" in names
    assert "🚀" * 200 in names
    assert "\x00" not in names


def test_both_databases_answer_alike(walks: dict[str, Walk]) -> None:
    """F7, H14: byte-equal answers from SQLite and PostgreSQL, and the latter fourteen hours ahead of UTC."""
    sqlite, postgresql = walks["sqlite"].answers, walks["postgresql"].answers
    for one, other in zip(sqlite, postgresql, strict=True):
        assert one == other


def test_syncing_again_changes_nothing(walk: Walk) -> None:
    """H7, H17, L7: two re-syncs of the same data leave every answer as it was."""
    before = canonical(walk, every=5)
    for _ in range(2):
        assert resynced(walk.api)["state"] == "succeeded"
    card = walk.api.card()
    assert card["records_synced"] == walk.first_card["records_synced"]
    assert card["customers_matched"] == walk.first_card["customers_matched"]
    assert card["last_sync_at"] > walk.first_card["last_sync_at"]
    assert canonical(walk, every=5) == before


def test_stripe_saw_reading_only(walks: dict[str, Walk]) -> None:
    """G10 and guarantee 10: nothing but GET, and only the two pinned versions."""
    for walk in walks.values():
        log = walk.stage.sandbox.world.request_log
        assert log.violations == 0
        assert {entry.version for entry in log.find()} == PINNED_VERSIONS


def test_no_secret_leaks_anywhere(walk: Walk, seller: Seller) -> None:
    """J1, J2: no form of key or signing secret in logs, Redis, the database or an answer, and no customer's address in
    the first two."""
    redis_held, redis_after, database, logs = walk.dumps
    answers = b"".join(walk.answers) + orjson.dumps(walk.api.card()) + orjson.dumps(walk.api.everything("/audit-log"))
    for secret in (seller.canary, SIGNING_SECRET[6:]):
        for form in forms_of(secret):
            for place in (redis_held, redis_after, database, logs, answers):
                assert form not in place, form
    emails = [customer.email for customer in seller.world.store.customers if customer.email]
    assert len(emails) > 100
    for email in emails:
        for place in (redis_held, redis_after, logs):
            assert email.encode() not in place
    assert b"run_sync" in redis_held + logs
