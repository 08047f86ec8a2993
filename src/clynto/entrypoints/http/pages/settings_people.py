"""Settings that concern people and scripts: members and roles, API tokens, the audit log."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from clynto.domain.errors import ClyntoError, Conflict, InvalidInput, LastOwner, TooManyAttempts
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pages.form_words import wanted_dialog
from clynto.entrypoints.http.pages.sign_in import start_session
from clynto.entrypoints.http.pagination import cursor_to, position_of
from clynto.entrypoints.http.problem_details import problem_of

ENTRIES_SHOWN = 50

Page = str | tuple[str, int]

people_pages = Blueprint("people_pages", __name__)


@people_pages.get("/settings/people")
@needs(Role.MEMBER)
def people() -> str:
    """Everybody in the workspace."""
    return _people(dialog=wanted_dialog(request.args))


@people_pages.post("/settings/people")
@needs(Role.OWNER)
def add_person() -> AnyResponse | Page:
    """Add somebody."""
    typed = request.form
    try:
        services().people.add_user(
            actor(),
            email=typed.get("email", ""),
            role=_role(typed.get("role")),
            password=Secret(typed.get("password", "")),
        )
    except (InvalidInput, Conflict) as refusal:
        return _refused(_people, refusal, dialog="person", typed=typed)
    flash(f"{typed.get('email', '')} was added.")
    return redirect(url_for("people_pages.people"), 303)


@people_pages.post("/settings/people/<user_id>/role")
@needs(Role.OWNER)
def change_role(user_id: str) -> AnyResponse | Page:
    """Give another role."""
    try:
        person = services().people.change_user(actor(), user_id, role=_role(request.form.get("role")))
    except LastOwner as refusal:
        return _refused(_people, refusal)
    flash(f"{person.email} is {person.role.value} from now on.")
    return redirect(url_for("people_pages.people"), 303)


@people_pages.post("/settings/people/password")
@needs(Role.OWNER)
def set_password() -> AnyResponse | Page:
    """Give somebody who forgot theirs a new password. One's own is changed by proving the current one."""
    user_id = request.form.get("user_id", "")
    if user_id == actor().user_id:
        return redirect(url_for("people_pages.people", dialog="own-password"), 303)
    try:
        person = services().people.change_user(actor(), user_id, password=Secret(request.form.get("password", "")))
    except InvalidInput as refusal:
        return _refused(_people, refusal, dialog="set-password", chosen=user_id)
    flash(f"{person.email} has a new password and is signed out everywhere.")
    return redirect(url_for("people_pages.people"), 303)


@people_pages.post("/settings/people/own-password")
@needs(Role.MEMBER)
def change_own_password() -> AnyResponse | Page:
    """Change one's own password. This browser stays signed in, with a new session; every other one has to again."""
    typed, person = request.form, actor()
    new = Secret(typed.get("new_password", ""))
    try:
        services().people.change_own_password(person, current=Secret(typed.get("current_password", "")), new=new)
    except (InvalidInput, TooManyAttempts) as refusal:
        return _refused(_people, refusal, dialog="own-password")
    try:
        start_session(person.label, new)
    except TooManyAttempts:
        return redirect(url_for("sign_in.login"), 303)
    flash("Your password was changed. Other browsers where you were signed in have to sign in again.")
    return redirect(url_for("people_pages.people"), 303)


@people_pages.post("/settings/people/remove")
@needs(Role.OWNER)
def remove_person() -> AnyResponse | Page:
    """Remove somebody."""
    try:
        services().people.remove_user(actor(), request.form.get("user_id", ""))
    except LastOwner as refusal:
        return _refused(_people, refusal)
    flash("The person was removed, together with their sessions and API tokens.")
    return redirect(url_for("people_pages.people"), 303)


@people_pages.get("/settings/tokens")
@needs(Role.MEMBER)
def tokens() -> str:
    """API tokens."""
    return _tokens(dialog=wanted_dialog(request.args))


@people_pages.post("/settings/tokens")
@needs(Role.ADMIN)
def issue_token() -> Page:
    """Issue a token and show it this once."""
    typed = request.form
    try:
        issued = services().people.issue_token(actor(), name=typed.get("name", ""), role=_role(typed.get("role")))
    except InvalidInput as refusal:
        return _refused(_tokens, refusal, dialog="token", typed=typed)
    return _tokens(dialog="token", issued=issued)


@people_pages.post("/settings/tokens/revoke")
@needs(Role.ADMIN)
def revoke_token() -> AnyResponse:
    """Revoke a token."""
    services().people.revoke_token(actor(), request.form.get("token_id", ""))
    flash("The API token was revoked; it is refused from now on.")
    return redirect(url_for("people_pages.tokens"), 303)


@people_pages.get("/settings/audit")
@needs(Role.MEMBER)
def audit() -> str:
    """Who did what when; only admins and owners get the entries."""
    page = None
    if actor().role.covers(Role.ADMIN):
        before = position_of(request.args.get("cursor") or None)
        page = services().people.read_audit_log(actor(), limit=ENTRIES_SHOWN, before=before)
    cursor = cursor_to(page.next_before) if page is not None and page.next_before is not None else None
    return render_template("settings/audit.html", tab="audit", page=page, next_cursor=cursor)


def _role(word: str | None) -> Role:
    """The least role stands for a word that no form of ours sends."""
    return next((role for role in Role if role.value == word), Role.MEMBER)


def _refused(page: Any, refusal: ClyntoError, **shown: Any) -> Page:
    told = problem_of(refusal)
    return page(problem=told, **shown), told.status


def _people(*, chosen: str | None = None, **shown: Any) -> str:
    everybody = services().people.list_people(actor())
    wanted = chosen or request.args.get("user")
    return render_template(
        "settings/people.html",
        tab="people",
        everybody=everybody,
        own_id=actor().user_id,
        chosen=next((person for person in everybody if person.id == wanted), None),
        roles=tuple(Role),
        **shown,
    )


def _tokens(**shown: Any) -> str:
    held = services().people.list_tokens(actor()) if actor().role.covers(Role.ADMIN) else None
    allowed = tuple(role for role in Role if actor().role.covers(role))
    return render_template("settings/tokens.html", tab="tokens", held=held, roles=allowed, **shown)
