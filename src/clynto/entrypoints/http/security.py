"""Who is calling, whether the call really comes from our page, and whether the role allows it."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, current_app, request, session
from flask_wtf.csrf import CSRFError, CSRFProtect

from clynto.application.authenticate import BearerCredential, SessionCredential
from clynto.application.sign_in import StartedSession
from clynto.domain.errors import CsrfRefused, InvalidInput, NotFound, NotSignedIn
from clynto.domain.secret import Secret
from clynto.entrypoints.http.access import ANSWERED_BY_FLASK, access_of
from clynto.entrypoints.http.current import services, set_actor

CHANGING_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SESSION_COOKIE = "clynto_session"
_NUL = "\x00"
_TOKEN_KEY = "token"  # noqa: S105 - the name of a cookie's field

_csrf = CSRFProtect()


def protect(app: Flask, *, secret_key: Secret, is_https: bool) -> None:
    """Set the cookie's properties and put the guard before every request."""
    app.config.update(
        SECRET_KEY=secret_key.reveal(),
        SESSION_COOKIE_NAME=SESSION_COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=is_https,
        # The guard decides when a token is needed, since scripts with an API token have no page.
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_HEADERS=["X-CSRF-Token"],
        # The token lives as long as its session, so a page that stays open over lunch goes on working.
        WTF_CSRF_TIME_LIMIT=None,
        # Compares with the Host header, which a proxy may have changed; ``_comes_from_elsewhere`` does it better.
        WTF_CSRF_SSL_STRICT=False,
    )
    _csrf.init_app(app)
    app.before_request(_guard)


def open_session(started: StartedSession) -> None:
    """Begin anew: whatever the cookie held before, planted or old, is gone (guarantees K6)."""
    session.clear()
    session[_TOKEN_KEY] = started.token.reveal()
    set_actor(started.actor)


def close_session() -> None:
    """End the session on the server, then forget it in the browser."""
    token = session.get(_TOKEN_KEY)
    session.clear()
    if isinstance(token, str):
        services().access.sign_out(Secret(token))


def remember_who_is_here() -> None:
    """Find out who acts on a public page. Does nothing for strangers."""
    credential = _credential()
    if credential is None:
        return
    try:
        set_actor(services().access.authenticate(credential))
    except NotSignedIn:
        return


def _guard() -> None:
    if request.endpoint is None or request.method in ANSWERED_BY_FLASK:
        return
    access = access_of(current_app, request.endpoint, request.method)
    if access is None:
        raise RuntimeError(f"route without declared access: {request.endpoint}")
    if access.page_token:
        _require_page_token()
    if access.role is None:
        return
    credential = _credential()
    if credential is None:
        raise NotSignedIn
    known = services().access.authenticate(credential)
    set_actor(known)
    if isinstance(credential, SessionCredential):
        _require_page_token()
    known.must_be(access.role)
    _refuse_unstorable_text()


def _credential() -> SessionCredential | BearerCredential | None:
    """An API token where one is sent, else the browser's session. A browser never sends a token on its own."""
    authorization = request.authorization
    if authorization is not None and authorization.type == "bearer" and authorization.token:
        return BearerCredential(Secret(authorization.token))
    token = session.get(_TOKEN_KEY)
    return SessionCredential(Secret(token)) if isinstance(token, str) else None


def _require_page_token() -> None:
    if request.method not in CHANGING_METHODS:
        return
    if _comes_from_elsewhere():
        raise CsrfRefused
    try:
        _csrf.protect()
    except CSRFError as refusal:
        raise CsrfRefused from refusal


def _refuse_unstorable_text() -> None:
    """No database holds U+0000, so nothing can be found by it; PostgreSQL would raise an error of its own."""
    if _NUL in request.path:
        raise NotFound
    unusable = [name for name, values in request.args.lists() if any(_NUL in value for value in values)]
    if unusable:
        raise InvalidInput(dict.fromkeys(unusable, "This is not text."))


def _comes_from_elsewhere() -> bool:
    """Browsers name the site a change comes from; a page of another one never gets through, whatever it knows."""
    origin = request.headers.get("Origin")
    own = urlsplit(services().settings.public_url)
    return origin is not None and origin not in (f"{own.scheme}://{own.netloc}", request.host_url.rstrip("/"))
