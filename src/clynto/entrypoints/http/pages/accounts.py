"""Pages of the accounts table: look, add, import, export."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from werkzeug.wrappers import Response as AnyResponse

from clynto.domain.errors import ClyntoError, InvalidInput, QueueUnavailable
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.api.strict_input import accepting_body
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pages.form_words import wanted_dialog, words_of
from clynto.entrypoints.http.pages.presenters.accounts_table import (
    COLUMNS,
    COLUMNS_COOKIE,
    NAME_COLUMN,
    TableState,
    chosen_columns,
    columns_cookie,
)
from clynto.entrypoints.http.pages.sign_in import local_path
from clynto.entrypoints.http.problem_details import problem_of

LARGEST_FILE = 32 * 1024 * 1024
_A_YEAR = 365 * 24 * 60 * 60

Page = str | tuple[str, int]

accounts_pages = Blueprint("accounts_pages", __name__)


@accounts_pages.get("/")
@needs(Role.MEMBER)
def start() -> AnyResponse:
    """The first page."""
    return redirect(url_for("accounts_pages.accounts"), 303)


@accounts_pages.get("/accounts")
@needs(Role.MEMBER)
def accounts() -> str:
    """The table."""
    return _page(TableState.of(request.args), dialog=wanted_dialog(request.args))


@accounts_pages.get("/accounts/<any(add, import):dialog>")
@needs(Role.MEMBER)
def dialog(dialog: str) -> AnyResponse:
    """Where a browser comes back to that was shown a refused form, or the report of an import."""
    return redirect(url_for("accounts_pages.accounts", dialog=dialog), 303)


@accounts_pages.post("/accounts/columns")
@needs(Role.MEMBER)
def choose_columns() -> AnyResponse:
    """Remember which columns this browser shows."""
    answer = redirect(local_path(request.form.get("here")), 303)
    answer.set_cookie(
        COLUMNS_COOKIE,
        columns_cookie(request.form.getlist("column")),
        max_age=_A_YEAR,
        secure=services().settings.is_https,
        httponly=True,
        samesite="Lax",
    )
    return answer


@accounts_pages.get("/accounts/export.csv")
@needs(Role.MEMBER)
def export() -> Response:
    """The selection as a file."""
    lines = services().accounts.export_accounts(actor(), TableState.of(request.args).query)
    headers = {"Content-Disposition": 'attachment; filename="accounts.csv"'}
    return Response(stream_with_context(lines), mimetype="text/csv", headers=headers)


@accounts_pages.post("/accounts/add")
@needs(Role.ADMIN)
def add() -> AnyResponse | Page:
    """Add one account."""
    typed = request.form
    try:
        account_id = services().accounts.create_account(
            actor(),
            name=typed.get("name", ""),
            domains=words_of(typed.get("domains", "")),
            external_id=typed.get("external_id") or None,
        )
    except (InvalidInput, QueueUnavailable) as refusal:
        return _refused("add", refusal, typed=typed)
    shared = services().accounts.show_account_billing(actor(), account_id).shares_domain_with
    # With a shared domain the page that follows says who gets the customers: nobody.
    flash(f"The account was added.{'' if shared else ' Stripe customers with its domains are being matched to it.'}")
    return redirect(url_for("account_pages.account", account_id=account_id), 303)


@accounts_pages.post("/accounts/import")
@needs(Role.ADMIN)
@accepting_body("multipart/form-data", largest=LARGEST_FILE)
def import_file() -> Page:
    """Import a CSV file and show what became of it."""
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise InvalidInput({"file": "Choose a CSV file."})
        report = services().accounts.import_accounts(actor(), sent.read())
    except (InvalidInput, QueueUnavailable) as refusal:
        return _refused("import", refusal)
    return _page(TableState(), dialog="import", report=report)


def _refused(dialog: str, refusal: ClyntoError, **shown: Any) -> Page:
    told = problem_of(refusal)
    return _page(TableState(), dialog=dialog, problem=told, **shown), told.status


def _page(state: TableState, **shown: Any) -> str:
    page, totals = services().accounts.list_accounts.with_totals(actor(), state.query)
    columns = chosen_columns(request.cookies.get(COLUMNS_COOKIE))
    drawn = {column.name for column in columns} & {"change_30", "change_90", "trend"}
    rows = [figures.row for figures in page.rows] if drawn else []
    return render_template(
        "accounts/page.html",
        state=state,
        page=page,
        totals=totals,
        trends=services().pages.read_mrr_trends(actor(), rows),
        columns=columns,
        all_columns=COLUMNS,
        name_column=NAME_COLUMN,
        **shown,
    )
