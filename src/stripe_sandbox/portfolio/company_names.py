"""Invented companies. Every domain ends in the reserved `.example`, so no real company is ever named."""

from __future__ import annotations

import random
from collections.abc import Iterator

_FIRST = [
    "Quill",
    "Amber",
    "Brindle",
    "Cobalt",
    "Dapple",
    "Ember",
    "Fennel",
    "Garnet",
    "Harrow",
    "Indigo",
    "Juniper",
    "Kestrel",
    "Larkspur",
    "Marrow",
    "Nimbus",
    "Orchard",
    "Pebble",
    "Quartz",
    "Ripple",
    "Saffron",
    "Thistle",
    "Umber",
    "Verdant",
    "Willow",
    "Yarrow",
    "Zephyr",
    "Bramble",
    "Cinder",
    "Driftwood",
    "Elder",
    "Foxglove",
    "Gossamer",
    "Hazel",
    "Ivory",
    "Jasper",
    "Kindle",
    "Lantern",
    "Mallow",
    "Nettle",
    "Opal",
    "Pollen",
    "Russet",
    "Sorrel",
    "Tansy",
    "Velvet",
    "Wicker",
]
_SECOND = [
    "wick",
    "moor",
    "gate",
    "field",
    "forge",
    "bridge",
    "works",
    "loom",
    "harbor",
    "crest",
    "vale",
    "mill",
    "stone",
    "grove",
    "peak",
    "yard",
    "light",
    "haven",
    "spring",
    "shore",
    "path",
    "reach",
    "hollow",
    "ridge",
    "brook",
    "mark",
    "tide",
    "well",
]
_KINDS = (
    "Analytics",
    "Logistics",
    "Robotics",
    "Health",
    "Foods",
    "Studio",
    "Labs",
    "Media",
    "Energy",
    "Systems",
    "Travel",
    "Finance",
)
_FORMS = ("Inc.", "Ltd", "GmbH", "LLC", "S.A.", "B.V.", "Oy", "AB", "Pty Ltd", "")
_PEOPLE = [
    "amira",
    "jonas",
    "chidi",
    "mei",
    "lars",
    "paula",
    "ravi",
    "sofia",
    "tomas",
    "yuki",
    "hanna",
    "omar",
    "elif",
    "nadia",
    "bruno",
    "ines",
    "kwame",
    "freya",
]
_MAILBOXES = ("billing", "accounts", "finance", "ap", "hello", "office")


def companies(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Yield (name, domain) for ever, without repeating a domain."""
    seen: set[str] = set()
    round_number = 0
    while True:
        stem = rng.choice(_FIRST) + rng.choice(_SECOND)
        kind, form = rng.choice(_KINDS), rng.choice(_FORMS)
        label = stem.lower() if rng.random() < 0.3 else f"{stem}-{kind}".lower()
        if round_number > 3:
            label = f"{label}-{len(seen)}"
        domain = f"{label}.example"
        if domain in seen:
            round_number += 1
            continue
        round_number = 0
        seen.add(domain)
        yield f"{stem} {kind} {form}".strip(), domain


def mailbox(rng: random.Random, domain: str) -> str:
    """Return an address at that domain."""
    local = rng.choice(_MAILBOXES) if rng.random() < 0.6 else rng.choice(_PEOPLE)
    return f"{local}@{domain}"
