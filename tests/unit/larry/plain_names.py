"""A book of names over a plain list of accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clynto.domain.questions.understanding.names import KnownAccount
from clynto.domain.questions.understanding.words import folded


@dataclass(frozen=True)
class PlainNameBook:
    """See ``domain.questions.understanding.names.NameBook``."""

    accounts: tuple[KnownAccount, ...] = ()
    plan_names: tuple[str, ...] = ()
    product_names: tuple[str, ...] = ()

    def called(self, texts: Sequence[str]) -> Mapping[str, tuple[KnownAccount, ...]]:
        """By the text that fits exactly."""
        found: dict[str, tuple[KnownAccount, ...]] = {}
        for account in self.accounts:
            for key in {folded(account.name), account.id, *account.domains, *account.aliases[:1]} & set(texts):
                found[key] = (*found.get(key, ()), account)
        return found

    def containing(self, pieces: Sequence[str]) -> Sequence[KnownAccount]:
        """Any piece in any of the names."""
        return [
            account
            for account in self.accounts
            if any(
                piece in text
                for piece in pieces
                for text in (folded(account.name), *account.domains, *map(folded, account.aliases))
            )
        ]

    def plans(self) -> Sequence[str]:
        """All."""
        return self.plan_names

    def products(self) -> Sequence[str]:
        """All."""
        return self.product_names
