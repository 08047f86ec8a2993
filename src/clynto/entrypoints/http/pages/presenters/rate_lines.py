"""Exchange rates as lines of text that can be typed, pasted and read back: ``2026-01-01 EUR USD 1.0842``."""

from __future__ import annotations

from collections.abc import Iterable

from clynto.application.workspace_details import RateText
from clynto.domain.errors import InvalidInput
from clynto.domain.exchange_rates import ExchangeRate
from clynto.entrypoints.http.api.fields import exact_decimal

_WORDS = 4


def rates_of_text(text: str) -> list[RateText]:
    """One rate a line. Raises ``InvalidInput`` for a line that is not made of date, two currencies and a rate."""
    rates = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.replace(",", " ").replace(";", " ").split()
        if not words:
            continue
        if len(words) != _WORDS:
            raise InvalidInput(
                {"rates": f"Line {number}: write a date, two currencies and a rate, set apart by blanks."}
            )
        rates.append(RateText(*words))
    return rates


def text_of_rates(rates: Iterable[ExchangeRate]) -> str:
    """What ``rates_of_text`` reads."""
    return "\n".join(
        f"{rate.date.isoformat()} {rate.from_currency} {rate.to_currency} {exact_decimal(rate.rate)}" for rate in rates
    )
