"""Words that differ by few letters, by optimal string alignment."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz.distance import OSA


class RapidfuzzNearWords:
    """See ``domain.questions.understanding.near_words.NearWords``."""

    def within(self, word: str, choices: Iterable[str], *, edits: int) -> tuple[str, ...]:
        """Nearest first, then in the order of ``choices``."""
        found: list[tuple[int, int, str]] = []
        for place, choice in enumerate(choices):
            if abs(len(choice) - len(word)) > edits:
                continue
            distance = OSA.distance(word, choice, score_cutoff=edits)
            if distance <= edits:
                found.append((distance, place, choice))
        return tuple(choice for _, _, choice in sorted(found))
