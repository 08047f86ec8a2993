"""Accounts in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any

from clynto.adapters.memory.database import Transaction
from clynto.domain.account import Account


class MemoryAccountStore:
    """See ``ports.accounts.AccountStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def put_many(self, accounts: Iterable[Account]) -> None:
        """Insert or replace accounts with all their domains."""
        self._transaction.changing().accounts.update({account.id: account for account in accounts})

    def get(self, account_id: str) -> Account | None:
        """One account."""
        return self._transaction.records.accounts.get(account_id)

    def remove(self, account_id: str) -> bool:
        """Delete an account with all that hangs on it."""
        if account_id not in self._transaction.records.accounts:
            return False
        records = self._transaction.changing()
        del records.accounts[account_id]
        records.account_billing.pop(account_id, None)
        records.account_places.pop(account_id, None)
        records.health_scores.pop(account_id, None)
        for table in (records.pillars, records.score_points, records.snapshots, records.points):
            _drop(table, account_id)
        records.matches = {key: held for key, held in records.matches.items() if held.account_id != account_id}
        records.customer_billing = {
            customer_id: (billing, None if owner == account_id else owner)
            for customer_id, (billing, owner) in records.customer_billing.items()
        }
        return True

    def by_external_ids(self, external_ids: Sequence[str]) -> Mapping[str, Account]:
        """Accounts that carry one of the outside ids, by that id."""
        wanted = set(external_ids)
        accounts = self._transaction.records.accounts.values()
        return {account.external_id: account for account in accounts if account.external_id in wanted}

    def by_domains(self, domains: Sequence[str]) -> Mapping[str, tuple[Account, ...]]:
        """The accounts that claim each of the given domains exactly, by ascending id."""
        wanted, accounts = set(domains), self._transaction.records.accounts
        claims: dict[str, list[Account]] = {}
        for domain, account_id in sorted(self.domains()):
            if domain in wanted:
                claims.setdefault(domain, []).append(accounts[account_id])
        return {domain: tuple(held) for domain, held in claims.items()}

    def domains(self) -> Iterable[tuple[str, str]]:
        """Every (domain, account id) pair."""
        accounts = self._transaction.records.accounts.values()
        return [(domain, account.id) for account in accounts for domain in account.domains]

    def count(self) -> int:
        """How many accounts there are."""
        return len(self._transaction.records.accounts)


def _drop(table: MutableMapping[Any, Any], account_id: str) -> None:
    """Delete the rows of an account from a table whose keys begin with its id."""
    for key in [key for key in table if key[0] == account_id]:
        del table[key]
