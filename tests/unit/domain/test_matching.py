"""Which account a customer belongs to (guarantees I1 to I8), on the bundled domain rules."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clynto.adapters.system.domain_rules import BundledDomainRules
from clynto.domain.account import Account
from clynto.domain.email_domain import email_host
from clynto.domain.matching import DomainIndex, MatchDecision, MatchKind, MatchReason, decide_match
from clynto.domain.moments import UnixMicros

RULES = BundledDomainRules()


def account(account_id: str, *domains: str) -> Account:
    return Account(account_id, account_id.title(), domains, None, UnixMicros(0))


def decide(
    email: str | None, *accounts: Account, stored: MatchDecision | None = None, own: tuple[str, ...] = ()
) -> MatchDecision:
    return decide_match("cus_1", email, stored, DomainIndex(accounts, RULES, own), RULES)


@pytest.mark.parametrize(
    ("email", "host"),
    [
        ("ann@acme.example", "acme.example"),
        ("  Ann+billing@ACME.Example. ", "acme.example"),
        ("a@bücher.example", "xn--bcher-kva.example"),
        ("a@XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("a@ａｃｍｅ.example", "acme.example"),
        ("a@例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("o'hara@acme.example", "acme.example"),
    ],
)
def test_hosts(email: str, host: str) -> None:
    """I3: both sides become lower-case ASCII first."""
    assert email_host(email, RULES) == host


ODD: list[str | None] = [
    None,
    "",
    "   ",
    "@",
    "a@",
    "@acme.example",
    "acme.example",
    "a@b@acme.example",
    '"a b"@acme.example',
    '"a"@acme.example',
    "a b@acme.example",
    "a@acme .example",
    "a@acme.example, b@acme.example",
    "a@acme.example;b",
    "Ann <a@acme.example>",
    "<a@acme.example>",
    "mailto:a@acme.example",
    "a@[192.0.2.1]",
    "a@192.0.2.1",
    "a@[IPv6:2001:db8::1]",
    "a@localhost",
    "a@acme..example",
    "a@.acme.example",
    "a@-acme.example",
    "a@acme_x.example",
    "a@acme.example/x",
    "a@acme\x00.example",
    "a\n@acme.example",
    "a@acme.example\nb",
    "a@xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.example",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@acme.example",
    "a@\ud800.example",
    "a＠acme.example",
    "(a)a@acme.example",
    "a@xn--zz--.example",
    "a@1.2.3",
    "a@acme.example..",
    "a@%61cme.example",
]


@pytest.mark.parametrize("email", ODD)
def test_odd_addresses_are_unmatched_and_never_an_error(email: str | None) -> None:
    """I5."""
    result = decide(email, account("acme", "acme.example"))
    assert (result.account_id, result.kind) == (None, MatchKind.NONE)
    assert result.reason in (MatchReason.NO_EMAIL, MatchReason.UNUSABLE_EMAIL)


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_is_an_error(local: str, host: str) -> None:
    email_host(f"{local}@{host}", RULES)


@pytest.mark.parametrize(
    ("email", "domain", "reason"),
    [
        ("a@acme.co.uk", "acme.co.uk", MatchReason.EXACT_DOMAIN),
        ("a@mail.acme.co.uk", "acme.co.uk", MatchReason.REGISTRABLE_DOMAIN),
        ("a@acme.co.uk", "eu.acme.co.uk", MatchReason.REGISTRABLE_DOMAIN),
        ("a@foo.github.io", "foo.github.io", MatchReason.EXACT_DOMAIN),
        ("a@x.foo.github.io", "foo.github.io", MatchReason.REGISTRABLE_DOMAIN),
        ("a@co.uk", "co.uk", MatchReason.EXACT_DOMAIN),
        ("a@github.io", "github.io", MatchReason.EXACT_DOMAIN),
        ("a@BÜCHER.example", "bücher.example", MatchReason.EXACT_DOMAIN),
        ("a@acme.example", "ACME.Example.", MatchReason.EXACT_DOMAIN),
    ],
)
def test_matches(email: str, domain: str, reason: MatchReason) -> None:
    """I2, I3: by host, and by the name that can be registered."""
    result = decide(email, account("acme", domain), account("zeta", "zeta.example"))
    assert (result.account_id, result.kind, result.reason) == ("acme", MatchKind.DOMAIN, reason)
    assert result.matched_domain is not None


@pytest.mark.parametrize(
    ("email", "domain"),
    [
        ("a@other.co.uk", "acme.co.uk"),
        ("a@other.com.au", "acme.com.au"),
        ("a@foo.github.io", "bar.github.io"),
        ("a@foo.github.io", "github.io"),
        ("a@acme.co.uk", "co.uk"),
        ("a@acme.example", "acme.example.com"),
        ("a@notacme.example", "acme.example"),
        ("a@аcme.example", "acme.example"),
        ("a@acmе.example", "acme.example"),
        ("a@αcme.example", "acme.example"),
        ("a@acmé.example", "acme.example"),
        ("a@acme.exаmple", "acme.example"),
        ("a@ɑcme.example", "acme.example"),
        ("a@acrne.example", "acme.example"),
        ("a@asme.example", "acme.example"),
        ("a@асме.example", "acme.example"),
        ("a@acme-.example", "acme.example"),
    ],
)
def test_strangers_and_look_alikes_do_not_match(email: str, domain: str) -> None:
    """I2, I4."""
    assert decide(email, account("acme", domain)).account_id is None


FREE = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "hotmail.co.uk",
    "hotmail.fr",
    "live.com",
    "live.nl",
    "msn.com",
    "yahoo.com",
    "yahoo.co.uk",
    "yahoo.co.jp",
    "yahoo.com.br",
    "yahoo.fr",
    "ymail.com",
    "rocketmail.com",
    "aol.com",
    "aol.co.uk",
    "aol.de",
    "icloud.com",
    "me.com",
    "mac.com",
    "proton.me",
    "protonmail.com",
    "pm.me",
    "gmx.de",
    "gmx.net",
    "gmx.at",
    "gmx.com",
    "web.de",
    "t-online.de",
    "freenet.de",
    "mail.ru",
    "bk.ru",
    "list.ru",
    "inbox.ru",
    "yandex.ru",
    "yandex.com",
    "ya.ru",
    "rambler.ru",
    "qq.com",
    "163.com",
    "126.com",
    "foxmail.com",
    "sina.com",
    "naver.com",
    "hanmail.net",
    "daum.net",
    "rediffmail.com",
    "zoho.com",
    "mail.com",
    "fastmail.com",
    "tutanota.com",
    "hey.com",
    "orange.fr",
    "free.fr",
    "laposte.net",
    "libero.it",
    "virgilio.it",
    "wp.pl",
    "o2.pl",
    "onet.pl",
    "seznam.cz",
    "uol.com.br",
    "terra.com.br",
    "bol.com.br",
    "btinternet.com",
    "comcast.net",
    "verizon.net",
    "att.net",
    "bigpond.com",
    "xtra.co.nz",
]


@pytest.mark.parametrize("domain", FREE)
def test_free_mail_matches_nothing_even_if_an_account_carries_it(domain: str) -> None:
    """I1."""
    assert decide(f"a@{domain}", account("acme", domain, "acme.example")).reason is MatchReason.FREE_MAIL
    assert decide(f"a@mail.{domain}", account("acme", domain)).account_id is None


def test_the_very_host_beats_a_shared_registrable_name() -> None:
    held = (account("eu", "eu.acme.example"), account("us", "us.acme.example"))
    assert decide("a@eu.acme.example", *held).account_id == "eu"
    assert decide("a@acme.example", *held).candidates == ("eu", "us")


def test_two_claims_on_a_domain_hold_the_customer_back() -> None:
    """I6: shown, and not guessed."""
    result = decide("a@acme.example", account("b", "acme.example"), account("a", "acme.example"))
    assert (result.account_id, result.kind, result.reason) == (None, MatchKind.NONE, MatchReason.AMBIGUOUS_DOMAIN)
    assert result.candidates == ("a", "b")


def test_one_account_may_claim_a_name_twice() -> None:
    held = account("acme", "eu.acme.example", "us.acme.example")
    assert decide("a@acme.example", held).account_id == "acme"


def test_own_domains_are_excluded_with_all_below_them() -> None:
    """I8."""
    held = account("us", "clynto.example", "acme.example")
    for email in ("ann@clynto.example", "ann@mail.clynto.example"):
        assert decide(email, held, own=("clynto.example",)).reason is MatchReason.OWN_DOMAIN
    assert decide("a@acme.example", held, own=("clynto.example",)).account_id == "us"


ACME, ZETA = account("acme", "acme.example"), account("zeta", "zeta.example")
STORED = decide("a@acme.example", ACME, ZETA)


@pytest.mark.parametrize("email", ["a@gmail.com", "a@unknown.example", None, "not an address"])
def test_a_match_survives_an_email_that_says_nothing(email: str | None) -> None:
    result = decide(email, ACME, ZETA, stored=STORED)
    assert (result.account_id, result.kind, result.reason) == ("acme", MatchKind.DOMAIN, MatchReason.KEPT)
    assert decide(email, ACME, ZETA, stored=result) == result


def test_an_email_of_one_other_account_moves_the_customer() -> None:
    assert decide("a@zeta.example", ACME, ZETA, stored=STORED).account_id == "zeta"


def test_a_match_ends_when_its_ground_is_gone() -> None:
    assert decide("a@acme.example", ZETA, stored=STORED).reason is MatchReason.NO_ACCOUNT
    assert decide("a@gmail.com", account("acme", "other.example"), stored=STORED).reason is MatchReason.FREE_MAIL
    rival = account("rival", "acme.example")
    assert decide("a@acme.example", ACME, rival, stored=STORED).reason is MatchReason.AMBIGUOUS_DOMAIN
    assert decide("a@acme.example", ACME, stored=STORED, own=("acme.example",)).reason is MatchReason.OWN_DOMAIN


@pytest.mark.parametrize("target", ["zeta", None])
def test_what_a_person_decided_stays(target: str | None) -> None:
    """I7."""
    stored = MatchDecision.by_hand("cus_1", target)
    for email in ("a@acme.example", "a@gmail.com", None):
        assert decide(email, ACME, ZETA, stored=stored) == stored


domains = st.sampled_from(
    [
        "acme.example",
        "eu.acme.example",
        "us.acme.example",
        "zeta.co.uk",
        "co.uk",
        "gmail.com",
        "b.github.io",
        "bad domain",
    ]
)
claims = st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d"]), st.lists(domains, max_size=3)), max_size=5)


@settings(deadline=None)
@given(claims, domains, st.randoms(use_true_random=False))
def test_the_order_of_accounts_and_domains_plays_no_part(
    claimed: list[tuple[str, list[str]]], host: str, chance: random.Random
) -> None:
    """I6."""
    shuffled = sorted(claimed, key=lambda _: chance.random())
    first = decide(f"x@{host}", *(account(name, *names) for name, names in claimed))
    second = decide(f"x@{host}", *(account(name, *reversed(names)) for name, names in shuffled))
    assert first == second


def test_the_free_mail_list_is_clean() -> None:
    assert RULES.is_freemail("smtp.aol.co.uk")
    assert not RULES.is_freemail("acme.example")
    assert not RULES.is_freemail("co.uk")
