"""Where accounts stand in the orders of the accounts table that need more than the MRR of now (ADR 0040)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from clynto.application.shown_figures import ShownFigures, place_of
from clynto.domain.moments import UnixMicros, UnixTime, seconds_of
from clynto.domain.money import MoneyBag
from clynto.domain.mrr_past import MrrPast, RememberedTimes, months_drawn
from clynto.ports.billing_results import AccountPlaces
from clynto.ports.unit_of_work import UnitOfWork


class BothBases(Protocol):
    """An MRR on the list and on the net basis."""

    @property
    def list_mrr(self) -> MoneyBag: ...
    @property
    def net_mrr(self) -> MoneyBag: ...


class Present(BothBases, Protocol):
    """What an account pays now."""

    @property
    def lifetime_value(self) -> MoneyBag: ...
    @property
    def customers(self) -> int: ...


def places_of(
    uow: UnitOfWork, figures: ShownFigures, present: Mapping[str, Present], now: UnixMicros
) -> dict[str, AccountPlaces]:
    """Places of computed accounts, by their ids. ``now`` is the clock's: the past that a page compares with moves on
    while figures are frozen."""
    pasts = uow.mrr_records.pasts(list(present), RememberedTimes.of_changes(seconds_of(now)))
    nothing = MrrPast()
    return {
        account_id: _places(figures, one, pasts.get(account_id, nothing), seconds_of(now))
        for account_id, one in present.items()
    }


def renew_places(uow: UnitOfWork, figures: ShownFigures, account_ids: list[str], now: UnixMicros) -> None:
    """After the past of these accounts was written anew. Inside the caller's unit of work; does not commit."""
    rows = {row.id: row for row in uow.accounts_table.rows(account_ids) if row.computed_at is not None}
    uow.billing.put_places(places_of(uow, figures, rows, now))


def change_since(figures: ShownFigures, present: BothBases, former: BothBases) -> MoneyBag:
    """The present MRR less the former one, on the workspace's basis."""
    live = figures.shown_mrr(present.list_mrr, present.net_mrr)
    return (live - figures.shown_mrr(former.list_mrr, former.net_mrr)).without_zeros()


def _places(figures: ShownFigures, present: Present, past: MrrPast, now: UnixTime) -> AccountPlaces:
    def change(former: BothBases | None) -> int | None:
        return None if former is None else figures.place(change_since(figures, present, former))

    return AccountPlaces(
        # A dash is shown of whoever has no customer.
        lifetime_value=figures.place(present.lifetime_value) if present.customers else None,
        change_30=change(past.days_before(30, now)),
        change_90=change(past.days_before(90, now)),
        change_12_months=_rise(figures, present, past.at_end_of(months_drawn(now)[0])),
    )


def _rise(figures: ShownFigures, present: BothBases, begin: BothBases | None) -> int | None:
    """From the first to the last height of the line that is drawn. None where nothing was paid at either end: no line
    is drawn of an account that never paid."""
    if begin is None:
        return None
    former, live = (figures.value(one.list_mrr, one.net_mrr) for one in (begin, present))
    return place_of(live - former) if live or former else None
