"""Accounts from and to CSV files (guarantees K11, K12)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, request
from flask.views import MethodView
from marshmallow import Schema, fields

from clynto.application.import_accounts import ImportReport
from clynto.domain.errors import InvalidInput
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.api.accounts import ExportArguments, query_of
from clynto.entrypoints.http.api.resource import API_PREFIX, UPLOAD, UPLOADED_FILE, Resource
from clynto.entrypoints.http.current import actor, services

accounts_files = Resource(
    "accounts_files", url_prefix=f"{API_PREFIX}/accounts", description="Accounts from and to CSV files."
)

CSV = "text/csv"
LARGEST_FILE = 20 * 1024 * 1024
_ENVELOPE = 4096
"""What an upload adds around the file."""
_FORM_FIELDS = frozenset({"csrf_token"})
BYTE_ORDER_MARK = "\ufeff"
"""Without it spreadsheets take UTF-8 for their own old encoding."""


class RejectedLineSchema(Schema):
    """A line that was not taken."""

    line = fields.Integer(required=True, metadata={"description": "Counted from 1; the header is line 1."})
    reason = fields.String(required=True)


class ImportReportSchema(Schema):
    """What became of the file."""

    created = fields.Integer(required=True)
    updated = fields.Integer(required=True)
    rejected = fields.List(fields.Nested(RejectedLineSchema), required=True)


@accounts_files.route("/import")
class AccountsImport(MethodView):
    """From a file."""

    @accounts_files.takes_body(
        CSV,
        UPLOAD,
        largest=LARGEST_FILE + _ENVELOPE,
        description="Lines of `name,domain[,external_id]` below such a header.",
    )
    @accounts_files.answers(200, ImportReportSchema)
    @needs(Role.ADMIN)
    def post(self) -> ImportReport:
        """Import accounts; each line is taken or reported, and there is no half import."""
        content = _uploaded() if request.mimetype == UPLOAD else request.get_data()
        return services().accounts.import_accounts(actor(), content)


@accounts_files.route("/export")
class AccountsExport(MethodView):
    """To a file."""

    @accounts_files.takes_query(ExportArguments)
    @accounts_files.also_answers(200, None, "The accounts table as CSV in UTF-8.", content_type=CSV)
    @needs(Role.MEMBER)
    def get(self, wanted: dict[str, Any]) -> Response:
        """Export the accounts table."""
        lines = services().accounts.export_accounts(actor(), query_of(wanted))
        return Response(
            _marked(lines),
            content_type=f"{CSV}; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="accounts.csv"'},
        )


def _uploaded() -> bytes:
    """The one file of the form. Raises ``InvalidInput``."""
    names = {*request.form, *request.files} - {UPLOADED_FILE} - _FORM_FIELDS
    if names:
        raise InvalidInput(dict.fromkeys(names, "Unknown field."))
    files = request.files.getlist(UPLOADED_FILE)
    if len(files) != 1:
        raise InvalidInput({UPLOADED_FILE: "Send exactly one CSV file."})
    content: bytes = files[0].read()
    return content


def _marked(lines: Iterator[str]) -> Iterator[str]:
    yield BYTE_ORDER_MARK
    yield from lines
