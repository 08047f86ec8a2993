"""Who did what when."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields

from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.api.fields import MicrosTime
from clynto.entrypoints.http.api.resource import API_PREFIX, Resource
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pagination import PageArguments, PageOf, PageSchema, page_of, position_of

audit_log = Resource("audit_log", url_prefix=f"{API_PREFIX}/audit-log", description="Who did what when.")


class AuditEntrySchema(Schema):
    """One deed."""

    id = fields.String(required=True)
    at = MicrosTime(required=True)
    actor = fields.String(required=True)
    action = fields.String(required=True, metadata={"description": "A stable dotted word.", "example": "people.added"})
    detail = fields.String(required=True, metadata={"description": "A sentence for people."})


class AuditPageSchema(PageSchema):
    """Entries, newest first."""

    items = fields.List(fields.Nested(AuditEntrySchema), required=True)


@audit_log.route("")
class AuditEntries(MethodView):
    """All of them."""

    @audit_log.takes_query(PageArguments)
    @audit_log.answers(200, AuditPageSchema)
    @needs(Role.ADMIN)
    def get(self, page: dict[str, Any]) -> PageOf:
        """The audit log, newest first."""
        before = position_of(page["cursor"])
        entries = services().people.read_audit_log(actor(), limit=page["limit"], before=before)
        return page_of(entries.entries, entries.next_before)
