"""Measured pillars and the history of health scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import delete, func, select

from clynto.adapters.sql.bulk_writing import upsert
from clynto.adapters.sql.column_types import is_any_of
from clynto.adapters.sql.documents import clean_text
from clynto.adapters.sql.present_accounts import present_accounts
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import MISSING, account_ranking, both_ranks
from clynto.adapters.sql.tables_health import health_history, health_pillars
from clynto.domain.health import Pillar
from clynto.domain.moments import UnixMicros
from clynto.ports.health import MeasuredPillar, ScorePoint

_ORDER = {pillar: place for place, pillar in enumerate(Pillar)}


class SqlHealthStore:
    """See ``ports.health.HealthStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put_pillar(self, pillar: MeasuredPillar) -> None:
        """Insert or replace by account and pillar."""
        account_id = clean_text(pillar.account_id)
        if account_id not in present_accounts(self._scope, [account_id]):
            return
        values = {
            "account_id": account_id,
            "pillar": pillar.pillar.value,
            "score": pillar.score,
            "reason": clean_text(pillar.reason),
            "as_of": pillar.as_of,
            "set_by": clean_text(pillar.set_by),
        }
        upsert(self._scope, health_pillars, [values])

    def remove_pillar(self, account_id: str, pillar: Pillar) -> bool:
        """False if there was none."""
        this = self._scope.one(health_pillars, account_id=clean_text(account_id), pillar=pillar.value)
        return self._scope.connection.execute(delete(health_pillars).where(this)).rowcount > 0

    def pillars(self, account_ids: Sequence[str]) -> Mapping[str, list[MeasuredPillar]]:
        """Measured pillars by account, in the order of ``Pillar``."""
        table = health_pillars
        query = select(table).where(self._scope.here(table), is_any_of(table.c.account_id, account_ids))
        held: dict[str, list[MeasuredPillar]] = {}
        for row in self._scope.connection.execute(query.order_by(table.c.account_id)):
            pillar = MeasuredPillar(
                row.account_id, Pillar(row.pillar), row.score, row.reason, UnixMicros(row.as_of), row.set_by
            )
            held.setdefault(row.account_id, []).append(pillar)
        for measured in held.values():
            measured.sort(key=lambda pillar: _ORDER[pillar.pillar])
        return held

    def put_scores(self, points: Iterable[ScorePoint]) -> None:
        """Set the current score of each account and append it to the history if it differs from the newest point."""
        offered = {clean_text(point.account_id): point for point in points}
        shown = self._shown(offered)
        held = {account_id: point for account_id, point in offered.items() if account_id in shown}
        ranks = [
            {"account_id": account_id, "name_key": "", "search_text": "", **both_ranks("health", point.score)}
            for account_id, point in held.items()
            if shown[account_id] != point.score
        ]
        upsert(self._scope, account_ranking, ranks, keeping=("name_key", "search_text"))
        newest = self._newest_scores(held)
        appended = [
            {"account_id": account_id, "at": point.at, "score": point.score, "reason": clean_text(point.reason)}
            for account_id, point in held.items()
            if newest.get(account_id, ()) != (point.score,)
        ]
        upsert(self._scope, health_history, appended)

    def history(self, account_id: str, *, limit: int) -> Sequence[ScorePoint]:
        """Newest first."""
        table = health_history
        query = select(table).where(self._scope.one(table, account_id=clean_text(account_id)))
        rows = self._scope.connection.execute(query.order_by(table.c.at.desc()).limit(limit))
        return [ScorePoint(row.account_id, UnixMicros(row.at), row.score, row.reason) for row in rows]

    def _shown(self, account_ids: Iterable[str]) -> dict[str, int | None]:
        """Scores by which those of the accounts that exist are sorted; nobody can remove them, or set another score,
        before this transaction ends."""
        table = account_ranking
        query = (
            select(table.c.account_id, table.c.health_up)
            .where(self._scope.here(table), is_any_of(table.c.account_id, sorted(account_ids)))
            .order_by(table.c.account_id)
            .with_for_update(key_share=True)
        )
        rows = self._scope.connection.execute(query)
        return {account_id: None if rank == MISSING else rank for account_id, rank in rows}

    def _newest_scores(self, account_ids: Iterable[str]) -> dict[str, tuple[int | None]]:
        table = health_history
        newest = (
            select(table.c.account_id, func.max(table.c.at).label("at"))
            .where(self._scope.here(table), is_any_of(table.c.account_id, account_ids))
            .group_by(table.c.account_id)
            .subquery()
        )
        query = (
            select(table.c.account_id, table.c.score)
            .join(newest, (newest.c.account_id == table.c.account_id) & (newest.c.at == table.c.at))
            .where(self._scope.here(table))
        )
        return {account_id: (score,) for account_id, score in self._scope.connection.execute(query)}
