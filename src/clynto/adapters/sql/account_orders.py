"""Writes the orders that stand beside ``account_ranking``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, or_, update

from clynto.adapters.sql.bulk_writing import Columns, upsert
from clynto.adapters.sql.documents import clean_text
from clynto.adapters.sql.present_accounts import claimed_accounts
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import MISSING, both_ranks
from clynto.adapters.sql.tables_orders import NUMBERS, WORDS, account_orders, both_words
from clynto.domain.account import Account
from clynto.ports.billing_results import AccountPlaces

LETTERS = 120
"""Letters of a word that count for sorting: PostgreSQL's indexes hold no more than 2,700 bytes a row."""
_RANKS = tuple(f"{name}_{direction}" for name in NUMBERS for direction in ("up", "down"))
_WORDS = tuple(f"{name}_{direction}" for name in WORDS for direction in ("up", "down"))
_UNWRITTEN = both_words("domain", None) | both_words("external", None)


def put_words(scope: Scope, accounts: Iterable[Account]) -> None:
    """Orders by what accounts are called. New accounts stand last in the others."""
    upsert(scope, account_orders, [{"account_id": clean_text(account.id), **words_of(account)} for account in accounts])


def words_of(account: Account) -> dict[str, str]:
    """By the domain that is shown first, and by the outside id."""
    return both_words("domain", _sorted(next(iter(account.domains), None))) | both_words(
        "external", _sorted(account.external_id)
    )


def put_orders(scope: Scope, status_ranks: Mapping[str, int], places: Mapping[str, AccountPlaces] | None) -> None:
    """Of accounts that are held until the end of the transaction: their status, and places where they are known."""
    known = places or {}
    both = [
        {"account_id": account_id, "status_rank": rank, **_UNWRITTEN, **_ranks(known[account_id])}
        for account_id, rank in status_ranks.items()
        if account_id in known
    ]
    upsert(scope, account_orders, both, where=_any_differs, keeping=_WORDS)
    alone = [
        {"account_id": account_id, "status_rank": rank, **_UNWRITTEN}
        for account_id, rank in status_ranks.items()
        if account_id not in known
    ]
    upsert(scope, account_orders, alone, where=_status_differs, keeping=_WORDS)


def put_places(scope: Scope, places: Mapping[str, AccountPlaces]) -> None:
    """Places alone."""
    there = claimed_accounts(scope, places)
    rows = [
        {"account_id": account_id, **_UNWRITTEN, **_ranks(one)}
        for account_id, one in places.items()
        if account_id in there
    ]
    upsert(scope, account_orders, rows, where=_rank_differs, keeping=_WORDS)


def forget_orders(scope: Scope) -> None:
    """Nothing computed is left to sort by."""
    unranked: dict[str, int] = dict.fromkeys(_RANKS, MISSING) | {"status_rank": 0}
    scope.connection.execute(update(account_orders).where(scope.here(account_orders)).values(unranked))


def _rank_differs(new: Columns, held: Columns) -> ColumnElement[bool]:
    """Most recomputations change nothing: then no index needs writing."""
    return or_(*(new[name] != held[name] for name in _RANKS))


def _status_differs(new: Columns, held: Columns) -> ColumnElement[bool]:
    return new["status_rank"] != held["status_rank"]


def _any_differs(new: Columns, held: Columns) -> ColumnElement[bool]:
    return or_(_status_differs(new, held), _rank_differs(new, held))


def _ranks(places: AccountPlaces) -> dict[str, Any]:
    return {
        **both_ranks("lifetime", places.lifetime_value),
        **both_ranks("change_30", places.change_30),
        **both_ranks("change_90", places.change_90),
        **both_ranks("change_12_months", places.change_12_months),
    }


def _sorted(word: str | None) -> str | None:
    return None if word is None else clean_text(word).casefold()[:LETTERS]
