"""The names that a question may hold: of accounts, plans and products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from clynto.domain.questions.understanding.names import KnownAccount


@dataclass(frozen=True, slots=True)
class CatalogueNames:
    """Names of the plans of computed subscriptions and of products, each once, sorted."""

    plans: tuple[str, ...]
    products: tuple[str, ...]


class QuestionNames(Protocol):
    """The names of one workspace. Texts are compared as ``words.folded`` leaves them, names case-folded."""

    def called(self, texts: Sequence[str]) -> Mapping[str, tuple[KnownAccount, ...]]:
        """Accounts whose name, domain, id or outside id is exactly one of ``texts``, by that text, each list by id.

        An account comes at most once under a text. Texts that nothing is called are absent."""
        ...

    def containing(self, pieces: Sequence[str], *, limit: int) -> Sequence[KnownAccount]:
        """At most ``limit`` accounts, by id, in whose name or domains, or in the name of one of whose Stripe
        customers, one of the case-folded ``pieces`` occurs literally. Their aliases are outside id and customers' names
        that contain a piece."""
        ...

    def catalogue(self) -> CatalogueNames:
        """What plans and products are called."""
        ...
