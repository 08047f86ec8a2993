"""What every ``StripeReader`` gives of past events (``clynto.ports.stripe_reading``).

Needs the fixtures ``events_reader`` (a reader that may list events, more than a page of them) and ``past_events``: the
type and the second of each event by its id. ``barred_reader`` may not list events.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson
import pytest

from clynto.domain.errors import MissingPermissions
from clynto.domain.moments import UnixTime
from clynto.ports.stripe_reading import StripeReader

PastEvents = Mapping[str, tuple[str, int]]


def _listed(reader: StripeReader, since: int, kinds: list[str]) -> list[str]:
    pages = reader.events(since=UnixTime(since), event_types=kinds)
    return [orjson.loads(body)["id"] for page in pages for body in page]


class EventListContract:
    """A list read to its end, each event once."""

    def test_gives_all_of_the_wanted_types(self, events_reader: StripeReader, past_events: PastEvents) -> None:
        kinds = sorted({kind for kind, _ in past_events.values()})[:2]
        listed = _listed(events_reader, 0, kinds)
        assert sorted(listed) == sorted(one for one, (kind, _) in past_events.items() if kind in kinds)
        assert len(set(listed)) == len(listed)

    def test_the_oldest_wanted_second_belongs_to_it(self, events_reader: StripeReader, past_events: PastEvents) -> None:
        kinds = sorted({kind for kind, _ in past_events.values()})[:20]
        since = sorted(created for _, created in past_events.values())[len(past_events) // 2]
        wanted = {one for one, (kind, created) in past_events.items() if kind in kinds and created >= since}
        assert set(_listed(events_reader, since, kinds)) == wanted
        assert _listed(events_reader, 4_000_000_000, kinds) == []

    def test_a_key_that_may_not_read_them_is_told_so(self, barred_reader: StripeReader) -> None:
        with pytest.raises(MissingPermissions):
            _listed(barred_reader, 0, ["invoice.paid"])
