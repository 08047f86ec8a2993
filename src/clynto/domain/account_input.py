"""What people may write into an account: names and domains (contract, POST /accounts; guarantees K12)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from clynto.domain.email_domain import DomainRules, normalised_host
from clynto.domain.errors import InvalidInput

LONGEST_NAME = 300
LONGEST_EXTERNAL_ID = 200
MOST_DOMAINS = 50
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")


def account_name(text: str) -> str:
    """The name without control characters and outer blanks. Raises ``InvalidInput`` for none or too long a one."""
    name = _CONTROL.sub(" ", text).strip()
    if not name:
        raise InvalidInput({"name": "Give the account a name."})
    if len(name) > LONGEST_NAME:
        raise InvalidInput({"name": f"A name has at most {LONGEST_NAME} characters; this one has {len(name)}."})
    return name


def account_domains(texts: Iterable[str], rules: DomainRules) -> tuple[str, ...]:
    """The domains as matching compares them, each once, in the order given; blanks are left out.

    A web address is read as its host. Raises ``InvalidInput`` for what is no domain and for too many of them.
    """
    domains: list[str] = []
    for text in texts:
        if not text.strip():
            continue
        host = normalised_host(_bare_host(text), rules)
        if host is None or "." not in host:
            shown = _CONTROL.sub("?", text.strip())[:80]
            raise InvalidInput({"domain": f"“{shown}” is not a domain; write it like acme.com."})
        domains.append(host)
    unique = tuple(dict.fromkeys(domains))
    if len(unique) > MOST_DOMAINS:
        raise InvalidInput({"domain": f"An account has at most {MOST_DOMAINS} domains; these are {len(unique)}."})
    return unique


def account_external_id(text: str | None) -> str | None:
    """The id that another system uses, or None. Raises ``InvalidInput`` for too long a one."""
    cleaned = _CONTROL.sub("", text or "").strip()
    if len(cleaned) > LONGEST_EXTERNAL_ID:
        raise InvalidInput({"external_id": f"An external id has at most {LONGEST_EXTERNAL_ID} characters."})
    return cleaned or None


def merged(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """Both lists of domains, each domain once."""
    return tuple(dict.fromkeys((*first, *second)))


def _bare_host(text: str) -> str:
    """The host of a web address; what is none is left as it is."""
    cleaned = text.strip()
    without_scheme = re.sub(r"^[a-zA-Z][a-zA-Z0-9+.-]*://", "", cleaned)
    host = re.split(r"[/?#]", without_scheme, maxsplit=1)[0]
    return re.sub(r":\d+$", "", host)
