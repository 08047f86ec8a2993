"""The names that a question may hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from clynto.adapters.sql.column_types import contains_text, is_any_of
from clynto.adapters.sql.documents import clean_text, unpack
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import account_domains, account_ranking, accounts
from clynto.adapters.sql.tables_billing import matches, subscription_billing
from clynto.adapters.sql.tables_stripe_facts import stripe_customers, stripe_products
from clynto.domain.questions.understanding.names import KnownAccount
from clynto.ports.question_names import CatalogueNames

MOST_OF_ONE_NAME = 50
"""Accounts that are looked at for one text: enough to know that there are several."""


class SqlQuestionNames:
    """See ``ports.question_names.QuestionNames``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def called(self, texts: Sequence[str]) -> Mapping[str, tuple[KnownAccount, ...]]:
        """By the text that fits exactly; each way to be called by the index that serves it."""
        wanted = [clean_text(text) for text in texts]
        places = self._places_called(wanted)
        known = self._known(sorted({account_id for account_id, _ in places}))
        found: dict[str, list[KnownAccount]] = {}
        for account_id, text in sorted(places):
            held = found.setdefault(text, [])
            if account_id in known and len(held) < MOST_OF_ONE_NAME:
                held.append(known[account_id])
        return {text: tuple(held) for text, held in found.items() if held}

    def containing(self, pieces: Sequence[str], *, limit: int) -> Sequence[KnownAccount]:
        """By part of a name: one pass over the narrow table, and one over the customers' names."""
        sought = [clean_text(piece) for piece in pieces if piece]
        if not sought:
            return []
        ranking, customers = account_ranking, stripe_customers
        in_names = select(ranking.c.account_id).where(self._scope.here(ranking), _holds(ranking.c.search_text, sought))
        in_names = in_names.order_by(ranking.c.account_id).limit(limit)
        found = {row.account_id for row in self._scope.connection.execute(in_names)}
        matched = and_(matches.c.workspace_id == customers.c.workspace_id, matches.c.customer_id == customers.c.id)
        in_aliases = (
            select(matches.c.account_id, customers.c.id, customers.c.name)
            .select_from(customers.join(matches, matched))
            .where(
                self._scope.here(customers),
                matches.c.account_id.is_not(None),
                _holds(customers.c.search_text, sought),
            )
            .order_by(customers.c.id)
        )
        aliases: dict[str, list[str]] = {}
        for row in self._scope.connection.execute(in_aliases):
            name: str | None = row.name
            if name and any(piece in name.casefold() for piece in sought):
                aliases.setdefault(row.account_id, []).append(name)
        chosen = sorted(found | set(aliases))[:limit]
        known = self._known(chosen, aliases)
        return [known[account_id] for account_id in chosen if account_id in known]

    def catalogue(self) -> CatalogueNames:
        """What plans and products are called."""
        products = select(stripe_products.c.name).where(self._scope.here(stripe_products)).distinct()
        run = self._scope.connection
        return CatalogueNames(
            tuple(sorted(name for name in plan_names(self._scope) if name)),
            tuple(sorted(name for name in run.scalars(products) if name)),
        )

    def _places_called(self, wanted: Sequence[str]) -> set[tuple[str, str]]:
        """(account id, text) pairs."""
        ranking, domains = account_ranking, account_domains
        run = self._scope.connection
        found: set[tuple[str, str]] = set()
        for column, owner, table in (
            (ranking.c.name_key, ranking.c.account_id, ranking),
            (domains.c.domain, domains.c.account_id, domains),
            (accounts.c.id, accounts.c.id, accounts),
            (accounts.c.external_id, accounts.c.id, accounts),
        ):
            query = select(owner.label("owner"), column.label("text"))
            query = query.where(self._scope.here(table), is_any_of(column, wanted)).limit(MOST_OF_ONE_NAME * 4)
            found |= {(row.owner, row.text) for row in run.execute(query)}
        folded = {text.upper(): text for text in wanted if any(letter.isdigit() for letter in text)}
        upper = select(accounts.c.id, accounts.c.external_id).where(
            self._scope.here(accounts), is_any_of(accounts.c.external_id, sorted(folded))
        )
        found |= {(row.id, folded[row.external_id]) for row in run.execute(upper)}
        return found

    def _known(
        self, account_ids: Iterable[str], aliases: Mapping[str, Sequence[str]] | None = None
    ) -> dict[str, KnownAccount]:
        query = select(accounts.c.id, accounts.c.name, accounts.c.domains, accounts.c.external_id)
        query = query.where(self._scope.here(accounts), is_any_of(accounts.c.id, account_ids))
        known = {}
        for row in self._scope.connection.execute(query):
            outside = (row.external_id,) if row.external_id is not None else ()
            other = tuple((aliases or {}).get(row.id, ()))
            known[row.id] = KnownAccount(row.id, row.name, tuple(unpack(row.domains)), (*outside, *other))
        return known


def plan_names(scope: Scope) -> Sequence[str]:
    """Every name once, from one to the next along the index: there are few of them in many rows."""
    table = subscription_billing
    lowest = select(func.min(table.c.plan_name)).where(scope.here(table))
    found = lowest.with_only_columns(func.min(table.c.plan_name).label("plan_name")).cte("names", recursive=True)
    following = lowest.where(table.c.plan_name > found.c.plan_name).scalar_subquery()
    every = found.union_all(select(following).where(found.c.plan_name.is_not(None)))
    return scope.connection.scalars(select(every.c.plan_name).where(every.c.plan_name.is_not(None))).all()


def spellings(scope: Scope, name: str) -> list[str]:
    """The stored names of plans that are the case-folded ``name`` but for letter case, which no database folds as we
    do."""
    return [stored for stored in plan_names(scope) if stored.casefold() == name]


def _holds(column: ColumnElement[Any], pieces: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(contains_text(column, piece) for piece in pieces))
