"""Daily MRR snapshots and rebuilt month points in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from clynto.adapters.memory.database import Transaction
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import Month
from clynto.domain.mrr_history import MrrPoint, MrrSnapshot
from clynto.domain.mrr_past import MrrPast, RememberedTimes
from clynto.ports.mrr_records import AccountPoint, AccountSnapshot

BothBags = tuple[MoneyBag, MoneyBag]
_NOTHING: BothBags = (MoneyBag.empty(), MoneyBag.empty())


class MemoryMrrRecordStore:
    """See ``ports.mrr_records.MrrRecordStore``."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def put_snapshots(self, snapshots: Iterable[AccountSnapshot]) -> None:
        """Insert, or replace the one of the same account and day unless that one was taken later."""
        for one in snapshots:
            self._put(one.account_id, _day_of(one.snapshot.at), one.snapshot)

    def take_snapshots(self, *, day: dt.date, at: UnixMicros) -> int:
        """Copy the present MRR of every account with Stripe customers; how many accounts."""
        billings = [billing for billing, _ in self._transaction.records.account_billing.values() if billing.customers]
        return sum(
            self._put(billing.account_id, day, MrrSnapshot(at, billing.list_mrr, billing.net_mrr))
            for billing in billings
        )

    def snapshots(self, account_ids: Sequence[str], *, since: dt.date) -> Mapping[str, list[MrrSnapshot]]:
        """By account, oldest first."""
        wanted, found = set(account_ids), dict[str, list[MrrSnapshot]]()
        for (account_id, day), snapshot in sorted(self._transaction.records.snapshots.items(), key=_place):
            if account_id in wanted and day >= since:
                found.setdefault(account_id, []).append(snapshot)
        return found

    def replace_points(self, account_ids: Sequence[str], points: Iterable[AccountPoint]) -> None:
        """Replace all reconstructed points of these accounts."""
        records, offered = self._transaction.changing(), list(points)
        replaced = {*account_ids, *(one.account_id for one in offered)}
        records.points = {place: point for place, point in records.points.items() if place[0] not in replaced}
        present = [one for one in offered if one.account_id in records.accounts]
        records.points.update({(one.account_id, one.point.month): one.point for one in present})

    def points(self, account_ids: Sequence[str], *, since: Month) -> Mapping[str, list[MrrPoint]]:
        """By account, oldest first."""
        wanted, found = set(account_ids), dict[str, list[MrrPoint]]()
        for (account_id, month), point in sorted(self._transaction.records.points.items(), key=_place):
            if account_id in wanted and month >= since:
                found.setdefault(account_id, []).append(point)
        return found

    def pasts(self, account_ids: Sequence[str], times: RememberedTimes) -> Mapping[str, MrrPast]:
        """Snapshots and points of these times, by account."""
        wanted, found, records = set(account_ids), dict[str, MrrPast](), self._transaction.records
        for (account_id, day), snapshot in sorted(records.snapshots.items(), key=_place):
            if account_id in wanted and day in times.days:
                found.setdefault(account_id, MrrPast()).snapshots.append(snapshot)
        for (account_id, month), point in sorted(records.points.items(), key=_place):
            if account_id in wanted and month in times.months:
                found.setdefault(account_id, MrrPast()).points[month] = point
        return found

    def workspace_snapshots(self, *, since: dt.date) -> Mapping[dt.date, BothBags]:
        """Exact sums (list, net) over all accounts, by day."""
        sums: dict[dt.date, BothBags] = {}
        for (_, day), snapshot in self._transaction.records.snapshots.items():
            if day >= since:
                listed, net = sums.get(day, _NOTHING)
                sums[day] = listed + snapshot.list_mrr, net + snapshot.net_mrr
        return sums

    def workspace_points(self, *, since: Month) -> Mapping[Month, BothBags]:
        """Exact sums (list, net) over all accounts, by month."""
        sums: dict[Month, BothBags] = {}
        for (_, month), point in self._transaction.records.points.items():
            if month >= since:
                listed, net = sums.get(month, _NOTHING)
                sums[month] = listed + point.list_mrr, net + point.net_mrr
        return sums

    def _put(self, account_id: str, day: dt.date, snapshot: MrrSnapshot) -> bool:
        records = self._transaction.changing()
        held = records.snapshots.get((account_id, day))
        if account_id not in records.accounts or (held is not None and held.at > snapshot.at):
            return False
        records.snapshots[account_id, day] = snapshot
        return True


def _place(held: tuple[tuple[str, dt.date | Month], object]) -> tuple[str, str]:
    (account_id, when), _ = held
    return account_id, str(when)


def _day_of(moment: UnixMicros) -> dt.date:
    return dt.datetime.fromtimestamp(moment // MICROS_PER_SECOND, tz=dt.UTC).date()
