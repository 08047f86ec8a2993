"""Questions about the past: changes, comparisons, trajectories, and who moved most."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from fractions import Fraction

from clynto.application.queries.answer_portfolio import MEASURES
from clynto.application.queries.mrr_history import PointShown, history_of_account, history_of_workspace
from clynto.application.queries.question_ground import Ground, NotRecorded, known_at, off_by
from clynto.domain.moments import UnixTime
from clynto.domain.money import MoneyBag
from clynto.domain.money_view import MoneyView
from clynto.domain.month_ends import Month, completed_months
from clynto.domain.mrr_history import Confidence
from clynto.domain.policies import MONTHS_PER_YEAR
from clynto.domain.questions.answers import (
    Answer,
    AnswerFigure,
    AnswerPoint,
    Cell,
    CellKind,
    Citation,
    Column,
    NamedAccount,
    Row,
    Table,
)
from clynto.domain.questions.lists import LARGEST_LIMIT
from clynto.domain.questions.periods import DaySpan, day_of
from clynto.domain.questions.phrases import MONTH_NAMES
from clynto.domain.questions.query import (
    Change,
    CompareAccounts,
    ComparePeriods,
    Metric,
    Move,
    Movers,
    Order,
    Trajectory,
)
from clynto.domain.questions.sentences import METRIC_WORDS
from clynto.domain.questions.wording import count, money, sentence, unsigned
from clynto.ports.question_data import RecordedMoment, Selection

MOST_MONTHS = 120
"""Of a trajectory: ten years are more than Stripe's facts reach back."""
_ENDS = {"before": "first", "after": "last"}
"""What the figures of a change are called in a trajectory."""
_WHEN = Column("when", "When")


def answer_change(ground: Ground, query: Change, account: NamedAccount | None) -> Answer:
    """How MRR or ARR changed. Raises ``NotRecorded``."""
    span = ground.span(query.period)
    start, end = ground.moments_of(span)
    before, after = _bag_at(ground, account, start), _bag_at(ground, account, end)
    change = ground.recurring(query.metric, (after - before).without_zeros())
    first, last = ground.recurring(query.metric, before), ground.recurring(query.metric, after)
    subject = f"the {METRIC_WORDS[query.metric]} of {_whose(account)}"
    text = _moved(subject, change, _told(start, first), _told(end, last))
    figures = [
        AnswerFigure("change", change),
        AnswerFigure("before", first, on=_day(start)),
        AnswerFigure("after", last, on=_day(end)),
    ]
    return ground.answer(
        query,
        [text],
        table=_two_moments(query.metric, (start, first), (end, last), change),
        figures=figures,
        citations=_cited(ground, account),
        notes=[*off_by(span.first - dt.timedelta(days=1), start), *off_by(span.last, end)],
        over_all=account is None and end.is_now,
    )


def answer_compared_periods(ground: Ground, query: ComparePeriods, account: NamedAccount | None) -> Answer:
    """MRR or ARR at the end of two periods. Raises ``NotRecorded``."""
    days = [ground.span(period).last for period in (query.first, query.second)]
    moments = [ground.moment_at_end_of(day) for day in days]
    bags = [_bag_at(ground, account, moment) for moment in moments]
    views = [ground.recurring(query.metric, bag) for bag in bags]
    change = ground.recurring(query.metric, (bags[0] - bags[1]).without_zeros())
    words = f"the {METRIC_WORDS[query.metric]} of {_whose(account)}"
    text = sentence(f"{words}: {_told(moments[0], views[0])} and {_told(moments[1], views[1])}, {_difference(change)}")
    figures = [
        AnswerFigure("first", views[0], on=_day(moments[0])),
        AnswerFigure("second", views[1], on=_day(moments[1])),
        AnswerFigure("difference", change),
    ]
    return ground.answer(
        query,
        [text],
        table=_two_moments(query.metric, (moments[0], views[0]), (moments[1], views[1]), change),
        figures=figures,
        citations=_cited(ground, account),
        notes=[note for day, moment in zip(days, moments, strict=True) for note in off_by(day, moment)],
        over_all=account is None and any(moment.is_now for moment in moments),
    )


def answer_compared_accounts(
    ground: Ground, query: CompareAccounts, first: NamedAccount, second: NamedAccount
) -> Answer:
    """One metric of two accounts."""
    measure = ground.measure(MEASURES[query.metric])
    bags = [ground.sum_of(account.id, measure) for account in (first, second)]
    views = [ground.recurring(query.metric, bag) for bag in bags]
    change = ground.recurring(query.metric, (bags[0] - bags[1]).without_zeros())
    words = METRIC_WORDS[query.metric]
    text = sentence(
        f"the {words} of {first.name} is {money(views[0])} and that of {second.name} {money(views[1])}, "
        f"{_difference(change)}"
    )
    columns = (Column("account", "Account"), Column(query.metric.value, words, CellKind.MONEY))
    rows = tuple(
        Row((account.name, view), ground.cite_account(account.id, account.name))
        for account, view in zip((first, second), views, strict=True)
    )
    figures = [
        AnswerFigure("first", views[0]),
        AnswerFigure("second", views[1]),
        AnswerFigure("difference", change),
    ]
    return ground.answer(query, [text], table=Table(columns, rows, len(rows)), figures=figures)


def answer_movers(ground: Ground, query: Movers) -> Answer:
    """The accounts whose MRR fell or rose most. Raises ``NotRecorded``."""
    span = ground.span(query.period)
    start, end = ground.moments_of(span)
    data, measure = ground.unit.question_data, ground.measure(at=end, since=start)
    fell = query.move is Move.FALL
    sums = [ground.sum_of(None, ground.measure(at=moment)) for moment in (start, end)]
    ranked = data.ranked(
        Selection(),
        measure,
        order=Order.LOWEST if fell else Order.HIGHEST,
        limit=LARGEST_LIMIT + 1,
        weights=ground.weights(sums[0] + sums[1]),
    )
    every = [(found, ground.view(found.amounts)) for found in ranked]
    every = [(found, view) for found, view in every if (view.value < 0 if fell else view.value > 0)]
    moved = every[: query.limit]
    rows = {row.id: row for row in ground.unit.accounts_table.rows([found.account_id for found, _ in moved])}
    columns = (
        Column("account", "Account"),
        Column("change", "Change of MRR", CellKind.MONEY),
        Column("mrr", "MRR now", CellKind.MONEY),
    )
    table = Table(
        columns,
        tuple(
            Row(
                (rows[found.account_id].name, view, ground.view(ground.mrr_of(rows[found.account_id]))),
                ground.cite_account(found.account_id, rows[found.account_id].name),
            )
            for found, view in moved
        ),
        len(every) if len(every) <= LARGEST_LIMIT else len(moved),
    )
    verb = "fell" if fell else "rose"
    ends = f"between {between(start)} and {between(end)}"
    text = f"The MRR of no account {verb} {ends}."
    if moved:
        first, view = moved[0]
        text = f"The MRR of {rows[first.account_id].name} {verb} most {ends}: by {unsigned(view)}."
    sentences, figures = [text], []
    if 1 < len(every) <= LARGEST_LIMIT:
        together = sum((found.amounts for found, _ in every), MoneyBag.empty())
        figures = [AnswerFigure("change", ground.view(together))]
        size = ground.view(together * Fraction(-1 if fell else 1))
        sentences.append(f"Together, {count(len(every), 'account')} {verb} by {money(size)}.")
    notes = [*off_by(span.first - dt.timedelta(days=1), start), *off_by(span.last, end)]
    return ground.answer(query, sentences, table=table, figures=figures, notes=notes)


def answer_trajectory(ground: Ground, query: Trajectory, account: NamedAccount | None) -> Answer:
    """MRR or ARR at month ends, and now if the period reaches it. Raises ``NotRecorded``."""
    span = ground.span(query.period)
    begin = _begins_on(span)
    months = max(1, min(MOST_MONTHS, _months_between(begin, ground.today)))
    known_from = _first_month_known(ground, months)
    moment = ground.connection.moment_of_figures(ground.now)
    if account is None:
        history = history_of_workspace(ground.unit, moment, months)
    else:
        row = ground.unit.accounts_table.rows([account.id])[0]
        history = history_of_account(ground.unit, row, moment, months)
    course = DaySpan(begin, span.last)
    inside = [point for point in history.points if _is_inside(point, course, ground.today, known_from)]
    points = [_point(ground, query.metric, point) for point in inside]
    if not points:
        raise NotRecorded(span.last)
    columns = (
        Column("month", "Month"),
        Column(query.metric.value, METRIC_WORDS[query.metric], CellKind.MONEY),
        Column("basis", "Basis"),
    )
    rows = tuple(Row((_month_name(point), point.amount, _basis(point))) for point in points)
    first, last = points[0], points[-1]
    if len(points) == 1 and last.is_live and span.first < ground.today:
        # No month has ended since: what changed from the day before on tells more than the figure of now alone.
        since = _changed_since(ground, Change(query.metric, query.period, query.account), account)
        if since is not None:
            figures = tuple(replace(held, name=_ENDS.get(held.name, held.name)) for held in since.figures)
            return replace(since, query=query, points=tuple(points), figures=figures)
    change = ground.recurring(query.metric, (inside[-1].bag - inside[0].bag).without_zeros())
    return ground.answer(
        query,
        [_course(query, account, first, last, change, len(points))],
        table=Table(columns, rows, len(rows)),
        figures=[
            AnswerFigure("first", first.amount),
            AnswerFigure("last", last.amount),
            AnswerFigure("change", change),
        ],
        citations=_cited(ground, account),
        points=points,
        notes=_begins(span, known_from),
        over_all=account is None and last.is_live,
    )


def _changed_since(ground: Ground, query: Change, account: NamedAccount | None) -> Answer | None:
    """None: it is not known what there was before."""
    try:
        return answer_change(ground, query, account)
    except NotRecorded:
        return None


def _bag_at(ground: Ground, account: NamedAccount | None, moment: RecordedMoment) -> MoneyBag:
    return ground.sum_of(None if account is None else account.id, ground.measure(at=moment))


def _whose(account: NamedAccount | None) -> str:
    return "all accounts" if account is None else account.name


def _cited(ground: Ground, account: NamedAccount | None) -> list[Citation]:
    return [] if account is None else [ground.cite_account(account.id, account.name)]


def _day(moment: RecordedMoment) -> dt.date | None:
    return None if moment.is_now else moment.end_of


def _told(moment: RecordedMoment, view: MoneyView) -> str:
    return f"{money(view)} {known_at(moment)}"


def between(moment: RecordedMoment) -> str:
    """``now``, or ``the end of`` a day."""
    return known_at(moment).removeprefix("at ")


def _moved(subject: str, change: MoneyView, before: str, after: str) -> str:
    if not change.value and not change.by_currency:
        return sentence(f"{subject} did not change: {before}, {after}")
    if change.mixed:
        return sentence(f"{subject} changed by {money(change)}, from {before} to {after}")
    verb = "rose" if change.value > 0 else "fell"
    return sentence(f"{subject} {verb} by {unsigned(change)}, from {before} to {after}")


def _difference(change: MoneyView) -> str:
    if not change.by_currency:
        return "no difference"
    return f"a difference of {unsigned(change)}"


def _two_moments(
    metric: Metric,
    first: tuple[RecordedMoment, MoneyView],
    second: tuple[RecordedMoment, MoneyView],
    change: MoneyView,
) -> Table:
    cells: list[tuple[Cell, ...]] = [
        (sentence(known_at(moment)).removesuffix("."), view) for moment, view in (first, second)
    ]
    cells.append(("Difference", change))
    columns = (_WHEN, Column(metric.value, METRIC_WORDS[metric], CellKind.MONEY))
    return Table(columns, tuple(Row(held) for held in cells), len(cells))


# Trajectories.


def _begins_on(span: DaySpan) -> dt.date:
    """A period that begins with a month begins with the end of the one before: without it, the first month's change
    would not be seen."""
    return span.first - dt.timedelta(days=1) if span.first.day == 1 else span.first


def _months_between(first: dt.date, today: dt.date) -> int:
    return (today.year - first.year) * MONTHS_PER_YEAR + today.month - first.month


def _first_month_known(ground: Ground, months: int) -> Month | None:
    """The first of the last ``months`` month ends that anything is recorded of: those before are not zero but
    unknown."""
    for month in completed_months(ground.second, months):
        last = day_of(UnixTime(month.end - 1))
        if ground.unit.question_data.recorded_moment(last, today=ground.today) is not None:
            return month
    return None


def _is_inside(point: PointShown, span: DaySpan, today: dt.date, known_from: Month | None) -> bool:
    if point.is_live:
        return span.first <= today <= span.last
    last = day_of(UnixTime(point.month.end - 1))
    return known_from is not None and known_from <= point.month and span.first <= last <= span.last


def _point(ground: Ground, metric: Metric, point: PointShown) -> AnswerPoint:
    view = ground.recurring(metric, point.bag)
    return AnswerPoint(str(point.month), view, point.confidence is Confidence.OBSERVED, point.is_live)


def _month_name(point: AnswerPoint) -> str:
    year, month = point.month.split("-")
    return "Now" if point.is_live else f"{MONTH_NAMES[int(month) - 1]} {year}"


def _basis(point: AnswerPoint) -> str:
    return "observed" if point.observed else "rebuilt from invoices"


def _course(
    query: Trajectory,
    account: NamedAccount | None,
    first: AnswerPoint,
    last: AnswerPoint,
    change: MoneyView,
    points: int,
) -> str:
    words = f"the {METRIC_WORDS[query.metric]} of {_whose(account)}"
    end = "now" if last.is_live else f"at the end of {_month_name(last)}"
    if points == 1:
        return sentence(f"{words} {'is' if last.is_live else 'was'} {money(last.amount)} {end}")
    # The way there tells the amounts; a fall of one currency beside a rise of another one has no direction.
    return _moved(
        words, change, f"{money(first.amount)} at the end of {_month_name(first)}", f"{money(last.amount)} {end}"
    )


def _begins(span: DaySpan, known_from: Month | None) -> list[str]:
    if known_from is None:
        return ["No month end is known yet."]
    first = Month(span.first.year, span.first.month)
    if first >= known_from:
        return []
    return [f"The record begins with {MONTH_NAMES[known_from.month - 1]} {known_from.year}."]
