"""The signature check against Stripe's own signing and hostile bytes (stripe_facts 6.1; guarantees A1 to A6)."""

from __future__ import annotations

import hashlib
import hmac

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from clynto.adapters.stripe_api.webhook_signature import SignatureCheck, Verdict, verify
from clynto.domain.secret import Secret

NOW = 1_795_000_000
SECRET = Secret("whsec_current51")
OLD_SECRET = Secret("whsec_former51")
BODY = b'{ "id":"evt_1",\n "name":"\\u00e9 \xc3\xa9" }\n'


def signature(body: bytes = BODY, secret: str = "whsec_current51", at: int | str = NOW) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def header(body: bytes = BODY, secret: str = "whsec_current51", at: int = NOW) -> str:
    return f"t={at},v1={signature(body, secret, at)}"


def verdict(check: SignatureCheck) -> Verdict:
    assert bool(check) == check.genuine == (check.verdict is Verdict.GENUINE)
    return check.verdict


@pytest.mark.parametrize(
    "as_sent", [header(), header().encode(), f"v0=abc,{header()},v1=short", header().replace(",", ", ")]
)
def test_a_genuine_body_is_let_in(as_sent: str | bytes) -> None:
    assert verify(BODY, as_sent, [SECRET], NOW) == SignatureCheck(Verdict.GENUINE, 0)


@given(st.text(), st.integers(1_000_000_000, 4_000_000_000))
def test_agrees_with_the_sdk_that_signs(text: str, at: int) -> None:
    body = text.encode("utf-8", "surrogatepass")
    secret = SECRET.reveal()
    try:
        signed = text.encode().decode()
    except UnicodeEncodeError:
        return
    mark = stripe.WebhookSignature._compute_signature(f"{at}.{signed}", secret)
    assert verify(body, f"t={at},v1={mark}", [SECRET], at).genuine
    assert stripe.WebhookSignature.verify_header(signed, header(body, at=at), secret)


@pytest.mark.parametrize("changed", [BODY[:-1], BODY + b" ", BODY.replace(b" ", b""), b"", BODY.swapcase()])
def test_any_other_byte_is_refused(changed: bytes) -> None:
    assert verdict(verify(changed, header(), [SECRET], NOW)) is Verdict.MISMATCH


def test_either_secret_fits_while_one_is_rolled() -> None:
    both = f"t={NOW},v1={signature(secret='whsec_unknown')},v1={signature()}"
    assert verify(BODY, both, [SECRET], NOW).genuine
    assert verify(BODY, header(secret="whsec_former51"), [SECRET, OLD_SECRET], NOW).genuine
    assert not verify(BODY, header(secret="whsec_former51"), [SECRET], NOW)


@pytest.mark.parametrize("empty", ["", " ", "\t\n"])
def test_an_empty_secret_never_verifies(empty: str) -> None:
    assert verdict(verify(BODY, header(secret=empty), [Secret(empty)], NOW)) is Verdict.MISMATCH
    assert verdict(verify(BODY, header(secret=""), [], NOW)) is Verdict.MISMATCH


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (NOW - 300, Verdict.GENUINE),
        (NOW - 301, Verdict.TOO_OLD),
        (NOW + 300, Verdict.GENUINE),
        (NOW + 301, Verdict.TOO_NEW),
        (0, Verdict.TOO_OLD),
        (999_999_999_999, Verdict.TOO_NEW),
    ],
)
def test_the_signed_time_counts_in_both_directions(at: int, found: Verdict) -> None:
    check = verify(BODY, header(at=at), [SECRET], NOW)
    assert verdict(check) is found
    assert check.skew_seconds == NOW - at


def test_the_skew_is_told_of_genuine_bodies_only() -> None:
    assert verify(BODY, header(secret="whsec_unknown", at=NOW - 9_000), [SECRET], NOW).skew_seconds is None


@pytest.mark.parametrize("nothing", [None, "", b""])
def test_a_missing_header_is_refused(nothing: str | bytes | None) -> None:
    assert verdict(verify(BODY, nothing, [SECRET], NOW)) is Verdict.MISSING


@pytest.mark.parametrize(
    "odd",
    [
        "t=,v1=",
        f"v1={signature()}",
        f"t={NOW}",
        f"t=-{NOW},v1={signature(at=f'-{NOW}')}",
        f"t=+{NOW},v1={signature(at=f'+{NOW}')}",
        f"t={NOW}.0,v1={signature(at=f'{NOW}.0')}",
        f"t=1{NOW}000,v1={signature(at=f'1{NOW}000')}",
        f"t={NOW},t={NOW},v1={signature()}",
        f"t={NOW},v1={signature().upper()}",
        f"t={NOW},v1={'é' * 64}",
        f"t=١٢٣,v1={signature()}",
        f"t={NOW},v1={signature()}" + "," * 9_000,
        "t" * 100_000,
        b"\xff\xfe\x00",
        "\ud800",
    ],
)
def test_a_malformed_header_is_refused(odd: str | bytes) -> None:
    assert verdict(verify(BODY, odd, [SECRET], NOW)) is Verdict.MALFORMED


@given(st.binary(), st.one_of(st.none(), st.binary(), st.text()), st.lists(st.text(), max_size=3), st.integers())
def test_no_bytes_make_it_raise(payload: bytes, sent: bytes | str | None, secrets: list[str], now: int) -> None:
    assert not verify(payload, sent, [Secret(one) for one in secrets], now)


@given(st.binary(max_size=80), st.binary(max_size=20))
def test_odd_bytes_around_a_genuine_signature_let_nothing_else_in(payload: bytes, extra: bytes) -> None:
    check = verify(payload, header().encode() + b"," + extra, [SECRET], NOW)
    assert not check.genuine or payload == BODY


def test_the_result_tells_no_secret() -> None:
    assert "whsec" not in repr(verify(BODY, header(), [SECRET], NOW))
