"""The page to ask Larry, where a workspace has one."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from clynto.domain.errors import NotFound
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.pages.shell import larry_is_here

larry_pages = Blueprint("larry_pages", __name__)


@larry_pages.get("/larry")
@needs(Role.MEMBER)
def larry() -> str:
    """The form for a question."""
    if not larry_is_here():
        raise NotFound
    return render_template("larry.html", question=request.args.get("question", ""))
