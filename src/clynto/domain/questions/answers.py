"""What Larry answers: sentences, rows and figures that a typed query gave, each with its unit, age and coverage."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from fractions import Fraction

from clynto.domain.moments import UnixMicros
from clynto.domain.money_view import MoneyView
from clynto.domain.questions.query import Query


class AnswerKind(enum.StrEnum):
    """``answered``; a question back, since a name fits several accounts; or why there is no answer."""

    ANSWERED = "answered"
    WHICH_ACCOUNT = "which_account"
    NO_SUCH_ACCOUNT = "no_such_account"
    NOT_RECORDED = "not_recorded"


class CitationKind(enum.StrEnum):
    """What an answer rests on."""

    ACCOUNT = "account"
    INVOICE = "invoice"
    SUBSCRIPTION = "subscription"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Citation:
    """``id`` is the account's own or Stripe's; ``stripe_url`` opens it in Stripe's dashboard, ``account_id`` is where
    Clynto shows it."""

    kind: CitationKind
    id: str
    label: str
    account_id: str | None = None
    stripe_url: str | None = None


class CellKind(enum.StrEnum):
    """How a column is read. ``status`` is a payment status, ``stripe`` a status of Stripe's own."""

    TEXT = "text"
    MONEY = "money"
    COUNT = "count"
    SCORE = "score"
    DAY = "day"
    STATUS = "status"
    STRIPE = "stripe"


Cell = str | int | MoneyView | None
"""Text, a count or score, a moment in seconds (``day``), or money. None: there is nothing."""


@dataclass(frozen=True, slots=True)
class Column:
    """``key`` is the name of its cells in JSON, ``title`` what stands above them."""

    key: str
    title: str
    kind: CellKind = CellKind.TEXT


@dataclass(frozen=True, slots=True)
class Row:
    """One cell for each column, and what the row is about."""

    cells: tuple[Cell, ...]
    citation: Citation | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """``total`` counts the rows that there are, of which ``rows`` are the first."""

    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True)
class AnswerFigure:
    """A figure of an answer: money, or a ``number`` (a count or a score) with so many ``decimals``. ``on`` is the day
    whose end it stands for; None: now."""

    name: str
    money: MoneyView | None = None
    number: Fraction | None = None
    decimals: int = 0
    on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class AnswerCoverage:
    """What sums over all accounts leave out: Stripe customers without an account, and their MRR."""

    unmatched_customers: int
    unmatched_mrr: MoneyView


@dataclass(frozen=True, slots=True)
class AnswerPoint:
    """A month of a trajectory; ``observed`` else rebuilt from invoices; ``is_live``: the present figure."""

    month: str
    amount: MoneyView
    observed: bool
    is_live: bool = False


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """An account that a question may mean."""

    id: str
    name: str
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """``sentences`` come first, ``notes`` say what a figure leaves out. ``query`` is what ran, with the accounts it
    found. ``as_of``: the facts from Stripe are at least as new. ``candidates`` are for a question back."""

    query: Query
    kind: AnswerKind
    sentences: tuple[str, ...]
    notes: tuple[str, ...] = ()
    table: Table = Table()
    figures: tuple[AnswerFigure, ...] = ()
    citations: tuple[Citation, ...] = ()
    points: tuple[AnswerPoint, ...] = ()
    coverage: AnswerCoverage | None = None
    as_of: UnixMicros | None = None
    frozen_at: UnixMicros | None = None
    candidates: tuple[NamedAccount, ...] = ()

    @property
    def text(self) -> str:
        """Everything that is said."""
        return " ".join((*self.sentences, *self.notes))

    @property
    def is_answered(self) -> bool:
        """Whether the query gave a result."""
        return self.kind is AnswerKind.ANSWERED
