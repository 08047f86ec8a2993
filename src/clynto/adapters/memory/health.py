"""Measured pillars and the history of health scores in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from clynto.adapters.memory.database import Transaction
from clynto.domain.health import Pillar
from clynto.ports.health import MeasuredPillar, ScorePoint


class MemoryHealthStore:
    """See ``ports.health.HealthStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def put_pillar(self, pillar: MeasuredPillar) -> None:
        """Insert or replace by account and pillar."""
        records = self._transaction.changing()
        if pillar.account_id in records.accounts:
            records.pillars[pillar.account_id, pillar.pillar] = pillar

    def remove_pillar(self, account_id: str, pillar: Pillar) -> bool:
        """False if there was none."""
        return self._transaction.changing().pillars.pop((account_id, pillar), None) is not None

    def pillars(self, account_ids: Sequence[str]) -> Mapping[str, list[MeasuredPillar]]:
        """Measured pillars by account, in the order of ``Pillar``."""
        held = self._transaction.records.pillars
        found: dict[str, list[MeasuredPillar]] = {}
        for account_id in dict.fromkeys(account_ids):
            for pillar in Pillar:
                if (account_id, pillar) in held:
                    found.setdefault(account_id, []).append(held[account_id, pillar])
        return found

    def put_scores(self, points: Iterable[ScorePoint]) -> None:
        """Set the current scores, and note those that differ from the newest point."""
        records = self._transaction.changing()
        for point in points:
            if point.account_id not in records.accounts:
                continue
            records.health_scores[point.account_id] = point.score
            newest = self.history(point.account_id, limit=1)
            if not newest or newest[0].score != point.score:
                records.score_points[point.account_id, point.at] = point

    def history(self, account_id: str, *, limit: int) -> Sequence[ScorePoint]:
        """Newest first."""
        points = [point for point in self._transaction.records.score_points.values() if point.account_id == account_id]
        return sorted(points, key=lambda point: point.at, reverse=True)[:limit]
