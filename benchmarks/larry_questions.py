"""How long Larry takes for a question over 100,000 accounts and 1,000,000 invoices, on SQLite and PostgreSQL.

A spread of questions over every kind of typed query, asked in plain words in this process as the HTTP edge asks them:
understanding, account names, the query over all rows, the sentences and the entry in the history. Prints p50 of each
question and the p95 over all of them against the limit of 300 ms, by the clock and as processor time. Run:
``python -m benchmarks.larry_questions``.
"""

from __future__ import annotations

import argparse
import calendar
import datetime as dt
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure, percentile, show
from benchmarks.surroundings import cpu_seconds, databases
from sqlalchemy import Engine, Text, func, insert, literal, select, true, union_all
from tests.contracts.news_samples import a_signal
from tests.contracts.samples import a_match, a_product, a_workspace, read_at

from clynto.adapters.memory.settable_clock import SettableClock
from clynto.adapters.sql.engines import open_database
from clynto.adapters.sql.kept_sums import settle
from clynto.adapters.sql.pending_sums import MEASURES_OF
from clynto.adapters.sql.schema import migrate
from clynto.adapters.sql.scope import Scope
from clynto.adapters.sql.tables import METADATA
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.adapters.system.random_identifiers import RandomIdentifiers
from clynto.adapters.text_matching.near_words import RapidfuzzNearWords
from clynto.application.actor import Actor
from clynto.application.answer_question import Answered, AnswerQuestion
from clynto.application.queries.run_query import RunQuery
from clynto.domain.account import Account
from clynto.domain.account_billing import CustomerBilling, PaymentStatus, SubscriptionBilling, add_up
from clynto.domain.customer import StripeCustomer
from clynto.domain.invoice import Invoice
from clynto.domain.moments import MICROS_PER_SECOND, UnixMicros, UnixTime
from clynto.domain.money import MoneyBag
from clynto.domain.month_ends import completed_months
from clynto.domain.mrr_history import Confidence, MrrPoint
from clynto.domain.roles import Role
from clynto.domain.signals import Signal, SignalOutcome, SignalState, SignalType
from clynto.domain.subscription import Subscription, SubscriptionItem
from clynto.ports.health import ScorePoint
from clynto.ports.mrr_records import AccountPoint

LIMIT_MS = 300
WORKSPACE = "ws_benchmark"
TODAY = dt.date(2026, 11, 26)
SECOND = UnixTime(calendar.timegm((2026, 11, 26, 9, 0, 0)))
NOW = UnixMicros(SECOND * MICROS_PER_SECOND)
DAY = 86_400
INVOICES_EACH = 10
MONTHS = 13
GROUP = 5_000
"""Accounts that are stored through the stores; the database multiplies them (``_multiply``)."""
FIRST = "q00q"
"""Stands in all ids, names and domains of the first group."""
NOT_MULTIPLIED = ("workspaces", "stripe_products", "kept_sums")
WORDS = ("Nord", "Werk", "Data", "Cloud", "Bau", "Licht", "Hafen", "Stern", "Wald", "Turm", "Feld", "Strom")
FORMS = ("GmbH", "AG", "Ltd", "Inc", "SAS")
CURRENCIES = ("USD",) * 7 + ("EUR",) * 2 + ("JPY",)
PLANS = tuple(
    (f"prod_{tier.lower()}{size}", f"{tier} {size}") for tier in ("Team", "Pro", "Enterprise") for size in (1, 2, 3, 4)
)
INTERVALS = ("month",) * 7 + ("year",) * 2 + ("3 months",)
NOT_LIVE = ("canceled",)
STATUSES = (PaymentStatus.PAID,) * 90 + (PaymentStatus.OVERDUE,) * 8 + (PaymentStatus.FAILED,) * 2

QUESTIONS = (
    "Which accounts are overdue?",
    "How much ARR is at risk from payment failures this month?",
    "How much ARR is at risk?",
    "Show the MRR trajectory of all accounts",
    "How much MRR do we have?",
    "What is our ARR by plan?",
    "MRR by currency",
    "MRR by payment status",
    "What is the total MRR of all accounts by billing interval?",
    "How many accounts are there by payment status?",
    "How many accounts are there by health?",
    "How much is outstanding?",
    "What is the outstanding amount by payment status?",
    "What is the lifetime value of all accounts?",
    "What is the average MRR?",
    "What is the average health score?",
    "Top 20 accounts by MRR",
    "Top 20 accounts by lifetime value",
    "Top 20 accounts by outstanding amount",
    "Show the top 20 accounts by lowest health score",
    'Top 20 accounts by MRR on the plan "Pro 2"',
    'How many accounts are there, with the product "Team 1"?',
    "Which accounts are billed every year?",
    "Which accounts have more than 1k MRR?",
    "Which accounts have no subscription?",
    "Which accounts are unmatched?",
    "Which accounts are unhealthy?",
    "Which accounts renew next month?",
    "Which accounts are set to cancel?",
    "Which accounts have failed payments?",
    "Which accounts downgraded this quarter?",
    "Which accounts are new this month?",
    "Which accounts churned last month?",
    "How did MRR change this month?",
    "Whose MRR fell most this quarter?",
    "Compare MRR this month with last month",
    "Show unpaid invoices",
    "Show overdue invoices",
    "Show paid invoices created last month",
    "Which subscriptions are canceling?",
    "Show the top 20 live subscriptions",
    "Show open signals",
    "Which Stripe customers have no account?",
    "Tell me about {name}",
    "What is the MRR of {domain}?",
    "Show the MRR trajectory of {name}",
    "How is the MRR of {name} computed?",
    "Why does {name} have its payment status?",
    "Show the invoices of {name}",
    "Compare the MRR of {name} with {other}",
)


def _name(number: int) -> str:
    draw = random.Random(number)
    return f"{draw.choice(WORDS)}{draw.choice(WORDS).lower()} {number}{FIRST} {draw.choice(FORMS)}"


def _account_id(number: int) -> str:
    return f"acc_{FIRST}{number:020}"


def _account(number: int) -> Account:
    name = _name(number)
    domain = f"{name.split(maxsplit=1)[0].lower()}-{number}{FIRST}.example"
    return Account(_account_id(number), name, (domain,), f"crm-{FIRST}{number}", NOW)


class _Company:
    """All that Stripe knows of one account: made from its number alone."""

    def __init__(self, number: int) -> None:
        self._draw = random.Random(number * 7 + 1)
        self.customer_id = f"cus_{FIRST}{number:014}"
        self.account_id = _account_id(number)
        self.name = _name(number)
        self._number = number
        self.currency = self._draw.choice(CURRENCIES)
        self.subscriptions = [self._subscription(place) for place in range(1 + (number % 5 == 0))]
        self.invoices = [self._invoice(place) for place in range(INVOICES_EACH)]

    @property
    def is_matched(self) -> bool:
        """Whether its customer belongs to its account."""
        return self._number % 50 != 1

    @property
    def customer(self) -> StripeCustomer:
        """The Stripe customer."""
        return StripeCustomer(
            self.customer_id, f"billing@{self._number}{FIRST}.example", f"{self.name} Holding", SECOND
        )

    def _subscription(self, place: int) -> tuple[Subscription, SubscriptionBilling]:
        draw = self._draw
        subscription_id = f"sub_{FIRST}{self._number:012}_{place}"
        status = "canceled" if self._number % 12 == 0 else "active"
        product_id, plan = draw.choice(PLANS)
        ends = UnixTime(SECOND + draw.randint(1, 365) * DAY)
        item = SubscriptionItem(
            id=f"si_{subscription_id}", price=None, quantity=1, period_start=SECOND, period_end=ends
        )
        canceling = status == "active" and self._number % 60 == 1
        subscription = Subscription(
            id=subscription_id,
            customer_id=self.customer_id,
            status=status,
            currency=self.currency,
            created=UnixTime(SECOND - 400 * DAY),
            start_date=UnixTime(SECOND - 400 * DAY),
            items=(item,),
            cancel_at_period_end=canceling,
        )
        mrr = Fraction(draw.randint(1_000, 400_000), draw.choice((1, 1, 3, 12))) if status == "active" else Fraction(0)
        billing = SubscriptionBilling(
            subscription_id=subscription_id,
            customer_id=self.customer_id,
            currency=self.currency,
            counted=status == "active",
            list_mrr=mrr,
            net_mrr=mrr * Fraction(9, 10),
            partial=False,
            plan_name=plan,
            quantity=1,
            interval=draw.choice(INTERVALS),
            product_ids=(product_id,),
            notes=(),
        )
        return subscription, billing

    def _invoice(self, place: int) -> Invoice:
        is_open = place == 0 and self._number % 10 == 3
        amount = self._draw.randint(1_000, 400_000)
        created = UnixTime(SECOND - place * 30 * DAY - self._draw.randint(0, 29 * DAY))
        return Invoice(
            id=f"in_{FIRST}{self._number:012}_{place:02}",
            customer_id=self.customer_id,
            subscription_id=self.subscriptions[0][0].id,
            number=f"INV-{FIRST}{self._number}-{place}",
            status="open" if is_open else "paid",
            currency=self.currency,
            amount_due=amount,
            amount_paid=0 if is_open else amount,
            amount_remaining=amount if is_open else 0,
            post_payment_credit=0,
            collection_method="charge_automatically",
            attempt_count=1,
            next_payment_attempt=None,
            retry_known=True,
            due_date=UnixTime(created + 14 * DAY),
            created=created,
            finalized_at=created,
            paid_at=None if is_open else created,
            voided_at=None,
            uncollectible_at=None,
            uncollectible_reason=None,
            billing_reason="subscription_cycle",
            lines=(),
        )

    def billing(self) -> CustomerBilling:
        """The figures of the customer."""
        listed = net = lifetime = MoneyBag.empty()
        for _, held in self.subscriptions:
            if held.counted:
                listed = listed + MoneyBag.of(held.currency, held.list_mrr)
                net = net + MoneyBag.of(held.currency, held.net_mrr)
        for invoice in self.invoices:
            lifetime = lifetime + MoneyBag.of(invoice.currency, invoice.amount_paid)
        live = [subscription for subscription, _ in self.subscriptions if subscription.status not in NOT_LIVE]
        return CustomerBilling(
            customer_id=self.customer_id,
            list_mrr=listed,
            net_mrr=net,
            partial=False,
            payment_status=self._draw.choice(STATUSES) if live else None,
            renewal_at=live[0].current_period_end if live else None,
            lifetime_value=lifetime,
            oldest_invoice_at=self.invoices[-1].created,
            live_subscriptions=len(live),
            subscriptions=tuple(billing for _, billing in self.subscriptions),
            as_of=NOW,
            computed_at=NOW,
        )

    def signals(self) -> Iterator[tuple[str, Signal]]:
        """One in ten has a case."""
        if self._number % 10:
            return
        signal = a_signal(
            self.customer_id,
            type=self._draw.choice(tuple(SignalType)),
            customer_id=self.customer_id,
            subscription_id=self.subscriptions[0][0].id,
            invoice_id=self.invoices[0].id,
            case_key=self.customer_id,
            currency=self.currency,
            amount=Fraction(self.invoices[0].amount_due),
            occurred_at=UnixTime(SECOND - self._draw.randint(0, 200) * DAY),
            **(
                {"state": SignalState.RESOLVED, "outcome": SignalOutcome.PAID, "resolved_at": SECOND}
                if self._number % 20
                else {}
            ),
        )
        yield f"sig_{FIRST}{self._number:010}", signal

    def points(self, present: MoneyBag) -> Iterator[AccountPoint]:
        """Month ends: mostly as now, sometimes less, more or nothing."""
        for month in completed_months(SECOND, MONTHS):
            factor = self._draw.choice((Fraction(1),) * 16 + (Fraction(0), Fraction(1, 2), Fraction(2), Fraction(1)))
            bag = (present * factor).without_zeros()
            point = MrrPoint(month, bag, bag * Fraction(9, 10), Confidence.RECONSTRUCTED)
            yield AccountPoint(self.account_id, point)


def _fill(engine: Engine, units: SqlUnitsOfWork, count: int) -> None:
    started = time.perf_counter()
    with units.writing(WORKSPACE) as unit:
        unit.workspaces.save(a_workspace(WORKSPACE))
        unit.catalogue.put_products([a_product(product_id, name=name) for product_id, name in PLANS], read_at())
        unit.commit()
    group = min(count, GROUP)
    _fill_group(units, group)
    # A day at whose end every account's MRR is known, as the nightly work leaves one.
    with units.writing(WORKSPACE) as unit:
        yesterday = TODAY - dt.timedelta(days=1)
        unit.mrr_records.take_snapshots(day=yesterday, at=UnixMicros(NOW - DAY * MICROS_PER_SECOND))
        unit.commit()
    _multiply(engine, count // group)
    print(f"  stored {count} accounts with {count * INVOICES_EACH} invoices in {time.perf_counter() - started:.0f} s")


def _fill_group(units: SqlUnitsOfWork, count: int) -> None:
    """One in twenty accounts has no Stripe customer, and one customer in fifty no account."""
    companies = [_Company(number) for number in range(count) if number % 20]
    owner = {company.customer_id: company.account_id for company in companies if company.is_matched}
    with units.writing(WORKSPACE) as unit:
        unit.accounts.put_many(_account(number) for number in range(count))
        unit.customers.put_many([company.customer for company in companies], read_at())
        unit.matches.put_many(a_match(c.customer_id, owner.get(c.customer_id)) for c in companies)
        unit.subscriptions.put_many([held for c in companies for held, _ in c.subscriptions], read_at())
        unit.invoices.put_many([invoice for c in companies for invoice in c.invoices], read_at())
        billings = [company.billing() for company in companies]
        unit.billing.put_customers(billings, owner)
        held_by = {owner[billing.customer_id]: billing for billing in billings if billing.customer_id in owner}
        ids = [_account_id(number) for number in range(count)]
        summed = [add_up(held, [held_by[held]] if held in held_by else [], computed_at=NOW) for held in ids]
        unit.billing.put_accounts((held, int(held.list_mrr.plain_sum * 10_000)) for held in summed)
        unit.signals.put_many((signal for c in companies for signal in c.signals()), at=NOW)
        unit.health.put_scores(
            ScorePoint(held, NOW, (None, 20, 39, 55, 70, 95, 100)[place % 7], "As measured.")
            for place, held in enumerate(ids)
        )
        present = {held.account_id: held.list_mrr for held in summed}
        matched = [company for company in companies if company.is_matched]
        unit.mrr_records.replace_points(
            [company.account_id for company in matched],
            (point for company in matched for point in company.points(present[company.account_id])),
        )
        unit.commit()


def _multiply(engine: Engine, copies: int) -> None:
    """The same rows under other ids and names, again and again: quicker by far than writing each through the stores."""
    numbers = union_all(*(select(literal(f"q{number:02}q").label("mark")) for number in range(1, copies)))
    if copies < 2:
        return
    mark = numbers.subquery().c.mark
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        for table in METADATA.sorted_tables:
            if table.name in NOT_MULTIPLIED or "workspace_id" not in table.c:
                continue
            columns = [
                func.replace(func.replace(column, FIRST, mark), FIRST.upper(), func.upper(mark))
                if isinstance(column.type, Text)
                else column
                for column in table.c
            ]
            connection.execute(
                insert(table).from_select(list(table.c), select(*columns).select_from(table.join(mark.table, true())))
            )
        scope = Scope(connection, WORKSPACE)
        for book in MEASURES_OF:
            scope.sums.count_anew(book)
        settle(scope)


def _settle(engine: Engine) -> None:
    """What autovacuum, and SQLite's own upkeep, do by themselves after so large a change."""
    if engine.dialect.name == "postgresql":
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("VACUUM ANALYZE")


@dataclass(frozen=True, slots=True)
class _Taken:
    """Milliseconds that one answer took, and how many of them processors worked for it, the database's included."""

    wall: float
    work: float


class _Watch:
    """Times one call after the other. On a machine that does other things only the work can be compared."""

    def __init__(self, server_pid: int | None) -> None:
        self._server_pid = server_pid

    def time(self, call: Callable[[], object]) -> _Taken:
        """Make the call."""
        work, started = self._work(), time.perf_counter()
        call()
        return _Taken((time.perf_counter() - started) * 1000, (self._work() - work) * 1000)

    def _work(self) -> float:
        return time.process_time() + (0.0 if self._server_pid is None else cpu_seconds(self._server_pid))


def _measure(answer: AnswerQuestion, count: int, repeats: int, watch: _Watch) -> list[_Taken]:
    """The first answer of each kind is left out: it compiles the statement, which a running server has done."""
    actor = Actor(WORKSPACE, Role.MEMBER, "benchmark")
    draw = random.Random(3)
    everything: list[_Taken] = []
    for pattern in QUESTIONS:
        taken = []
        for repeat in range(repeats + 1):
            numbers = [n for n in (draw.randrange(min(count, GROUP)) for _ in range(40)) if n % 20 and n % 50 != 1][:2]
            name, other = (f'"{_name(number)}"' for number in numbers)
            question = pattern.format(name=name, other=other, domain=_account(numbers[0]).domains[0])
            answered: list[Answered] = []
            one = watch.time(partial(_ask, answer, actor, question, answered))
            if repeat:
                taken.append(one)
            if not answered[0].understood:
                raise RuntimeError(f"not understood: {question}: {answered[0].answer}")
        everything += taken
        walls, works = [one.wall for one in taken], [one.work for one in taken]
        print(
            f"  {pattern:60} p50 {statistics.median(walls):6.0f} ms   max {max(walls):6.0f} ms   "
            f"work {statistics.median(works):6.0f} ms",
            flush=True,
        )
    return everything


def _ask(answer: AnswerQuestion, actor: Actor, question: str, into: list[Answered]) -> None:
    into.append(answer(actor, question))


def main() -> int:
    """0 if every database keeps the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--keep", type=Path, help="Folder in which the SQLite file is kept, and used again if there.")
    chosen = parser.parse_args()
    clock = SettableClock()
    clock.set(NOW)
    figures = []
    with databases(chosen.only) as found, tempfile.TemporaryDirectory(prefix="clynto-benchmark-") as folder:
        for name, server in found.items():
            print(name)
            file = (chosen.keep or Path(folder)) / "larry.db"
            kept = server is None and file.exists()
            engine = open_database(f"sqlite:///{file}" if server is None else server.new_database())
            migrate(engine)
            units = SqlUnitsOfWork(engine)
            if not kept:
                _fill(engine, units, chosen.accounts)
                _settle(engine)
            near = RapidfuzzNearWords()
            run_query = RunQuery(units=units, clock=clock, near_words=near)
            answer = AnswerQuestion(
                units=units, run_query=run_query, clock=clock, identifiers=RandomIdentifiers(), near_words=near
            )
            watch = _Watch(None if server is None else server.pid)
            taken = _measure(answer, chosen.accounts, chosen.repeats, watch)
            walls, works = [one.wall for one in taken], [one.work for one in taken]
            figures.append(Figure(f"Larry's answers, {name}, p95", percentile(walls, 95), LIMIT_MS, "ms"))
            figures.append(Figure(f"Larry's answers, {name}, p95 of the work", percentile(works, 95), LIMIT_MS, "ms"))
            engine.dispose()
    show(figures)
    return int(not all(figure.kept for figure in figures))


if __name__ == "__main__":
    raise SystemExit(main())
