"""Where matches and computed billing are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from clynto.domain.account_billing import AccountBilling, CustomerBilling
from clynto.domain.matching import MatchDecision


class MatchStore(Protocol):
    """Which customer belongs to which account, and why."""

    def put_many(self, decisions: Iterable[MatchDecision]) -> None:
        """Insert or replace decisions."""
        ...

    def get_many(self, customer_ids: Iterable[str]) -> Mapping[str, MatchDecision]:
        """Stored decisions by customer id."""
        ...

    def customers_of(self, account_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Customer ids matched to each account, sorted; accounts without any are absent."""
        ...

    def matched_count(self) -> int:
        """How many customers are matched to an account."""
        ...


@dataclass(frozen=True, slots=True)
class AccountPlaces:
    """Where an account stands in orders of the accounts table: keys as that of the MRR column (ADR 0011, 0040), only
    ever compared. None: nothing to compare, which comes last in both directions."""

    lifetime_value: int | None = None
    change_30: int | None = None
    change_90: int | None = None
    change_12_months: int | None = None


class BillingStore(Protocol):
    """Computed billing, replaced as a whole by each recomputation."""

    def put_customers(self, billings: Iterable[CustomerBilling], account_of: Mapping[str, str | None]) -> None:
        """Replace the rows of these customers and of their subscriptions, with the account each belongs to (none
        where ``account_of`` does not name it)."""
        ...

    def put_accounts(
        self,
        billings: Iterable[tuple[AccountBilling, int | None]],
        scores: Mapping[str, int | None] | None = None,
        places: Mapping[str, AccountPlaces] | None = None,
    ) -> None:
        """Replace the rows of these accounts. The number is the sort key of the MRR column (see ADR 0011); None comes
        last in both directions and within no bounds.

        ``scores`` sets their current health scores as well, for whoever knows them: the accounts table is sorted by
        both, and one change of its row costs half of two. ``places`` are those in the other orders. Accounts that
        they do not name keep theirs."""
        ...

    def put_places(self, places: Mapping[str, AccountPlaces]) -> None:
        """Replace the places of computed accounts; those that are not there are passed over."""
        ...

    def without_customers(self, *, after: str | None, limit: int) -> Sequence[str]:
        """Computed accounts to which no customer belongs, by ascending id, behind ``after``."""
        ...

    def customers_of_accounts(self, account_ids: Sequence[str]) -> Mapping[str, list[CustomerBilling]]:
        """Customer rows (without subscriptions) by account and in order of customer ids, as last computed; accounts
        without any are absent."""
        ...

    def erase_all(self) -> int:
        """Delete every fact from Stripe, match and computed row of the workspace, with its event inbox, signals,
        ledgers, explained non-events, MRR snapshots and points, and its health scores; how many rows went.

        Accounts, measured pillars, people, the connection, the webhook endpoint, runs and the audit log stay."""
        ...
