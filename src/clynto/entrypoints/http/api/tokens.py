"""API tokens for scripts."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields

from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.api.fields import NOT_EMPTY, MicrosTime, ShownSecret
from clynto.entrypoints.http.api.resource import API_PREFIX, Resource
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pagination import PageArguments, PageOf, PageSchema, slice_of

tokens = Resource("tokens", url_prefix=f"{API_PREFIX}/tokens", description="API tokens for scripts.")


class TokenSchema(Schema):
    """A token, without the token itself."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    role = fields.Enum(Role, by_value=True, required=True)
    created_at = MicrosTime(required=True)
    last_used_at = MicrosTime(required=True, allow_none=True)


class TokensPageSchema(PageSchema):
    """Tokens, the first made first."""

    items = fields.List(fields.Nested(TokenSchema), required=True)


class NewTokenSchema(Schema):
    """What the token is for."""

    name = fields.String(required=True, metadata=NOT_EMPTY)
    role = fields.Enum(Role, by_value=True, required=True, metadata={"description": "Not above one's own."})


class IssuedTokenSchema(TokenSchema):
    """The only answer that shows the token."""

    id = fields.String(required=True, attribute="details.id")
    name = fields.String(required=True, attribute="details.name")
    role = fields.Enum(Role, by_value=True, required=True, attribute="details.role")
    created_at = MicrosTime(required=True, attribute="details.created_at")
    last_used_at = MicrosTime(required=True, allow_none=True, attribute="details.last_used_at")
    token = ShownSecret(required=True, metadata={"description": "Shown now and never again."})


@tokens.route("")
class Tokens(MethodView):
    """All of them."""

    @tokens.takes_query(PageArguments)
    @tokens.answers(200, TokensPageSchema)
    @needs(Role.ADMIN)
    def get(self, page: dict[str, Any]) -> PageOf:
        """API tokens of the workspace."""
        return slice_of(services().people.list_tokens(actor()), identity=lambda token: token.id, **page)

    @tokens.takes_json(NewTokenSchema)
    @tokens.answers(201, IssuedTokenSchema)
    @needs(Role.ADMIN)
    def post(self, wanted: dict[str, Any]) -> object:
        """Issue a token."""
        return services().people.issue_token(actor(), **wanted)


@tokens.route("/<string:token_id>")
class OneToken(MethodView):
    """One of them."""

    @tokens.answers(204)
    @needs(Role.ADMIN)
    def delete(self, token_id: str) -> None:
        """Revoke a token; refused from its next use."""
        services().people.revoke_token(actor(), token_id)
