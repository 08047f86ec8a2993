"""Daily MRR snapshots and rebuilt month points."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, delete, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from clynto.adapters.sql.bulk_writing import upsert
from clynto.adapters.sql.column_types import WORD, is_any_of
from clynto.adapters.sql.dated_bags import BothBags, DatedBags, Place
from clynto.adapters.sql.documents import clean_text, pack, unpack
from clynto.adapters.sql.past_reading import month_of, read_pasts
from clynto.adapters.sql.pending_sums import DAY, MONTH, Page
from clynto.adapters.sql.present_accounts import claimed_accounts, kept_until_the_end, present_accounts
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables_accounts import account_ranking
from clynto.adapters.sql.tables_billing import account_billing, account_money
from clynto.adapters.sql.tables_mrr_records import mrr_point_money, mrr_points, mrr_snapshot_money, mrr_snapshots
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros
from clynto.domain.month_ends import Month
from clynto.domain.mrr_history import Confidence, MrrPoint, MrrSnapshot
from clynto.domain.mrr_past import MrrPast, RememberedTimes
from clynto.ports.mrr_records import AccountPoint, AccountSnapshot

SNAPSHOTS = DatedBags(mrr_snapshots, mrr_snapshot_money, DAY)
POINTS = DatedBags(mrr_points, mrr_point_money, MONTH)
_MONEY = [column.name for column in mrr_snapshot_money.c if not column.primary_key]


class SqlMrrRecordStore:
    """See ``ports.mrr_records.MrrRecordStore``."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put_snapshots(self, snapshots: Iterable[AccountSnapshot]) -> None:
        """Insert, or replace the one of the same account and day unless that one was taken later."""
        newest: dict[Place, MrrSnapshot] = {}
        for one in snapshots:
            place = clean_text(one.account_id), _day_of(one.snapshot.at)
            if place not in newest or newest[place].at <= one.snapshot.at:
                newest[place] = one.snapshot
        there = present_accounts(self._scope, [account_id for account_id, _ in newest])
        taken = self._taken_at(newest)
        kept = {
            place: snapshot
            for place, snapshot in newest.items()
            if place[0] in there and taken.get(place, snapshot.at) <= snapshot.at
        }
        headers = [{"account_id": place[0], "day": place[1], "at": snapshot.at} for place, snapshot in kept.items()]
        upsert(self._scope, mrr_snapshots, headers)
        bags = {place: (snapshot.list_mrr, snapshot.net_mrr) for place, snapshot in kept.items()}
        SNAPSHOTS.erase_money(self._scope, bags)
        SNAPSHOTS.put_money(self._scope, bags)
        for day in {day for _, day in kept}:
            self._scope.sums.count_anew(DAY, day)

    def take_snapshots(self, *, day: dt.date, at: UnixMicros) -> int:
        """Copy the present MRR of every account with Stripe customers into that day's snapshot, set-based."""
        scope, connection, today = self._scope, self._scope.connection, day.isoformat()
        same = and_(
            account_billing.c.workspace_id == account_ranking.c.workspace_id,
            account_billing.c.account_id == account_ranking.c.account_id,
        )
        there = (
            select(account_ranking.c.account_id)
            .join(account_billing, same)
            .where(scope.here(account_ranking), account_billing.c.customers > 0)
            .order_by(account_ranking.c.account_id)
        )
        constants = literal(scope.workspace_id, WORD), literal(today, WORD), literal(at, mrr_snapshots.c.at.type)
        present = kept_until_the_end(there).add_columns(*constants)
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        insert: Any = dialect.insert(mrr_snapshots).from_select(["account_id", "workspace_id", "day", "at"], present)
        later = insert.on_conflict_do_update(
            index_elements=list(mrr_snapshots.primary_key.columns),
            set_={"at": insert.excluded.at},
            where=mrr_snapshots.c.at <= insert.excluded.at,
        )
        taken = connection.execute(later, execution_options={"preserve_rowcount": True}).rowcount
        self._copy_money(today, at)
        scope.sums.count_anew(DAY, today)
        return taken

    def snapshots(self, account_ids: Sequence[str], *, since: dt.date) -> Mapping[str, list[MrrSnapshot]]:
        """By account, oldest first."""
        found: dict[str, list[MrrSnapshot]] = {}
        for row, (listed, net) in SNAPSHOTS.of(self._scope, account_ids, since=since.isoformat()):
            found.setdefault(row.account_id, []).append(MrrSnapshot(UnixMicros(row.at), listed, net))
        return found

    def replace_points(self, account_ids: Sequence[str], points: Iterable[AccountPoint]) -> None:
        """Replace all reconstructed points of these accounts."""
        offered = {(clean_text(one.account_id), str(one.point.month)): one.point for one in points}
        replaced = {clean_text(account_id) for account_id in account_ids} | {place[0] for place in offered}
        there = claimed_accounts(self._scope, replaced)
        POINTS.forget(self._scope, sorted(replaced))
        kept = {place: point for place, point in offered.items() if place[0] in there}
        headers = [
            {
                "account_id": place[0],
                "month": place[1],
                "confidence": point.confidence.value,
                "notes": pack(list(point.notes)),
            }
            for place, point in kept.items()
        ]
        upsert(self._scope, mrr_points, headers)
        bags = {place: (point.list_mrr, point.net_mrr) for place, point in kept.items()}
        self._scope.sums.headers(MONTH, (month for _, month in bags), 1)
        for (_, month), rows in POINTS.put_money(self._scope, bags).items():
            self._scope.sums.came(Page(MONTH, month), rows)

    def points(self, account_ids: Sequence[str], *, since: Month) -> Mapping[str, list[MrrPoint]]:
        """By account, oldest first."""
        found: dict[str, list[MrrPoint]] = {}
        for row, (listed, net) in POINTS.of(self._scope, account_ids, since=str(since)):
            notes = tuple(unpack(row.notes))
            point = MrrPoint(month_of(row.month), listed, net, Confidence(row.confidence), notes)
            found.setdefault(row.account_id, []).append(point)
        return found

    def pasts(self, account_ids: Sequence[str], times: RememberedTimes) -> Mapping[str, MrrPast]:
        """Snapshots and points of these times, by account."""
        return read_pasts(self._scope, account_ids, times)

    def workspace_snapshots(self, *, since: dt.date) -> Mapping[dt.date, BothBags]:
        """Exact sums (list, net) over all accounts, by day."""
        sums = SNAPSHOTS.sums(self._scope, since=since.isoformat())
        return {dt.date.fromisoformat(day): both for day, both in sums.items()}

    def workspace_points(self, *, since: Month) -> Mapping[Month, BothBags]:
        """Exact sums (list, net) over all accounts, by month."""
        return {month_of(month): both for month, both in POINTS.sums(self._scope, since=str(since)).items()}

    def _copy_money(self, today: str, at: UnixMicros) -> None:
        scope, money = self._scope, mrr_snapshot_money
        taken_now = select(mrr_snapshots.c.account_id).where(scope.one(mrr_snapshots, day=today, at=at))
        scope.connection.execute(delete(money).where(scope.one(money, day=today), money.c.account_id.in_(taken_now)))
        has_mrr = or_(account_money.c.list_den.is_not(None), account_money.c.net_den.is_not(None))
        copied = select(
            account_money.c.workspace_id,
            account_money.c.account_id,
            account_money.c.currency,
            literal(today, WORD),
            *(account_money.c[name] for name in _MONEY),
        ).where(scope.here(account_money), account_money.c.account_id.in_(taken_now), has_mrr)
        columns = ["workspace_id", "account_id", "currency", "day", *_MONEY]
        scope.connection.execute(money.insert().from_select(columns, copied))

    def _taken_at(self, places: Iterable[Place]) -> dict[Place, int]:
        table, wanted = mrr_snapshots, sorted(places)
        if not wanted:
            return {}
        query = select(table.c.account_id, table.c.day, table.c.at).where(
            self._scope.here(table),
            is_any_of(table.c.account_id, sorted({account_id for account_id, _ in wanted})),
            is_any_of(table.c.day, sorted({day for _, day in wanted})),
        )
        return {(account_id, day): at for account_id, day, at in self._scope.connection.execute(query)}


def _day_of(moment: UnixMicros) -> str:
    return dt.datetime.fromtimestamp(moment // MICROS_PER_SECOND, tz=dt.UTC).date().isoformat()
