"""What every pair of ``CredentialSealer`` and ``CredentialOpener`` seals and opens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from clynto.domain.errors import CredentialUnreadable
from clynto.domain.secret import Secret
from clynto.ports.vault import CredentialOpener, CredentialSealer, Purpose, SealedCredential

KEY = Secret("rk_test_" + "51HdSGKLmN0pQrStUv" * 5)


class VaultContract:
    """Needs the fixtures ``sealer`` and ``opener`` (for both purposes), and ``rotate``: a call that makes a newer
    key version the one that ``sealer`` seals to, after which ``opener`` still opens older ones."""

    @pytest.mark.parametrize("purpose", Purpose)
    @pytest.mark.parametrize("secret", [KEY, Secret("whsec_äöü🙂"), Secret("x" * 20_000), Secret("")])
    def test_opens_what_was_sealed(
        self, sealer: CredentialSealer, opener: CredentialOpener, purpose: Purpose, secret: Secret
    ) -> None:
        sealed = sealer.seal(secret, workspace_id="ws_here", purpose=purpose)
        assert opener.open(sealed, workspace_id="ws_here", purpose=purpose) == secret

    def test_what_is_sealed_does_not_show_the_secret(self, sealer: CredentialSealer) -> None:
        sealed = sealer.seal(KEY, workspace_id="ws_here", purpose=Purpose.STRIPE_API_KEY)
        assert KEY.reveal().encode() not in sealed.ciphertext
        assert b"HdSGKL" not in sealed.ciphertext

    def test_sealing_twice_gives_two_texts(self, sealer: CredentialSealer, opener: CredentialOpener) -> None:
        first = sealer.seal(KEY, workspace_id="ws_here", purpose=Purpose.STRIPE_API_KEY)
        second = sealer.seal(KEY, workspace_id="ws_here", purpose=Purpose.STRIPE_API_KEY)
        assert first.ciphertext != second.ciphertext
        assert opener.open(second, workspace_id="ws_here", purpose=Purpose.STRIPE_API_KEY) == KEY
        assert opener.open(first, workspace_id="ws_here", purpose=Purpose.STRIPE_API_KEY) == KEY

    @pytest.mark.parametrize("workspace_id", ["ws_there", "ws_her", "ws_here2", ""])
    def test_is_worthless_in_another_workspace(
        self, sealer: CredentialSealer, opener: CredentialOpener, workspace_id: str
    ) -> None:
        sealed = sealer.seal(KEY, workspace_id="ws_here", purpose=Purpose.STRIPE_API_KEY)
        with pytest.raises(CredentialUnreadable):
            opener.open(sealed, workspace_id=workspace_id, purpose=Purpose.STRIPE_API_KEY)

    def test_is_worthless_for_another_purpose(self, sealer: CredentialSealer, opener: CredentialOpener) -> None:
        for made_for, used_for in ((a, b) for a in Purpose for b in Purpose if a is not b):
            sealed = sealer.seal(KEY, workspace_id="ws_here", purpose=made_for)
            with pytest.raises(CredentialUnreadable):
                opener.open(sealed, workspace_id="ws_here", purpose=used_for)

    def test_is_worthless_once_damaged(self, sealer: CredentialSealer, opener: CredentialOpener) -> None:
        sealed = sealer.seal(KEY, workspace_id="ws_here", purpose=Purpose.STRIPE_API_KEY)
        whole = sealed.ciphertext
        damaged = [b"", whole[:-1], whole + b"\x00", whole[1:], b"\x00" * len(whole)]
        damaged += [whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1 :] for i in range(len(whole))]
        for ciphertext in damaged:
            with pytest.raises(CredentialUnreadable):
                opener.open(
                    replace(sealed, ciphertext=ciphertext), workspace_id="ws_here", purpose=Purpose.STRIPE_API_KEY
                )

    @pytest.mark.parametrize("step", [-1, 1, 1000])
    def test_is_worthless_under_another_key_version(
        self, sealer: CredentialSealer, opener: CredentialOpener, step: int
    ) -> None:
        sealed = sealer.seal(KEY, workspace_id="ws_here", purpose=Purpose.STRIPE_API_KEY)
        mislabelled = SealedCredential(sealed.ciphertext, sealed.key_version + step)
        with pytest.raises(CredentialUnreadable):
            opener.open(mislabelled, workspace_id="ws_here", purpose=Purpose.STRIPE_API_KEY)

    @pytest.mark.parametrize("purpose", Purpose)
    def test_tells_what_should_be_sealed_again(
        self, sealer: CredentialSealer, opener: CredentialOpener, rotate: Callable[[], None], purpose: Purpose
    ) -> None:
        old = sealer.seal(KEY, workspace_id="ws_here", purpose=purpose)
        assert opener.needs_resealing(old, purpose=purpose) is False
        rotate()
        new = sealer.seal(KEY, workspace_id="ws_here", purpose=purpose)
        assert new.key_version > old.key_version
        assert opener.needs_resealing(old, purpose=purpose) is True
        assert opener.needs_resealing(new, purpose=purpose) is False
        assert opener.open(old, workspace_id="ws_here", purpose=purpose) == KEY
        assert opener.open(new, workspace_id="ws_here", purpose=purpose) == KEY

    def test_a_fault_does_not_show_the_secret(self, sealer: CredentialSealer, opener: CredentialOpener) -> None:
        sealed = sealer.seal(KEY, workspace_id="ws_here", purpose=Purpose.STRIPE_API_KEY)
        with pytest.raises(CredentialUnreadable) as caught:
            opener.open(sealed, workspace_id="ws_there", purpose=Purpose.STRIPE_API_KEY)
        assert KEY.reveal() not in str(caught.value) + repr(caught.value)
