"""Questions for lists of Stripe's objects: invoices, subscriptions, churn signals, customers without an account."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from clynto.application.queries.question_ground import Ground
from clynto.application.queries.select_accounts import signal_condition
from clynto.domain.money import MoneyBag
from clynto.domain.questions.answers import (
    Answer,
    AnswerFigure,
    Cell,
    CellKind,
    Citation,
    Column,
    NamedAccount,
    Row,
    Table,
)
from clynto.domain.questions.filters import SignalStanding
from clynto.domain.questions.lists import (
    Signals,
    Subscriptions,
    SubscriptionWord,
    UnmatchedCustomers,
)
from clynto.domain.questions.periods import Period
from clynto.domain.questions.phrases import SIGNAL_WORDS, either, quoted
from clynto.domain.questions.sentences import SUBSCRIPTION_WORDS
from clynto.domain.questions.wording import count, in_span, listed, moment_day, money, sentence
from clynto.domain.signal_explanation import explain
from clynto.domain.signals import SignalType
from clynto.ports.question_data import OwnedSubscription
from clynto.ports.read_models import CustomerRow
from clynto.ports.signals import StoredSignal

SUBSCRIPTION_COLUMNS = (
    Column("plan", "Plan"),
    Column("account", "Account"),
    Column("status", "Status", CellKind.STRIPE),
    Column("quantity", "Quantity", CellKind.COUNT),
    Column("interval", "Billed every"),
    Column("renewal_at", "Renews", CellKind.DAY),
    Column("cancel_at", "Ends", CellKind.DAY),
    Column("mrr", "MRR", CellKind.MONEY),
)
SIGNAL_COLUMNS = (
    Column("signal", "Signal"),
    Column("account", "Account"),
    Column("state", "State"),
    Column("occurred_at", "Occurred", CellKind.DAY),
    Column("amount", "Amount", CellKind.MONEY),
    Column("explanation", "What happened"),
)
CUSTOMER_COLUMNS = (
    Column("customer", "Stripe customer"),
    Column("email", "Email"),
    Column("payment_status", "Payment Status", CellKind.STATUS),
    Column("mrr", "MRR", CellKind.MONEY),
)
PLANS_TOLD = 3
"""Subscriptions of one account that are named in the sentence; more are read from the rows."""
SIGNALS_TOLD = 2
"""Signals of one account that are told in sentences, with their days."""


def answer_subscriptions(ground: Ground, query: Subscriptions, account: NamedAccount | None) -> Answer:
    """Subscriptions of matched customers, highest MRR first."""
    found, held = ground.unit.question_data.subscriptions(
        id_of(account),
        query.which,
        basis=ground.figures.basis,
        limit=query.limit,
        plan=None if query.plan is None else query.plan.casefold(),
    )
    noun = "subscription" if query.which is SubscriptionWord.ANY else f"{SUBSCRIPTION_WORDS[query.which]}subscription"
    on_plan = "" if query.plan is None else f" on the plan {quoted(query.plan)}"
    plans = f": {listed([_plan_told(owned) for owned in held])}" if account is not None and held else ""
    plans = plans if len(held) <= PLANS_TOLD else ""
    which = f"{count(found.total, noun)}{whose(account, found.total)}{on_plan}"
    text = sentence(f"{has(account, found.total)} {which}{plans}")
    table = Table(SUBSCRIPTION_COLUMNS, tuple(subscription_row(ground, owned) for owned in held), found.total)
    figures = [AnswerFigure("subscriptions", number=Fraction(found.total))]
    return ground.answer(query, [text], table=table, figures=figures, citations=cited(ground, account))


def _plan_told(owned: OwnedSubscription) -> str:
    row = owned.row
    every = "" if row.interval is None else f", billed every {row.interval}"
    ends = "" if row.cancel_at is None else f", ending on {moment_day(row.cancel_at)}"
    return f"{row.plan_name}{'' if row.quantity is None else f' x {row.quantity:,}'}{every}{ends}"


def subscription_row(ground: Ground, owned: OwnedSubscription) -> Row:
    """One subscription with its MRR on the workspace's basis, in its own currency."""
    row = owned.row
    mrr = ground.figures.shown_mrr(MoneyBag.of(row.currency, row.list_mrr), MoneyBag.of(row.currency, row.net_mrr))
    cells: tuple[Cell, ...] = (
        row.plan_name,
        owned.account_name,
        row.status,
        row.quantity,
        row.interval,
        row.renewal_at,
        row.cancel_at,
        ground.as_billed(mrr),
    )
    return Row(cells, ground.cite_subscription(row.id, row.plan_name, owned.account_id))


def answer_signals(ground: Ground, query: Signals, account: NamedAccount | None) -> Answer:
    """Churn signals, newest first."""
    condition = signal_condition(ground, query.types, query.standings, query.period)
    found, signals = ground.unit.question_data.signals(id_of(account), condition, limit=query.limit)
    noun = signal_noun(query.types, query.standings)
    occurred = when(ground, query.period, "that occurred")
    text = sentence(f"{has(account, found.total)} {count(found.total, noun)}{whose(account, found.total)}{occurred}")
    told = [f"{moment_day(one.signal.occurred_at)}: {sentence(explain(one.signal))}" for one in signals]
    told = told if account is not None and len(told) <= SIGNALS_TOLD else []
    table = Table(SIGNAL_COLUMNS, tuple(signal_row(ground, stored) for stored in signals), found.total)
    figures = [AnswerFigure("signals", number=Fraction(found.total))]
    return ground.answer(query, [text, *told], table=table, figures=figures, citations=cited(ground, account))


def signal_noun(types: Sequence[SignalType], standings: Sequence[SignalStanding]) -> str:
    """``open payment failure signal``."""
    words = (either(standing.value for standing in standings), either(SIGNAL_WORDS[kind] for kind in types), "signal")
    return " ".join(word for word in words if word)


def signal_row(ground: Ground, stored: StoredSignal) -> Row:
    """One signal as the inbox tells it; it cites the object that it rests on."""
    signal = stored.signal
    cells: tuple[Cell, ...] = (
        SIGNAL_WORDS[signal.type],
        stored.account_name or stored.customer_name,
        stored.status.value,
        signal.occurred_at,
        ground.as_billed(MoneyBag.of(signal.currency, signal.amount)),
        explain(signal),
    )
    return Row(cells, _object_of(ground, stored))


def _object_of(ground: Ground, stored: StoredSignal) -> Citation | None:
    signal = stored.signal
    if signal.invoice_id is not None:
        return ground.cite_invoice(signal.invoice_id, signal.context.invoice_number, stored.account_id)
    if signal.subscription_id is not None:
        return ground.cite_subscription(signal.subscription_id, signal.plan or "", stored.account_id)
    return None


def answer_unmatched(ground: Ground, query: UnmatchedCustomers) -> Answer:
    """Stripe customers without an account."""
    whole = ground.coverage()
    page = ground.unit.billing_details.customers(matched=False, text="", limit=query.limit, after=None)
    mrr = whole.unmatched_mrr
    verb = "has" if whole.unmatched_customers == 1 else "have"
    customers = count(whole.unmatched_customers, "Stripe customer")
    text = sentence(f"{customers} {verb} no account; their MRR is {money(mrr)}")
    # A customer that was deleted in Stripe pays nothing and is not among those that are counted.
    rows = tuple(_customer_row(ground, row) for row in page.rows if not row.deleted)
    return ground.answer(
        query,
        [text],
        table=Table(CUSTOMER_COLUMNS, rows, whole.unmatched_customers),
        figures=[
            AnswerFigure("unmatched_customers", number=Fraction(whole.unmatched_customers)),
            AnswerFigure("unmatched_mrr", mrr),
        ],
    )


def _customer_row(ground: Ground, row: CustomerRow) -> Row:
    status = None if row.payment_status is None else row.payment_status.value
    mrr = ground.view(ground.figures.shown_mrr(row.list_mrr, row.net_mrr))
    return Row((row.name or row.id, row.email, status, mrr), ground.cite_customer(row.id, row.name or ""))


def id_of(account: NamedAccount | None) -> str | None:
    """The account's id, where one was named."""
    return None if account is None else account.id


def has(account: NamedAccount | None, total: int) -> str:
    """How the sentence begins."""
    if account is not None:
        return f"{account.name} has"
    return "there is" if total == 1 else "there are"


def whose(account: NamedAccount | None, total: int) -> str:
    """Behind the number, where no account was named."""
    return " in all" if account is None and total else ""


def when(ground: Ground, period: Period | None, verb: str) -> str:
    """The days of a period behind a verb."""
    if period is None:
        return ""
    span = ground.span(period)
    return f" {verb} {in_span(span.first, span.last)}"


def cited(ground: Ground, account: NamedAccount | None) -> list[Citation]:
    """The account, where one was named."""
    return [] if account is None else [ground.cite_account(account.id, account.name)]
