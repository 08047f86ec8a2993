"""The HPKE vault on real key files: what opens, what does not, and rotation."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from tests.contracts.vault_contract import VaultContract

from clynto.adapters.vault import key_custody
from clynto.adapters.vault.hpke_vault import HpkeOpener, HpkeSealer
from clynto.adapters.vault.key_custody import KeyCustody
from clynto.adapters.vault.key_files import PublicKeys, VaultKeysUnusable, read_private, read_public
from clynto.domain.errors import CredentialUnreadable
from clynto.domain.secret import Secret
from clynto.ports.vault import Purpose, SealedCredential

_STRIPE = Purpose.STRIPE_API_KEY
_WEBHOOK = Purpose.WEBHOOK_SIGNING_SECRET
_CANARY = "rk_live_canary51H8xQ"


@pytest.fixture
def custody(tmp_path: Path) -> KeyCustody:
    """A fresh set of key files."""
    made = KeyCustody(tmp_path / "public.json", tmp_path / "stripe.json", tmp_path / "webhook.json")
    assert made.initialise()
    return made


def _sealer(custody: KeyCustody) -> HpkeSealer:
    return HpkeSealer(custody.public_file)


def _opener(custody: KeyCustody) -> HpkeOpener:
    return HpkeOpener(custody.public_file, {purpose: custody.private_file(purpose) for purpose in Purpose})


def _seal(custody: KeyCustody, purpose: Purpose = _STRIPE) -> SealedCredential:
    return _sealer(custody).seal(Secret(_CANARY), workspace_id="ws_1", purpose=purpose)


class TestHpkeVault(VaultContract):
    """Sealed and opened through real key files."""

    @pytest.fixture
    def sealer(self, custody: KeyCustody) -> HpkeSealer:
        return _sealer(custody)

    @pytest.fixture
    def opener(self, custody: KeyCustody) -> HpkeOpener:
        return _opener(custody)

    @pytest.fixture
    def rotate(self, custody: KeyCustody) -> Callable[[], None]:
        return lambda: [custody.rotate(purpose) for purpose in Purpose].clear()


@pytest.mark.parametrize("purpose", Purpose)
def test_opens_what_was_sealed(custody: KeyCustody, purpose: Purpose) -> None:
    sealed = _seal(custody, purpose)
    assert _CANARY.encode() not in sealed.ciphertext
    assert _opener(custody).open(sealed, workspace_id="ws_1", purpose=purpose) == Secret(_CANARY)
    assert sealed != _seal(custody, purpose)


def test_refuses_another_workspace_purpose_and_version(custody: KeyCustody) -> None:
    sealed = _seal(custody)
    custody.rotate(_STRIPE)
    opener = _opener(custody)
    for wrong, workspace_id, purpose in (
        (sealed, "ws_2", _STRIPE),
        (sealed, "ws_1", _WEBHOOK),
        (SealedCredential(sealed.ciphertext, 2), "ws_1", _STRIPE),
        (SealedCredential(sealed.ciphertext, 99), "ws_1", _STRIPE),
    ):
        with pytest.raises(CredentialUnreadable):
            opener.open(wrong, workspace_id=workspace_id, purpose=purpose)


def test_version_is_bound_even_if_the_key_were_the_same(custody: KeyCustody) -> None:
    public = read_public(custody.public_file)
    forged = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305).encrypt(
        _CANARY.encode(), public.by_purpose[_STRIPE][1], info=b"ws_1"
    )
    with pytest.raises(CredentialUnreadable):
        _opener(custody).open(SealedCredential(forged, 1), workspace_id="ws_1", purpose=_STRIPE)


def test_refuses_every_changed_byte_and_every_cut(custody: KeyCustody) -> None:
    sealed = _seal(custody)
    opener = _opener(custody)
    raw = sealed.ciphertext
    changed = [raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :] for at in range(len(raw))]
    for damaged in [*changed, *(raw[:end] for end in range(len(raw))), raw + b"x", b"\0" * len(raw)]:
        with pytest.raises(CredentialUnreadable) as caught:
            opener.open(SealedCredential(damaged, 1), workspace_id="ws_1", purpose=_STRIPE)
        assert caught.value.__cause__ is None


def test_web_process_cannot_open_stripe_keys(custody: KeyCustody) -> None:
    web = HpkeOpener(custody.public_file, {_WEBHOOK: custody.webhook_key_file})
    assert web.open(_seal(custody, _WEBHOOK), workspace_id="ws_1", purpose=_WEBHOOK).reveal() == _CANARY
    with pytest.raises(CredentialUnreadable):
        web.open(_seal(custody), workspace_id="ws_1", purpose=_STRIPE)


def test_files_are_private_and_made_once(custody: KeyCustody) -> None:
    files = (custody.public_file, custody.stripe_key_file, custody.webhook_key_file)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    before = [file.read_bytes() for file in files]
    assert not custody.initialise()
    assert [file.read_bytes() for file in files] == before
    assert b"private" not in custody.public_file.read_bytes()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644])
def test_refuses_private_files_that_others_may_use(custody: KeyCustody, mode: int) -> None:
    custody.stripe_key_file.chmod(mode)
    with pytest.raises(VaultKeysUnusable, match="readable by others") as caught:
        _opener(custody)
    assert "\n" not in str(caught.value)
    with pytest.raises(VaultKeysUnusable):
        custody.check(_STRIPE)
    custody.check(_WEBHOOK)


def test_refuses_a_public_file_that_others_may_replace(custody: KeyCustody) -> None:
    custody.public_file.chmod(0o644)
    _sealer(custody)
    custody.public_file.chmod(0o664)
    with pytest.raises(VaultKeysUnusable, match="writable by others"):
        _sealer(custody)


def test_missing_private_file_stops_the_start_and_is_not_replaced(custody: KeyCustody) -> None:
    custody.stripe_key_file.unlink()
    with pytest.raises(VaultKeysUnusable, match="does not exist"):
        custody.initialise()
    assert not custody.stripe_key_file.exists()


def test_foreign_private_file_is_noticed_and_the_right_one_works_again(custody: KeyCustody, tmp_path: Path) -> None:
    sealed = _seal(custody)
    right = custody.stripe_key_file.read_bytes()
    other = KeyCustody(tmp_path / "b" / "public.json", tmp_path / "b" / "stripe.json", tmp_path / "b" / "webhook.json")
    other.initialise()
    opener = _opener(custody)
    custody.stripe_key_file.write_bytes(other.stripe_key_file.read_bytes())
    with pytest.raises(VaultKeysUnusable, match="does not fit"):
        custody.check(_STRIPE)
    with pytest.raises(CredentialUnreadable):
        opener.open(sealed, workspace_id="ws_1", purpose=_STRIPE)
    custody.stripe_key_file.write_bytes(right)
    assert opener.open(sealed, workspace_id="ws_1", purpose=_STRIPE).reveal() == _CANARY


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"format": "clynto-vault-private-keys/1", "purpose": "stripe_api_key", "keys": {}}',
        b'{"format": "clynto-vault-private-keys/1", "purpose": "stripe_api_key", "keys": {"x": "AA=="}}',
        b'{"format": "clynto-vault-private-keys/1", "purpose": "stripe_api_key", "keys": {"1": "canary!"}}',
        b'{"format": "clynto-vault-private-keys/1", "purpose": "stripe_api_key", "keys": {"1": "AAAA"}}',
        b'{"format": "clynto-vault-private-keys/1", "purpose": "webhook_signing_secret", "keys": {"1": "AAAA"}}',
    ],
)
def test_damaged_files_are_one_clear_line(custody: KeyCustody, content: bytes) -> None:
    custody.stripe_key_file.write_bytes(content)
    with pytest.raises(VaultKeysUnusable) as caught:
        _opener(custody)
    assert "\n" not in str(caught.value)
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_folder_that_takes_no_file_is_one_clear_line(tmp_path: Path) -> None:
    public = tmp_path / "public.json"
    (tmp_path / ".public.json.lock").mkdir()
    custody = KeyCustody(public, tmp_path / "stripe.json", tmp_path / "webhook.json")
    with pytest.raises(VaultKeysUnusable, match=f"^vault key file {public} cannot be locked: Is a directory$"):
        custody.initialise()
    assert not public.exists()


def test_rotation_reaches_running_processes_and_loses_nothing(custody: KeyCustody) -> None:
    sealer, opener = _sealer(custody), _opener(custody)
    old = sealer.seal(Secret(_CANARY), workspace_id="ws_1", purpose=_STRIPE)
    assert not opener.needs_resealing(old, purpose=_STRIPE)
    assert custody.rotate(_STRIPE) == 2
    assert opener.needs_resealing(old, purpose=_STRIPE)
    plain = opener.open(old, workspace_id="ws_1", purpose=_STRIPE)
    new = sealer.seal(plain, workspace_id="ws_1", purpose=_STRIPE)
    assert new.key_version == 2
    assert not opener.needs_resealing(new, purpose=_STRIPE)
    assert custody.retire(_STRIPE, still_in_use=[1]) == ()
    assert opener.open(old, workspace_id="ws_1", purpose=_STRIPE) == Secret(_CANARY)
    assert custody.retire(_STRIPE, still_in_use=[]) == (1,)
    with pytest.raises(CredentialUnreadable):
        opener.open(old, workspace_id="ws_1", purpose=_STRIPE)
    assert opener.open(new, workspace_id="ws_1", purpose=_STRIPE) == Secret(_CANARY)
    custody.check(*Purpose)
    assert custody.rotate(_STRIPE) == 3
    assert read_public(custody.public_file).newest(_WEBHOOK) == 1


def test_interrupted_rotation_is_completed_by_the_next(custody: KeyCustody, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = _seal(custody)

    def die(path: Path, keys: PublicKeys) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(key_custody, "write_public", die)
        with pytest.raises(KeyboardInterrupt):
            custody.rotate(_STRIPE)
    custody.check(*Purpose)
    assert _seal(custody).key_version == 1
    assert custody.rotate(_STRIPE) == 2
    assert set(read_private(custody.stripe_key_file, _STRIPE).by_version) == {1, 2}
    assert _opener(custody).open(sealed, workspace_id="ws_1", purpose=_STRIPE).reveal() == _CANARY


def test_interrupted_retirement_leaves_every_newest_key(custody: KeyCustody, monkeypatch: pytest.MonkeyPatch) -> None:
    custody.rotate(_STRIPE)
    sealed = _seal(custody)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(key_custody, "write_private", die)
        with pytest.raises(KeyboardInterrupt):
            custody.retire(_STRIPE, still_in_use=[])
    custody.check(*Purpose)
    assert custody.retire(_STRIPE, still_in_use=[]) == (1,)
    assert _opener(custody).open(sealed, workspace_id="ws_1", purpose=_STRIPE).reveal() == _CANARY


def test_interrupted_first_start_is_completed(custody: KeyCustody) -> None:
    sealed = _seal(custody)
    custody.public_file.unlink()
    assert custody.initialise()
    assert _opener(custody).open(sealed, workspace_id="ws_1", purpose=_STRIPE).reveal() == _CANARY


def test_nothing_secret_in_texts(custody: KeyCustody) -> None:
    keys = read_private(custody.stripe_key_file, _STRIPE)
    assert "X25519" not in repr(keys)
    assert _CANARY not in repr(_seal(custody))
    left = {path.name for path in custody.public_file.parent.iterdir()}
    assert left == {"public.json", "stripe.json", "webhook.json", ".public.json.lock"}
