"""Periods in a question: ``last month``, ``the past 30 days``, ``in October``, ``since 1 March``, ``Q3 2026``."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clynto.domain.questions.periods import (
    DAYS_PER_WEEK,
    FIRST_YEAR,
    LAST_YEAR,
    LONGEST_COUNT,
    MONTHS_PER_QUARTER,
    Between,
    Direction,
    MonthOf,
    Period,
    QuarterOf,
    Relative,
    Rolling,
    Since,
    Unit,
    Which,
    YearOf,
    months_back,
    span_of,
)
from clynto.domain.questions.phrases import MONTH_NAMES
from clynto.domain.questions.understanding.words import Token

SHORTEST_MONTH_NAME = 3


@dataclass(frozen=True, slots=True)
class TimeFound:
    """``past`` and ``ahead`` differ only where the year was left out. None: at any time. ``length`` is in tokens."""

    past: Period | None
    ahead: Period | None
    length: int


_UNITS = {
    **{word: unit for unit in Unit for word in (unit.value, f"{unit.value}s")},
    "yr": Unit.YEAR,
    "yrs": Unit.YEAR,
}
_WHICH = {
    "last": Which.LAST,
    "past": Which.LAST,
    "previous": Which.LAST,
    "prior": Which.LAST,
    "preceding": Which.LAST,
    "this": Which.THIS,
    "current": Which.THIS,
    "running": Which.THIS,
    "next": Which.NEXT,
    "coming": Which.NEXT,
    "upcoming": Which.NEXT,
    "following": Which.NEXT,
}
_COUNTS = {
    word: count
    for count, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], start=1
    )
}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_WEEKDAYS = {
    day: number
    for number, day in enumerate(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])
}
_TO_DATE = {"ytd": Unit.YEAR, "qtd": Unit.QUARTER, "mtd": Unit.MONTH}
_SINGLE_DAYS = {
    "today": Relative(Unit.DAY, Which.THIS),
    "yesterday": Relative(Unit.DAY, Which.LAST),
    "tomorrow": Relative(Unit.DAY, Which.NEXT),
}
_ANY_TIME = (("at", "any", "time"), ("any", "time"), ("ever",), ("of", "all", "time"), ("all", "time"), ("anytime",))
_LEADING = frozenset({"in", "during", "for", "over", "within", "of", "on", "as", "at", "by", "from", "the", "end"})
_MONTH_NEEDS = frozenset({"in", "during", "for", "of", "since", "last", "this", "next", "until", "till", "by"})


class TimeWords:
    """Recognises periods among the tokens of one question. ``today`` is the day in UTC."""

    def __init__(self, tokens: Sequence[Token], today: dt.date) -> None:
        self._tokens = tokens
        self._today = today
        self._rules: tuple[Callable[[int], TimeFound | None], ...] = (
            self._any_time,
            self._since,
            self._between,
            self._ago,
            self._rolling,
            self._within,
            self._relative,
            self._which_month,
            self._weekday,
            self._quarter,
            self._single_day,
            self._named_day,
            self._month,
            self._year,
        )

    def at(self, place: int) -> TimeFound | None:
        """The period that begins at token ``place``, with the words that lead up to it."""
        lead = 0
        while self._text(place + lead) in _LEADING and lead < len(_LEADING):
            found = self._bare(place + lead)
            if found is not None:
                return TimeFound(found.past, found.ahead, found.length + lead)
            lead += 1
        found = self._bare(place + lead)
        return None if found is None else TimeFound(found.past, found.ahead, found.length + lead)

    def _bare(self, place: int) -> TimeFound | None:
        for rule in self._rules:
            found = rule(place)
            if found is not None:
                return found
        return None

    def _text(self, place: int) -> str:
        return self._tokens[place].text if 0 <= place < len(self._tokens) else ""

    def _count(self, place: int) -> int | None:
        if not 0 <= place < len(self._tokens):
            return None
        token = self._tokens[place]
        count = token.count if token.count is not None else _COUNTS.get(token.text)
        return count if count is not None and 1 <= count <= LONGEST_COUNT else None

    def _any_time(self, place: int) -> TimeFound | None:
        for phrase in _ANY_TIME:
            if tuple(self._text(place + step) for step in range(len(phrase))) == phrase:
                return TimeFound(None, None, len(phrase))
        return None

    def _single_day(self, place: int) -> TimeFound | None:
        text = self._text(place)
        if text in _TO_DATE:
            return _same(Relative(_TO_DATE[text], Which.THIS), 1)
        if text in _UNITS and (self._text(place + 1), self._text(place + 2)) == ("to", "date"):
            return _same(Relative(_UNITS[text], Which.THIS), 3)
        return _same(_SINGLE_DAYS[text], 1) if text in _SINGLE_DAYS else None

    def _relative(self, place: int) -> TimeFound | None:
        which, unit = _WHICH.get(self._text(place)), _UNITS.get(self._text(place + 1))
        if which is None or unit is None:
            return self._fortnight(place, which)
        over_the = (self._text(place - 2), self._text(place - 1)) == ("over", "the") and which is Which.LAST
        if self._text(place) == "past" or over_the:
            # "The past year" ends today, unlike "last year".
            return _same(Rolling(1, unit), 2)
        return _same(Relative(unit, which), 2)

    def _fortnight(self, place: int, which: Which | None) -> TimeFound | None:
        if which not in (Which.LAST, Which.NEXT) or self._text(place + 1) != "fortnight":
            return None
        return _same(Rolling(2, Unit.WEEK, Direction.NEXT if which is Which.NEXT else Direction.LAST), 2)

    def _which_month(self, place: int) -> TimeFound | None:
        """``Last December``: the newest one that is over; ``next``: the first to begin; ``this``: that of the year."""
        which, month = _WHICH.get(self._text(place)), self._month_number(place + 1)
        if which is None or month is None or self._year_number(place + 2) is not None:
            return None
        year, running = self._today.year, self._today.month
        if which is Which.LAST:
            year -= month >= running
        elif which is Which.NEXT:
            year += month <= running
        return _same(MonthOf(year, month), 2)

    def _weekday(self, place: int) -> TimeFound | None:
        """``Monday``: the latest one, or for what is to come the next one; today counts, unless the last is meant."""
        which = _WHICH.get(self._text(place))
        number = _WEEKDAYS.get(self._text(place + (which is not None)))
        if number is None:
            return None
        back, ahead = (self._today.weekday() - number) % DAYS_PER_WEEK, (number - self._today.weekday()) % DAYS_PER_WEEK
        past = self._today - dt.timedelta(days=back or DAYS_PER_WEEK * (which is Which.LAST))
        coming = self._today + dt.timedelta(days=ahead or DAYS_PER_WEEK * (which is Which.NEXT))
        past, coming = (coming, coming) if which is Which.NEXT else (past, coming)
        return TimeFound(Between(past, past), Between(coming, coming), 1 + (which is not None))

    def _rolling(self, place: int) -> TimeFound | None:
        which, count = _WHICH.get(self._text(place)), self._count(place + 1)
        unit = _UNITS.get(self._text(place + 2))
        if which in (None, Which.THIS) or count is None or unit is None:
            return None
        return _same(Rolling(count, unit, Direction.NEXT if which is Which.NEXT else Direction.LAST), 3)

    def _within(self, place: int) -> TimeFound | None:
        """``Within 14 days``: the next ones for what is to come, the last ones for what was. ``In``: the next ones."""
        if self._text(place) not in ("within", "in"):
            return None
        count = 1 if self._text(place + 1) in ("a", "an") else self._count(place + 1)
        unit = _UNITS.get(self._text(place + 2))
        if count is None or unit is None:
            return None
        if self._text(place + 3) == "ago":
            return None
        coming = Rolling(count, unit, Direction.NEXT)
        return TimeFound(coming if self._text(place) == "in" else Rolling(count, unit), coming, 3)

    def _ago(self, place: int) -> TimeFound | None:
        count = 1 if self._text(place) in ("a", "an") else self._count(place)
        unit = _UNITS.get(self._text(place + 1))
        if count is None or unit is None or self._text(place + 2) != "ago":
            return None
        span = span_of(Rolling(count, unit), self._today)
        day = span.first if unit not in (Unit.DAY, Unit.WEEK) else span.first - dt.timedelta(days=1)
        return _same(Between(day, day), 3)

    def _quarter(self, place: int) -> TimeFound | None:
        text, length = self._text(place), 1
        quarter = int(text[1]) if len(text) == len("q1") and text[0] == "q" and text[1] in "1234" else None
        if quarter is None and text in _ORDINALS and self._text(place + 1) == "quarter":
            quarter, length = _ORDINALS[text], 2
        if quarter is None:
            return None
        year, more = self._year_behind(place + length)
        if year is not None:
            return _same(QuarterOf(year, quarter), length + more)
        running = (self._today.month - 1) // MONTHS_PER_QUARTER + 1
        past = QuarterOf(self._today.year - (quarter > running), quarter)
        return TimeFound(past, QuarterOf(self._today.year + (quarter < running), quarter), length)

    def _month(self, place: int) -> TimeFound | None:
        month = self._month_number(place)
        if month is None:
            return None
        year, more = self._year_behind(place + 1)
        if year is not None:
            return _same(MonthOf(year, month), 1 + more)
        # "may" is a verb far more often than a month.
        if self._text(place) == "may" and self._text(place - 1) not in _MONTH_NEEDS:
            return None
        if self._text(place) == "mar" and not self._tokens[place].capitalised:
            return None
        past = MonthOf(self._today.year - (month > self._today.month), month)
        return TimeFound(past, MonthOf(self._today.year + (month < self._today.month), month), 1)

    def _month_number(self, place: int) -> int | None:
        text = self._text(place)
        if len(text) < SHORTEST_MONTH_NAME:
            return None
        for number, name in enumerate(MONTH_NAMES, start=1):
            lowered = name.casefold()
            if text in (lowered, lowered[:SHORTEST_MONTH_NAME]) or (text == "sept" and lowered.startswith(text)):
                return number
        return None

    def _year(self, place: int) -> TimeFound | None:
        if self._text(place - 1) not in _MONTH_NEEDS | {"over"}:
            return None
        year = self._year_number(place)
        return None if year is None else _same(YearOf(year), 1)

    def _year_number(self, place: int) -> int | None:
        if not 0 <= place < len(self._tokens):
            return None
        count = self._tokens[place].count
        return count if count is not None and FIRST_YEAR <= count <= LAST_YEAR else None

    def _year_behind(self, place: int) -> tuple[int | None, int]:
        """A year that follows, perhaps behind "of", and how many tokens it took."""
        if self._text(place) == "of" and self._year_number(place + 1) is not None:
            return self._year_number(place + 1), 2
        if (self._text(place), self._text(place + 1)) in (("of", "last"), ("last", "year"), ("of", "this")):
            offset = 1 if "last" in (self._text(place), self._text(place + 1)) else 0
            length = 2 if self._text(place) == "last" else 3
            return self._today.year - offset, length
        year = self._year_number(place)
        return year, 0 if year is None else 1

    def _day_at(self, place: int) -> tuple[dt.date, int] | None:
        """``2026-10-01``, ``1 October 2026``, ``October 1st 2026``; without a year the latest one that is past."""
        if not 0 <= place < len(self._tokens):
            return None
        token = self._tokens[place]
        if token.day is not None:
            return token.day, 1
        month, day_place = self._month_number(place), place + 1
        if month is None:
            month, day_place = self._month_number(place + 1), place
        if month is None:
            return None
        number = self._day_number(day_place)
        if number is None:
            return None
        year = self._year_number(place + 2)
        length = 2 if year is None else 3
        if year is None:
            year = self._today.year - ((month, number) > (self._today.month, self._today.day))
        if number > calendar.monthrange(year, month)[1]:
            return None
        return dt.date(year, month, number), length

    def _ahead(self, place: int, found: tuple[dt.date, int]) -> dt.date:
        """The day that was found, or where its year was left out, the next one that has not passed."""
        day, length = found
        stated = self._tokens[place].day is not None or self._year_number(place + length - 1) is not None
        return day if stated or day >= self._today else months_back(day, -12)

    def _day_number(self, place: int) -> int | None:
        if not 0 <= place < len(self._tokens):
            return None
        text = self._text(place)
        if text[-2:] in ("st", "nd", "rd", "th") and text[:-2].isdecimal():
            text = text[:-2]
        return int(text) if text.isdecimal() and 1 <= int(text) <= calendar.monthrange(2024, 1)[1] else None

    def _named_day(self, place: int) -> TimeFound | None:
        found = self._day_at(place)
        if found is None:
            return None
        past, ahead = found[0], self._ahead(place, found)
        return TimeFound(Between(past, past), Between(ahead, ahead), found[1])

    def _since(self, place: int) -> TimeFound | None:
        if self._text(place) not in ("since", "after"):
            return None
        skip = 2 if self._text(place + 1) in ("the", "start", "beginning") else 1
        day = self._day_at(place + skip)
        if day is not None:
            return _same(Since(day[0]), day[1] + skip)
        inner = self._month(place + skip) or self._relative(place + skip) or self._quarter(place + skip)
        inner = inner or self._weekday(place + skip) or self._single_day(place + skip) or self._year(place + skip)
        if inner is None or inner.past is None:
            return None
        return _same(Since(span_of(inner.past, self._today).first), inner.length + skip)

    def _between(self, place: int) -> TimeFound | None:
        if self._text(place) not in ("between", "from"):
            return None
        first = self._day_at(place + 1)
        if first is None:
            return self._between_days(place) or self._between_months(place)
        joint = place + 1 + first[1]
        last = self._day_at(joint + 1)
        if last is None or self._text(joint) not in ("and", "to", "until", "till", "through"):
            return None
        low, high = first[0], last[0]
        if high < low:
            low = months_back(low, 12)
        if low > high:
            return None
        coming = self._ahead(place + 1, first), self._ahead(joint + 1, last)
        if coming[1] < coming[0]:
            # "From 20 November to 15 December", asked in between, is running.
            coming = first[0], coming[1]
        ahead = Between(*coming) if coming[0] <= coming[1] else Between(low, high)
        return TimeFound(Between(low, high), ahead, 2 + first[1] + last[1])

    def _between_days(self, place: int) -> TimeFound | None:
        """``From 1 to 15 December``: both days are in that month."""
        low, last = self._day_number(place + 1), self._day_at(place + 3)
        if low is None or last is None or self._text(place + 2) not in ("and", "to", "until", "till", "through"):
            return None
        past, ahead = last[0], self._ahead(place + 3, last)
        if low > past.day:
            return None
        first, coming = (Between(day.replace(day=low), day) for day in (past, ahead))
        return TimeFound(first, coming, 3 + last[1])

    def _between_months(self, place: int) -> TimeFound | None:
        """``From January to October``: from the first day of one month through the last day of the other."""
        first = self._month(place + 1)
        joint = place + 1 + (0 if first is None else first.length)
        last = self._month(joint + 1)
        if first is None or last is None or self._text(joint) not in ("and", "to", "until", "till", "through"):
            return None
        ends = [(first.past, last.past), (first.ahead, last.ahead)]
        past, ahead = (self._months_joined(low, high, stated=first.length > 1) for low, high in ends)
        return None if past is None or ahead is None else TimeFound(past, ahead, joint + 1 + last.length - place)

    def _months_joined(self, first: Period | None, last: Period | None, *, stated: bool) -> Between | None:
        if not isinstance(first, MonthOf) or not isinstance(last, MonthOf):
            return None
        if not stated:
            # The year that was left out is the one in which the other month comes next.
            first = MonthOf(last.year - (first.month > last.month), first.month)
        low, high = span_of(first, self._today).first, span_of(last, self._today).last
        return Between(low, high) if low <= high else None


def _same(period: Period, length: int) -> TimeFound:
    return TimeFound(period, period, length)
