"""What an email address, a password and a name must look like, said in words that help."""

from __future__ import annotations

import re
import unicodedata

from clynto.domain.errors import InvalidInput
from clynto.domain.secret import Secret

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256
FEWEST_DIFFERENT_CHARACTERS = 5
LONGEST_EMAIL = 254
LONGEST_NAME = 200

_LABEL = r"[^\W_](?:[^\W_]|-){0,62}"
_EMAIL = re.compile(rf"[^\s\x00-\x1f\x7f\ud800-\udfff\"(),:;<>@\[\\\]]{{1,64}}@(?:{_LABEL}\.)+{_LABEL}")
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class Findings:
    """Collects what is wrong, field by field, so that people hear all of it at once."""

    def __init__(self) -> None:
        self._errors: dict[str, str] = {}

    def add(self, field: str, message: str) -> None:
        """Keep the first message of each field."""
        self._errors.setdefault(field, message)

    def raise_if_any(self) -> None:
        """Raise ``InvalidInput`` if anything was found."""
        if self._errors:
            raise InvalidInput(self._errors)

    def email(self, field: str, text: str) -> str:
        """``text`` as an address in lower case, as it is stored and looked up."""
        email = normalised_email(text)
        if not is_email(email):
            self.add(field, "Enter an email address such as ana@example.com.")
        return email

    def password(self, field: str, password: Secret, *, email: str) -> None:
        """Length is what counts; the rest only stops what everybody would try first."""
        text = password.reveal()
        if len(text) < SHORTEST_PASSWORD:
            self.add(field, f"Use at least {SHORTEST_PASSWORD} characters.")
        elif len(text) > LONGEST_PASSWORD:
            self.add(field, f"Use at most {LONGEST_PASSWORD} characters.")
        elif normalised_email(text) == email or len(set(text)) < FEWEST_DIFFERENT_CHARACTERS:
            self.add(field, "This password is too easy to guess. Choose one that is not your email or a repetition.")

    def name(self, field: str, text: str) -> str:
        """``text`` without the space around it."""
        name = unicodedata.normalize("NFC", text.strip())
        if not name:
            self.add(field, "Enter a name.")
        elif len(name) > LONGEST_NAME:
            self.add(field, f"Use at most {LONGEST_NAME} characters.")
        elif _UNWRITABLE.search(name):
            self.add(field, "Use letters, digits and signs on one line.")
        return name


def is_email(text: str) -> bool:
    """Whether ``text`` (normalised) can be an address of somebody here."""
    return len(text) <= LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None


def normalised_email(text: str) -> str:
    """Without space around it, in lower case, each letter in one form."""
    return unicodedata.normalize("NFC", text.strip()).lower()
