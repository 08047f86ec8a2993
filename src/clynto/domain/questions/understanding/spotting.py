"""Finds what a question is made of: names first, then dates and phrases, then what is left but for a letter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clynto.domain.questions.filters import check_name
from clynto.domain.questions.understanding.chunks import Chunk, SeveralAccounts, TimeMeant
from clynto.domain.questions.understanding.corrections import correctable, root_of
from clynto.domain.questions.understanding.currency_words import SAFE_CURRENCY_WORDS
from clynto.domain.questions.understanding.lengths_of_time import days_late_at, interval_at
from clynto.domain.questions.understanding.lexicon import (
    Meaning,
    Tag,
    lexicon,
    longest_phrase,
    singular,
)
from clynto.domain.questions.understanding.names import (
    LONGEST_NAME_IN_WORDS,
    SHORTEST_FUZZY,
    KnownAccount,
    NameBook,
    accounts_by_likeness,
    accounts_by_part,
    pieces_of,
)
from clynto.domain.questions.understanding.near_words import NearWords
from clynto.domain.questions.understanding.ordinary_words import is_english, is_ordinary
from clynto.domain.questions.understanding.spoken_ranges import with_ranges
from clynto.domain.questions.understanding.time_words import TimeWords
from clynto.domain.questions.understanding.words import Token, TokenKind, folded, normalised, tokens_of

CURRENCY_LETTERS = 3
SEVERAL_SHOWN = 8
_MASK = "\0"
_BEHIND_A_PLAN = frozenset({"plan", "tier", "package", "product", "subscription"})
_BEFORE_A_PLAN = frozenset({"on", "the", "from", "using", "use", "uses", "without", "not", "except", "have", "has"})
_OF_A_PLAN = frozenset({"customer", "account", "client", "user", "subscriber", "company"})


@dataclass(frozen=True, slots=True)
class _Span:
    """Tokens that were claimed as a name."""

    start: int
    end: int
    tag: Tag
    value: str
    text: str


class Spotting:
    """One question. ``chunks`` is the row of meanings, or the name that fits several accounts."""

    def __init__(self, question: str, book: NameBook, near: NearWords, today: dt.date) -> None:
        self._text = normalised(question)
        self._tokens = tokens_of(self._text)
        self._book = book
        self._near = near
        self._today = today
        self._spans: list[_Span] = []

    def chunks(self) -> list[Chunk] | SeveralAccounts:
        """Left to right, filler words left out."""
        several = self._claim_plans_and_names()
        if several is not None:
            return several
        for _ in range(len(self._tokens) + 1):
            chunks = self._row()
            unknown = [chunk for chunk in chunks if chunk.tag is Tag.UNKNOWN and chunk.value is None]
            if not unknown:
                return _without_fillers(chunks)
            outcome = self._resolve(unknown)
            if isinstance(outcome, SeveralAccounts):
                return outcome
            if not outcome:
                return _without_fillers(chunks)
        return _without_fillers(self._row())

    # Names that stand there exactly.

    def _claim_plans_and_names(self) -> SeveralAccounts | None:
        grams = self._grams()
        plans = {folded(name): name for name in self._book.plans()}
        products = {folded(name): name for name in self._book.products()}
        called = self._book.called(sorted({text for texts in grams.values() for text in texts}))
        for (start, end), texts in sorted(grams.items(), key=lambda entry: (entry[0][0] - entry[0][1], entry[0][0])):
            if any(start < span.end and span.start < end for span in self._spans):
                continue
            plan = self._plan_at(start, end, texts, plans, products)
            if plan is not None:
                self._spans.append(plan)
                continue
            accounts = next((called[text] for text in texts if called.get(text)), ())
            if not accounts or not self._reads_as_name(start, end):
                continue
            if len(accounts) > 1:
                return SeveralAccounts(self._slice(start, end), tuple(accounts[:SEVERAL_SHOWN]))
            self._spans.append(_Span(start, end, Tag.NAME, self._reference(accounts[0]), self._slice(start, end)))
        for place, token in enumerate(self._tokens):
            # What stands in quotes is a name and nothing else, even one that nobody knows.
            if token.kind is TokenKind.QUOTED and not any(span.start <= place < span.end for span in self._spans):
                on_it = self._plan_word_before(place) or self._word(place - 1) == "on"
                tag = Tag.PLAN_NAME if on_it else Tag.UNKNOWN
                value = self._plan_value(place, token.written) if tag is Tag.PLAN_NAME else token.written
                self._spans.append(_Span(place, place + 1, tag, value, token.written))
        return None

    def _grams(self) -> dict[tuple[int, int], tuple[str, ...]]:
        """All runs of neighbours that could be a name, with the ways to write them."""
        grams: dict[tuple[int, int], tuple[str, ...]] = {}
        for start, first in enumerate(self._tokens):
            if first.kind is TokenKind.QUOTED:
                grams[start, start + 1] = (first.text,)
                continue
            for end in range(start + 1, min(len(self._tokens), start + LONGEST_NAME_IN_WORDS) + 1):
                last = self._tokens[end - 1]
                if last.kind is TokenKind.QUOTED:
                    break
                raw = folded(self._text[first.start : last.end])
                joined = " ".join(token.text for token in self._tokens[start:end])
                ways = [raw, joined, f"{raw}.", folded(self._with_signs(first.start, last.end))]
                if last.possessive:
                    ways += [raw[:-2], raw.rstrip("'")]
                grams[start, end] = tuple(dict.fromkeys(way for way in ways if way))
        return grams

    def _with_signs(self, start: int, end: int) -> str:
        """With the signs that stand directly before and behind, which may be part of a name."""
        while start > 0 and not self._text[start - 1].isspace():
            start -= 1
        while end < len(self._text) and not self._text[end].isspace():
            end += 1
        return self._text[start:end]

    def _plan_at(
        self, start: int, end: int, texts: Sequence[str], plans: dict[str, str], products: dict[str, str]
    ) -> _Span | None:
        name = next(
            (plans.get(text) or products.get(text) for text in texts if text in plans or text in products), None
        )
        if name is None:
            return None
        quoted = self._tokens[start].kind is TokenKind.QUOTED
        beside = self._plan_word_before(start) or (self._word(end) in _BEHIND_A_PLAN and not quoted)
        word = self._kind_word(start, end)
        product = word == "product" or (word not in _BEHIND_A_PLAN and not any(text in plans for text in texts))
        known = products if product else plans
        name = next((known[text] for text in texts if text in known), name)
        tagged = f"product {name}" if product else f"plan {name}"
        if beside:
            return _Span(start, end, Tag.PLAN_NAME, tagged, self._slice(start, end))
        if quoted:
            # Behind "on" stands a plan, whatever its name, and in quotes no account: nobody is on one.
            on_it = self._word(start - 1) == "on"
            return _Span(start, end, Tag.PLAN_NAME, tagged, self._slice(start, end)) if on_it else None
        # "With Premium support": not so with words of ours, which say something else behind it.
        special = any(not self._is_vocabulary(token) for token in self._tokens[start:end])
        capital = start > 0 and self._is_capitalised(start, end)
        named = self._word(start - 1) in _BEFORE_A_PLAN or (special and self._word(start - 1) == "with")
        if (special or capital) and (self._word(end) in _OF_A_PLAN or named):
            return _Span(start, end, Tag.PLAN_NAME, tagged, self._slice(start, end))
        return None

    def _plan_value(self, place: int, written: str) -> str:
        return f"{'product' if self._kind_word(place, place + 1) == 'product' else 'plan'} {written}"

    def _plan_word_before(self, place: int) -> bool:
        before = self._word(place - 1)
        if before in ("called", "named", "is"):
            before = self._word(place - 2)
        return before in _BEHIND_A_PLAN - {"subscription"}

    def _kind_word(self, start: int, end: int) -> str:
        before = self._word(start - 1)
        return before if before in _BEHIND_A_PLAN else self._word(end)

    def _word(self, place: int) -> str:
        if not 0 <= place < len(self._tokens) or self._tokens[place].kind is TokenKind.QUOTED:
            return ""
        text = self._tokens[place].text
        return text[:-1] if text.endswith("s") and text[:-1] in _BEHIND_A_PLAN | _OF_A_PLAN else text

    def _reads_as_name(self, start: int, end: int) -> bool:
        """Words of the vocabulary are a name only if they are written as one."""
        tokens = self._tokens[start:end]
        if tokens[0].kind in (TokenKind.QUOTED, TokenKind.RANGE) or tokens[-1].possessive:
            return True
        if any(token.kind is TokenKind.WORD and not self._is_vocabulary(token) for token in tokens):
            return True
        if any(token.kind is not TokenKind.WORD for token in tokens) and len(tokens) == 1:
            return False
        return self._is_capitalised(start, end) and (len(tokens) > 1 or start > 0)

    def _is_capitalised(self, start: int, end: int) -> bool:
        """As a name is, and not shouted as an abbreviation is."""
        tokens = self._tokens[start:end]
        capital = all(token.capitalised or token.kind is not TokenKind.WORD for token in tokens)
        return capital and not all(token.written.isupper() for token in tokens)

    def _is_vocabulary(self, token: Token) -> bool:
        if singular(token.text) is not None or token.kind is not TokenKind.WORD:
            return True
        return TimeWords([token], self._today).at(0) is not None

    # Dates and phrases.

    def _row(self) -> list[Chunk]:
        spans = {span.start: span for span in self._spans}
        covered = {place for span in self._spans for place in range(span.start, span.end)}
        masked = [replace(t, text=_MASK) if place in covered else t for place, t in enumerate(self._tokens)]
        times = TimeWords(masked, self._today)
        chunks: list[Chunk] = []
        place = 0
        while place < len(masked):
            if place in spans:
                span = spans[place]
                chunks.append(Chunk(span.tag, span.value, place, span.end, span.text))
                place = span.end
                continue
            chunk = self._chunk_at(place, masked, times)
            chunks.append(chunk)
            place = chunk.end
        return chunks

    def _chunk_at(self, place: int, tokens: Sequence[Token], times: TimeWords) -> Chunk:
        time, phrase = times.at(place), self._phrase_at(place, tokens)
        late = days_late_at(place, tokens)
        if late is not None:
            return self._chunk(Meaning(Tag.DAYS_LATE, late[0]), place, late[1])
        interval = interval_at(place, tokens)
        if interval is not None:
            return self._chunk(Meaning(Tag.INTERVAL, interval[0]), place, interval[1])
        if phrase is not None and phrase[0].tag is Tag.LAST_PAYMENT and times.at(place + 1) is not None:
            # "How much did Acme pay last month": the month is the last one, not the payment.
            phrase = self._phrase_at(place, tokens[: place + 1])
        if time is not None and (phrase is None or time.length >= phrase[1]):
            if time.past is None or time.ahead is None:
                return self._chunk(Meaning(Tag.ANY_TIME), place, time.length)
            return self._chunk(Meaning(Tag.PERIOD, TimeMeant(time.past, time.ahead)), place, time.length)
        if phrase is not None:
            return self._chunk(phrase[0], place, phrase[1])
        token = tokens[place]
        if token.kind is TokenKind.RANGE:
            return self._chunk(Meaning(Tag.RANGE, token.ends), place, 1)
        if token.kind is TokenKind.AMOUNT:
            return self._chunk(Meaning(Tag.AMOUNT, token), place, 1)
        code = token.written
        if len(code) == CURRENCY_LETTERS and code.isascii() and code.isupper() and code.isalpha():
            return self._chunk(Meaning(Tag.CURRENCY, code), place, 1)
        return self._chunk(Meaning(Tag.UNKNOWN), place, 1)

    def _phrase_at(self, place: int, tokens: Sequence[Token]) -> tuple[Meaning, int] | None:
        phrases = lexicon()
        written = tokens[place]
        shouted = written.written.isupper() and len(written.written) == CURRENCY_LETTERS
        for length in range(min(longest_phrase(), len(tokens) - place), 0, -1):
            words = tuple(singular(token.text) or token.text for token in tokens[place : place + length])
            if words in phrases:
                return phrases[words], length
        if shouted and written.written in SAFE_CURRENCY_WORDS.values():
            return Meaning(Tag.CURRENCY, written.written), 1
        return None

    def _chunk(self, meaning: Meaning, place: int, length: int) -> Chunk:
        return Chunk(meaning.tag, meaning.value, place, place + length, self._slice(place, place + length))

    def _slice(self, start: int, end: int) -> str:
        if end - start == 1:
            return self._tokens[start].written
        return self._text[self._tokens[start].start : self._tokens[end - 1].end]

    # What is left.

    def _resolve(self, unknown: Sequence[Chunk]) -> SeveralAccounts | bool:
        """Give one run of unknown words a meaning. False: none of them has any."""
        for start, end in _runs(unknown):
            for low, high in self._widened(start, end):
                accounts = self._by_part(low, high)
                if accounts and not self._is_rather_a_slip(low, high, accounts):
                    return self._claim(accounts, low, high)
            if self._corrected(start, end):
                return True
            for low, high in self._widened(start, end):
                accounts = self._by_likeness(low, high)
                if accounts:
                    return self._claim(accounts, low, high)
            for place in range(start, end) if end - start > 1 else ():
                # "When did Acme last": a name stands beside words that are none.
                accounts = self._by_part(place, place + 1) if self._tokens[place].capitalised else []
                if accounts:
                    return self._claim(accounts, place, place + 1)
        return False

    def _claim(self, accounts: Sequence[KnownAccount], start: int, end: int) -> SeveralAccounts | bool:
        if len(accounts) > 1:
            return SeveralAccounts(self._slice(start, end), tuple(accounts[:SEVERAL_SHOWN]))
        self._spans.append(_Span(start, end, Tag.NAME, self._reference(accounts[0]), self._slice(start, end)))
        return True

    def _reference(self, account: KnownAccount) -> str:
        """The name if it is one that only this account has and that can be written down, else the id."""
        try:
            check_name(account.name)
        except ValueError:
            return account.id
        key = folded(account.name)
        return account.name if len(self._book.called([key]).get(key, ())) == 1 else account.id

    def _widened(self, start: int, end: int) -> list[tuple[int, int]]:
        """The run with its capitalised neighbours, which may be part of the name, and then the run alone."""
        low, high = start, end
        while low > 1 and self._may_join(low - 1):
            low -= 1
        while high < len(self._tokens) and self._may_join(high):
            high += 1
        choices = [(low, high), (start, high), (low, end), (start, end)]
        return list(dict.fromkeys(choices))

    def _may_join(self, place: int) -> bool:
        token = self._tokens[place]
        claimed = any(span.start <= place < span.end for span in self._spans)
        return token.kind is TokenKind.WORD and token.capitalised and not claimed

    def _words_of(self, start: int, end: int) -> list[str]:
        return [word for token in self._tokens[start:end] for word in token.text.replace("-", " ").split()]

    def _by_part(self, start: int, end: int) -> list[KnownAccount]:
        if self._says_something_else(start, end):
            return []
        words = self._words_of(start, end)
        return accounts_by_part(self._book.containing([max(words, key=len)]), words) if words else []

    def _says_something_else(self, start: int, end: int) -> bool:
        """An ordinary word in small letters is no part of a name and no slip of one: "at the start" is not Stark."""
        return all(not token.capitalised and is_ordinary(token.text) for token in self._tokens[start:end])

    def _by_likeness(self, start: int, end: int) -> list[KnownAccount]:
        if self._says_something_else(start, end):
            return []
        words = self._words_of(start, end)
        longest = max(words, key=len, default="")
        if len(longest) < SHORTEST_FUZZY:
            return []
        return accounts_by_likeness(self._book.containing(pieces_of([longest])), words, self._near)

    def _is_rather_a_slip(self, start: int, end: int, accounts: Sequence[KnownAccount]) -> bool:
        """A word in small letters that only begins a word of a name, but is a word of ours but for a letter."""
        token = self._tokens[start]
        whole = any(token.text in folded(account.name).split() for account in accounts)
        return end - start == 1 and not token.capitalised and not whole and self._meant_by(token) is not None

    def _corrected(self, start: int, end: int) -> bool:
        """Replace words that are one letter away from exactly one word of the vocabulary."""
        changed = False
        for place in range(start, end):
            meant = self._meant_by(self._tokens[place])
            if meant is not None:
                self._tokens[place] = replace(self._tokens[place], text=meant)
                changed = True
        return changed

    def _meant_by(self, token: Token) -> str | None:
        if token.kind is not TokenKind.WORD or len(token.text) < SHORTEST_FUZZY or is_english(token.text):
            return None
        near = self._near.within(token.text, correctable(), edits=1)
        return near[0] if len({root_of(word) for word in near}) == 1 else None


def _runs(unknown: Sequence[Chunk]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for chunk in unknown:
        if runs and runs[-1][1] == chunk.start:
            runs[-1] = (runs[-1][0], chunk.end)
        else:
            runs.append((chunk.start, chunk.end))
    return runs


def _without_fillers(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Without filler words, once ranges are found by the "to" between their ends."""
    return [chunk for chunk in with_ranges(chunks) if chunk.tag is not Tag.FILLER]
