"""Where daily MRR snapshots and rebuilt month points are kept (billing rules 6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from clynto.domain.moments import UnixMicros
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import Month
from clynto.domain.mrr_history import MrrPoint, MrrSnapshot
from clynto.domain.mrr_past import MrrPast, RememberedTimes


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """What an account's MRR was when it was looked at; at most one a day and account, the last one of the day (UTC)."""

    account_id: str
    snapshot: MrrSnapshot


@dataclass(frozen=True, slots=True)
class AccountPoint:
    """A reconstructed month end of an account."""

    account_id: str
    point: MrrPoint


class MrrRecordStore(Protocol):
    """The remembered past of one workspace. What is said of an account that is not there (any more) is dropped."""

    def put_snapshots(self, snapshots: Iterable[AccountSnapshot]) -> None:
        """Insert, or replace the one of the same account and day unless that one was taken later."""
        ...

    def take_snapshots(self, *, day: dt.date, at: UnixMicros) -> int:
        """Copy the present MRR of every account with Stripe customers into that day's snapshot, set-based; how many
        accounts."""
        ...

    def snapshots(self, account_ids: Sequence[str], *, since: dt.date) -> Mapping[str, list[MrrSnapshot]]:
        """By account, oldest first."""
        ...

    def replace_points(self, account_ids: Sequence[str], points: Iterable[AccountPoint]) -> None:
        """Replace all reconstructed points of these accounts."""
        ...

    def points(self, account_ids: Sequence[str], *, since: Month) -> Mapping[str, list[MrrPoint]]:
        """By account, oldest first."""
        ...

    def pasts(self, account_ids: Sequence[str], times: RememberedTimes) -> Mapping[str, MrrPast]:
        """Snapshots and points of these times, by account; accounts without any are absent."""
        ...

    def workspace_snapshots(self, *, since: dt.date) -> Mapping[dt.date, tuple[MoneyBag, MoneyBag]]:
        """Exact sums (list, net) over all accounts, by day."""
        ...

    def workspace_points(self, *, since: Month) -> Mapping[Month, tuple[MoneyBag, MoneyBag]]:
        """Exact sums (list, net) over all accounts, by month."""
        ...
