"""A value that must never be readable where it does not belong (architecture decision 6; guarantees J1)."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Holds a secret and shows it only to ``reveal``. Its text, repr and format are masked; it cannot be pickled."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The value itself: call this at the point of use and keep the answer in no variable that outlives it."""
        return self.__value

    @property
    def last4(self) -> str:
        """The last four characters, which may be shown."""
        return self.__value[-4:] if len(self.__value) >= 12 else ""

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self.__value.encode("utf-8", "surrogatepass"), other.reveal().encode("utf-8", "surrogatepass")
        )

    def __hash__(self) -> int:
        return id(type(self))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is never serialised")
