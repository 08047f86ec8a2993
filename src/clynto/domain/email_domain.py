"""From an e-mail address, as typed, to the host that may name a company (guarantees I1 to I5)."""

from __future__ import annotations

import re
from typing import Protocol

LONGEST_ADDRESS = 320
"""64 characters, the @ and 255 more; whatever is longer is no address."""

_LOCAL_PART = re.compile(r"[^\s\x00-\x1f\x7f\"(),:;<>@\[\\\]]+")
_HOST_TEXT = re.compile(r"[^\s\x00-\x1f\x7f\"'(),:;<>@\[\\\]/?#%]+")
_IP_LITERAL = re.compile(r"[0-9.]+|0x[0-9a-f.x]+")


class DomainRules(Protocol):
    """What must be known about the world's domain names. Hosts are lower-case ASCII without a trailing dot."""

    def to_ascii(self, host: str) -> str | None:
        """``host`` in any script and case as lower-case ASCII (UTS 46); None if it is no host name. Never raises."""

    def registrable(self, host: str) -> str | None:
        """The name that can be registered, by the public suffix list; None if ``host`` is itself a public suffix."""

    def is_freemail(self, host: str) -> bool:
        """Whether anybody can get an address there, so that it names no company."""


def normalised_host(host: str, rules: DomainRules) -> str | None:
    """``host`` as we compare and store it; None if it is no host name of at least two labels. Never raises."""
    text = host.strip()
    if not _HOST_TEXT.fullmatch(text):
        return None
    ascii_host = rules.to_ascii(text)
    if ascii_host is None:
        return None
    ascii_host = ascii_host.removesuffix(".")
    if "." not in ascii_host or _IP_LITERAL.fullmatch(ascii_host):
        return None
    return ascii_host


def email_host(email: str | None, rules: DomainRules) -> str | None:
    """The host of ``email``; None for whatever is not exactly one plain address. Never raises.

    Two @, quoted local parts, IP literals, spaces inside, display names and several addresses are all unusable:
    a wrong guess would put one company's money on another's account.
    """
    text = (email or "").strip()
    if len(text) > LONGEST_ADDRESS or text.count("@") != 1:
        return None
    local, _, host = text.partition("@")
    if not _LOCAL_PART.fullmatch(local):
        return None
    return normalised_host(host, rules)
