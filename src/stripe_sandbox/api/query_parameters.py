"""Reads Stripe's query strings: `created[gte]=..`, `expand[]=..`, `expand[0]=..`, brackets encoded or not."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from stripe_sandbox.api.stripe_errors import bad_request, unknown_parameter

_NAME = re.compile(r"(?P<name>\w+)(?:\[(?P<inner>\w*)\])?\Z")
_RANGE_KEYS = frozenset({"gt", "gte", "lt", "lte"})
_PAGING = frozenset({"limit", "starting_after", "ending_before", "expand"})
MAX_EXPAND_LEVELS = 4


@dataclass(slots=True)
class Range:
    """A half of the time line or a stretch of it, in Unix seconds; both ends inside."""

    first: int | None = None
    last: int | None = None

    def holds(self, moment: int | None) -> bool:
        """True if the moment is in the stretch; nothing is never in one."""
        return (
            moment is not None
            and (self.first is None or moment >= self.first)
            and (self.last is None or moment <= self.last)
        )


@dataclass(slots=True)
class Parameters:
    """A query taken apart: plain values, arrays, and nested objects."""

    values: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, list[str]] = field(default_factory=dict)
    objects: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def parse(cls, pairs: list[tuple[str, str]]) -> Parameters:
        """Sort the decoded name and value pairs of a query string."""
        parameters = cls()
        for raw, value in pairs:
            match = _NAME.match(raw)
            if match is None:
                raise unknown_parameter(raw)
            name, inner = match["name"], match["inner"]
            if inner is None:
                parameters.values[name] = value
            elif inner == "" or inner.isdigit():
                parameters.arrays.setdefault(name, []).append(value)
            else:
                parameters.objects.setdefault(name, {})[inner] = value
        return parameters

    def refuse_others(self, allowed: frozenset[str], *, paged: bool) -> None:
        """Refuse any parameter that the endpoint does not have."""
        known = allowed | _PAGING if paged else allowed | {"expand"}
        for name in (*self.values, *self.arrays, *self.objects):
            if name not in known:
                raise unknown_parameter(name)

    def limit(self) -> int:
        """Return the page size: 10 unless told, 1 to 100."""
        limit = self.integer("limit", 10)
        if not 1 <= limit <= 100:
            which = "less than or equal to 100" if limit > 100 else "greater than or equal to 1"
            raise bad_request(f"This value must be {which}.", param="limit")
        return limit

    def integer(self, name: str, default: int) -> int:
        """Return a whole number parameter."""
        text = self.values.get(name)
        if text is None:
            return default
        return _integer(text, name)

    def boolean(self, name: str) -> bool | None:
        """Return a true or false parameter, None if it is not there."""
        text = self.values.get(name)
        if text is None:
            return None
        if text not in ("true", "false"):
            raise bad_request(f"Invalid boolean: {text}", param=name, code="parameter_invalid_boolean")
        return text == "true"

    def range(self, name: str) -> Range | None:
        """Return a time filter given as `name=..` or `name[gte]=..` and its kin."""
        if name in self.values:
            moment = _integer(self.values[name], name)
            return Range(moment, moment)
        ends = self.objects.get(name)
        if ends is None:
            return None
        found = Range()
        for key, text in ends.items():
            if key not in _RANGE_KEYS:
                raise unknown_parameter(f"{name}[{key}]")
            moment = _integer(text, f"{name}[{key}]")
            if key in ("gt", "gte"):
                first = moment + (key == "gt")
                found.first = first if found.first is None else max(found.first, first)
            else:
                last = moment - (key == "lt")
                found.last = last if found.last is None else min(found.last, last)
        return found

    def choice(self, name: str, allowed: frozenset[str]) -> str | None:
        """Return a parameter that must be one of a few words."""
        word = self.values.get(name)
        if word is not None and word not in allowed:
            known = ", ".join(sorted(allowed))
            raise bad_request(f"Invalid {name}: must be one of {known}", param=name)
        return word

    def expands(self) -> list[list[str]]:
        """Return the paths to expand, each as its parts; more than four levels are refused."""
        paths = [path.split(".") for path in self.arrays.get("expand", [])]
        for path in paths:
            if len(path) > MAX_EXPAND_LEVELS:
                raise bad_request(
                    f"You cannot expand more than {MAX_EXPAND_LEVELS} levels of a property. Property: {'.'.join(path)}",
                    param="expand",
                )
        return paths


def _integer(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise bad_request(f"Invalid integer: {text}", param=name, code="parameter_invalid_integer") from None
