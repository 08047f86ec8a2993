"""Questions about many accounts: which ones, how many, how much in all or by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from clynto.application.queries.question_ground import Ground, known_at, off_by
from clynto.application.queries.select_accounts import selection_of, stretch_of, what_is_compared, with_statuses
from clynto.domain.money import ZERO, MoneyBag
from clynto.domain.money_view import annual
from clynto.domain.questions.answers import Answer, AnswerFigure, Cell, CellKind, Column, Row, Table
from clynto.domain.questions.filters import InCurrency, OutstandingRange
from clynto.domain.questions.periods import Period
from clynto.domain.questions.query import (
    RECURRING,
    Accounts,
    Figure,
    Grouping,
    Metric,
    Order,
    Statistic,
)
from clynto.domain.questions.sentences import METRIC_WORDS
from clynto.domain.questions.wording import conditions, count, in_span, listed, money, number, sentence
from clynto.domain.signals import SignalType
from clynto.ports.question_data import GroupTotal, MeasureKind, Selection, SignalCondition
from clynto.ports.read_models import AccountRow, StatusFilter

AT_RISK = frozenset({StatusFilter.OVERDUE, StatusFilter.FAILED})
PAYMENT_PROBLEMS = frozenset({SignalType.PAYMENT_FAILED, SignalType.PAYMENT_OVERDUE})
SCORE_DECIMALS = 1
NAMED = 3
"""Leading accounts that are named in the sentence."""
MEASURES = {
    Metric.MRR: MeasureKind.MRR,
    Metric.ARR: MeasureKind.MRR,
    Metric.ARR_AT_RISK: MeasureKind.MRR,
    Metric.ACCOUNTS: MeasureKind.MRR,
    Metric.OUTSTANDING: MeasureKind.OUTSTANDING,
    Metric.LIFETIME_VALUE: MeasureKind.LIFETIME,
    Metric.HEALTH: MeasureKind.HEALTH,
}
_GROUP_TITLES = {
    Grouping.PAYMENT_STATUS: "Payment Status",
    Grouping.PLAN: "Plan",
    Grouping.CURRENCY: "Currency",
    Grouping.INTERVAL: "Billed every",
    Grouping.HEALTH: "Health",
}
_OF_ACCOUNTS = (Grouping.PAYMENT_STATUS, Grouping.HEALTH)
_HEALTH_LEVELS = {"ok": "good", "warning": "needs attention", "critical": "critical", "none": "unknown"}
_ACCOUNT = Column("account", "Account")
_ABOUT_ACCOUNTS = (
    Column("payment_status", "Payment Status", CellKind.STATUS),
    Column("health_score", "Health", CellKind.SCORE),
    Column("renewal_at", "Renews", CellKind.DAY),
)


def answer_accounts(ground: Ground, query: Accounts) -> Answer:
    """The accounts that meet the conditions, ranked. Raises ``NotRecorded``."""
    selection = selection_of(ground, query.filters)
    kind = MEASURES[query.metric]
    measure = ground.measure(kind)
    data = ground.unit.question_data
    total = data.totals(selection, measure)[0]
    ranked = data.ranked(
        selection, measure, order=query.order, limit=query.limit, weights=ground.weights(total.amounts)
    )
    amounts = {found.account_id: found.amounts for found in ranked}
    rows = ground.unit.accounts_table.rows(list(amounts))
    # By an amount, accounts without any are left out of the ranking, so they are not counted either.
    listed_accounts = total.scored if kind is MeasureKind.HEALTH else total.bearing
    if kind is MeasureKind.MRR and not _is_part(selection):
        listed_accounts = total.accounts
    columns = (_ACCOUNT, *_money_columns(query.metric), *_ABOUT_ACCOUNTS)
    table = Table(columns, tuple(_account(ground, row, query.metric, amounts[row.id]) for row in rows), listed_accounts)
    figures = [AnswerFigure("accounts", number=Fraction(total.accounts)), *_sums(ground, query.metric, total)]
    return ground.answer(
        query,
        [
            *_first(ground, query, rows, amounts),
            *_accounts_found(query, total, listed_accounts),
            *_bring(ground, query, total),
        ],
        table=table,
        figures=figures,
        notes=[*_not_listed(query.metric, total.accounts - table.total), *what_is_compared(ground, query.filters)],
        over_all=not query.filters and bool(_sums(ground, query.metric, total)),
    )


def answer_figure(ground: Ground, query: Figure) -> Answer:
    """One figure over accounts, or one for each group. Raises ``NotRecorded``."""
    if query.period is not None and query.metric in RECURRING:
        return _figure_of_the_past(ground, query, query.period)
    selection = selection_of(ground, query.filters)
    if query.metric is Metric.ARR_AT_RISK:
        return _at_risk(ground, query, selection)
    data, measure = ground.unit.question_data, ground.measure(MEASURES[query.metric])
    # Accounts are counted without the money that they bring, where they are not grouped by it.
    counting = ground.measure(MeasureKind.ACCOUNTS) if query.metric is Metric.ACCOUNTS else measure
    total = data.totals(selection, counting)[0]
    figure = _figure_of(ground, query, total)
    groups: tuple[GroupTotal, ...] = ()
    if query.grouping is not None:
        asked = counting if query.grouping in _OF_ACCOUNTS else measure
        groups = tuple(data.totals(selection, asked, grouping=query.grouping))
    return ground.answer(
        query,
        [_told(query, figure, total)],
        table=_grouped(ground, query, groups),
        figures=[figure, AnswerFigure("accounts", number=Fraction(total.accounts))],
        notes=[*what_is_compared(ground, query.filters), *_counted_twice(query)],
        over_all=not query.filters and figure.money is not None and query.statistic is Statistic.TOTAL,
    )


# Lists of accounts.


def _is_part(selection: Selection) -> bool:
    return selection.part.currency is not None or selection.part.is_by_subscription


def _money_columns(metric: Metric) -> tuple[Column, ...]:
    own = Column(metric.value, METRIC_WORDS[metric][:1].upper() + METRIC_WORDS[metric][1:], CellKind.MONEY)
    mrr, arr = Column("mrr", "MRR", CellKind.MONEY), Column("arr", "ARR", CellKind.MONEY)
    if metric in (*RECURRING, Metric.HEALTH):
        return mrr, arr
    return own, mrr


def _account(ground: Ground, row: AccountRow, metric: Metric, amount: MoneyBag) -> Row:
    mrr = amount if metric in RECURRING else ground.mrr_of(row)
    if metric in (*RECURRING, Metric.HEALTH):
        cells: list[Cell] = [ground.view(mrr), ground.view(annual(mrr))]
    else:
        cells = [ground.view(amount), ground.view(mrr)]
    status = None if row.payment_status is None else row.payment_status.value
    about: list[Cell] = [status, row.health_score, row.renewal_at]
    return Row((row.name, *cells, *about), ground.cite_account(row.id, row.name))


def _accounts_found(query: Accounts, total: GroupTotal, bearing: int) -> list[str]:
    bounded = any(isinstance(condition, OutstandingRange) for condition in query.filters)
    if query.metric is Metric.OUTSTANDING and not bounded:
        owing = "owes" if bearing == 1 else "owe"
        return [sentence(f"{count(bearing, 'account')}{conditions(query.filters)} {owing} something")]
    if not query.filters and query.metric is not Metric.HEALTH and total.accounts > 1:
        # How many there are in all stands beside what they bring.
        return []
    return [sentence(f"{count(total.accounts, 'account')}{conditions(query.filters)}")]


def _not_listed(metric: Metric, missing: int) -> list[str]:
    """Why fewer accounts stand below than the sentence counts; of what is owed only those that owe are counted."""
    if missing < 1 or metric is Metric.OUTSTANDING:
        return []
    has, is_not = ("has", "is") if missing == 1 else ("have", "are")
    return [f"{missing:,} of them {has} no {METRIC_WORDS[metric]} and {is_not} not listed."]


def _sums(ground: Ground, metric: Metric, total: GroupTotal) -> list[AnswerFigure]:
    if metric is Metric.HEALTH or not total.accounts:
        return []
    if metric in RECURRING:
        return [
            AnswerFigure("mrr", ground.view(total.amounts)),
            AnswerFigure("arr", ground.view(annual(total.amounts))),
        ]
    return [AnswerFigure(metric.value, ground.view(total.amounts))]


def _bring(ground: Ground, query: Accounts, total: GroupTotal) -> list[str]:
    sums = [figure.money for figure in _sums(ground, query.metric, total) if figure.money is not None]
    if not sums:
        return []
    together = "Together they have" if total.accounts > 1 else "It has"
    if not query.filters and query.metric is not Metric.OUTSTANDING and total.accounts > 1:
        together = f"All {total.accounts:,} accounts together have"
    if not total.amounts.without_zeros().currencies:
        return [sentence(f"{together} no {METRIC_WORDS[query.metric]} now")]
    if query.metric in RECURRING:
        return [f"{together} {money(sums[0])} MRR, which is {money(sums[1])} ARR."]
    words = "outstanding" if query.metric is Metric.OUTSTANDING else METRIC_WORDS[query.metric]
    return [sentence(f"{together} {money(sums[0])} {words}")]


def _first(ground: Ground, query: Accounts, rows: Sequence[AccountRow], amounts: Mapping[str, MoneyBag]) -> list[str]:
    """Where the ends of a ranking were asked for, their names are the answer."""
    if not rows or (query.filters and query.limit != 1) or query.metric is Metric.OUTSTANDING:
        return []
    ends = "highest" if query.order is Order.HIGHEST else "lowest"
    leading = [_with_amount(ground, query.metric, row, amounts[row.id]) for row in rows[: min(query.limit, NAMED)]]
    verb = "is that" if len(leading) == 1 else "are those"
    words = METRIC_WORDS[query.metric]
    return [sentence(f"the {ends} {words if len(leading) == 1 else words + 's'} {verb} of {listed(leading)}")]


def _with_amount(ground: Ground, metric: Metric, row: AccountRow, amount: MoneyBag) -> str:
    if metric is Metric.HEALTH:
        return f"{row.name} ({'unknown' if row.health_score is None else row.health_score})"
    return f"{row.name} ({money(ground.recurring(metric, amount))})"


# Figures.


def _figure_of(ground: Ground, query: Figure, total: GroupTotal) -> AnswerFigure:
    if query.metric is Metric.ACCOUNTS:
        return AnswerFigure("accounts", number=Fraction(total.accounts))
    if query.metric is Metric.HEALTH:
        average = Fraction(total.score_sum, total.scored) if total.scored else None
        return AnswerFigure("health_score", number=average, decimals=SCORE_DECIMALS)
    return AnswerFigure(query.metric.value, ground.recurring(query.metric, _bag_of(query, total)))


def _bag_of(query: Figure, total: GroupTotal) -> MoneyBag:
    if query.statistic is Statistic.AVERAGE:
        return total.amounts * Fraction(1, total.accounts) if total.accounts else MoneyBag.empty()
    return total.amounts


def _told(query: Figure, figure: AnswerFigure, total: GroupTotal) -> str:
    whom = f"{count(total.accounts, 'account')}{conditions(query.filters)}"
    if query.metric is Metric.ACCOUNTS:
        verb = "is" if total.accounts == 1 else "are"
        return sentence(f"there {verb} {whom}")
    if query.metric is Metric.HEALTH:
        if figure.number is None:
            return sentence(f"no health score is known among {whom}")
        known = f"{total.scored:,} of them with a known score"
        return sentence(f"the average health score is {number(figure.number, figure.decimals)}, over {whom}, {known}")
    words = METRIC_WORDS[query.metric]
    if query.statistic is Statistic.AVERAGE:
        return sentence(f"the average {words} is {_amount(figure)} an account, over {whom}")
    return sentence(f"the {words} is {_amount(figure)}, over {whom}")


def _amount(figure: AnswerFigure) -> str:
    return "nothing" if figure.money is None else money(figure.money)


def _at_risk(ground: Ground, query: Figure, selection: Selection) -> Answer:
    """ARR of accounts that are overdue or failed; with a period, of those whose payment problem arose in it."""
    everyone = with_statuses(selection, AT_RISK)
    arisen = everyone if everyone is None or query.period is None else _arisen(ground, everyone, query.period)
    figure, total = _risk_of(ground, arisen, query)
    sentences = [_risk_told(ground, query, figure, total)]
    figures = [figure, AnswerFigure("accounts", number=Fraction(total.accounts))]
    if query.period is not None:
        whole, all_late = _risk_of(ground, everyone, replace(query, statistic=Statistic.TOTAL))
        figures.append(replace(whole, name="arr_at_risk_in_all"))
        late = count(all_late.accounts, "account")
        verb = "is" if all_late.accounts == 1 else "are"
        sentences.append(sentence(f"in all, {_amount(whole)} ARR is at risk: {late} {verb} overdue or failed now"))
    table = _at_risk_table(ground, query, arisen)
    missing = total.accounts - table.total if query.grouping is None else 0
    return ground.answer(
        query,
        sentences,
        table=table,
        figures=figures,
        notes=[*_not_listed(Metric.MRR, missing), *what_is_compared(ground, query.filters), *_counted_twice(query)],
        over_all=not query.filters,
    )


def _arisen(ground: Ground, selection: Selection, period: Period) -> Selection:
    condition = SignalCondition(types=PAYMENT_PROBLEMS, within=stretch_of(ground, period))
    return replace(selection, signal=condition)


def _risk_of(ground: Ground, selection: Selection | None, query: Figure) -> tuple[AnswerFigure, GroupTotal]:
    if selection is None:
        total = GroupTotal("", 0, 0, MoneyBag.empty())
    else:
        total = ground.unit.question_data.totals(selection, ground.measure())[0]
    return AnswerFigure(Metric.ARR_AT_RISK.value, ground.recurring(query.metric, _bag_of(query, total))), total


def _risk_told(ground: Ground, query: Figure, figure: AnswerFigure, total: GroupTotal) -> str:
    average = " an account on average" if query.statistic is Statistic.AVERAGE else ""
    whom = f"{count(total.accounts, 'account')}{conditions(query.filters)}"
    if query.period is None:
        return sentence(
            f"{_amount(figure)} ARR is at risk{average}: {whom} {_are(total.accounts)} overdue or failed now"
        )
    span = ground.span(query.period)
    arose = f"payment problems that arose {in_span(span.first, span.last)}"
    late = f"{whom} {_are(total.accounts)} still overdue or failed"
    return sentence(f"{_amount(figure)} ARR is at risk from {arose}{average}: {late}")


def _are(accounts: int) -> str:
    return "is" if accounts == 1 else "are"


def _at_risk_table(ground: Ground, query: Figure, selection: Selection | None) -> Table:
    if selection is None:
        return Table()
    data, measure = ground.unit.question_data, ground.measure()
    if query.grouping is not None:
        return _grouped(ground, query, tuple(data.totals(selection, measure, grouping=query.grouping)))
    total = data.totals(selection, measure)[0]
    ranked = data.ranked(
        selection,
        measure,
        order=Order.HIGHEST,
        limit=Accounts().limit,
        weights=ground.weights(total.amounts),
    )
    amounts = {found.account_id: found.amounts for found in ranked}
    rows = ground.unit.accounts_table.rows(list(amounts))
    columns = (_ACCOUNT, *_money_columns(Metric.ARR), *_ABOUT_ACCOUNTS)
    listed = total.bearing if _is_part(selection) else total.accounts
    return Table(columns, tuple(_account(ground, row, Metric.ARR, amounts[row.id]) for row in rows), listed)


def _figure_of_the_past(ground: Ground, query: Figure, period: Period) -> Answer:
    span = ground.span(period)
    moment = ground.moment_at_end_of(span.last)
    measure, data = ground.measure(at=moment), ground.unit.question_data
    one = next((condition.currency for condition in query.filters if isinstance(condition, InCurrency)), None)
    bag = ground.sum_of(None, measure)
    if one is not None:
        bag = MoneyBag.of(one, bag.amounts.get(one, ZERO))
    view = ground.recurring(query.metric, bag)
    figure = AnswerFigure(query.metric.value, view, on=None if moment.is_now else moment.end_of)
    verb = "is" if moment.is_now else "was"
    unit = "" if one is None else f" in {one}"
    text = sentence(f"the {METRIC_WORDS[query.metric]} of all accounts{unit} {verb} {money(view)} {known_at(moment)}")
    groups = data.totals(Selection(), measure, grouping=query.grouping) if query.grouping is not None else ()
    return ground.answer(
        query,
        [text],
        table=_grouped(ground, query, groups),
        figures=[figure],
        notes=[*off_by(span.last, moment), *_counted_twice(query)],
        over_all=moment.is_now and one is None,
    )


def _grouped(ground: Ground, query: Figure, groups: Sequence[GroupTotal]) -> Table:
    if query.grouping is None:
        return Table()
    columns = [Column("group", _GROUP_TITLES[query.grouping]), Column("accounts", "Accounts", CellKind.COUNT)]
    if query.metric is Metric.HEALTH:
        columns.append(Column("health_score", "Average health"))
    elif query.metric is not Metric.ACCOUNTS:
        words = METRIC_WORDS[query.metric]
        prefix = "Average " if query.statistic is Statistic.AVERAGE else ""
        columns.append(Column(query.metric.value, f"{prefix}{words}", CellKind.MONEY))
    rows = tuple(Row(_group_cells(ground, query, group)) for group in groups)
    return Table(tuple(columns), rows, len(rows))


def _group_cells(ground: Ground, query: Figure, group: GroupTotal) -> tuple[Cell, ...]:
    name = group.key
    if query.grouping is Grouping.HEALTH:
        name = _HEALTH_LEVELS[name]
    cells: list[Cell] = [name or "none", group.accounts]
    figure = _figure_of(ground, query, group)
    if query.metric is Metric.HEALTH:
        cells.append("none known" if figure.number is None else number(figure.number, figure.decimals))
    elif query.metric is not Metric.ACCOUNTS:
        cells.append(figure.money)
    return tuple(cells)


def _counted_twice(query: Figure) -> list[str]:
    if query.grouping in (Grouping.PLAN, Grouping.INTERVAL, Grouping.CURRENCY):
        word = {Grouping.PLAN: "plans", Grouping.INTERVAL: "intervals", Grouping.CURRENCY: "currencies"}[query.grouping]
        return [f"An account with several {word} counts in each of them."]
    return []
