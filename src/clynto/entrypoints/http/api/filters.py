"""Query parameters that several lists share."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

LONGEST_SEARCH = 200


class OnlyTrueOrFalse(fields.Boolean):
    """``true`` or ``false``, and none of the other words that are often taken for them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(truthy={"true"}, falsy={"false"}, **options)


class OneOrMore(fields.String):
    """Words of an enumeration, several of them parted by commas; empty: no filter."""

    def __init__(self, words: type[enum.StrEnum], **options: Any) -> None:
        self._words = words
        allowed = ", ".join(f"`{word}`" for word in words)
        metadata = {"description": f"One or more of {allowed}, parted by commas."}
        super().__init__(load_default=frozenset, metadata=metadata, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **options: Any) -> Any:
        text = str(super()._deserialize(value, attr, data, **options))
        try:
            return frozenset(self._words(word.strip()) for word in text.split(",")) if text.strip() else frozenset()
        except ValueError:
            raise ValidationError(f"Must be one or more of: {', '.join(self._words)}.") from None


def search_text(description: str) -> fields.String:
    """Free text; empty: everything."""
    return fields.String(
        load_default="", validate=validate.Length(max=LONGEST_SEARCH), metadata={"description": description}
    )
