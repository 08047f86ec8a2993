"""Questions that are put the other way round: "isn't Acme overdue?", "Acme isn't overdue, is it?"."""

from __future__ import annotations

import re

_VERBS = "is|has|does"
_NEGATED = re.compile(rf"\W*((and|so|but)\W+)?({_VERBS})n['’]?t\b", re.IGNORECASE)
_TAG = re.compile(
    rf"(?P<subject>\S.*?)\s+(?P<verb>{_VERBS})(n['’]t|\s+not)?\s+(?P<rest>\S.*?)\s*,\s*"
    rf"({_VERBS})(n['’]t)?\s+(it|they|he|she)(\s+not)?\W*",
    re.IGNORECASE,
)


def asked_straight(question: str) -> str:
    """The question that has the same answer, yes or no, without its negation: whether something is so is asked for in
    all of them."""
    tagged = _TAG.fullmatch(question.strip())
    if tagged is not None:
        return f"{tagged['verb'].capitalize()} {tagged['subject']} {tagged['rest']}?"
    negated = _NEGATED.match(question)
    if negated is None:
        return question
    return f"{negated[3].capitalize()}{question[negated.end() :]}"
