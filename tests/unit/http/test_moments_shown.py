"""Ages in words: of two moments the older one never sounds younger."""

from __future__ import annotations

import re

import pytest

from clynto.entrypoints.http.pages.presenters.moments import age_text

NOW = 1_789_000_000
MINUTE, HOUR, DAY = 60, 3_600, 86_400
SECONDS = {"minute": MINUTE, "hour": HOUR, "day": DAY, "week": 7 * DAY, "month": 30 * DAY, "year": 365 * DAY}


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (44, "just now"),
        (100 * MINUTE, "100 minutes ago"),
        (26 * HOUR, "26 hours ago"),
        (8 * DAY, "8 days ago"),
        (10 * DAY, "10 days ago"),
        (14 * DAY, "2 weeks ago"),
        (41 * DAY, "5 weeks ago"),
        (70 * DAY, "2 months ago"),
        (400 * DAY, "13 months ago"),
        (800 * DAY, "2 years ago"),
        (-3 * DAY, "in 3 days"),
    ],
)
def test_an_age_in_words(passed: int, words: str) -> None:
    assert age_text(NOW - passed, NOW) == words


def test_who_reads_a_list_by_time_finds_it_in_order() -> None:
    told = [age_text(NOW - hours * HOUR, NOW) for hours in range(1, 24 * 900, 5)]
    lengths = []
    for words in told:
        found = re.fullmatch(r"(\d+) (\w+?)s? ago", words)
        assert found is not None, words
        lengths.append(int(found.group(1)) * SECONDS[found.group(2)])
    assert lengths == sorted(lengths)
