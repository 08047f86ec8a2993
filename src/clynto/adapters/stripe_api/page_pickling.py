"""Pages as bytes for another process of ours, quickly.

Left to itself, pickle takes frozen records apart and puts them together field by field in Python, and fractions by way
of text. Here a record is its class and the tuple of its fields. Only for processes of one installation: what is read
back is code and data of the same version.
"""

from __future__ import annotations

import copyreg
import io
import pickle
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from operator import attrgetter
from types import MappingProxyType, ModuleType
from typing import Any

from clynto.domain import catalogue, customer, discount, discount_readings, invoice, subscription, time_span
from clynto.ports import stripe_reading

Reduced = tuple[Callable[..., Any], tuple[Any, ...]]

_MODULES: tuple[ModuleType, ...] = (
    catalogue,
    customer,
    discount,
    discount_readings,
    invoice,
    subscription,
    time_span,
    stripe_reading,
)


def packed(content: object) -> bytes:
    """``content`` as bytes."""
    written = io.BytesIO()
    pickler = pickle.Pickler(written, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCERS
    pickler.dump(content)
    return written.getvalue()


def unpacked(written: bytes | bytearray | memoryview) -> Any:
    """What ``packed`` was given."""
    return pickle.loads(written)  # noqa: S301 - another process of ours wrote it


def _record_reducer(kind: type) -> Callable[[Any], Reduced]:
    names = [field.name for field in fields(kind)]
    values = attrgetter(*names) if len(names) > 1 else lambda record: (getattr(record, names[0]),)
    return lambda record: (kind, values(record))


def _fraction_reducer(amount: Fraction) -> Reduced:
    return Fraction, (amount.numerator, amount.denominator)


def _reducers() -> Mapping[type, Callable[[Any], Any]]:
    found: dict[type, Callable[[Any], Any]] = dict(copyreg.dispatch_table)
    found[Fraction] = _fraction_reducer
    for module in _MODULES:
        for kind in vars(module).values():
            if isinstance(kind, type) and is_dataclass(kind) and all(field.init for field in fields(kind)):
                found[kind] = _record_reducer(kind)
    return MappingProxyType(found)


_REDUCERS = _reducers()
