"""What a page tells after something was done, and the way back from it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import cast

from flask import flash, get_flashed_messages

_PLAIN = "message"


@dataclass(frozen=True, slots=True)
class WayBack:
    """The form of an Undo button: where it is sent and with what. ``then`` is the id of the control that has the focus
    afterwards, where the page stays open; ``part`` that of the part of the page which is read again for it."""

    action: str
    fields: Sequence[tuple[str, str]] = ()
    then: str = ""
    part: str = ""


def tell(message: str, way_back: WayBack | None = None) -> None:
    """Have the next page say it."""
    flash(message, json.dumps(asdict(way_back)) if way_back else _PLAIN)


def messages() -> list[tuple[str, WayBack | None]]:
    """What there is to say, once."""
    kept = cast(list[tuple[str, str]], get_flashed_messages(with_categories=True))
    return [(message, None if category == _PLAIN else WayBack(**json.loads(category))) for category, message in kept]
