"""The names that a question may hold, looked up plainly in what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clynto.adapters.memory.database import Transaction
from clynto.domain.account import Account
from clynto.domain.questions.understanding.names import KnownAccount
from clynto.ports.question_names import CatalogueNames


class MemoryQuestionNames:
    """See ``ports.question_names.QuestionNames``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def called(self, texts: Sequence[str]) -> Mapping[str, tuple[KnownAccount, ...]]:
        """By the text that fits exactly."""
        wanted, found = set(texts), dict[str, tuple[KnownAccount, ...]]()
        for account in self._accounts():
            ways = {account.name.casefold(), account.id, *account.domains}
            if account.external_id is not None:
                ways |= {account.external_id, account.external_id.casefold()}
            for text in ways & wanted:
                found[text] = (*found.get(text, ()), _known(account))
        return found

    def containing(self, pieces: Sequence[str], *, limit: int) -> Sequence[KnownAccount]:
        """By part of a name."""
        found = []
        for account in self._accounts():
            aliases = [name for name in self._customer_names(account.id) if _holds([name], pieces)]
            if aliases or _holds([account.name, *account.domains], pieces):
                outside = [account.external_id] if account.external_id is not None else []
                found.append(KnownAccount(account.id, account.name, account.domains, (*outside, *aliases)))
        return found[:limit]

    def catalogue(self) -> CatalogueNames:
        """What plans and products are called."""
        records = self._transaction.records
        plans = {
            billing.plan_name
            for customer, _ in records.customer_billing.values()
            for billing in customer.subscriptions
            if billing.plan_name
        }
        products = {product.name for product, _ in records.products.values() if product.name}
        return CatalogueNames(tuple(sorted(plans)), tuple(sorted(products)))

    def _accounts(self) -> list[Account]:
        accounts = self._transaction.records.accounts
        return [accounts[account_id] for account_id in sorted(accounts)]

    def _customer_names(self, account_id: str) -> list[str]:
        records = self._transaction.records
        owned = sorted(match.customer_id for match in records.matches.values() if match.account_id == account_id)
        customers = [records.customers[customer_id][0] for customer_id in owned if customer_id in records.customers]
        return [customer.name for customer in customers if customer.name]


def _known(account: Account) -> KnownAccount:
    outside = (account.external_id,) if account.external_id is not None else ()
    return KnownAccount(account.id, account.name, account.domains, outside)


def _holds(texts: Sequence[str], pieces: Sequence[str]) -> bool:
    return any(piece in text.casefold() for piece in pieces for text in texts)
