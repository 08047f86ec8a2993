"""How values of the domain look in JSON: money, times, secrets, exact rates."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from marshmallow import Schema, fields

from clynto.domain.moments import MICROS_PER_SECOND
from clynto.domain.secret import Secret

NOT_EMPTY = {"minLength": 1}
"""What the OpenAPI document says of text that must not be empty; the use cases refuse it with their own sentence."""
CURRENCY_CODE = {"pattern": "^ *[A-Za-z]{3} *$", "example": "EUR"}

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def rfc3339_of_micros(moment: int) -> str:
    """Microseconds since 1970 as RFC 3339 in UTC."""
    whole, micros = divmod(moment, MICROS_PER_SECOND)
    return f"{_second(whole)}.{micros:06d}Z"


def rfc3339_of_seconds(moment: int) -> str:
    """Seconds since 1970 as RFC 3339 in UTC."""
    return f"{_second(moment)}Z"


def micros_of(moment: datetime.datetime) -> int:
    """Microseconds since 1970 of a moment that knows its zone."""
    return (moment - _EPOCH) // datetime.timedelta(microseconds=1)


def _second(moment: int) -> str:
    return (_EPOCH + datetime.timedelta(seconds=moment)).strftime("%Y-%m-%dT%H:%M:%S")


class _Time(fields.String):
    def __init__(self, **options: Any) -> None:
        metadata = {"format": "date-time", **(options.pop("metadata", None) or {})}
        super().__init__(dump_only=True, metadata=metadata, **options)


class MicrosTime(_Time):
    """A ``UnixMicros`` moment."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> str | None:
        return None if value is None else rfc3339_of_micros(value)


class SecondsTime(_Time):
    """A ``UnixTime`` moment."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> str | None:
        return None if value is None else rfc3339_of_seconds(value)


class SecretText(fields.String):
    """Text that is masked from the moment it is read; never answered."""

    def __init__(self, **options: Any) -> None:
        super().__init__(load_only=True, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        return Secret(str(super()._deserialize(value, attr, data, **options)))


class ShownSecret(fields.String):
    """The one answer that shows a secret: a token that was just made."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> str | None:
        return value.reveal() if isinstance(value, Secret) else None


class ExactRate(fields.String):
    """An exact rate as decimal text. A JSON number is refused, since it would go through binary floating point."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> str | None:
        return exact_decimal(value) if isinstance(value, Fraction) else None


def exact_decimal(rate: Fraction) -> str:
    """All decimals of a rate that was once decimal text."""
    places = 0
    while (rate * 10**places).denominator != 1:
        places += 1
        if places > _MOST_PLACES:
            raise ValueError("this rate has no finite decimal text")
    figures = str((rate * 10**places).numerator).rjust(places + 1, "0")
    return f"{figures[:-places]}.{figures[-places:]}" if places else figures


_MOST_PLACES = 40


class MoneySchema(Schema):
    """A ``MoneyView``: one figure, its unit and its parts."""

    amount = fields.String(
        required=True, metadata={"description": "Major units, with the currency's own decimals.", "example": "149.00"}
    )
    currency = fields.String(
        required=True, allow_none=True, metadata={"description": "null: several currencies.", "example": "USD"}
    )
    mixed = fields.Boolean(
        required=True, metadata={"description": "The amount is the plain sum of several currencies."}
    )
    by_currency = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, metadata={"example": {"USD": "149.00"}}
    )
    unconverted = fields.List(
        fields.String(), metadata={"description": "Currencies without a rate, which the amount leaves out."}
    )


def money(**options: Any) -> fields.Nested:
    """A field that shows a ``MoneyView``."""
    return fields.Nested(MoneySchema, dump_only=True, **options)
