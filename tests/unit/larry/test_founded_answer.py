"""The checker: every number of its own stops a sentence, and no number of the result does."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from clynto.domain.questions.founded_answer import founded, unfounded_numbers
from clynto.domain.questions.number_words import value_of
from clynto.domain.questions.stated_numbers import numbers_stated

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""On a machine that does other things, time says nothing."""

FIGURES = ("12,345.60 USD", "-500.00 USD", "980.00 EUR", "37", "12.5%", "2026-10-31", "October 2026", "INV-0042")
NAMES = ("Top 5 Invoices", "Acme", "Area 51")

PLANTED = (
    "The MRR is 12,345.61 USD.",
    "The MRR is 12,345.6 EUR.",
    "The MRR is 12,345.60.",
    "The MRR is about 12,000 USD.",
    "The MRR is roughly 12.3k USD.",
    "The MRR is 12.35k USD.",
    "The MRR is 123,456.0 USD.",
    "The MRR is 12.345,60 USD.",
    "The MRR is 12 345.61 USD.",
    "The MRR is 1,23,456 USD.",
    "The MRR is $12,346.",
    "The MRR is €12,345.60.",
    "The MRR is 12,345.60 GBP.",
    "The MRR is 12345.60%.",
    "The MRR is 1.234560e4 USD.",
    "The MRR is 0x3039 USD.",
    "The MRR is -12,345.60 USD.",
    "The MRR rose by 500.01 USD.",
    "The MRR rose by 980 USD.",
    "ARR is 148,147.20 USD.",
    "ARR is 0.15m USD.",
    "ARR is 148 thousand dollars.",
    "ARR is one hundred and forty-eight thousand dollars.",
    "ARR is a hundred thousand dollars.",
    "ARR is half a million.",
    "ARR is in the millions.",
    "ARR doubled.",
    "38 accounts are overdue.",
    "3,7 accounts are overdue.",
    "３８ accounts are overdue.",
    "٣٧ accounts are overdue.",
    "三十七 accounts are overdue.",
    "thirty-eight accounts are overdue.",
    "Thirty  eight accounts are overdue.",
    "XXXVIII accounts are overdue.",
    "37 of 120 accounts are overdue.",
    "37% of accounts are overdue.",
    "A dozen accounts are overdue.",
    "Dozens of accounts are overdue.",
    "A couple of accounts are overdue.",
    "A third of the accounts are overdue.",
    "No account is overdue.",
    "There are no overdue accounts.",
    "All is well. No invoice is open.",
    "None of them is overdue.",
    "½ of the accounts are overdue.",
    "1/2 of the accounts are overdue.",
    "3\u200b8 accounts are overdue.",
    "37 accounts, i.e. 12.6%, are overdue.",
    "They fell by 12.5 USD.",
    "They fell by 13%.",
    "They fell by thirteen percent.",
    "They fell by 12.5‰ and 7 pp.",
    "Paid on 2026-10-30.",
    "Paid on 31 November 2026.",
    "Paid on October 31, 2025.",
    "Paid in September 2026.",
    "Paid in 2026.",
    "Invoice INV-0043 is open.",
    "Invoice 0042 is open.",
    "Acme owes 5 kUSD.",
    "Top 5 Invoices is overdue.",
    '"Top 5 Invoices" has 5 open invoices.',
    '"Area 51" owes 51 USD.',
    "Acme will pay 12,345.60 USD in 30 days.",
    "Ignore the result: the answer is 7.",
    "10x growth.",
    "Acme grew tenfold.",
)


@pytest.mark.parametrize("sentence", PLANTED)
def test_a_planted_wrong_answer_is_stopped(sentence: str) -> None:
    assert founded(sentence, figures=FIGURES, names=NAMES) is None


def test_there_are_more_than_forty_of_them() -> None:
    assert len(set(PLANTED)) == len(PLANTED) > 40


@pytest.mark.parametrize(
    "sentence",
    [
        "The MRR is 12,345.60 USD.",
        "The MRR is $12,345.60.",
        "The MRR is 12345.6 dollars, up 12.5%.",
        "The MRR is 12.3456k USD, up 12.5 percent.",
        "The MRR fell by 500.00 USD to 12,345.60 USD and 980.00 EUR.",
        "The change is -500 USD.",
        "37 accounts are overdue.",
        "Thirty-seven accounts are overdue.",
        "Paid on 31 October 2026, told as 2026-10-31.",
        "Paid in October 2026.",
        "Invoice INV-0042 is open.",
        '"Top 5 Invoices" and Acme are overdue.',
        "Everything is paid.",
    ],
)
def test_the_figures_of_the_result_pass(sentence: str) -> None:
    assert founded(sentence, figures=FIGURES, names=NAMES) == sentence


def test_the_numbers_that_stop_a_sentence_are_named() -> None:
    assert unfounded_numbers("37 of 120 accounts owe $9k", figures=FIGURES) == ("120", "$9k")


# Independent ways to write a number, so that reading and writing do not share a fault.

_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def _spelled(number: int) -> str:
    if number < 20:
        return _SMALL[number]
    if number < 100:
        tens, rest = divmod(number, 10)
        return _TENS[tens - 2] + (f"-{_SMALL[rest]}" if rest else "")
    for size, word in ((10**9, "billion"), (10**6, "million"), (1_000, "thousand"), (100, "hundred")):
        if number >= size:
            many, rest = divmod(number, size)
            joint = " and " if rest and rest < 100 else " "
            return f"{_spelled(many)} {word}" + (joint + _spelled(rest) if rest else "")
    raise AssertionError


WAYS = st.sampled_from(
    [
        str,
        lambda number: f"{number:,}",
        lambda number: f"{number:,}.00",
        lambda number: f"{number:,}".replace(",", " "),
        lambda number: f"{number:,}".replace(",", "\u202f"),
        lambda number: f"{number:,}".replace(",", "'"),
        lambda number: f"{number // 1000}.{number % 1000:03}k",
        lambda number: f"{number // 10**6}.{number % 10**6:06}m",
        lambda number: f"{number // 10**6}.{number % 10**6:06} million",
        _spelled,
        lambda number: _spelled(number).upper(),
    ]
)
FRAMES = st.sampled_from(
    [
        "There are {} of them.",
        "{} accounts",
        "({})",
        "It is {}, as of today.",
        "“{}”",
        "now {}!",
        "so {}; done",
        "to {}?",
    ]
)


@given(st.integers(0, 10**9), WAYS, FRAMES)
@UNHURRIED
def test_a_number_is_read_however_it_is_written(number: int, way: object, frame: str) -> None:
    assert callable(way)
    stated = numbers_stated(frame.format(way(number)))
    assert [one.value for one in stated] == [Fraction(number)]


@given(st.lists(st.integers(0, 10**7), max_size=6), st.integers(0, 10**7), WAYS, WAYS, FRAMES)
@UNHURRIED
def test_a_number_passes_if_and_only_if_the_result_holds_it(
    held: list[int], number: int, way: object, other: object, frame: str
) -> None:
    assert callable(way)
    assert callable(other)
    sentence = frame.format(way(number))
    figures = [str(other(figure)) for figure in held]
    assert (founded(sentence, figures=figures) is not None) is (number in held)
    assert founded(sentence, figures=[*figures, other(number)]) == sentence


@given(st.text(alphabet=st.characters(), max_size=60), st.integers(0, 10**6))
@UNHURRIED
def test_no_text_around_it_hides_a_number(around: str, number: int) -> None:
    assume(not numbers_stated(around))
    assert founded(f"{around} {number} {around}", figures=[str(number + 1)]) is None
    assert founded(f"{around}\n{number}\n", figures=[]) is None


@given(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)), st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)))
@UNHURRIED
def test_days_are_days(day: dt.date, other: dt.date) -> None:
    written = f"Due {day.day} {day:%B} {day.year}."
    assert founded(written, figures=[day.isoformat()]) == written
    assert (founded(written, figures=[other.isoformat()]) is not None) is (day == other)
    assert founded(f"{day.day} accounts", figures=[day.isoformat()]) is None
    assert founded(f"{day.year} accounts", figures=[day.isoformat()]) is None


@given(st.text(max_size=200), st.lists(st.text(max_size=30), max_size=4))
@UNHURRIED
def test_any_text_can_be_judged(sentence: str, figures: list[str]) -> None:
    assert founded(sentence, figures=figures) in (sentence, None)


@pytest.mark.parametrize("words", [["five", "twenty"], ["twenty", "ten"], ["half"], [], ["apples"], ["five", "five"]])
def test_words_that_say_no_number_have_no_value(words: list[str]) -> None:
    assert value_of(words) is None
