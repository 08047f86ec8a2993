"""Where accounts are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from clynto.domain.account import Account


class AccountStore(Protocol):
    """The accounts of one workspace."""

    def put_many(self, accounts: Iterable[Account]) -> None:
        """Insert or replace accounts with all their domains, in bulk."""
        ...

    def get(self, account_id: str) -> Account | None:
        """One account."""
        ...

    def remove(self, account_id: str) -> bool:
        """Delete an account, its domains, its billing row, its matches, its pillars and scores, and its MRR snapshots
        and points; its customers' computed rows then belong to no account. False if there was none."""
        ...

    def by_external_ids(self, external_ids: Sequence[str]) -> Mapping[str, Account]:
        """Accounts that carry one of the outside ids, by that id."""
        ...

    def by_domains(self, domains: Sequence[str]) -> Mapping[str, tuple[Account, ...]]:
        """The accounts that claim each of the given domains exactly, by ascending id; unclaimed ones are absent."""
        ...

    def domains(self) -> Iterable[tuple[str, str]]:
        """Every (domain, account id) pair, for matching, in any order."""
        ...

    def count(self) -> int:
        """How many accounts there are."""
        ...
