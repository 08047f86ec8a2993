"""Fresh names and unguessable words."""

from typing import Protocol


class Identifiers(Protocol):
    """The only source of randomness."""

    def new_id(self, kind: str) -> str:
        """A fresh id such as ``acc_01k...``: ``kind``, an underscore, then at least 80 random or ordered bits.

        Ids made later sort after ids made earlier (by milliseconds). Never reused.
        """
        ...

    def new_token(self) -> str:
        """An unguessable URL-safe word of at least 192 random bits."""
        ...
