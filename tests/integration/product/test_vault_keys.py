"""Rotating the vault's keys while it is in use, losing them, and ciphertexts in the wrong place (guarantee 8; J4 to
J7)."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tests.integration.product.conftest import SQLITE
from tests.integration.product.installation import Api, wait_for
from tests.integration.product.seller import small_seller
from tests.integration.product.stage import Stage, connected, ended, resynced, run_ended
from tests.integration.product.stored import change, rows_of

pytestmark = pytest.mark.parametrize("shared_stage", [SQLITE], indirect=True)
SIGNING_SECRET = "whsec_rotated93Kd0Pz7Lm2Qw8Rt5Yx"


def versions_of(stage: Stage, workspaces: list[str]) -> set[int]:
    """The key versions that these workspaces' Stripe keys are sealed to."""
    return {
        row["key_version"] for row in rows_of(stage.database_url, "sealed_keys") if row["workspace_id"] in workspaces
    }


def sealed_of(stage: Stage, api: Api) -> bytes:
    """The stored ciphertext of a workspace's Stripe key."""
    return next(
        bytes(row["ciphertext"])
        for row in rows_of(stage.database_url, "sealed_keys")
        if row["workspace_id"] == api.workspace_id
    )


def shown_versions(stage: Stage) -> set[str]:
    """The versions of the Stripe key pair that the private file holds."""
    held = json.loads(stage.settings.vault.stripe_private.read_text())
    return set(held["keys"])


def rotating(stage: Stage) -> subprocess.Popen[bytes]:
    """``clynto vault rotate``, under way."""
    return subprocess.Popen(
        [sys.executable, "-m", "clynto.entrypoints.cli", "vault", "rotate"],
        env=stage.installation.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_rotation_killed_in_the_middle_loses_nothing(stage: Stage) -> None:
    """J5: SIGKILL when the new key is there, and again when the first credential is sealed to it, while syncs run;
    then once to the end. Everything stays readable, also with the old keys gone."""
    pairs = [stage.customer_of_ours(stage.open(small_seller(3))) for _ in range(6)]
    for api, seller in pairs:
        connected(api, seller.key)
        api.call("PUT", "/integrations/stripe/webhook-secret", json={"signing_secret": SIGNING_SECRET}, expect=200)
    workspaces = [api.workspace_id for api, _ in pairs]
    before = versions_of(stage, workspaces)
    public = stage.settings.vault.public
    shown = public.read_bytes()
    runs = [api.post("/integrations/stripe/syncs", expect=202)["run_id"] for api, _ in pairs]

    first = rotating(stage)
    wait_for("the new key", lambda: public.read_bytes() != shown, every=0.001)
    first.kill()
    first.wait()
    second = rotating(stage)
    wait_for("a credential that is sealed to it", lambda: versions_of(stage, workspaces) != before, every=0.005)
    second.kill()
    second.wait()

    for (api, _), run_id in zip(pairs, runs, strict=True):
        assert run_ended(api, run_id)["state"] == "succeeded"
        assert resynced(api)["state"] == "succeeded"
    told = stage.installation.clynto("vault", "rotate")
    assert "unreadable" not in told
    newest = versions_of(stage, workspaces)
    assert len(newest) == 1
    assert max(newest) > max(before)
    assert shown_versions(stage) == {str(version) for version in newest}
    for api, seller in pairs:
        assert resynced(api)["state"] == "succeeded"
        assert seller.canary.encode() not in sealed_of(stage, api)


def test_a_ciphertext_in_another_workspaces_row_opens_nothing(stage: Stage) -> None:
    """J6: copied to the row of a second workspace it is unreadable there, and no request leaves."""
    api, seller = stage.customer_of_ours(stage.open(small_seller(3)))
    thief, own = stage.customer_of_ours(stage.open(small_seller(3)))
    connected(api, seller.key)
    connected(thief, own.key)
    change(
        stage.database_url,
        "UPDATE sealed_keys SET ciphertext = :sealed WHERE workspace_id = :thief",
        sealed=sealed_of(stage, api),
        thief=thief.workspace_id,
    )
    asked = stage.quiet(seller)
    run_id = thief.post("/integrations/stripe/syncs", expect=202)["run_id"]
    assert run_ended(thief, run_id)["error"]["code"] == "credential_unreadable"
    card = thief.card()
    assert (card["state"], "Reconnect" in card["error"]["message"]) == ("error", True)
    assert stage.quiet(seller) == asked
    assert connected(thief, own.key)["error"] is None


def test_lost_and_foreign_keys_are_told_and_touch_nothing(stage: Stage) -> None:
    """J4: without the private file a worker does not start; with a foreign set the card says so; with the right one
    everything works again."""
    api, seller = stage.customer_of_ours(stage.open(small_seller(3)))
    connected(api, seller.key)
    sealed = sealed_of(stage, api)
    vault = stage.settings.vault
    files = (vault.public, vault.stripe_private, vault.webhook_private)
    kept = {path: path.with_suffix(".kept") for path in files}
    stage.kill_workers()
    try:
        vault.stripe_private.rename(kept[vault.stripe_private])
        refused = stage.installation.run("worker")
        assert_one_line(refused, says=str(vault.stripe_private))
        refused = stage.installation.run("migrate")
        assert_one_line(refused, says=str(vault.stripe_private))
        assert not vault.stripe_private.exists()

        for path in (vault.public, vault.webhook_private):
            path.rename(kept[path])
        refused = stage.installation.run("migrate")
        assert_one_line(refused, says="restore the vault's key files")
        stage.installation.clynto("vault", "init")
        stage.start_worker()
        run_id = api.post("/integrations/stripe/syncs", expect=202)["run_id"]
        assert run_ended(api, run_id)["error"]["code"] == "credential_unreadable"
        assert "Reconnect" in api.card()["error"]["message"]
        assert sealed_of(stage, api) == sealed
        stage.kill_workers()
    finally:
        for path, safe in kept.items():
            safe.replace(path)
    stage.start_worker()
    assert resynced(api)["state"] == "succeeded"
    assert ended(api)["state"] == "connected"


def assert_one_line(done: subprocess.CompletedProcess[str], *, says: str = "", status: int = 1) -> None:
    """A failure in one line, and no traceback."""
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert says in done.stderr


def test_a_disconnect_destroys_every_ciphertext(stage: Stage) -> None:
    """J7: neither the key nor a webhook secret, the former one included, is left anywhere."""
    api, seller = stage.customer_of_ours(stage.open(small_seller(3)))
    connected(api, seller.key)
    for secret in (SIGNING_SECRET, "whsec_theNext93Kd0Pz7Lm2Qw8Rt5Yx"):
        api.call("PUT", "/integrations/stripe/webhook-secret", json={"signing_secret": secret}, expect=200)
    [endpoint] = own_rows(stage, api, "webhook_endpoints")
    held = [value for value in endpoint.values() if isinstance(value, bytes)]
    assert len(held) == 2
    api.call("DELETE", "/integrations/stripe/connection", expect=200)
    assert own_rows(stage, api, "sealed_keys") == []
    [endpoint] = own_rows(stage, api, "webhook_endpoints")
    assert not [value for value in endpoint.values() if isinstance(value, bytes)]


def own_rows(stage: Stage, api: Api, table: str) -> list[dict[str, object]]:
    """The rows of one workspace."""
    return [row for row in rows_of(stage.database_url, table) if row["workspace_id"] == api.workspace_id]
