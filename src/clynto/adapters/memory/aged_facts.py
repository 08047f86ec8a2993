"""The rule all stores of facts share: newer wins, a tie keeps what is held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from clynto.domain.provenance import Age, Provenance, age_against


class Identified(Protocol):
    """A record with Stripe's id."""

    @property
    def id(self) -> str: ...


Fact = TypeVar("Fact")
Record = TypeVar("Record", bound=Identified)
Aged = tuple[Fact, Provenance]


def is_younger(provenance: Provenance, held: Aged[Fact] | None) -> bool:
    """Whether a picture may replace the one that is held."""
    return held is None or age_against(provenance, held[1]) is Age.NEWER


def by_id(records: Iterable[Record]) -> dict[str, Record]:
    """Of several pictures of one object the last one counts."""
    return {record.id: record for record in records}


def present(table: Mapping[str, Aged[Fact]], ids: Iterable[str]) -> dict[str, Aged[Fact]]:
    """Those of ``ids`` that are stored."""
    return {fact_id: table[fact_id] for fact_id in ids if fact_id in table}


def older_than(moment: Provenance, table: Mapping[str, Aged[Fact]]) -> list[str]:
    """Ids of pictures that are older for certain than ``moment``, ascending."""
    return sorted(fact_id for fact_id, held in table.items() if is_younger(moment, held))
