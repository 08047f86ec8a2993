"""How long Larry takes for a question over 100,000 accounts and 1,000,000 invoices, on SQLite and PostgreSQL.

A spread of questions over every kind of typed query, asked in plain words in this process as the HTTP edge asks them:
understanding, account names, the query over all rows, the sentences and the entry in the history, by an interpreter
set as the server sets its own. Prints p50 and p95 of each question, and against the limit of 300 ms the p95 over all of
them, by the clock and as processor time, and that of the slowest one alone. Run:
``python -m benchmarks.larry_questions``.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure, percentile, show
from benchmarks.portfolio.companies import NOW, account_of, name_of
from benchmarks.portfolio.filled_workspace import GROUP, WORKSPACE, fill, keep_in_order
from benchmarks.surroundings import PostgresServer, cpu_seconds, databases
from sqlalchemy import Engine

from clynto.adapters.memory.settable_clock import SettableClock
from clynto.adapters.sql.engines import open_database
from clynto.adapters.sql.schema import migrate
from clynto.adapters.sql.unit_of_work import SqlUnitsOfWork
from clynto.adapters.system.random_identifiers import RandomIdentifiers
from clynto.adapters.text_matching.near_words import RapidfuzzNearWords
from clynto.application.actor import Actor
from clynto.application.answer_question import Answered, AnswerQuestion
from clynto.application.queries.run_query import RunQuery
from clynto.domain.roles import Role
from clynto.entrypoints.process_tuning import tune_process

LIMIT_MS = 300

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
    "Which accounts pay more than 50 USD?",
    "Who owes more than 100?",
    "Who owes more than 100 EUR?",
    "Which accounts have a lifetime value above 10k?",
    "Which accounts have a lifetime value below 5k EUR?",
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
    "MRR movements this quarter",
    "How much MRR churned last month?",
    "Top 5 accounts by MRR last month",
    "Which accounts are on trial?",
    "Which trials end this month?",
    'Which accounts are not on the plan "Pro 2"?',
    'How many accounts are there, without the product "Team 1"?',
    "Whose MRR fell most this quarter?",
    'MRR of accounts not on the plan "Pro 2" by currency',
    'MRR of accounts not on the plan "Pro 2" by plan',
    "MRR by health",
    "Which accounts are healthy?",
    "Which accounts are billed monthly?",
    "Which overdue accounts have MRR over 1k?",
    "Which paid accounts have MRR under 100?",
    "What is the average MRR of accounts in EUR?",
    "What is the lifetime value of accounts with MRR over 100?",
    "How many accounts are there by plan?",
    "Compare MRR this month with last month",
    "Show unpaid invoices",
    "Show overdue invoices",
    "Show the largest unpaid invoices",
    "Show the oldest unpaid invoices",
    "Show unpaid invoices over 500",
    "Show invoices more than 30 days overdue",
    "Show the largest invoices",
    "Show the largest paid invoices of this year",
    "Show paid invoices over 5000 created last month",
    "How much did customers pay us last month?",
    "How much was collected this year?",
    "Which accounts paid us last month?",
    "How many accounts paid this week?",
    "Who paid the least in EUR last month?",
    "Who paid the most in the last 20 days?",
    "Who paid the most this quarter?",
    "Who paid the most this year?",
    "How much was received in EUR last month?",
    "How much did {name} pay this year?",
    "Show invoices paid last month",
    "How many invoices were paid this year?",
    "How many invoices do we have?",
    "How many invoices does {name} have?",
    "How many invoices were refused last month?",
    "When did {name} last pay?",
    "Which accounts have MRR 100-300?",
    "Which accounts never paid?",
    "How many accounts never paid?",
    "Which accounts owe nothing?",
    "How many accounts owe nothing?",
    "Which accounts were overdue last month?",
    "How many accounts were overdue last month?",
    "Was {name} overdue last month?",
    "Which invoices are due this month?",
    "Show past due subscriptions",
    "Show trialing subscriptions",
    'Show subscriptions on the plan "Pro 2"',
    "Show paid invoices created last month",
    "Which subscriptions are canceling?",
    "Show the top 20 live subscriptions",
    "Show open signals",
    "Which Stripe customers have no account?",
    "Tell me about {name}",
    "What is the MRR of {domain}?",
    "MRR since March",
    "How has the MRR of {name} developed this year?",
    "Is {name} overdue?",
    "Is the MRR of {name} above 200?",
    'Is {name} on the plan "Pro 2"?',
    "Is {name} new this month?",
    "Has {name} churned?",
    "Has {name} churned this year?",
    "Does {name} have open signals?",
    'Which accounts on "Pro 2" are overdue?',
    "Which accounts renew in 60 days?",
    "Show the MRR trajectory of {name}",
    "How is the MRR of {name} computed?",
    "Why does {name} have its payment status?",
    "Show the invoices of {name}",
    "Compare the MRR of {name} with {other}",
)


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


def _measure(answer: AnswerQuestion, count: int, repeats: int, watch: _Watch) -> dict[str, list[_Taken]]:
    """The first answer of each kind is left out: it compiles the statement, which a running server has done."""
    actor = Actor(WORKSPACE, Role.MEMBER, "benchmark")
    draw = random.Random(3)
    everything: dict[str, list[_Taken]] = {}
    for pattern in QUESTIONS:
        taken = []
        for repeat in range(repeats + 1):
            numbers = [n for n in (draw.randrange(min(count, GROUP)) for _ in range(40)) if n % 20 and n % 50 != 1][:2]
            name, other = (f'"{name_of(number)}"' for number in numbers)
            question = pattern.format(name=name, other=other, domain=account_of(numbers[0]).domains[0])
            answered: list[Answered] = []
            one = watch.time(partial(_ask, answer, actor, question, answered))
            if repeat:
                taken.append(one)
            if not answered[0].understood:
                raise RuntimeError(f"not understood: {question}: {answered[0].answer}")
        everything[pattern] = taken
        walls, works = [one.wall for one in taken], [one.work for one in taken]
        print(
            f"  {pattern:60} p50 {statistics.median(walls):6.0f} ms   p95 {percentile(walls, 95):6.0f} ms   "
            f"max {max(walls):6.0f} ms   work {statistics.median(works):6.0f} ms",
            flush=True,
        )
    return everything


def _ask(answer: AnswerQuestion, actor: Actor, question: str, into: list[Answered]) -> None:
    into.append(answer(actor, question))


@contextmanager
def _filled(folder: Path, server: PostgresServer | None, accounts: int) -> Iterator[Engine]:
    """The database of the workspace in ``folder``, filled unless it was kept there."""
    file = folder / "larry.db"
    if server is None:
        address, is_there = f"sqlite:///{file}", file.exists()
    else:
        address, is_there = server.database("larry")
    engine = open_database(address)
    try:
        migrate(engine)
        if not is_there:
            fill(engine, SqlUnitsOfWork(engine), accounts)
        keep_in_order(engine)
        yield engine
    finally:
        engine.dispose()


def _figures(name: str, engine: Engine, watch: _Watch, accounts: int, repeats: int) -> Iterator[Figure]:
    clock = SettableClock()
    clock.set(NOW)
    units, near = SqlUnitsOfWork(engine), RapidfuzzNearWords()
    run_query = RunQuery(units=units, clock=clock, near_words=near)
    answer = AnswerQuestion(
        units=units, run_query=run_query, clock=clock, identifiers=RandomIdentifiers(), near_words=near
    )
    tune_process()
    taken = _measure(answer, accounts, repeats, watch)
    walls = [one.wall for each in taken.values() for one in each]
    works = [one.work for each in taken.values() for one in each]
    of_each = {pattern: percentile([one.wall for one in each], 95) for pattern, each in taken.items()}
    slowest = max(of_each, key=lambda pattern: of_each[pattern])
    yield Figure(f"Larry's answers, {name}, p95", percentile(walls, 95), LIMIT_MS, "ms")
    yield Figure(f"Larry's slowest question, {name}, p95 of it alone ({slowest})", of_each[slowest], LIMIT_MS, "ms")
    yield Figure(f"Larry's answers, {name}, p95 of the work", percentile(works, 95), LIMIT_MS, "ms")


def main() -> int:
    """0 if every database keeps the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--keep", type=Path, help="Folder in which the databases are kept, and used again if there.")
    chosen = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="clynto-benchmark-") as folder:
        kept_in = None if chosen.keep is None else chosen.keep / "postgresql"
        with databases(chosen.only, kept_in) as found:
            for name, server in found.items():
                print(name)
                with _filled(chosen.keep or Path(folder), server, chosen.accounts) as engine:
                    watch = _Watch(None if server is None else server.pid)
                    figures += _figures(name, engine, watch, chosen.accounts, chosen.repeats)
    show(figures)
    return int(not all(figure.kept for figure in figures))


if __name__ == "__main__":
    raise SystemExit(main())
