"""Questions about one account: a fact, or everything at a glance."""

from __future__ import annotations

from fractions import Fraction

from clynto.application.queries.answer_invoices import INVOICE_COLUMNS, invoice_row
from clynto.application.queries.answer_lists import answer_signals
from clynto.application.queries.mrr_history import history_of_account
from clynto.application.queries.question_ground import Ground, known_at, off_by
from clynto.application.score_health import assess_health
from clynto.domain.account_billing import PaymentStatus
from clynto.domain.moments import UnixTime
from clynto.domain.money import MoneyBag
from clynto.domain.money_view import annual
from clynto.domain.questions.answers import (
    Answer,
    AnswerFigure,
    CellKind,
    Citation,
    Column,
    NamedAccount,
    Row,
    Table,
)
from clynto.domain.questions.lists import USUAL_LIMIT, InvoiceWord, Signals, SubscriptionWord
from clynto.domain.questions.periods import Period, day_of
from clynto.domain.questions.query import AccountFact, Fact, Metric
from clynto.domain.questions.sentences import FACT_WORDS
from clynto.domain.questions.wording import STATUS_WORDS, count, day_text, listed, moment_day, money, sentence
from clynto.domain.signals import SignalType
from clynto.domain.subscription import SubscriptionStatus
from clynto.ports.question_data import InvoiceCondition, MeasureKind, OwnedSubscription
from clynto.ports.read_models import AccountRow

_METRICS = {Fact.MRR: Metric.MRR, Fact.ARR: Metric.ARR}
_FACT_COLUMNS = (
    Column("account", "Account"),
    Column("mrr", "MRR", CellKind.MONEY),
    Column("arr", "ARR", CellKind.MONEY),
    Column("payment_status", "Payment Status", CellKind.STATUS),
    Column("renewal_at", "Renews", CellKind.DAY),
    Column("outstanding", "Left to pay", CellKind.MONEY),
    Column("lifetime_value", "Lifetime value", CellKind.MONEY),
    Column("health_score", "Health", CellKind.SCORE),
)
_PILLAR_COLUMNS = (
    Column("pillar", "Pillar"),
    Column("score", "Score", CellKind.SCORE),
    Column("reason", "Why"),
)
_ENDING_COLUMNS = (
    Column("plan", "Plan"),
    Column("status", "Status", CellKind.STRIPE),
    Column("renewal_at", "Renews", CellKind.DAY),
    Column("cancel_at", "Ends", CellKind.DAY),
)
_TRIAL_COLUMNS = (
    Column("plan", "Plan"),
    Column("status", "Status", CellKind.STRIPE),
    Column("trial_end", "Trial ends", CellKind.DAY),
)
_LOOKED_BACK = 60
"""Months in which MRR is sought: facts from Stripe seldom reach back further."""
LATE = (PaymentStatus.OVERDUE, PaymentStatus.FAILED)


def answer_account_fact(ground: Ground, query: AccountFact, account: NamedAccount) -> Answer:
    """One fact of one account. Raises ``NotRecorded``."""
    row = ground.unit.accounts_table.rows([account.id])[0]
    match query.fact:
        case Fact.OVERVIEW:
            return _overview(ground, query, row)
        case Fact.MRR | Fact.ARR:
            return _recurring(ground, query, row, _METRICS[query.fact], query.period)
        case Fact.ARR_AT_RISK:
            return _at_risk(ground, query, row)
        case Fact.OUTSTANDING:
            return _outstanding(ground, query, row)
        case Fact.LIFETIME_VALUE:
            view = ground.view(row.lifetime_value)
            since = f", on invoices since {moment_day(row.oldest_invoice_at)}" if row.oldest_invoice_at else ""
            text = sentence(f"{row.name} has paid {money(view)} so far{since}")
            return _of_account(ground, query, row, [text], [AnswerFigure("lifetime_value", view)])
        case Fact.PAYMENT_STATUS:
            told = [_status_told(row), *_late_told(ground, row)]
            return _of_account(ground, query, row, told, table=_all(ground, row))
        case Fact.RENEWAL:
            return _renewal(ground, query, row)
        case Fact.HEALTH:
            return _health(ground, query, row)
        case Fact.TRIAL:
            return _trial(ground, query, row)
        case Fact.CHURN:
            return _churn(ground, query, row)


def _of_account(
    ground: Ground,
    query: AccountFact,
    row: AccountRow,
    sentences: list[str],
    figures: list[AnswerFigure] | None = None,
    *,
    table: Table | None = None,
    notes: list[str] | None = None,
) -> Answer:
    told = list(notes or [])
    if row.partial and any(figure.name in ("mrr", "arr", "arr_at_risk") for figure in figures or ()):
        told.append("An amount of a subscription is not known yet, so the MRR is partial.")
    if not row.customers:
        told.append("No Stripe customer is matched to this account.")
    return ground.answer(
        query,
        sentences,
        figures=figures or [],
        table=table,
        citations=[ground.cite_account(row.id, row.name), *_customers(ground, row)],
        notes=told,
    )


def _customers(ground: Ground, row: AccountRow) -> list[Citation]:
    ids = ground.unit.matches.customers_of([row.id]).get(row.id, ())
    held = ground.unit.customers.get_many(ids)
    return [ground.cite_customer(i, held[i][0].name or i if i in held else i) for i in sorted(ids)]


def _overview(ground: Ground, query: AccountFact, row: AccountRow) -> Answer:
    mrr = ground.mrr_of(row)
    owed = ground.view(_owed(ground, row))
    figures = [
        AnswerFigure("mrr", ground.view(mrr)),
        AnswerFigure("arr", ground.view(annual(mrr))),
        AnswerFigure("outstanding", owed),
        AnswerFigure("lifetime_value", ground.view(row.lifetime_value)),
    ]
    first = f"{row.name} has {money(ground.view(mrr))} MRR, which is {money(ground.view(annual(mrr)))} ARR"
    second = f"{_status_told(row)} {_renews(ground, row)}"
    return _of_account(ground, query, row, [sentence(first), second], figures, table=_all(ground, row))


def _all(ground: Ground, row: AccountRow) -> Table:
    mrr = ground.mrr_of(row)
    cells = (
        row.name,
        ground.view(mrr),
        ground.view(annual(mrr)),
        None if row.payment_status is None else row.payment_status.value,
        row.renewal_at,
        ground.view(_owed(ground, row)),
        ground.view(row.lifetime_value),
        row.health_score,
    )
    return Table(_FACT_COLUMNS, (Row(cells, ground.cite_account(row.id, row.name)),), 1)


def _owed(ground: Ground, row: AccountRow) -> MoneyBag:
    return ground.sum_of(row.id, ground.measure(MeasureKind.OUTSTANDING))


def _recurring(ground: Ground, query: AccountFact, row: AccountRow, metric: Metric, period: Period | None) -> Answer:
    words = FACT_WORDS[query.fact]
    if period is None:
        view = ground.recurring(metric, ground.mrr_of(row))
        text = sentence(f"the {words} of {row.name} is {money(view)}")
        return _of_account(ground, query, row, [text], [AnswerFigure(metric.value, view)])
    last = ground.span(period).last
    moment = ground.moment_at_end_of(last)
    view = ground.recurring(metric, ground.sum_of(row.id, ground.measure(at=moment)))
    verb = "is" if moment.is_now else "was"
    text = sentence(f"the {words} of {row.name} {verb} {money(view)} {known_at(moment)}")
    figure = AnswerFigure(metric.value, view, on=None if moment.is_now else moment.end_of)
    return _of_account(ground, query, row, [text], [figure], notes=off_by(last, moment))


def _at_risk(ground: Ground, query: AccountFact, row: AccountRow) -> Answer:
    late = row.payment_status in LATE
    view = ground.view(annual(ground.mrr_of(row)) if late else MoneyBag.empty())
    figure = AnswerFigure("arr_at_risk", view)
    if not late:
        text = f"None of the ARR of {row.name} is at risk from payments. {_status_told(row)}"
        return _of_account(ground, query, row, [text], [figure])
    text = sentence(f"{money(view)} ARR of {row.name} is at risk")
    return _of_account(ground, query, row, [text, _status_told(row)], [figure], table=_all(ground, row))


def _status_told(row: AccountRow) -> str:
    if row.payment_status is None:
        return sentence(f"{row.name} has no payment status")
    return sentence(f"the payment status of {row.name} is {STATUS_WORDS[row.payment_status]}")


def _late_told(ground: Ground, row: AccountRow) -> list[str]:
    if row.payment_status not in LATE:
        return []
    return [sentence(f"{money(ground.view(_owed(ground, row)))} is left to pay on its open invoices")]


def _outstanding(ground: Ground, query: AccountFact, row: AccountRow) -> Answer:
    wanted = InvoiceCondition(InvoiceWord.UNPAID, row.id)
    found, invoices = ground.unit.question_data.invoices(wanted, now=ground.second, limit=USUAL_LIMIT)
    view = ground.view(found.remaining)
    text = sentence(f"{row.name} has {money(view)} left to pay on {count(found.total, 'open invoice')}")
    if not found.total:
        text = sentence(f"{row.name} has nothing left to pay")
    table = Table(INVOICE_COLUMNS, tuple(invoice_row(ground, owned) for owned in invoices), found.total)
    return _of_account(ground, query, row, [text], [AnswerFigure("outstanding", view)], table=table)


def _live(ground: Ground, row: AccountRow) -> list[OwnedSubscription]:
    _, held = ground.unit.question_data.subscriptions(
        row.id, SubscriptionWord.LIVE, basis=ground.figures.basis, limit=USUAL_LIMIT
    )
    return list(held)


def _renews(ground: Ground, row: AccountRow) -> str:
    if row.renewal_at is not None:
        return sentence(f"it renews on {moment_day(row.renewal_at)}")
    ends = [held.row.cancel_at for held in _live(ground, row) if held.row.cancel_at is not None]
    if ends:
        return sentence(f"it does not renew: a cancellation takes effect on {moment_day(min(ends))}")
    return "It has no coming renewal." if row.live_subscriptions else "It has no live subscription."


def _renewal(ground: Ground, query: AccountFact, row: AccountRow) -> Answer:
    held = _live(ground, row)
    text = _renews(ground, row)
    text = f"{row.name}{text.removeprefix('It')}"
    rows = tuple(
        Row(
            (one.row.plan_name, one.row.status, one.row.renewal_at, one.row.cancel_at),
            ground.cite_subscription(one.row.id, one.row.plan_name, row.id),
        )
        for one in held
    )
    return _of_account(ground, query, row, [text], table=Table(_ENDING_COLUMNS, rows, len(rows)))


def _trial(ground: Ground, query: AccountFact, row: AccountRow) -> Answer:
    """Whether a trial runs, and until when; that one has ended is not kept."""
    customers = ground.unit.matches.customers_of([row.id]).get(row.id, ())
    stored = ground.unit.subscriptions.of_customers(sorted(customers))
    running = [held for own in stored.values() for held, _ in own if held.status == SubscriptionStatus.TRIALING]
    plans = {one.row.id: one.row.plan_name for one in _live(ground, row)}
    told = [
        f"{plans.get(held.id, held.id)}{'' if held.trial_end is None else f' until {moment_day(held.trial_end)}'}"
        for held in running
    ]
    text = f"{row.name} is on trial: {listed(told)}" if told else f"{row.name} is not on trial now"
    rows = tuple(
        Row(
            (plans.get(held.id, held.id), held.status, held.trial_end),
            ground.cite_subscription(held.id, plans.get(held.id, held.id), row.id),
        )
        for held in running
    )
    return _of_account(ground, query, row, [sentence(text)], table=Table(_TRIAL_COLUMNS, rows, len(rows)))


def _churn(ground: Ground, query: AccountFact, row: AccountRow) -> Answer:
    """It has churned if it has no MRR and had some: at the end of a month, since no other days are kept for long."""
    mrr = ground.view(ground.mrr_of(row))
    figures = [AnswerFigure("mrr", mrr)]
    if mrr.by_currency and ground.mrr_of(row).without_zeros().currencies:
        text = f"No: {row.name} has not churned. Its MRR is {money(mrr)}."
        return _of_account(ground, query, row, [text], figures)
    history = history_of_account(ground.unit, row, ground.connection.moment_of_figures(ground.now), _LOOKED_BACK)
    held = [point for point in history.points if not point.is_live and point.bag.without_zeros().currencies]
    if not held:
        text = sentence(f"{row.name} has no MRR, and none is recorded at the end of a month")
        return _of_account(ground, query, row, [text], figures)
    last, day = held[-1], day_of(UnixTime(held[-1].month.end - 1))
    text = f"Yes: {row.name} has churned. It has no MRR now, and had {money(last.mrr)} at the end of {day_text(day)}."
    canceled = Signals(query.account, (SignalType.SUBSCRIPTION_CANCELED,), ())
    why = answer_signals(ground, canceled, NamedAccount(row.id, row.name))
    told = [text, *why.sentences] if why.table.total else [text]
    figures.append(AnswerFigure("before", last.mrr, on=day))
    return _of_account(ground, query, row, told, figures, table=why.table)


def _health(ground: Ground, query: AccountFact, row: AccountRow) -> Answer:
    measured = ground.unit.health.pillars([row.id]).get(row.id, [])
    health = assess_health(row.payment_status, row.as_of, measured)
    rows = tuple(Row((pillar.pillar.value, pillar.score, pillar.reason)) for pillar in health.pillars)
    table = Table(_PILLAR_COLUMNS, rows, len(rows))
    if health.score is None:
        text = sentence(f"{row.name} has no health score, since no pillar contributes")
        return _of_account(ground, query, row, [text], table=table)
    text = sentence(f"the health score of {row.name} is {health.score}")
    figure = AnswerFigure("health_score", number=Fraction(health.score))
    return _of_account(ground, query, row, [text], [figure], table=table)
