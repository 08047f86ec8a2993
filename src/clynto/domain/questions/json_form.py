"""Typed queries as JSON documents, for planners and assistants: what they may send is checked to the last field."""

from __future__ import annotations

import datetime as dt
import enum
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from fractions import Fraction
from functools import lru_cache
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

from clynto.domain.money import decimal_text
from clynto.domain.questions.filters import FILTER_TYPES, OnPlan
from clynto.domain.questions.periods import PERIOD_TYPES
from clynto.domain.questions.query import QUERY_TYPES, Query

Json = NewType("Json", dict[str, Any])

KIND = "kind"
_AMOUNT = re.compile(r"\d{1,13}(\.\d{1,3})?")
_MOST_DECIMALS = 3


class QueryUnreadable(ValueError):
    """What was written is no typed query; the message says where and why, for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class FieldShape:
    """A field of a record: ``required`` if it has no default."""

    name: str
    hint: Any
    required: bool
    default: Any


def kind_of(record_type: type) -> str:
    """``CompareAccounts`` is called ``compare_accounts`` in every written form."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", record_type.__name__).lower()


_FAMILIES: dict[str, dict[str, type]] = {
    "query": {kind_of(kind): kind for kind in QUERY_TYPES},
    "filter": {kind_of(kind): kind for kind in FILTER_TYPES},
    "period": {kind_of(kind): kind for kind in PERIOD_TYPES},
}


@lru_cache(maxsize=128)
def shape_of(record_type: type) -> tuple[FieldShape, ...]:
    """The fields of a record in their order."""
    hints = get_type_hints(record_type)
    return tuple(
        FieldShape(
            field.name, hints[field.name], field.default is MISSING, None if field.default is MISSING else field.default
        )
        for field in fields(record_type)
    )


def query_to_json(query: Query) -> Json:
    """``query`` as a document; what has its default value is left out."""
    return Json(_record_to_json(query))


def query_from_json(document: object) -> Query:
    """The query of a document. Raises ``QueryUnreadable``."""
    query: Query = _read_family("query", document, "query")
    return query


def query_schema() -> Json:
    """A JSON Schema (draft 2020-12) of all queries."""
    kinds = {kind: held for family in _FAMILIES.values() for kind, held in family.items()}
    definitions: dict[str, Any] = {kind: _record_schema(kind, held) for kind, held in kinds.items()}
    for family, members in _FAMILIES.items():
        definitions[family] = {"oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in members]}
    return Json(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$ref": "#/$defs/query",
            "$defs": definitions,
        }
    )


def _record_to_json(record: Any) -> dict[str, Any]:
    document: dict[str, Any] = {KIND: kind_of(type(record))}
    record_type: type = type(record)
    for shape in shape_of(record_type):
        value = getattr(record, shape.name)
        if shape.required or value != shape.default:
            document[shape.name] = _value_to_json(value)
    return document


def _value_to_json(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, str | int):
        return value
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else amount_text(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_value_to_json(held) for held in value]
    return _record_to_json(value)


def amount_text(amount: Fraction) -> str:
    """``1500`` or ``99.5``: an amount of at most three decimals without zeros that say nothing."""
    text = decimal_text(amount, _MOST_DECIMALS)
    return text.rstrip("0").rstrip(".")


def _read_family(family: str, document: object, where: str) -> Any:
    members = _FAMILIES[family]
    if not isinstance(document, Mapping):
        raise QueryUnreadable(f"{where}: expected an object with a kind")
    kind = document.get(KIND)
    if not isinstance(kind, str) or kind not in members:
        raise QueryUnreadable(f"{where}: kind is one of {', '.join(members)}")
    return _read_record(members[kind], document, where)


def _read_record(record_type: type, document: Mapping[str, Any], where: str) -> Any:
    shapes = {shape.name: shape for shape in shape_of(record_type)}
    for name in document:
        if name != KIND and name not in shapes:
            raise QueryUnreadable(f"{where}: {kind_of(record_type)} has no field {str(name)[:50]!r}")
    values: dict[str, Any] = {}
    for name, shape in shapes.items():
        if name in document:
            values[name] = _reader(shape.hint)(document[name], f"{where}.{name}")
        elif shape.required:
            raise QueryUnreadable(f"{where}: {kind_of(record_type)} needs the field {name}")
    try:
        return record_type(**values)
    except ValueError as fault:
        raise QueryUnreadable(f"{where}: {fault}") from fault


Reader = Callable[[Any, str], Any]


def _reader(hint: Any) -> Reader:
    """How a value of that type is read, with the place for the error."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        some = [part for part in arguments if part is not type(None)]
        inner = _reader(some[0]) if len(some) == 1 else _family_reader(some)
        if len(some) == len(arguments):
            return inner
        return lambda value, where: None if value is None else inner(value, where)
    if origin is tuple:
        each = _reader(arguments[0])
        return lambda value, where: _read_list(each, value, where)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return lambda value, where: _read_word(hint, value, where)
    return _PLAIN_READERS[hint]


def _family_reader(members: Sequence[type]) -> Reader:
    family = "filter" if OnPlan in members else "period"
    return lambda value, where: _read_family(family, value, where)


def _read_list(each: Reader, value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise QueryUnreadable(f"{where}: expected a list")
    return tuple(each(held, f"{where}[{position}]") for position, held in enumerate(value))


def _read_word(words: type[enum.Enum], value: Any, where: str) -> enum.Enum:
    for member in words:
        if value == member.value:
            return member
    raise QueryUnreadable(f"{where}: expected one of {', '.join(str(member.value) for member in words)}")


def _read_text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise QueryUnreadable(f"{where}: expected text")
    return value


def _read_whole(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise QueryUnreadable(f"{where}: expected a whole number")
    return value


def _read_amount(value: Any, where: str) -> Fraction:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        raise QueryUnreadable(f'{where}: expected an amount such as 1500 or "99.5"')
    return Fraction(text)


def _read_day(value: Any, where: str) -> dt.date:
    try:
        return dt.date.fromisoformat(_read_text(value, where))
    except ValueError as fault:
        raise QueryUnreadable(f"{where}: expected a day such as 2026-10-31") from fault


_PLAIN_READERS: dict[Any, Reader] = {
    str: _read_text,
    int: _read_whole,
    Fraction: _read_amount,
    dt.date: _read_day,
}


def _record_schema(kind: str, record_type: type) -> dict[str, Any]:
    shapes = shape_of(record_type)
    return {
        "type": "object",
        "description": " ".join((record_type.__doc__ or "").split()).replace("``", ""),
        "properties": {KIND: {"const": kind}, **{shape.name: _hint_schema(shape.hint) for shape in shapes}},
        "required": [KIND, *(shape.name for shape in shapes if shape.required)],
        "additionalProperties": False,
    }


def _hint_schema(hint: Any) -> dict[str, Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        some = [part for part in arguments if part is not type(None)]
        inner = _hint_schema(some[0]) if len(some) == 1 else {"$ref": f"#/$defs/{_family_name(some)}"}
        return inner if len(some) == len(arguments) else {"anyOf": [inner, {"type": "null"}]}
    if origin is tuple:
        return {"type": "array", "items": _hint_schema(arguments[0])}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return {"enum": [member.value for member in hint]}
    return _PLAIN_SCHEMAS[hint]


def _family_name(members: Sequence[type]) -> str:
    return "filter" if OnPlan in members else "period"


_PLAIN_SCHEMAS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    Fraction: {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": f"^{_AMOUNT.pattern}$"}]},
    dt.date: {"type": "string", "format": "date"},
}
