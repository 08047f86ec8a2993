"""Questions that are put another way: "isn't Acme overdue?", "Acme isn't overdue, is it?", "since we connected"."""

from __future__ import annotations

import datetime as dt
import re

_VERBS = "is|has|does"
_NEGATED = re.compile(rf"\W*((and|so|but)\W+)?({_VERBS})n['’]?t\b", re.IGNORECASE)
_TAG = re.compile(
    rf"(?P<subject>\S.*?)\s+(?P<verb>{_VERBS})(n['’]t|\s+not)?\s+(?P<rest>\S.*?)\s*,\s*"
    rf"({_VERBS})(n['’]t)?\s+(it|they|he|she)(\s+not)?\W*",
    re.IGNORECASE,
)


_UP = re.compile(r"(\W*(is|has)( our| the)? (mrr|arr|revenue))( gone| going)? up\b", re.IGNORECASE)
"""``Up`` alone says too little to mean anything everywhere."""
_SINCE_CONNECTED = re.compile(
    r"\bsince ((we|i|you)( have|['’]ve)? (first )?(connected|linked|joined)( to)?( stripe| clynto)?"
    r"|stripe was (connected|linked)|connecting( stripe)?|the connection)\b",
    re.IGNORECASE,
)


def with_day_of_connection(question: str, connected: dt.date | None) -> str:
    """``Since we connected`` with the day on which that was."""
    return question if connected is None else _SINCE_CONNECTED.sub(f"since {connected.isoformat()}", question)


def asked_straight(question: str) -> str:
    """The question that has the same answer, yes or no, without its negation: whether something is so is asked for in
    all of them."""
    up = _UP.match(question)
    if up is not None:
        return f"{up[1]} rising{question[up.end() :]}"
    tagged = _TAG.fullmatch(question.strip())
    if tagged is not None:
        return f"{tagged['verb'].capitalize()} {tagged['subject']} {tagged['rest']}?"
    negated = _NEGATED.match(question)
    if negated is None:
        return question
    return f"{negated[3].capitalize()}{question[negated.end() :]}"
