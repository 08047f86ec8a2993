"""What every ``PasswordHashing`` keeps and refuses."""

from __future__ import annotations

import pytest

from clynto.domain.secret import Secret
from clynto.ports.password_hashing import PasswordHashing

PASSWORD = Secret("correct horse battery staple")


class PasswordHashingContract:
    """Needs the fixture ``hashing``. Decided: what is no encoded hash fits no password."""

    def test_knows_the_password_again(self, hashing: PasswordHashing) -> None:
        encoded = hashing.hash(PASSWORD)
        assert hashing.verify(encoded, PASSWORD) is True
        assert hashing.verify(encoded, Secret("correct horse battery stapl")) is False
        assert hashing.verify(encoded, Secret("")) is False

    def test_the_hash_does_not_show_the_password(self, hashing: PasswordHashing) -> None:
        assert "horse" not in hashing.hash(PASSWORD)

    def test_hashes_are_salted(self, hashing: PasswordHashing) -> None:
        first, second = hashing.hash(PASSWORD), hashing.hash(PASSWORD)
        assert first != second
        assert hashing.verify(second, PASSWORD) is True

    @pytest.mark.parametrize("password", ["Pässwörd 🙂 שלום", " leading and trailing ", "x" * 1000, "a\u0000b"])
    def test_takes_any_text(self, hashing: PasswordHashing, password: str) -> None:
        encoded = hashing.hash(Secret(password))
        assert hashing.verify(encoded, Secret(password)) is True
        assert hashing.verify(encoded, Secret(password[:-1])) is False

    def test_no_user_is_no_match(self, hashing: PasswordHashing) -> None:
        assert hashing.verify(None, PASSWORD) is False

    @pytest.mark.parametrize("encoded", ["", "nonsense", "correct horse battery staple", "$argon2id$v=19$broken"])
    def test_what_is_no_hash_fits_nothing(self, hashing: PasswordHashing, encoded: str) -> None:
        assert hashing.verify(encoded, PASSWORD) is False
