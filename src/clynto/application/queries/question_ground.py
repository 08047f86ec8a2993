"""What every answer to one typed query rests on: one snapshot, one day, and the workspace's way to show figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from clynto.application.queries.figures import shown
from clynto.application.shown_figures import ShownFigures
from clynto.domain.connection import Connection, ConnectionStatus
from clynto.domain.exchange_rates import NO_RATES
from clynto.domain.moments import UnixMicros, UnixTime, seconds_of
from clynto.domain.money import UNITS, MoneyBag, minor_digits
from clynto.domain.money_view import MoneyView, annual, view_of
from clynto.domain.month_ends import Month
from clynto.domain.questions.answers import (
    Answer,
    AnswerCoverage,
    AnswerFigure,
    AnswerKind,
    AnswerPoint,
    Citation,
    CitationKind,
    Table,
)
from clynto.domain.questions.periods import DaySpan, Period, day_of, day_of_micros, span_of
from clynto.domain.questions.query import Metric, Query
from clynto.domain.questions.wording import count, day_text, listed, money
from clynto.domain.sort_places import MILLIONTHS
from clynto.domain.stripe_links import customer_url, invoice_url, subscription_url
from clynto.domain.sync_window import window_start
from clynto.ports.question_data import Measure, MeasureKind, RecordedMoment, Selection
from clynto.ports.question_unit import QuestionUnit
from clynto.ports.read_models import AccountRow

CITED = 50
"""Citations in an answer: enough for every row that a person reads."""


class NotRecorded(Exception):
    """Nothing is known of the MRR at the end of ``day``."""

    def __init__(self, day: dt.date) -> None:
        super().__init__(day.isoformat())
        self.day = day


class SignalsNotRecorded(NotRecorded):
    """No signals were raised before ``day``, on which Stripe was connected."""


@dataclass(frozen=True, slots=True)
class Ground:
    """``now`` is the clock's; ``figures`` are shown as of the moment that froze a disconnected workspace."""

    unit: QuestionUnit
    now: UnixMicros
    figures: ShownFigures
    connection: Connection

    @classmethod
    def of(cls, unit: QuestionUnit, now: UnixMicros) -> Ground:
        """Read the workspace's settings."""
        return cls(unit, now, ShownFigures.of(unit, now), unit.connections.get())

    @property
    def today(self) -> dt.date:
        """In UTC."""
        return day_of_micros(self.now)

    @property
    def second(self) -> UnixTime:
        """Now, in seconds."""
        return seconds_of(self.now)

    @property
    def invoices_held_since(self) -> dt.date:
        """The first day of the twelve months whose invoices are surely held; some older ones are as well (ADR 0028)."""
        moment = self.connection.moment_of_figures(self.now)
        return day_of(window_start(seconds_of(moment)))

    @property
    def signals_raised_since(self) -> dt.date | None:
        """The day on which Stripe was connected, for the last time; None: it is not."""
        connected = self.connection.connected_at
        return None if connected is None else day_of_micros(connected)

    def view(self, bag: MoneyBag) -> MoneyView:
        """Money as the workspace shows it."""
        return shown(self.figures, bag)

    def as_billed(self, bag: MoneyBag) -> MoneyView:
        """Money in its own currency: of one invoice or subscription, never converted."""
        return view_of(bag, None, NO_RATES, self.figures.day)

    def recurring(self, metric: Metric, mrr: MoneyBag) -> MoneyView:
        """MRR, or the ARR that it makes."""
        return self.view(annual(mrr) if metric in (Metric.ARR, Metric.ARR_AT_RISK) else mrr)

    def mrr_of(self, row: AccountRow) -> MoneyBag:
        """An account's exact MRR on the workspace's basis."""
        return self.figures.shown_mrr(row.list_mrr, row.net_mrr)

    def measure(
        self, kind: MeasureKind = MeasureKind.MRR, at: RecordedMoment | None = None, since: RecordedMoment | None = None
    ) -> Measure:
        """On the workspace's basis."""
        return Measure(kind, self.figures.basis, at, since)

    def sum_of(self, account_id: str | None, measure: Measure) -> MoneyBag:
        """The exact sum over one account, or all."""
        selection = Selection() if account_id is None else Selection(account_ids=(account_id,))
        return self.unit.question_data.totals(selection, measure)[0].amounts

    def span(self, period: Period) -> DaySpan:
        """The days that a period means today."""
        return span_of(period, self.today)

    def moment_at_end_of(self, day: dt.date) -> RecordedMoment:
        """How the MRR at the end of ``day`` is known. Raises ``NotRecorded``."""
        found = self.unit.question_data.recorded_moment(min(day, self.today), today=self.today)
        if found is None:
            raise NotRecorded(day)
        return found

    def moments_of(self, span: DaySpan) -> tuple[RecordedMoment, RecordedMoment]:
        """Just before ``span`` and at its end. Raises ``NotRecorded``.

        The last twelve months begin some days before the oldest month end that is rebuilt: that one is taken where
        nothing before it is known, and whoever tells the figure says so (``off_by``).
        """
        end = self.moment_at_end_of(span.last)
        try:
            return self.moment_at_end_of(span.first - dt.timedelta(days=1)), end
        except NotRecorded:
            month_end = day_of(UnixTime(Month(span.first.year, span.first.month).end - 1))
            start = self.unit.question_data.recorded_moment(min(month_end, self.today), today=self.today)
            if start is None or start.is_now or start.end_of >= min(span.last, self.today):
                raise
            return start, end

    def weights(self, bag: MoneyBag) -> Mapping[str, int]:
        """What a minor unit of each currency is worth when amounts are put in order: converted where figures are."""
        return self.weights_of(bag.currencies)

    def weights_of(self, currencies: Iterable[str]) -> Mapping[str, int]:
        """The same, by currency."""
        return {currency: self._weight(currency) for currency in currencies}

    def _weight(self, currency: str) -> int:
        plain = Fraction(MILLIONTHS, UNITS[minor_digits(currency)])
        wanted = self.figures.default_currency
        if wanted is None:
            return int(plain)
        rate = self.figures.rates.rate(currency, wanted, self.figures.day)
        return 0 if rate is None else int(plain * rate)

    def coverage(self) -> AnswerCoverage:
        """What sums over all accounts leave out."""
        left_out = self.unit.question_data.unmatched()
        return AnswerCoverage(
            left_out.customers, self.view(self.figures.shown_mrr(left_out.list_mrr, left_out.net_mrr))
        )

    # What an answer cites.

    def cite_account(self, account_id: str, name: str) -> Citation:
        """The account in Clynto."""
        return Citation(CitationKind.ACCOUNT, account_id, name, account_id)

    def cite_invoice(self, invoice_id: str, label: str | None, account_id: str | None) -> Citation:
        """The very invoice in Stripe."""
        url = invoice_url(invoice_id, self.connection.mode)
        return Citation(CitationKind.INVOICE, invoice_id, label or invoice_id, account_id, url)

    def cite_subscription(self, subscription_id: str, label: str, account_id: str | None) -> Citation:
        """The very subscription in Stripe."""
        url = subscription_url(subscription_id, self.connection.mode)
        return Citation(CitationKind.SUBSCRIPTION, subscription_id, label or subscription_id, account_id, url)

    def cite_customer(self, customer_id: str, label: str) -> Citation:
        """The very customer in Stripe."""
        url = customer_url(customer_id, self.connection.mode)
        return Citation(CitationKind.CUSTOMER, customer_id, label or customer_id, None, url)

    # Putting an answer together.

    def answer(
        self,
        query: Query,
        sentences: Sequence[str],
        *,
        table: Table | None = None,
        figures: Sequence[AnswerFigure] = (),
        citations: Iterable[Citation] = (),
        points: Sequence[AnswerPoint] = (),
        notes: Sequence[str] = (),
        over_all: bool = False,
    ) -> Answer:
        """The answer, with what its figures leave out. ``over_all``: a figure is a sum over accounts, so customers
        without an account are missing in it."""
        table = table or Table()
        views = [figure.money for figure in figures if figure.money is not None] + [point.amount for point in points]
        views += [cell for row in table.rows for cell in row.cells if isinstance(cell, MoneyView)]
        coverage = self.coverage() if over_all else None
        cited = [row.citation for row in table.rows if row.citation is not None]
        told = [*notes, *_cut(table), *_units(views), *_left_out(coverage)]
        return Answer(
            query=query,
            kind=AnswerKind.ANSWERED,
            sentences=tuple(sentences),
            notes=tuple(told + self._standing()),
            table=table,
            figures=tuple(figures),
            citations=tuple(dict.fromkeys([*citations, *cited]))[:CITED],
            points=tuple(points),
            coverage=coverage,
            as_of=self.connection.last_sync_began_at,
            frozen_at=self.connection.disconnected_at if self.connection.frozen else None,
        )

    def _standing(self) -> list[str]:
        """What keeps figures from being whole and fresh (guarantee 12)."""
        connection = self.connection
        if connection.status is ConnectionStatus.NOT_CONNECTED:
            return ["Stripe is not connected: no figure comes from there."]
        if connection.frozen and connection.disconnected_at is not None:
            day = day_text(day_of_micros(connection.disconnected_at))
            return [f"Stripe is disconnected: figures stand as they were on {day}."]
        if connection.status is ConnectionStatus.ERROR:
            return ["The last sync did not complete: figures may be out of date."]
        if connection.last_sync_at is None:
            return ["The first sync has not ended: figures are not complete yet."]
        return []


def known_at(moment: RecordedMoment) -> str:
    """``now``, or the day whose end a moment stands for."""
    return "now" if moment.is_now else f"at the end of {day_text(moment.end_of)}"


def off_by(wanted: dt.date, moment: RecordedMoment) -> list[str]:
    """Say so if the figure is not of the day that was asked for."""
    if moment.is_now or moment.end_of == wanted:
        return []
    rebuilt = ", rebuilt from invoices" if moment.month is not None else ""
    if moment.end_of > wanted:
        begins = f"the comparison begins at the end of {day_text(moment.end_of)}{rebuilt}"
        return [f"No figure of {day_text(wanted)} was kept; {begins}."]
    newest = f"the newest one before it is of {day_text(moment.end_of)}{rebuilt}"
    return [f"No figure of {day_text(wanted)} was kept; {newest}."]


def _cut(table: Table) -> list[str]:
    if table.total <= len(table.rows):
        return []
    return [f"The first {len(table.rows):,} of {table.total:,} are shown."]


def _units(views: Iterable[MoneyView]) -> list[str]:
    held = list(views)
    notes = []
    if any(view.mixed for view in held):
        notes.append("Amounts of different currencies are added without conversion, since no currency is set.")
    without = sorted({currency for view in held for currency in view.unconverted})
    if without:
        notes.append(f"Left out, since there is no exchange rate: {listed(without)}.")
    targets = {view.currency for view in held if view.currency and set(view.by_currency) - {view.currency}}
    if targets:
        notes.append(f"Converted to {listed(sorted(targets))} at the workspace's exchange rates.")
    return notes


def _left_out(coverage: AnswerCoverage | None) -> list[str]:
    if coverage is None or not coverage.unmatched_customers:
        return []
    missing = count(coverage.unmatched_customers, "Stripe customer")
    verb = "is" if coverage.unmatched_customers == 1 else "are"
    return [f"Not included: {missing} without an account, who {verb} worth {money(coverage.unmatched_mrr)} MRR."]
