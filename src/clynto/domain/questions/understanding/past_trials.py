"""``Who was on trial in October?``: trials are known while they run, and not what became of former ones."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clynto.domain.questions.understanding.chunks import Chunk
from clynto.domain.questions.understanding.lexicon import Tag

_BACK = re.compile(
    r"\b(was|were|wasn't|weren't|had|did)\b|\btrials? (that |which )?(has |have )?(ended|expired|converted)\b"
    r"|\bcancell?ed (their|its|the|a) (free )?trials?\b",
    re.IGNORECASE,
)
NOT_KEPT = "trials are known while they run; which ones ended before, and how, is not kept"


def asks_for_past_trials(question: str, chunks: Sequence[Chunk]) -> bool:
    """Whether a trial is meant that is over."""
    return any(chunk.tag is Tag.TRIAL for chunk in chunks) and _BACK.search(question) is not None
