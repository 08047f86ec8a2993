"""Frozen records as plain JSON-able documents and back, without loss (fractions as ``p/q``)."""

from __future__ import annotations

import enum
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from fractions import Fraction
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Document = dict[str, Any]
"""Only ``dict`` with text keys, ``list``, ``str``, ``int``, ``bool`` and None inside."""

Record = TypeVar("Record")
Writer = tuple[str, object, Callable[[Any], Any]]
"""A field: its name, its default (None if it has none), and how a value is written."""


def to_document(record: object) -> Document:
    """``record`` (a dataclass) as a document. Fields that hold their default, or None, are left out."""
    document: Document = {}
    kind: type = type(record)
    values, writers = _writers(kind)
    for (name, default, write), value in zip(writers, values(record), strict=True):
        if value is not default and value != default:
            document[name] = None if value is None else write(value)
    return document


def from_document(record_type: type[Record], document: Mapping[str, Any]) -> Record:
    """The record that ``document`` was made from. Raises ``TypeError`` if a field that is never None is missing."""
    kind: type = record_type
    readers, values = _readers(kind), dict.fromkeys(_may_be_left_out(kind))
    for name, value in document.items():
        read = readers.get(name)
        if read is not None:
            values[name] = read(value)
    return record_type(**values)


# What the type of a field asks for is found out once: thousands of ledgers are written and read in one go.


@lru_cache(maxsize=64)
def _writers(record_type: type) -> tuple[Callable[[object], Iterable[Any]], tuple[Writer, ...]]:
    """What reads all fields at once, and how each is written."""
    if not is_dataclass(record_type):
        raise TypeError(f"{record_type.__name__} is not a record")
    hints = _hints(record_type)
    found = []
    for field in fields(record_type):
        default = field.default
        if field.default_factory is not MISSING:
            default = field.default_factory()
        found.append((field.name, None if default is MISSING else default, _writer(hints[field.name])))
    return _reader_of_fields([name for name, _, _ in found]), tuple(found)


def _reader_of_fields(names: Sequence[str]) -> Callable[[object], Iterable[Any]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: [getattr(record, name) for name in names]


@lru_cache(maxsize=64)
def _readers(record_type: type) -> dict[str, Callable[[Any], Any]]:
    hints = _hints(record_type)
    return {field.name: _reader(hints[field.name]) for field in fields(record_type)}


@lru_cache(maxsize=64)
def _hints(record_type: type) -> dict[str, Any]:
    return get_type_hints(record_type)


@lru_cache(maxsize=64)
def _may_be_left_out(record_type: type) -> tuple[str, ...]:
    """Fields without a default that can be None."""
    hints = _hints(record_type)
    return tuple(
        field.name
        for field in fields(record_type)
        if field.default is MISSING and field.default_factory is MISSING and type(None) in get_args(hints[field.name])
    )


def _writer(hint: Any) -> Callable[[Any], Any]:
    """How a value of that type, which is not None, is written."""
    hint, origin, arguments = _parts(hint)
    if origin is tuple:
        one = _or_none(_writer(arguments[0]))
        return lambda value: [one(held) for held in value]
    if origin is not None and issubclass(origin, Mapping):
        each = _or_none(_writer(arguments[1]))
        return lambda value: {str(key): each(held) for key, held in value.items()}
    if hint is Fraction:
        return lambda value: f"{value.numerator}/{value.denominator}"
    if isinstance(hint, type) and issubclass(hint, str):
        return str
    return to_document if is_dataclass(hint) else _as_it_is


def _reader(hint: Any) -> Callable[[Any], Any]:
    """How a value of that type is read back."""
    may_be_none = type(None) in get_args(hint)
    read = _reader_of_some(*_parts(hint))
    return _or_none(read) if may_be_none else read


def _reader_of_some(hint: Any, origin: Any, arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    """How a value of that type, which is not None, is read back."""
    if origin is tuple:
        one = _reader(arguments[0])
        return lambda value: tuple([one(held) for held in value])
    if origin is not None and issubclass(origin, Mapping):
        each = _reader(arguments[1])
        return lambda value: {key: each(held) for key, held in value.items()}
    if hint is Fraction:
        return _fraction
    if isinstance(hint, type) and is_dataclass(hint):
        return partial(from_document, hint)
    return hint if isinstance(hint, type) and issubclass(hint, enum.Enum) else _as_it_is


def _parts(hint: Any) -> tuple[Any, Any, tuple[Any, ...]]:
    """The type behind a name of its own and behind "or None", its origin and its arguments."""
    hint = getattr(hint, "__supertype__", hint)
    if get_origin(hint) in (Union, types.UnionType):
        return _parts(next(part for part in get_args(hint) if part is not type(None)))
    return hint, get_origin(hint), get_args(hint)


def _or_none(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    if change is _as_it_is:
        return change
    return lambda value: None if value is None else change(value)


def _fraction(written: str) -> Fraction:
    numerator, _, denominator = written.partition("/")
    return Fraction(int(numerator), int(denominator))


def _as_it_is(value: Any) -> Any:
    return value
