"""The machine's clock, randomness and password hashing."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from tests.contracts.clock_contract import ClockContract
from tests.contracts.identifiers_contract import IdentifiersContract
from tests.contracts.password_hashing_contract import PasswordHashingContract

from clynto.adapters.system.argon2_passwords import Argon2Passwords
from clynto.adapters.system.clocks import OffsetClock, OffsetFile, SystemClock
from clynto.adapters.system.random_identifiers import RandomIdentifiers
from clynto.domain.secret import Secret
from clynto.ports.clock import Clock

_CHEAP = Argon2Passwords(passes=1, memory_kib=64, lanes=1)


class TestClocks(ClockContract):
    """The machine's clock and the one that runs ahead of it."""

    @pytest.fixture(params=["system", "offset"])
    def clock(self, request: pytest.FixtureRequest) -> Clock:
        return SystemClock() if request.param == "system" else OffsetClock(SystemClock(), lambda: 86_400)


class TestRandomIdentifiers(IdentifiersContract):
    """ULIDs."""

    @pytest.fixture
    def identifiers(self) -> RandomIdentifiers:
        return RandomIdentifiers()


class TestArgon2Passwords(PasswordHashingContract):
    """argon2id, at a cost that tests can afford."""

    @pytest.fixture
    def hashing(self) -> Argon2Passwords:
        return _CHEAP


def test_clock_tells_microseconds_and_never_runs_backwards() -> None:
    assert abs(SystemClock().now() - time.time() * 1_000_000) < 2_000_000
    told = iter([5_000_000, 3_000_000, 7_000_999])
    clock = SystemClock(nanoseconds=lambda: next(told))
    assert [clock.now() for _ in range(3)] == [5_000, 5_000, 7_000]


def test_offset_clock_follows_its_file(tmp_path: Path) -> None:
    file = tmp_path / "offset"
    clock = OffsetClock(SystemClock(nanoseconds=lambda: 1_000_000_000), OffsetFile(file))
    assert clock.now() == 1_000_000
    file.write_text("86400\n")
    assert clock.now() == 86_401_000_000
    file.write_text("")
    assert clock.now() == 86_401_000_000
    file.write_text("+172800")
    assert clock.now() == 172_801_000_000
    file.unlink()
    assert clock.now() == 172_801_000_000


def test_ids_are_ordered_by_milliseconds_even_if_the_clock_is_set_back() -> None:
    told = iter([1_000_000_000, 2_000_000_000, 1_500_000_000, 3_000_000_000])
    identifiers = RandomIdentifiers(nanoseconds=lambda: next(told))
    first, second, third, fourth = (identifiers.new_id("acc") for _ in range(4))
    assert first < second < fourth
    assert first < third < fourth
    assert re.fullmatch(r"acc_[0-9a-hjkmnp-tv-z]{26}", first)


def test_ids_and_tokens_are_never_the_same() -> None:
    identifiers = RandomIdentifiers()
    assert len({identifiers.new_id("x") for _ in range(10_000)}) == 10_000
    tokens = {identifiers.new_token() for _ in range(1_000)}
    assert len(tokens) == 1_000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)


@pytest.mark.parametrize("password", ["correct horse", "", "\0", "\ud800", "ä" * 5_000])
def test_password_fits_only_itself(password: str) -> None:
    encoded = _CHEAP.hash(Secret(password))
    assert encoded.startswith("$argon2id$")
    assert _CHEAP.verify(encoded, Secret(password))
    assert not _CHEAP.verify(encoded, Secret(password + "x"))
    assert encoded != _CHEAP.hash(Secret(password))


def test_unknown_user_and_damaged_hash_are_false() -> None:
    assert not _CHEAP.verify(None, Secret("anything"))
    assert not _CHEAP.verify("$argon2id$damaged", Secret("anything"))
    assert not _CHEAP.verify("", Secret("anything"))


def test_unknown_user_costs_as_much_time() -> None:
    passwords = Argon2Passwords(passes=2, memory_kib=16_384, lanes=1)
    encoded = passwords.hash(Secret("right"))

    def fastest(stored: str | None) -> float:
        took = []
        for _ in range(3):
            began = time.perf_counter()
            passwords.verify(stored, Secret("wrong"))
            took.append(time.perf_counter() - began)
        return min(took)

    assert fastest(None) > fastest(encoded) / 3
