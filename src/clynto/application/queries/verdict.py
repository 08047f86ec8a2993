"""Yes or no before an answer to "does Acme have unpaid invoices?", which lists them, or says that there are none."""

from __future__ import annotations

import re
from dataclasses import replace

from clynto.domain.questions.answers import Answer
from clynto.domain.questions.lists import USUAL_LIMIT, Invoices, InvoiceWord, Signals, Subscriptions
from clynto.domain.questions.understanding.turned_round import asked_straight

_ASKS_WHETHER = re.compile(
    r"\W*((and|so|but)\W+)?(((does|do|has)\b.*\b(have|has|got)\b)|((is|are)\s+there)\b|(has|have)\b.*\b(any|an?)\b)",
    re.IGNORECASE,
)
_ASKS_WHETHER_ALL_ARE_PAID = re.compile(r"\W*(has|have|did)\b.*\b(paid|pay)\s+(all|every)\b", re.IGNORECASE)


def with_verdict(question: str, answer: Answer) -> Answer:
    """The answer as it is, unless it was asked for whether there is anything. How many there are says so."""
    query = answer.query
    listed = isinstance(query, Invoices | Signals | Subscriptions) and query.limit == USUAL_LIMIT
    if not answer.is_answered or not listed or not answer.sentences:
        return answer
    if isinstance(query, Invoices) and query.which is InvoiceWord.PAID:
        # "Has Acme paid all invoices?" is not answered by those that it has paid.
        return answer
    straight = asked_straight(question)
    is_settled = _ASKS_WHETHER_ALL_ARE_PAID.match(straight) is not None
    if not is_settled and _ASKS_WHETHER.match(straight) is None:
        return answer
    first, *others = answer.sentences
    verdict = "No: " if bool(answer.table.total) is is_settled else "Yes: "
    first = f"there{first.removeprefix('There')}" if first.startswith("There ") else first
    return replace(answer, sentences=(f"{verdict}{first}", *others))
