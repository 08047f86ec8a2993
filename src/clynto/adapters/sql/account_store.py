"""Accounts with their domains, and what they are found and sorted by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, and_, delete, func, select, update

from clynto.adapters.sql.account_orders import LETTERS, put_words
from clynto.adapters.sql.bulk_writing import upsert
from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.documents import clean_or_none, clean_text, pack, unpack
from clynto.adapters.sql.matched_flags import tell_matched
from clynto.adapters.sql.mrr_record_store import POINTS, SNAPSHOTS
from clynto.adapters.sql.pending_sums import NOW, Page
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import account_domains, account_ranking, accounts
from clynto.adapters.sql.tables_billing import (
    account_billing,
    account_money,
    customer_billing,
    customer_money,
    matches,
    subscription_billing,
)
from clynto.adapters.sql.tables_health import health_history, health_pillars
from clynto.domain.account import Account
from clynto.domain.moments import UnixMicros

_HANGING_ON_IT = (account_billing, health_pillars, health_history)
"""Beside its money, which the kept sums have to lose (``_leave_the_sums``), and its customers (``_free_customers``)."""


class SqlAccountStore:
    """See ``ports.accounts.AccountStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put_many(self, accounts_: Iterable[Account]) -> None:
        """Insert or replace accounts with all their domains, in bulk."""
        held = list({account.id: account for account in accounts_}.values())
        if not held:
            return
        upsert(self._scope, accounts, [_account_values(account) for account in held])
        upsert(self._scope, account_ranking, [_ranking_values(account) for account in held])
        put_words(self._scope, held)
        of_these = is_any_of(account_domains.c.account_id, [account.id for account in held])
        self._scope.connection.execute(delete(account_domains).where(self._scope.here(account_domains), of_these))
        claims = [
            {"domain": clean_text(domain), "account_id": account.id} for account in held for domain in account.domains
        ]
        upsert(self._scope, account_domains, claims)

    def get(self, account_id: str) -> Account | None:
        """One account."""
        query = select(accounts).where(self._scope.one(accounts, id=clean_text(account_id)))
        row = self._scope.connection.execute(query).one_or_none()
        return None if row is None else _account_of(row)

    def remove(self, account_id: str) -> bool:
        """Delete an account with all that hangs on it. False if there was none."""
        account_id = clean_text(account_id)
        connection, scope = self._scope.connection, self._scope
        # Held in the order in which ``put_many`` writes: the account first, then what it is sorted by.
        there = select(accounts.c.id).where(scope.one(accounts, id=account_id)).with_for_update()
        if connection.scalar(there) is None:
            return False
        self._leave_the_sums(account_id)
        connection.execute(delete(accounts).where(scope.one(accounts, id=account_id)))
        for table in _HANGING_ON_IT:
            connection.execute(delete(table).where(scope.one(table, account_id=account_id)))
        self._free_customers(account_id)
        return True

    def _free_customers(self, account_id: str) -> None:
        """They belong to no account until they are matched again, and so does what they pay."""
        connection, scope = self._scope.connection, self._scope
        matched = delete(matches).where(scope.one(matches, account_id=account_id)).returning(matches.c.customer_id)
        tell_matched(scope, connection.scalars(matched).all())
        left = select(customer_billing.c.customer_id).where(scope.one(customer_billing, account_id=account_id))
        theirs = update(subscription_billing).where(
            scope.one(subscription_billing, account_id=account_id), subscription_billing.c.customer_id.in_(left)
        )
        for row in connection.execute(theirs.values(account_id=None).returning(*subscription_billing.c)):
            if row.counted:
                scope.sums.subscription(row._mapping, -1)
        paid = update(customer_money).where(scope.here(customer_money), customer_money.c.customer_id.in_(left))
        connection.execute(paid.values(account_id=None))
        freed = update(customer_billing).where(scope.one(customer_billing, account_id=account_id))
        connection.execute(freed.values(account_id=None))

    def _leave_the_sums(self, account_id: str) -> None:
        """What the account brings, and brought, is taken off the kept sums, and deleted."""
        connection, scope = self._scope.connection, self._scope
        ranking, money = account_ranking, account_money
        held = select(ranking.c.status_rank).where(scope.one(ranking, account_id=account_id)).with_for_update()
        rank = connection.scalar(held)
        paid = delete(money).where(scope.one(money, account_id=account_id)).returning(*money.c)
        scope.sums.went(Page(NOW, part=str(rank)), [row._mapping for row in connection.execute(paid)])
        for remembered in (SNAPSHOTS, POINTS):
            remembered.forget(scope, [account_id])

    def by_external_ids(self, external_ids: Sequence[str]) -> Mapping[str, Account]:
        """Accounts that carry one of the outside ids, by that id."""
        query = (
            select(accounts)
            .where(self._scope.here(accounts), is_any_of(accounts.c.external_id, external_ids))
            .order_by(accounts.c.id.desc())
        )
        return {row.external_id: _account_of(row) for row in self._scope.connection.execute(query)}

    def by_domains(self, domains: Sequence[str]) -> Mapping[str, tuple[Account, ...]]:
        """The accounts that claim each of the given domains exactly, by ascending id; unclaimed ones are absent."""
        table = account_domains
        claimed = and_(accounts.c.workspace_id == table.c.workspace_id, accounts.c.id == table.c.account_id)
        query = (
            select(table.c.domain, *accounts.c)
            .select_from(table.join(accounts, claimed))
            .where(self._scope.here(table), is_any_of(table.c.domain, domains))
            .order_by(table.c.domain, table.c.account_id)
        )
        claims: dict[str, list[Account]] = {}
        for row in self._scope.connection.execute(query):
            claims.setdefault(row.domain, []).append(_account_of(row))
        return {domain: tuple(held) for domain, held in claims.items()}

    def domains(self) -> Iterable[tuple[str, str]]:
        """Every (domain, account id) pair, for matching."""
        table = account_domains
        query = select(table.c.domain, table.c.account_id).where(self._scope.here(table))
        ordered = query.order_by(table.c.domain, table.c.account_id)
        return [(domain, account_id) for domain, account_id in self._scope.connection.execute(ordered)]

    def count(self) -> int:
        """How many accounts there are."""
        query = select(func.count()).select_from(accounts).where(self._scope.here(accounts))
        return self._scope.connection.scalar(query) or 0


def searchable(*pieces: str | None) -> str:
    """Text in which ``contains_text`` finds any part of any piece, whatever its case."""
    return "\n".join(clean_text(piece).casefold() for piece in pieces if piece)


def _account_values(account: Account) -> dict[str, Any]:
    return {
        "id": clean_text(account.id),
        "name": clean_text(account.name),
        "domains": pack(list(account.domains)),
        "external_id": clean_or_none(account.external_id),
        "created_at": account.created_at,
    }


def _ranking_values(account: Account) -> dict[str, Any]:
    return {
        "account_id": clean_text(account.id),
        "name_key": clean_text(account.name).casefold()[:LETTERS],
        "search_text": searchable(account.name, *account.domains),
    }


def _account_of(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        domains=tuple(unpack(row.domains)),
        external_id=row.external_id,
        created_at=UnixMicros(row.created_at),
    )
