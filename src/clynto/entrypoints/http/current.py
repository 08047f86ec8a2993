"""What belongs to the request at hand."""

from __future__ import annotations

from typing import cast

from flask import current_app, g

from clynto.application.actor import Actor
from clynto.domain.errors import NotSignedIn
from clynto.entrypoints.services import Services

SERVICES_KEY = "clynto"


def services() -> Services:
    """The use cases the application was made with."""
    return cast(Services, current_app.extensions[SERVICES_KEY])


def actor() -> Actor:
    """Who acts. Raises ``NotSignedIn`` on a public route that nobody is signed in to."""
    known: Actor | None = g.get("actor")
    if known is None:
        raise NotSignedIn
    return known


def actor_or_none() -> Actor | None:
    """Who acts, for templates that public routes share."""
    return cast("Actor | None", g.get("actor"))


def set_actor(known: Actor) -> None:
    """Remember who acts until the request is answered."""
    g.actor = known
