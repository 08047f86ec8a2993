"""What an update event tells about the state before it."""

from __future__ import annotations

from stripe_sandbox.records import Json


def previous_attributes(before: Json, after: Json) -> Json:
    """Return the old values of the changed keys.

    As Stripe does it: inside a changed object only its changed keys, but of a changed array the whole old array, and
    null for a key that did not exist.
    """
    difference: Json = {}
    for key, new in after.items():
        old = before.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            difference[key] = previous_attributes(old, new)
        else:
            difference[key] = old
    for key, old in before.items():
        if key not in after:
            difference[key] = old
    return difference
