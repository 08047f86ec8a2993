"""Typed queries as one readable, re-runnable line: ``accounts(filters=[payment_status_is(statuses=[overdue])])``.

The line is the JSON form in fewer signs, so both say the same and there is one set of checks.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from clynto.domain.questions.json_form import KIND, QueryUnreadable, query_from_json, query_to_json
from clynto.domain.questions.query import Query

LONGEST_TEXT = 5_000
DEEPEST = 8

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\d{4}-\d{2}-\d{2}|\d+(?:\.\d+)?")
_WHOLE = re.compile(r"\d{1,15}")
_TOKEN = re.compile(
    r"\s*(?:(?P<quoted>\"(?:[^\"\\]|\\.)*\")|(?P<plain>\d{4}-\d{2}-\d{2}|\d+(?:\.\d+)?|[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>[()\[\],=]))"
)


def print_query(query: Query) -> str:
    """The line of ``query``; what has its default value is left out."""
    return _printed(query_to_json(query))


def parse_query(text: str) -> Query:
    """The query of a line. Raises ``QueryUnreadable``."""
    if len(text) > LONGEST_TEXT:
        raise QueryUnreadable(f"a query has at most {LONGEST_TEXT} characters")
    return query_from_json(_Reading(text).whole())


def _printed(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(f"{name}={_printed(held)}" for name, held in value.items() if name != KIND)
        return f"{value[KIND]}({inner})"
    if isinstance(value, list):
        return f"[{', '.join(_printed(held) for held in value)}]"
    if isinstance(value, int):
        return str(value)
    # Text that reads as a whole number or as nothing has to keep its quotes, or it would come back as such.
    bare = _PLAIN.fullmatch(value) and not _WHOLE.fullmatch(value)
    return str(value) if bare else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int


class _Reading:
    """A recursive descent over the tokens of one line."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0

    def whole(self) -> Any:
        """The only value of the line."""
        value = self._value(0)
        if self._kind() != "end":
            self._refuse("nothing more")
        return value

    def _value(self, depth: int) -> Any:
        if depth > DEEPEST:
            self._refuse("a flatter query")
        kind, token = self._kind(), self._tokens[self._next]
        if kind == "quoted":
            self._next += 1
            return _unquoted(token)
        if kind == "plain":
            self._next += 1
            if self._sign("("):
                return self._record(token, depth)
            return int(token.text) if _WHOLE.fullmatch(token.text) else token.text
        if self._sign("["):
            return self._list(depth)
        self._refuse("a value")
        raise AssertionError

    def _record(self, name: _Token, depth: int) -> dict[str, Any]:
        if not _WORD.fullmatch(name.text):
            self._refuse("a name before (")
        document: dict[str, Any] = {KIND: name.text}
        while not self._sign(")"):
            if len(document) > 1 and not self._sign(","):
                self._refuse(", or )")
            field = self._tokens[self._next]
            if field.kind != "plain" or field.text == KIND or field.text in document:
                self._refuse("a field that was not given yet")
            self._next += 1
            if not self._sign("="):
                self._refuse("=")
            document[field.text] = self._value(depth + 1)
        return document

    def _list(self, depth: int) -> list[Any]:
        held: list[Any] = []
        while not self._sign("]"):
            if held and not self._sign(","):
                self._refuse(", or ]")
            held.append(self._value(depth + 1))
        return held

    def _kind(self) -> str:
        return self._tokens[self._next].kind

    def _sign(self, sign: str) -> bool:
        token = self._tokens[self._next]
        if token.kind == "sign" and token.text == sign:
            self._next += 1
            return True
        return False

    def _refuse(self, expected: str) -> None:
        token = self._tokens[self._next]
        found = repr(token.text[:30]) if token.text else "the end"
        raise QueryUnreadable(f"at character {token.place + 1}: expected {expected}, found {found}")


def _tokens(text: str) -> list[_Token]:
    tokens, place = [], 0
    stripped = text.rstrip()
    while place < len(stripped):
        match = _TOKEN.match(stripped, place)
        if match is None:
            raise QueryUnreadable(f"at character {place + 1}: {stripped[place : place + 10]!r} does not belong here")
        kind = str(match.lastgroup)
        tokens.append(_Token(kind, match[kind], match.start(kind)))
        place = match.end()
    return [*tokens, _Token("end", "", len(stripped))]


def _unquoted(token: _Token) -> str:
    try:
        text = json.loads(token.text)
    except ValueError as fault:
        raise QueryUnreadable(f"at character {token.place + 1}: this text in quotes cannot be read") from fault
    return str(text)
