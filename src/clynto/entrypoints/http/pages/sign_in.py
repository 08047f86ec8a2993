"""Pages for getting in and out: sign-in, sign-out, first visit."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clynto.application.founding import FoundingRequest
from clynto.domain.errors import ClyntoError, InvalidInput, SignInRefused, TooManyAttempts
from clynto.domain.secret import Secret
from clynto.entrypoints.http.access import public, public_form
from clynto.entrypoints.http.current import actor_or_none, services
from clynto.entrypoints.http.problem_details import problem_of
from clynto.entrypoints.http.security import close_session, open_session, remember_who_is_here

FIRST_PAGE = "/accounts"

Refusal = tuple[str, int, dict[str, str]]

sign_in_pages = Blueprint("sign_in", __name__)


@sign_in_pages.get("/login")
@public
def login() -> Response | str:
    """The form, unless there is nobody to sign in yet, or somebody is."""
    if services().access.set_up_first_workspace.awaited():
        return redirect(url_for("sign_in.set_up"), 303)
    remember_who_is_here()
    wanted = local_path(request.args.get("next"))
    return redirect(wanted, 303) if actor_or_none() else render_template("sign_in/login.html", next=wanted)


@sign_in_pages.post("/login")
@public_form
def log_in() -> Response | Refusal:
    """Try to sign in."""
    email, wanted = request.form.get("email", ""), local_path(request.form.get("next"))
    try:
        start_session(email, Secret(request.form.get("password", "")))
    except (SignInRefused, TooManyAttempts) as refusal:
        told = problem_of(refusal)
        return render_template("sign_in/login.html", next=wanted, email=email, problem=told), told.status, told.headers
    return redirect(wanted, 303)


@sign_in_pages.post("/logout")
@public_form
def log_out() -> Response:
    """End the session here and on the server."""
    close_session()
    return redirect(url_for("sign_in.login"), 303)


@sign_in_pages.get("/setup")
@public
def set_up() -> Response | str:
    """The first visit's form."""
    if not services().access.set_up_first_workspace.awaited():
        return redirect(url_for("sign_in.login"), 303)
    return render_template("sign_in/setup.html", typed={})


@sign_in_pages.post("/setup")
@public_form
def found() -> Response | Refusal:
    """Found workspace and owner, and sign the owner in."""
    typed = request.form
    wanted = FoundingRequest(
        typed.get("name", ""), typed.get("owner_email", ""), Secret(typed.get("owner_password", ""))
    )
    try:
        services().access.set_up_first_workspace(
            code=Secret(typed.get("code", "")), request=wanted, address=request.remote_addr or ""
        )
    except (InvalidInput, TooManyAttempts) as refusal:
        return _set_up_again(refusal)
    start_session(wanted.owner_email, wanted.owner_password)
    return redirect(FIRST_PAGE, 303)


def local_path(wanted: str | None) -> str:
    """``wanted`` if it is a path of ours; a foreign address would make us a springboard for phishing."""
    if wanted is None or not wanted.startswith("/") or wanted.startswith("//") or not wanted.isprintable():
        return FIRST_PAGE
    return FIRST_PAGE if "\\" in wanted else wanted


def start_session(email: str, password: Secret) -> None:
    """Sign in on this browser. Raises ``SignInRefused`` or ``TooManyAttempts``."""
    started = services().access.sign_in(email=email, password=password, address=request.remote_addr or "")
    # Whoever was signed in on this browser before is signed out, on the server as well.
    close_session()
    open_session(started)


def _set_up_again(refusal: ClyntoError) -> Refusal:
    told = problem_of(refusal)
    typed = {name: request.form.get(name, "") for name in ("name", "owner_email")}
    return render_template("sign_in/setup.html", typed=typed, problem=told), told.status, told.headers
