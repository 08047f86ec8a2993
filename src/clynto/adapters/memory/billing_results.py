"""Matches and computed billing in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from clynto.adapters.memory.database import Transaction
from clynto.domain.account_billing import AccountBilling, CustomerBilling
from clynto.domain.matching import MatchDecision
from clynto.ports.billing_results import AccountPlaces


class MemoryMatchStore:
    """See ``ports.billing_results.MatchStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def put_many(self, decisions: Iterable[MatchDecision]) -> None:
        """Insert or replace decisions."""
        self._transaction.changing().matches.update({decision.customer_id: decision for decision in decisions})

    def get_many(self, customer_ids: Iterable[str]) -> Mapping[str, MatchDecision]:
        """Stored decisions by customer id."""
        matches = self._transaction.records.matches
        return {customer_id: matches[customer_id] for customer_id in customer_ids if customer_id in matches}

    def customers_of(self, account_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Customer ids matched to each account, sorted."""
        found: dict[str, list[str]] = {}
        for customer_id, decision in sorted(self._transaction.records.matches.items()):
            if decision.account_id is not None:
                found.setdefault(decision.account_id, []).append(customer_id)
        return {account_id: tuple(found[account_id]) for account_id in account_ids if account_id in found}

    def matched_count(self) -> int:
        """How many customers are matched to an account."""
        return sum(decision.account_id is not None for decision in self._transaction.records.matches.values())


class MemoryBillingStore:
    """See ``ports.billing_results.BillingStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def put_customers(self, billings: Iterable[CustomerBilling], account_of: Mapping[str, str | None]) -> None:
        """Replace the rows of these customers and of their subscriptions."""
        table = self._transaction.changing().customer_billing
        for billing in billings:
            table[billing.customer_id] = (billing, account_of.get(billing.customer_id))

    def put_accounts(
        self,
        billings: Iterable[tuple[AccountBilling, int | None]],
        scores: Mapping[str, int | None] | None = None,
        places: Mapping[str, AccountPlaces] | None = None,
    ) -> None:
        """Replace the rows of these accounts."""
        records = self._transaction.changing()
        for billing, sort_key in billings:
            records.account_billing[billing.account_id] = (billing, sort_key)
            if scores is not None and billing.account_id in scores and billing.account_id in records.accounts:
                records.health_scores[billing.account_id] = scores[billing.account_id]
            if places is not None and billing.account_id in places:
                self.put_places({billing.account_id: places[billing.account_id]})

    def put_places(self, places: Mapping[str, AccountPlaces]) -> None:
        """Replace the places of computed accounts."""
        records = self._transaction.changing()
        records.account_places.update({key: one for key, one in places.items() if key in records.accounts})

    def without_customers(self, *, after: str | None, limit: int) -> Sequence[str]:
        """Computed accounts to which no customer belongs, by ascending id."""
        held = self._transaction.records.account_billing.items()
        alone = sorted(account_id for account_id, (billing, _) in held if not billing.customers)
        return [account_id for account_id in alone if after is None or account_id > after][:limit]

    def customers_of_accounts(self, account_ids: Sequence[str]) -> Mapping[str, list[CustomerBilling]]:
        """Customer rows (without subscriptions) by account, as last computed."""
        found: dict[str, list[CustomerBilling]] = {}
        for _, (billing, account_id) in sorted(self._transaction.records.customer_billing.items()):
            if account_id is not None:
                found.setdefault(account_id, []).append(replace(billing, subscriptions=()))
        return {account_id: found[account_id] for account_id in account_ids if account_id in found}

    def erase_all(self) -> int:
        """Delete all that came from Stripe or was computed from it, and reset health scores; how many rows went."""
        records = self._transaction.changing()
        gone = sum(len(billing.subscriptions) for billing, _ in records.customer_billing.values())
        for table in (
            records.products,
            records.prices,
            records.customers,
            records.subscriptions,
            records.discount_readings,
            records.invoices,
            records.matches,
            records.customer_billing,
            records.account_billing,
            records.inbox,
            records.signals,
            records.ledgers,
            records.non_events,
            records.score_points,
            records.snapshots,
            records.points,
        ):
            gone += len(table)
            table.clear()
        records.health_scores.clear()
        records.account_places.clear()
        return gone
