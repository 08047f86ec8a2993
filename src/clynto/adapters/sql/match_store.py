"""Which customer belongs to which account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, func, select

from clynto.adapters.sql.bulk_writing import upsert
from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.documents import clean_or_none, clean_text, pack, unpack
from clynto.adapters.sql.matched_flags import tell_matched
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_billing import matches
from clynto.domain.matching import MatchDecision, MatchKind, MatchReason


class SqlMatchStore:
    """See ``ports.billing_results.MatchStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put_many(self, decisions: Iterable[MatchDecision]) -> None:
        """Insert or replace decisions."""
        rows: list[dict[str, Any]] = [
            {
                "customer_id": clean_text(decision.customer_id),
                "account_id": clean_or_none(decision.account_id),
                "kind": decision.kind.value,
                "reason": decision.reason.value,
                "matched_domain": clean_or_none(decision.matched_domain),
                "candidates": pack(list(decision.candidates)),
            }
            for decision in decisions
        ]
        upsert(self._scope, matches, rows)
        tell_matched(self._scope, (row["customer_id"] for row in rows))

    def get_many(self, customer_ids: Iterable[str]) -> Mapping[str, MatchDecision]:
        """Stored decisions by customer id."""
        query = select(matches).where(self._scope.here(matches), is_any_of(matches.c.customer_id, customer_ids))
        return {row.customer_id: match_of(row) for row in self._scope.connection.execute(query).all()}

    def customers_of(self, account_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Customer ids matched to each account, sorted."""
        query = (
            select(matches.c.account_id, matches.c.customer_id)
            .where(self._scope.here(matches), is_any_of(matches.c.account_id, account_ids))
            .order_by(matches.c.account_id, matches.c.customer_id)
        )
        held: dict[str, list[str]] = {}
        for account_id, customer_id in self._scope.connection.execute(query).all():
            held.setdefault(account_id, []).append(customer_id)
        return {account_id: tuple(ids) for account_id, ids in held.items()}

    def matched_count(self) -> int:
        """How many customers are matched to an account."""
        query = select(func.count()).select_from(matches)
        return (
            self._scope.connection.scalar(query.where(self._scope.here(matches), matches.c.account_id.is_not(None)))
            or 0
        )


def match_of(row: Row[Any]) -> MatchDecision:
    """The decision of a row."""
    return MatchDecision(
        customer_id=row.customer_id,
        account_id=row.account_id,
        kind=MatchKind(row.kind),
        reason=MatchReason(row.reason),
        matched_domain=row.matched_domain,
        candidates=tuple(unpack(row.candidates)),
    )
