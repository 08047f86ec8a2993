"""Understanding a question: a typed query, a question back, a plain refusal, or the words that are not understood."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clynto.domain.questions.filters import CancelsIn, OnTrial, RenewsIn
from clynto.domain.questions.periods import Direction, Period, Rolling, span_of
from clynto.domain.questions.query import Accounts, Figure, Metric, Query, Whether, accounts_named_by
from clynto.domain.questions.understanding.chunks import Chunk, SeveralAccounts, TimeMeant
from clynto.domain.questions.understanding.follow_up import (
    among_those,
    continued,
    first_of_those,
    how_many_of,
    is_about_those,
    is_fragment,
    is_marked,
)
from clynto.domain.questions.understanding.gathering import Gathered, Unreadable
from clynto.domain.questions.understanding.lexicon import Tag
from clynto.domain.questions.understanding.names import KnownAccount, NameBook
from clynto.domain.questions.understanding.near_words import NearWords
from clynto.domain.questions.understanding.past_overdue import with_past_overdue
from clynto.domain.questions.understanding.past_trials import NOT_KEPT, asks_for_past_trials
from clynto.domain.questions.understanding.payment_words import as_payments, said_of_payments
from clynto.domain.questions.understanding.readings import reading_of
from clynto.domain.questions.understanding.refusals import Refusal
from clynto.domain.questions.understanding.said_before import (
    asks_for_lists_of_those,
    is_about_the_list,
    narrows_alone,
    of_the_account_before,
    payers_before,
    with_other_account,
    with_period_before,
)
from clynto.domain.questions.understanding.spotting import Spotting
from clynto.domain.questions.understanding.turned_round import asked_straight, with_day_of_connection
from clynto.domain.questions.understanding.whether import PAYS, whether_of
from clynto.domain.questions.understanding.words import LONGEST_QUESTION


@dataclass(frozen=True, slots=True)
class Situation:
    """``previous`` is the query that the conversation asked last; ``about`` the account whose page is open;
    ``currency`` the one that every figure is converted to, so that an amount in it is about all of them; ``connected``
    the day on which Stripe was connected."""

    previous: Query | None = None
    about: str | None = None
    currency: str | None = None
    connected: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Understood:
    """The question, typed."""

    query: Query


@dataclass(frozen=True, slots=True)
class WhichAccount:
    """``written`` fits several accounts; the person decides."""

    written: str
    candidates: tuple[KnownAccount, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The data holds no answer to such a question."""

    reason: Refusal


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """``words`` are those without a meaning here; ``accounts`` are references that were recognised. ``reason``: every
    word has a meaning, and the language says why there is no such query."""

    words: tuple[str, ...]
    accounts: tuple[str, ...] = ()
    reason: str = ""


Outcome = Understood | WhichAccount | Refused | NotUnderstood

_PORTFOLIO = frozenset({Tag.ALL, Tag.ACCOUNTS, Tag.WHICH, Tag.UNMATCHED, Tag.GROUPING, Tag.HOW_MANY, Tag.COMPARE})
_COUNTED_OF_ONE = frozenset({Tag.INVOICES, Tag.SIGNALS, Tag.SUBSCRIPTIONS})
"""``How many invoices?`` on an account's page counts its own."""
_VERBS = ("show", "list", "display", "name")
_WHETHER = ("is", "are", "does", "do")
_COMING = frozenset({Tag.RENEWAL, Tag.CANCELING, Tag.TRIAL, Tag.DUE, Tag.END})
_ORDERED = re.compile(r"\W*((please|kindly|can|could|would|will|you|hey|hi|hello|larry)\W+)*cancel\b", re.IGNORECASE)
"""Begins as an order to cancel something does, and not as a question about it."""
_ASKS_HOW = re.compile(r"\W*how (do|can|could|would|should) (i|we) (cancel|refund|stop|end|delete)\b", re.IGNORECASE)
_FORMERLY = re.compile(r"\W*((and|so|but|why|when|how long)\W+)?(was|were|wasn't|had)\b", re.IGNORECASE)
_PERCENT = re.compile(r"\d\s?%")
_WHEN_DID = re.compile(r"\W*((and|so|but)\W+)?when (did|has|was)\b", re.IGNORECASE)
_MOVES = frozenset({Tag.FELL, Tag.ROSE, Tag.CHANGED})
_NO_FORMER_STATUS = "the payment status is kept as it is now; what happened before stands in the signals and invoices"
_PAID_A_MONTH = re.compile(
    r"\bpaid( us)? (over|above|under|below|more|less|between|at (least|most)|up to|>|<)"
    r".*\b(a|per|each|every) (month|year|week|quarter)\b",
    re.IGNORECASE,
)
_NOT_PAID_A_MONTH = "what was paid is kept in all and invoice by invoice; what accounts pay a month now is their MRR"
_WHOLE = frozenset(
    {
        Tag.WHICH,
        Tag.HOW_MANY,
        Tag.TOTAL,
        Tag.WHY,
        Tag.TRAJECTORY,
        Tag.COMPARE,
        Tag.INVOICES,
        Tag.SIGNALS,
        Tag.SUBSCRIPTIONS,
        Tag.ACCOUNTS,
        Tag.COMPUTED,
        Tag.CHANGED,
        Tag.FELL,
        Tag.ROSE,
    }
)


def understand(
    question: str, book: NameBook, near: NearWords, today: dt.date, situation: Situation | None = None
) -> Outcome:
    """What ``question`` asks on ``today`` (UTC). Nothing of it is ignored: what has no meaning here is named."""
    at_hand = situation or Situation()
    if len(question) > LONGEST_QUESTION:
        return NotUnderstood(("a question this long",))
    question = with_day_of_connection(asked_straight(question), at_hand.connected)
    found = Spotting(question, book, near, today).chunks()
    if isinstance(found, SeveralAccounts):
        return WhichAccount(found.written, found.candidates)
    found = _asked_whether(question, _in_shown_currency(found, at_hand.currency))
    tags = {chunk.tag for chunk in found}
    of_one = bool(tags & {Tag.NAME, Tag.ITS}) or (at_hand.about is not None and not tags & _PORTFOLIO)
    found = _payers_counted(as_payments(question, found, of_one=of_one))
    found = _asked_when(question, with_past_overdue(question, _of_a_year(found), today))
    refused = _refusal(question, found, today, at_hand.previous)
    if refused is not None:
        return Refused(refused)
    found = with_other_account(with_period_before(found, at_hand.previous), at_hand.previous)
    no_list = asks_for_lists_of_those(found, at_hand.previous, at_hand.about)
    if no_list is not None:
        return NotUnderstood((), (), no_list)
    payers = payers_before(question, at_hand.previous)
    if payers is not None:
        return Understood(payers)
    plain = said_of_payments(question, _with_subject(found, at_hand), at_hand.previous, of_one=of_one)
    if plain is not None:
        return NotUnderstood((), _names(found), plain) if isinstance(plain, str) else Understood(plain)
    if _PAID_A_MONTH.search(question) and Tag.BOUND in {chunk.tag for chunk in found}:
        return NotUnderstood((), _names(found), _NOT_PAID_A_MONTH)
    if asks_for_past_trials(question, found):
        return NotUnderstood((), _names(found), NOT_KEPT)
    if _asks_for_a_former_status(question, found, at_hand):
        return NotUnderstood((), _names(found), _NO_FORMER_STATUS)
    unknown = tuple(chunk.value or chunk.text for chunk in found if chunk.tag is Tag.UNKNOWN)
    if not found:
        # "Hello", "thanks", "what can you do?": words, and no question about the data among them.
        return Refused(Refusal.NOTHING_ASKED)
    if unknown:
        return NotUnderstood(unknown, _names(found))
    return _read(question, found, at_hand)


def _asks_for_a_former_status(question: str, chunks: Sequence[Chunk], at_hand: Situation) -> bool:
    """``Was Acme overdue?``: what it is now says nothing of that. Signals and invoices do know their past."""
    tags = {chunk.tag for chunk in chunks}
    of_one = Tag.NAME in tags or Tag.ITS in tags or at_hand.about is not None
    dated = tags & {Tag.SIGNALS, Tag.SIGNAL_TYPE, Tag.INVOICES, Tag.INVOICE_STATE}
    return of_one and Tag.STATUS in tags and not dated and _FORMERLY.match(question) is not None


def _in_shown_currency(chunks: Sequence[Chunk], shown: str | None) -> list[Chunk]:
    """Amounts without their unit where it is the one of all figures."""
    kept: list[Chunk] = []
    for chunk in chunks:
        if chunk.tag is Tag.CURRENCY and chunk.value == shown and kept and kept[-1].tag in (Tag.AMOUNT, Tag.RANGE):
            continue
        if chunk.tag is Tag.RANGE:
            ends = tuple(replace(end, currency=None) if end.currency == shown else end for end in chunk.value)
            chunk = replace(chunk, value=ends)
        if chunk.tag is Tag.AMOUNT and chunk.value.currency is not None and chunk.value.currency == shown:
            chunk = replace(chunk, value=replace(chunk.value, currency=None))
        kept.append(chunk)
    return kept


def _of_a_year(chunks: Sequence[Chunk]) -> list[Chunk]:
    """``Paying 1k a year`` is 1k of ARR, and ``how much does Acme pay a year`` asks for that."""
    if all(chunk.tag is not Tag.A_YEAR for chunk in chunks):
        return list(chunks)
    metrics = [chunk for chunk in chunks if chunk.tag is Tag.METRIC]
    found = [replace(chunk, value=Metric.ARR) if chunk.value is Metric.MRR else chunk for chunk in chunks]
    if [chunk.value for chunk in metrics] == [Metric.MRR]:
        return [chunk for chunk in found if chunk.tag is not Tag.A_YEAR]
    if metrics or not {Tag.BOUND, Tag.BETWEEN, Tag.RANGE} & {chunk.tag for chunk in chunks}:
        return [replace(c, tag=Tag.UNKNOWN, value=c.text) if c.tag is Tag.A_YEAR else c for c in found]
    return [replace(chunk, tag=Tag.METRIC, value=Metric.ARR) if chunk.tag is Tag.A_YEAR else chunk for chunk in found]


def _asked_whether(question: str, chunks: Sequence[Chunk]) -> list[Chunk]:
    """``Is Acme paying?`` asks for its payment status, and not how much it pays."""
    asks = question.split()[:1] and question.split(maxsplit=1)[0].casefold() in _WHETHER
    if not asks or {chunk.tag for chunk in chunks} - {Tag.NAME, Tag.ITS, Tag.METRIC}:
        return list(chunks)
    return [replace(chunk, tag=Tag.STATUS_NAME) if chunk.text.casefold() in PAYS else chunk for chunk in chunks]


def _asked_when(question: str, chunks: Sequence[Chunk]) -> list[Chunk]:
    """``When did Acme's MRR drop?``: the month ends tell, and not how it moved in this month."""
    tags = {chunk.tag for chunk in chunks}
    if not _WHEN_DID.match(question) or Tag.PERIOD in tags or not tags & _MOVES or tags & {Tag.WHICH, Tag.ACCOUNTS}:
        return list(chunks)
    return [*chunks, Chunk(Tag.TRAJECTORY, None, chunks[-1].end, chunks[-1].end)]


def _payers_counted(chunks: Sequence[Chunk]) -> list[Chunk]:
    """``How many customers pay?`` counts those with an MRR, and ``how many pay in euros`` those with one in it."""
    if all(chunk.tag is not Tag.HOW_MANY for chunk in chunks):
        return list(chunks)
    found: list[Chunk] = []
    for chunk, behind in zip(chunks, [*chunks[1:], None], strict=True):
        pays = chunk.tag is Tag.METRIC and chunk.text.casefold() in PAYS
        following = None if behind is None else behind.tag
        if pays and following not in (Tag.BOUND, Tag.BETWEEN, Tag.RANGE, Tag.AMOUNT):
            if following is not Tag.CURRENCY:
                found.append(replace(chunk, tag=Tag.PAYING))
        else:
            found.append(chunk)
    return found


def _read(question: str, chunks: Sequence[Chunk], at_hand: Situation) -> Outcome:
    whether = whether_of(question, _with_subject(chunks, at_hand))
    if whether is not None:
        return Understood(whether)
    counted = None if at_hand.previous is None else how_many_of(at_hand.previous, chunks)
    if counted is not None:
        return Understood(counted)
    if at_hand.previous is not None and (
        is_about_those(question, chunks, at_hand.previous) or is_about_the_list(chunks, at_hand.previous)
    ):
        return _as_part_of_those(at_hand.previous, chunks)
    if at_hand.previous is not None and (is_fragment(chunks) or is_marked(question, chunks)):
        stands_alone = any(chunk.tag in _WHOLE for chunk in chunks)
        attempts = [_as_whole, _as_continuation] if stands_alone else [_as_continuation, _as_its_own, _as_whole]
        if narrows_alone(chunks, at_hand.previous):
            attempts = attempts[:-1]
    else:
        attempts = [_as_whole]
    failed: NotUnderstood | None = None
    for attempt in attempts:
        outcome = attempt(chunks, at_hand)
        if isinstance(outcome, Understood):
            return outcome
        failed = failed or outcome
    return failed or NotUnderstood(())


def _as_continuation(chunks: Sequence[Chunk], at_hand: Situation) -> Understood | NotUnderstood:
    if at_hand.previous is None:
        return NotUnderstood(())
    try:
        return Understood(continued(at_hand.previous, chunks))
    except Unreadable as fault:
        return NotUnderstood(fault.words, _names(chunks))
    except ValueError as fault:
        return NotUnderstood((), _names(chunks), str(fault))


def _as_its_own(chunks: Sequence[Chunk], at_hand: Situation) -> Understood | NotUnderstood:
    said = None if at_hand.previous is None else of_the_account_before(chunks, at_hand.previous)
    return NotUnderstood(()) if said is None else _as_whole(said, at_hand)


def _as_part_of_those(previous: Query, chunks: Sequence[Chunk]) -> Understood | NotUnderstood:
    said = [chunk for chunk in chunks if chunk.tag is not Tag.ITS]
    try:
        tags = {chunk.tag for chunk in said}
        if tags <= {Tag.TOTAL, Tag.WHICH, Tag.FOLLOW_UP}:
            return Understood(among_those(previous, Accounts() if Tag.WHICH in tags else Figure(Metric.MRR)))
        asked = reading_of(Gathered(said))
        first = None if Tag.METRIC in tags else first_of_those(previous, asked)
        return Understood(first or among_those(previous, asked))
    except Unreadable as fault:
        return NotUnderstood(fault.words)
    except ValueError as fault:
        return NotUnderstood((), reason=str(fault))


def _as_whole(chunks: Sequence[Chunk], at_hand: Situation) -> Understood | NotUnderstood:
    with_subject = _with_subject(chunks, at_hand)
    try:
        return Understood(reading_of(Gathered(with_subject)))
    except Unreadable as fault:
        return NotUnderstood(fault.words, _names(with_subject))
    except ValueError as fault:
        # The words make a query that the language does not have; its message says what is not kept.
        return NotUnderstood((), _names(with_subject), str(fault))


def _with_subject(chunks: Sequence[Chunk], at_hand: Situation) -> list[Chunk]:
    """Put the account that "it" means, or whose page is open, into a question that names none."""
    # "Show the invoices" on an account's page asks for that account's; "which invoices" asks for all.
    tags = {chunk.tag for chunk in chunks if chunk.text.casefold() not in _VERBS}
    subject = at_hand.about
    if at_hand.previous is not None and Tag.ITS in tags:
        subject = next(iter(accounts_named_by(at_hand.previous)), subject)
    counted = {Tag.HOW_MANY} if tags & _COUNTED_OF_ONE else set()
    wanted = Tag.ITS in tags or not tags & (_PORTFOLIO - counted)
    comparing = Tag.COMPARE in tags and sum(chunk.tag is Tag.NAME for chunk in chunks) == 1
    periods = sum(chunk.tag is Tag.PERIOD for chunk in chunks)
    named = Tag.NAME in tags and not (comparing and not periods)
    if subject is None or named or not (wanted or comparing):
        return list(chunks)
    place = chunks[0].start
    return [Chunk(Tag.NAME, subject, place, place, subject), *chunks]


def _refusal(question: str, chunks: Sequence[Chunk], today: dt.date, previous: Query | None) -> Refusal | None:
    tags = {chunk.tag for chunk in chunks}
    for chunk in chunks:
        if chunk.tag is Tag.REFUSAL:
            reason: Refusal = chunk.value
            return reason
    if _PERCENT.search(question) and not any(chunk.value is Metric.HEALTH for chunk in chunks):
        return Refusal.RATE
    first = next((chunk for chunk in chunks if chunk.tag is not Tag.FOLLOW_UP), None)
    if Tag.SINCE_WHEN in tags and Tag.STATUS not in tags:
        return Refusal.RATE
    if _ASKS_HOW.match(question):
        return Refusal.ACTION
    if first is not None and first.text.casefold() == "cancel" and _ORDERED.match(question):
        return Refusal.ACTION
    if tags & _COMING or (is_fragment(chunks) and _looks_ahead(previous)):
        return None
    if Tag.WILL in tags:
        return Refusal.FORECAST
    times: list[TimeMeant] = [chunk.value for chunk in chunks if chunk.tag is Tag.PERIOD]
    return Refusal.FORECAST if any(_lies_ahead(meant.past, today) for meant in times) else None


def _lies_ahead(period: Period, today: dt.date) -> bool:
    """``In 60 days`` and ``the next 60 days`` begin with today, and yet nothing of them is known."""
    next_days = isinstance(period, Rolling) and period.direction is Direction.NEXT
    return next_days or span_of(period, today).first > today


def _looks_ahead(query: Query | None) -> bool:
    filters = query.filters if isinstance(query, Accounts | Figure | Whether) else ()
    return any(isinstance(condition, RenewsIn | CancelsIn | OnTrial) for condition in filters)


def _names(chunks: Sequence[Chunk]) -> tuple[str, ...]:
    return tuple(chunk.value for chunk in chunks if chunk.tag is Tag.NAME)
