"""Column types that mean the same on SQLite and PostgreSQL, and membership in a list of words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, ColumnElement, Text, TypeDecorator, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import UserDefinedType

from clynto.adapters.sql.documents import clean_text

WORD = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by its bytes, as SQLite does, whatever the collation of a PostgreSQL database is."""

AMOUNT = BigInteger()
"""64 bits: minor units of 14 digits fit, and so do microseconds since 1970."""

FLAG = Boolean()

_WILDCARDS = frozenset("%_\\")
_LONGEST_PATTERN = 1_000
"""SQLite refuses patterns of more than 50,000 bytes."""


class _WrittenArray(UserDefinedType[str]):
    """An array of texts on PostgreSQL, written down by ourselves: the driver takes ten times as long for each word,
    and some questions name ten thousand accounts."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_: Any) -> str:
        """Its name in a statement."""
        return "TEXT[]"


class WordList(TypeDecorator[Sequence[str]]):
    """A list of words as one parameter: an array on PostgreSQL, a JSON array on SQLite.

    One parameter keeps the statement the same for any length, so it is compiled once and no limit is met.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """The type of the parameter."""
        return dialect.type_descriptor(_WrittenArray() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:
        """The words as the driver wants them, free of what no database can hold."""
        words = [clean_text(word) for word in value or ()]
        listed = orjson.dumps(words).decode()
        return _as_array(words, listed) if dialect.name == "postgresql" else listed


def _as_array(words: Sequence[str], listed: str) -> str:
    """PostgreSQL's own writing differs from JSON in its brackets and in what a backslash means."""
    if "\\" in listed:
        listed = ",".join('"{}"'.format(word.replace("\\", "\\\\").replace('"', '\\"')) for word in words)
        return f"{{{listed}}}"
    return f"{{{listed[1:-1]}}}"


class _Condition(FunctionElement[bool]):
    """A condition in its own right: SQLAlchemy must not append ``= 1`` for SQLite, which would keep it from using an
    index."""

    type = FLAG
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Comparisons bind tighter than AND and OR, so no brackets either."""
        return self


class is_any_of(_Condition):  # noqa: N801 - reads as the SQL operator it stands for
    """``is_any_of(column, words)``: the column holds one of the words."""

    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], words: Iterable[str]) -> None:
        super().__init__(column, bindparam(None, list(words), type_=WordList(), unique=True))


@compiles(is_any_of, "sqlite")
def _on_sqlite(element: is_any_of, compiler: SQLCompiler, **kw: Any) -> str:
    column, words = element.clauses
    listed = f"json_each({compiler.process(words, **kw)})"
    return f"{compiler.process(column, **kw)} IN (SELECT value FROM {listed})"  # noqa: S608 - compiled SQL, no values


@compiles(is_any_of, "postgresql")
def _on_postgresql(element: is_any_of, compiler: SQLCompiler, **kw: Any) -> str:
    column, words = element.clauses
    return f"{compiler.process(column, **kw)} = ANY ({compiler.process(words, **kw)})"


class _occurs_in(_Condition):  # noqa: N801 - reads as the SQL operator it stands for
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], piece: str) -> None:
        super().__init__(column, bindparam(None, piece, type_=Text(), unique=True))


def contains_text(column: ColumnElement[str], piece: str) -> ColumnElement[bool]:
    """The piece occurs in the column, literally. Both are case-folded already."""
    piece = clean_text(piece)
    if len(piece) > _LONGEST_PATTERN or not _WILDCARDS.isdisjoint(piece):
        return _occurs_in(column, piece)
    # A fifth faster than the function on SQLite, but only where nothing has to be escaped.
    return column.like(f"%{piece}%")


@compiles(_occurs_in, "sqlite")
def _instr(element: _occurs_in, compiler: SQLCompiler, **kw: Any) -> str:
    column, piece = element.clauses
    return f"instr({compiler.process(column, **kw)}, {compiler.process(piece, **kw)}) > 0"


@compiles(_occurs_in, "postgresql")
def _strpos(element: _occurs_in, compiler: SQLCompiler, **kw: Any) -> str:
    column, piece = element.clauses
    return f"strpos({compiler.process(column, **kw)}, {compiler.process(piece, **kw)}) > 0"


class unindexed(FunctionElement[Any]):  # noqa: N801 - reads as the SQL operator it stands for
    """``unindexed(column)``: the same values, but no index on the column is used for them."""

    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(unindexed, "sqlite")
def _unary_plus(element: unindexed, compiler: SQLCompiler, **kw: Any) -> str:
    (column,) = element.clauses
    return f"+{compiler.process(column, **kw)}"


@compiles(unindexed, "postgresql")
def _neutral(element: unindexed, compiler: SQLCompiler, **kw: Any) -> str:
    (column,) = element.clauses
    neutral = "|| ''" if isinstance(column.type, Text) else "+ 0"
    return f"({compiler.process(column, **kw)} {neutral})"
