"""``Ends`` and ``expires``: of a trial, of a subscription, or of no event at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clynto.domain.questions.understanding.chunks import Chunk
from clynto.domain.questions.understanding.lexicon import Tag


def ends_read(chunks: Sequence[Chunk]) -> list[Chunk]:
    """``Ends`` says when a trial ends, or else when a subscription does; of month ends it is no event."""
    tags = {chunk.tag for chunk in chunks}
    if Tag.TRIAL in tags:
        return [chunk for chunk in chunks if chunk.tag is not Tag.END]
    if Tag.METRIC in tags or not tags & {Tag.NAME, Tag.ITS, Tag.SUBSCRIPTIONS, Tag.ACCOUNTS}:
        return list(chunks)
    return [replace(chunk, tag=Tag.CANCELING) if chunk.tag is Tag.END else chunk for chunk in chunks]
