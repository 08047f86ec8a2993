"""What workspace settings must look like, said in words that help."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from clynto.application.person_details import Findings
from clynto.domain.currencies import IN_USE
from clynto.domain.email_domain import DomainRules, normalised_host
from clynto.domain.exchange_rates import ExchangeRate

MOST_RATES = 10_000
MOST_DOMAINS = 200

_CURRENCY = re.compile(r"[A-Z]{3}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_RATE = re.compile(r"\d{1,12}(?:\.\d{1,12})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class RateText:
    """An exchange rate as typed; the rate is text, so that it stays exact."""

    date: str
    from_currency: str
    to_currency: str
    rate: str


class WorkspaceFindings(Findings):
    """Collects what is wrong with settings."""

    def __init__(self, domain_rules: DomainRules) -> None:
        super().__init__()
        self._domain_rules = domain_rules

    def currency(self, field: str, text: str) -> str:
        """``text`` as a currency code in upper case."""
        code = text.strip().upper()
        if not _CURRENCY.fullmatch(code):
            self.add(field, "Enter a currency code of three letters, such as USD.")
        elif code not in IN_USE:
            self.add(field, f"“{code}” is no currency in use. Enter a code such as USD.")
        return code

    def domains(self, field: str, texts: Sequence[str]) -> tuple[str, ...]:
        """Hosts as we compare them, each once, in the order given."""
        if len(texts) > MOST_DOMAINS:
            self.add(field, f"List at most {MOST_DOMAINS} domains.")
            return ()
        hosts: dict[str, None] = {}
        for position, text in enumerate(texts):
            host = normalised_host(text.strip().removeprefix("@"), self._domain_rules)
            if host is None:
                self.add(f"{field}.{position}", "Enter a domain such as example.com.")
            else:
                hosts[host] = None
        return tuple(hosts)

    def rates(self, field: str, rows: Sequence[RateText]) -> tuple[ExchangeRate, ...]:
        """Exact rates, oldest first; one per pair and date."""
        if len(rows) > MOST_RATES:
            self.add(field, f"List at most {MOST_RATES} rates.")
            return ()
        by_key: dict[tuple[datetime.date, str, str], ExchangeRate] = {}
        for position, row in enumerate(rows):
            place = f"{field}.{position}"
            rate = self._rate(place, row)
            if rate is None:
                continue
            key = (rate.date, rate.from_currency, rate.to_currency)
            if key in by_key:
                self.add(place, "There is already a rate for these currencies and this date.")
            by_key[key] = rate
        return tuple(by_key[key] for key in sorted(by_key))

    def _rate(self, place: str, row: RateText) -> ExchangeRate | None:
        day = _day(row.date.strip())
        source = self.currency(f"{place}.from", row.from_currency)
        target = self.currency(f"{place}.to", row.to_currency)
        figure = _positive(row.rate.strip())
        if day is None:
            self.add(f"{place}.date", "Enter a date such as 2026-10-01.")
        if figure is None:
            self.add(f"{place}.rate", "Enter a positive number with a decimal point, such as 1.0842.")
        if source == target:
            self.add(f"{place}.to", "Choose two different currencies.")
        if day is None or figure is None or source == target:
            return None
        return ExchangeRate(day, source, target, figure)


def _day(text: str) -> datetime.date | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def _positive(text: str) -> Fraction | None:
    if not _RATE.fullmatch(text):
        return None
    figure = Fraction(text)
    return figure if figure > 0 else None
