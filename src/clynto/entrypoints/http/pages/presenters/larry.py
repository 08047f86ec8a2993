"""Larry's answers as a page shows them: linked cells, right-aligned figures, a chart for a trajectory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clynto.application.answer_question import Answered
from clynto.application.queries.mrr_history import HistoryShown, PointShown
from clynto.domain.account_billing import PaymentStatus
from clynto.domain.money import MoneyBag
from clynto.domain.money_view import MoneyView
from clynto.domain.month_ends import Month
from clynto.domain.mrr_history import Confidence
from clynto.domain.questions.answers import (
    Answer,
    AnswerPoint,
    Cell,
    CellKind,
    Citation,
    Column,
    Row,
)
from clynto.domain.questions.query import Metric, Trajectory
from clynto.domain.questions.sentences import sentence_of
from clynto.domain.questions.text_form import print_query
from clynto.entrypoints.http.pages.presenters import badges
from clynto.entrypoints.http.pages.presenters.badges import Badge
from clynto.entrypoints.http.pages.presenters.mrr_chart import MrrChart, mrr_chart

NUMERIC = frozenset({CellKind.MONEY, CellKind.COUNT, CellKind.SCORE, CellKind.DAY})
AMOUNTS = frozenset({CellKind.MONEY, CellKind.COUNT})
LINKS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class LinkShown:
    """``outside``: it opens Stripe's dashboard in a new tab."""

    text: str
    url: str
    outside: bool


@dataclass(frozen=True, slots=True)
class CellShown:
    """One of its parts is set, or none where there is nothing."""

    text: str | None = None
    money: MoneyView | None = None
    badge: Badge | None = None
    moment: int | None = None
    link: LinkShown | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return self == CellShown()


@dataclass(frozen=True, slots=True)
class HeadShown:
    """``look`` is the class of a column of figures. ``is_beneath``: on a phone its cells stand beneath the name of the
    row, for there only names and amounts have the width of a column."""

    title: str
    look: str
    is_beneath: bool


@dataclass(frozen=True, slots=True)
class ResultShown:
    """``asked`` is the typed query in English, ``query`` as it is written and can be run again."""

    sentences: tuple[str, ...]
    notes: tuple[str, ...]
    heads: tuple[HeadShown, ...]
    rows: tuple[tuple[CellShown, ...], ...]
    chart: MrrChart | None
    links: tuple[LinkShown, ...]
    query: str
    asked: str
    as_of: int | None


def result_shown(answered: Answered | None) -> ResultShown | None:
    """The result of a question; None where no query ran."""
    if answered is None or answered.result is None:
        return None
    answer = answered.result
    return ResultShown(
        sentences=answer.sentences,
        notes=answer.notes,
        heads=tuple(_head(column, is_first=place == 0) for place, column in enumerate(answer.table.columns)),
        rows=tuple(_cells(answer.table.columns, row) for row in answer.table.rows),
        chart=_chart(answer),
        links=_links(answer),
        query=print_query(answer.query),
        asked=sentence_of(answer.query),
        as_of=answer.as_of,
    )


def link_of(citation: Citation) -> LinkShown | None:
    """Where a citation leads."""
    if citation.stripe_url is not None:
        return LinkShown(citation.label, citation.stripe_url, outside=True)
    if citation.account_id is not None:
        return LinkShown(citation.label, f"/accounts/{citation.account_id}", outside=False)
    return None


def _head(column: Column, *, is_first: bool) -> HeadShown:
    look = "num" if column.kind in NUMERIC else ""
    return HeadShown(column.title, look, is_beneath=not is_first and column.kind not in AMOUNTS)


def _cells(columns: Sequence[Column], row: Row) -> tuple[CellShown, ...]:
    return tuple(
        _cell(column, cell, row.citation, is_first=place == 0)
        for place, (column, cell) in enumerate(zip(columns, row.cells, strict=True))
    )


def _cell(column: Column, cell: Cell, citation: Citation | None, *, is_first: bool) -> CellShown:
    if isinstance(cell, MoneyView):
        return CellShown(money=cell)
    if cell is None:
        return CellShown()
    if column.kind is CellKind.DAY:
        return CellShown(moment=int(cell))
    if column.kind is CellKind.STATUS:
        return CellShown(badge=badges.PAYMENT[PaymentStatus(str(cell))])
    if column.kind is CellKind.STRIPE:
        return CellShown(badge=badges.of_stripe(str(cell)))
    if column.kind is CellKind.SCORE:
        return CellShown(badge=badges.of_score(int(cell)))
    return CellShown(text=str(cell), link=_link_in(column, str(cell), citation, is_first=is_first))


def _link_in(column: Column, text: str, citation: Citation | None, *, is_first: bool) -> LinkShown | None:
    """The first column leads to what the row is about, that of the account to the account."""
    if citation is None:
        return None
    if column.key == "account" and citation.account_id is not None:
        return LinkShown(text, f"/accounts/{citation.account_id}", outside=False)
    found = link_of(citation) if is_first else None
    return None if found is None else LinkShown(text, found.url, found.outside)


def _links(answer: Answer) -> tuple[LinkShown, ...]:
    """What the answer rests on, where no row of the table shows it already."""
    in_rows = {row.citation for row in answer.table.rows}
    found = [link_of(citation) for citation in answer.citations if citation not in in_rows]
    return tuple(link for link in found if link is not None)[:LINKS_SHOWN]


def _chart(answer: Answer) -> MrrChart | None:
    if len(answer.points) < 2 or not isinstance(answer.query, Trajectory):
        return None
    name = "ARR" if answer.query.metric is Metric.ARR else "MRR"
    return mrr_chart(HistoryShown(tuple(_point(point) for point in answer.points), ()), name)


def _point(point: AnswerPoint) -> PointShown:
    year, month = (int(part) for part in point.month.split("-"))
    confidence = Confidence.OBSERVED if point.observed else Confidence.RECONSTRUCTED
    return PointShown(Month(year, month), point.amount, confidence, (), MoneyBag.empty(), point.is_live)
