"""Domain names by the public suffix list and UTS 46, both offline (guarantees I1 to I5)."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources

import idna
from publicsuffixlist import PublicSuffixList

FREE_MAIL_LIST = "free_mail_domains.txt"
REMEMBERED_HOSTS = 16_384
"""Hosts repeat within a workspace, and the list takes microseconds each time. Each that is remembered takes 500 bytes:
many more of them would show in the memory of a worker."""
LONGEST_HOST = 253
_LABEL = r"(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}\.?")
"""Labels of letters, digits and hyphens, none of them encoded: what UTS 46 leaves as it is."""


def _read_free_mail_domains() -> frozenset[str]:
    text = resources.files(__package__).joinpath(FREE_MAIL_LIST).read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


class BundledDomainRules:
    """``DomainRules`` on bundled lists: nothing is fetched. Private suffixes such as ``github.io`` count."""

    def __init__(self) -> None:
        self._suffixes = PublicSuffixList(only_icann=False)
        self._free_mail = _read_free_mail_domains()
        self.registrable = lru_cache(maxsize=REMEMBERED_HOSTS)(self._registrable)
        self.to_ascii = lru_cache(maxsize=REMEMBERED_HOSTS)(self._to_ascii)

    def is_freemail(self, host: str) -> bool:
        """Whether ``host``, or the registrable name it lies under, is a consumer mail provider's."""
        return host in self._free_mail or self.registrable(host) in self._free_mail

    def _to_ascii(self, host: str) -> str | None:
        # Nearly all names are plain, and looking at each letter's class is most of what an import of accounts costs.
        plain = host.lower()
        if host.isascii() and len(plain) <= LONGEST_HOST and _PLAIN.fullmatch(plain):
            return plain
        try:
            return idna.encode(host, uts46=True, transitional=False).decode("ascii").lower()
        except UnicodeError:
            # idna raises subclasses of UnicodeError for every kind of name that cannot be looked up.
            return None

    def _registrable(self, host: str) -> str | None:
        found = self._suffixes.privatesuffix(host)
        return found if isinstance(found, str) else None
