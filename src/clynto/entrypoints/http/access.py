"""Every route declares who may call it; a route that declares nothing stops the application from starting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask

from clynto.domain.roles import Role

View = TypeVar("View", bound=Callable[..., Any])

_DECLARATION = "__clynto_access__"
_IMPLIED_METHODS = {"HEAD": "get"}
ANSWERED_BY_FLASK = frozenset({"OPTIONS"})
"""Answered with the list of methods, without any view."""


@dataclass(frozen=True, slots=True)
class Access:
    """``role`` None: everybody. ``page_token``: a change needs the page's token although nobody is signed in."""

    role: Role | None
    page_token: bool = False


def needs(role: Role) -> Callable[[View], View]:
    """Only who is signed in with at least ``role``."""
    return _declare(Access(role))


def public(view: View) -> View:
    """Everybody, without cookie or token."""
    return _declare(Access(None))(view)


def public_form(view: View) -> View:
    """Everybody who has the form open: a foreign page cannot send it."""
    return _declare(Access(None, page_token=True))(view)


def access_of(app: Flask, endpoint: str, method: str) -> Access | None:
    """What the view declares for ``method``."""
    declared: Access | None = getattr(view_of(app, endpoint, method), _DECLARATION, None)
    return declared


def view_of(app: Flask, endpoint: str, method: str) -> Any:
    """The function that answers ``method``, inside a class where the view is one."""
    view: Any = app.view_functions[endpoint]
    view_class = getattr(view, "view_class", None)
    return view if view_class is None else getattr(view_class, _IMPLIED_METHODS.get(method, method.lower()), None)


def refuse_undeclared_routes(app: Flask) -> None:
    """Raise ``RuntimeError`` naming every route that does not say who may call it."""
    missing = sorted(
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - ANSWERED_BY_FLASK
        if access_of(app, rule.endpoint, method) is None
    )
    if missing:
        raise RuntimeError(f"routes without declared access: {', '.join(missing)}")


def _declare(access: Access) -> Callable[[View], View]:
    def decorator(view: View) -> View:
        setattr(view, _DECLARATION, access)
        return view

    return decorator
