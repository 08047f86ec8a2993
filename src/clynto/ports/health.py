"""Where pillars that others measure and the history of scores are kept (contract, PUT pillars)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from clynto.domain.health import Pillar
from clynto.domain.moments import UnixMicros


@dataclass(frozen=True, slots=True)
class MeasuredPillar:
    """A pillar that another system measures: 0 to 100, with the reason and the time it is true for."""

    account_id: str
    pillar: Pillar
    score: int
    reason: str
    as_of: UnixMicros
    set_by: str


@dataclass(frozen=True, slots=True)
class ScorePoint:
    """The overall score from ``at`` on (None: no pillar contributes) and why it changed."""

    account_id: str
    at: UnixMicros
    score: int | None
    reason: str


class HealthStore(Protocol):
    """Health of the accounts of one workspace. What is said of an account that is not there (any more) is dropped."""

    def put_pillar(self, pillar: MeasuredPillar) -> None:
        """Insert or replace by account and pillar."""
        ...

    def remove_pillar(self, account_id: str, pillar: Pillar) -> bool:
        """False if there was none."""
        ...

    def pillars(self, account_ids: Sequence[str]) -> Mapping[str, list[MeasuredPillar]]:
        """Measured pillars by account, in the order of ``Pillar``."""
        ...

    def put_scores(self, points: Iterable[ScorePoint]) -> None:
        """Set the current score of each account (the accounts table shows it) and append the point to the history if
        its score differs from the newest one."""
        ...

    def history(self, account_id: str, *, limit: int) -> Sequence[ScorePoint]:
        """Newest first."""
        ...
