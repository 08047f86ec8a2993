"""Plain names take a short cut past UTS 46, which has to lead to the same place (guarantees I1 to I5)."""

from __future__ import annotations

import idna
from hypothesis import example, given
from hypothesis import strategies as st

from clynto.adapters.system.domain_rules import BundledDomainRules

RULES = BundledDomainRules()
LABELS = st.text("aZx0-n", max_size=8) | st.integers(60, 66).map(lambda length: "a" * length)
HOSTS = st.lists(LABELS, min_size=1, max_size=6).map(".".join)


@given(HOSTS)
@example("ACME.example.")
@example("xn--bcher-kva.example")
@example("ab--c.example")
@example(".".join(["a" * 60] * 4) + ".aaaaaaaaa")
@example(".".join(["a" * 60] * 4) + ".aaaaaaaaaa")
def test_ascii_names_are_what_uts_46_makes_of_them(host: str) -> None:
    try:
        right = idna.encode(host, uts46=True).decode("ascii").lower()
    except UnicodeError:
        right = None
    assert RULES.to_ascii(host) == right
