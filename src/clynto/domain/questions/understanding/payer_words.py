"""Questions for who paid in a period: "which accounts paid us last month?", "how much did we receive by account?"."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from clynto.domain.questions.lists import LARGEST_LIMIT, USUAL_LIMIT
from clynto.domain.questions.query import Order, Payers
from clynto.domain.questions.understanding.chunks import Chunk
from clynto.domain.questions.understanding.lexicon import Tag

_PAY_WORD = re.compile(r"(total )?(pay|paid|spend|spent)\b", re.IGNORECASE)
_DID = re.compile(r"\bdid\b", re.IGNORECASE)
_WHO = ("which", "wich", "who", "whose", "whom", "what accounts", "what customers")
_NOUN = r"(accounts?|customers?|clients?|compan(y|ies)|payers?)"
_BY_ACCOUNT = re.compile(rf"\b(by|per|for each|from each|for every|from every|each) (single )?{_NOUN}\b", re.IGNORECASE)
_FROM_WHOM = re.compile(rf"\b((from )?who(m)?|(which|what) {_NOUN})\b", re.IGNORECASE)
_RANKED_BY_IT = re.compile(rf"\b{_NOUN}\b.*\bby (total |their )?(payments?|amounts?|money|what)\b", re.IGNORECASE)
_ANYBODY = re.compile(rf"\W*(did|has|have) (any(one|body)?|some(one|body)|any {_NOUN})\b", re.IGNORECASE)
_ON_A_DAY = re.compile(r"\b(at|by) (the )?end of\b|\bas of\b|\bby (next|this|last|the|\d)", re.IGNORECASE)
_BESIDE = frozenset(
    {
        Tag.WHICH,
        Tag.ACCOUNTS,
        Tag.HOW_MANY,
        Tag.ALL,
        Tag.TOP,
        Tag.ORDER,
        Tag.BY_AMOUNT,
        Tag.AMOUNT,
        Tag.CURRENCY,
        Tag.PERIOD,
        Tag.TOTAL,
        Tag.FOLLOW_UP,
        Tag.INVOICES,
        Tag.ITS,
    }
)
_PAYS = (Tag.METRIC, Tag.STATUS, Tag.PAYING, Tag.RECEIVED)
_ONE = ("account", "customer", "client", "company", "payer")
_PLACES = ("top", "bottom")


def payers_of(question: str, chunks: Sequence[Chunk]) -> Payers | None:
    """The query; None if something else is asked, or if a word would have to be ignored."""
    chunks = _without_from(chunks)
    periods = [chunk.value.past for chunk in chunks if chunk.tag is Tag.PERIOD]
    verbs = [chunk for chunk in chunks if _is_verb(question, chunk)]
    beside = {chunk.tag for chunk in chunks if chunk not in verbs}
    currencies = {chunk.value for chunk in chunks if chunk.tag is Tag.CURRENCY}
    if len(periods) != 1 or len(currencies) > 1 or beside - _BESIDE or _ON_A_DAY.search(question):
        return None
    if not _asks_who(question, chunks, verbs) or not _pays_invoices(chunks, verbs):
        return None
    orders = {chunk.value for chunk in chunks if chunk.tag in (Tag.ORDER, Tag.TOP)}
    counts = [chunk.value.count for chunk in chunks if chunk.tag is Tag.AMOUNT]
    plain = all(chunk.text.casefold() in _PLACES for chunk in chunks if chunk.tag is Tag.TOP)
    if len(orders - {Order.HIGHEST}) + len(counts) > 2 or len(counts) > 1 or not plain:
        return None
    limit = counts[0] if counts else _usual_limit(chunks, ordered=bool(orders))
    if limit is None or not 1 <= limit <= LARGEST_LIMIT:
        return None
    order = Order.LOWEST if Order.LOWEST in orders else Order.HIGHEST
    return Payers(periods[0], order, limit, next(iter(currencies), None))


def _without_from(chunks: Sequence[Chunk]) -> list[Chunk]:
    """``From whom`` bounds no amount."""
    return [
        chunk
        for chunk, following in itertools.zip_longest(chunks, [behind.tag for behind in chunks[1:]])
        if chunk.text.casefold() != "from" or following not in (Tag.WHICH, Tag.ACCOUNTS)
    ]


def _is_verb(question: str, chunk: Chunk) -> bool:
    if chunk.tag is Tag.ACCOUNTS:
        return chunk.text.casefold().startswith("payer")
    if chunk.tag is Tag.RECEIVED:
        return True
    # "Who pays" asks for now, "who did pay" for what is over.
    said = _PAY_WORD.match(chunk.text) is not None
    return chunk.tag in _PAYS and said and (chunk.text[:3] != "pay" or _DID.search(question) is not None)


def _asks_who(question: str, chunks: Sequence[Chunk], verbs: Sequence[Chunk]) -> bool:
    if not verbs:
        return False
    if _ANYBODY.match(question):
        return True
    who = any(chunk.tag is Tag.WHICH and chunk.text.casefold() in _WHO for chunk in chunks)
    if all(verb.tag is Tag.RECEIVED for verb in verbs):
        # "How much was paid in October?" asks for one figure.
        asked = (_BY_ACCOUNT, _RANKED_BY_IT) + ((_FROM_WHOM,) if who else ())
        return any(words.search(question) for words in asked)
    listed = {chunk.tag for chunk in chunks} & {Tag.ACCOUNTS, Tag.HOW_MANY}
    return who or bool(listed)


def _pays_invoices(chunks: Sequence[Chunk], verbs: Sequence[Chunk]) -> bool:
    """``Paid an invoice in October``, ``paid their bills in October``, and not ``paid October's invoice``."""
    said = [chunk for chunk in chunks if chunk.tag is not Tag.ITS]
    pairs = list(itertools.pairwise(said))
    if len(said) < len(chunks) and all(chunk.tag is not Tag.INVOICES for chunk in said):
        return False
    return all(
        any(first in verbs and second is noun for first, second in pairs)
        and any(first is noun and second.tag is Tag.PERIOD for first, second in pairs)
        for noun in said
        if noun.tag is Tag.INVOICES
    )


def _usual_limit(chunks: Sequence[Chunk], *, ordered: bool) -> int:
    """``Which customer paid most?`` asks for a single one."""
    nouns = [chunk.text.casefold().split()[-1] for chunk in chunks if chunk.tag is Tag.ACCOUNTS]
    return 1 if ordered and nouns and all(noun in _ONE for noun in nouns) else USUAL_LIMIT
