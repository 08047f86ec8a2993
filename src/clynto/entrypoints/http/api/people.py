"""People of the workspace."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields

from clynto.application.queries.people import Person
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.api.fields import MicrosTime, SecretText
from clynto.entrypoints.http.api.resource import API_PREFIX, Resource
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pagination import PageArguments, PageOf, PageSchema, slice_of

people = Resource("people", url_prefix=f"{API_PREFIX}/users", description="People of the workspace and their roles.")


class PersonSchema(Schema):
    """A person."""

    id = fields.String(required=True)
    email = fields.String(required=True)
    role = fields.Enum(Role, by_value=True, required=True)
    created_at = MicrosTime(required=True)


class PeoplePageSchema(PageSchema):
    """People, the first added first."""

    items = fields.List(fields.Nested(PersonSchema), required=True)


class NewPersonSchema(Schema):
    """Who is to be added."""

    email = fields.String(required=True)
    role = fields.Enum(Role, by_value=True, required=True)
    password = SecretText(required=True, metadata={"description": "At least 12 characters."})


class PersonChangesSchema(Schema):
    """What is not named stays."""

    role = fields.Enum(Role, by_value=True)
    password = SecretText(metadata={"description": "Ends all sessions of the person."})


@people.route("")
class People(MethodView):
    """Everybody."""

    @people.takes_query(PageArguments)
    @people.answers(200, PeoplePageSchema)
    @needs(Role.MEMBER)
    def get(self, page: dict[str, Any]) -> PageOf:
        """People of the workspace."""
        return slice_of(services().people.list_people(actor()), identity=lambda person: person.id, **page)

    @people.takes_json(NewPersonSchema)
    @people.answers(201, PersonSchema)
    @needs(Role.OWNER)
    def post(self, wanted: dict[str, Any]) -> Person:
        """Add a person."""
        return services().people.add_user(actor(), **wanted)


@people.route("/<string:user_id>")
class OnePerson(MethodView):
    """One of them."""

    @people.takes_json(PersonChangesSchema)
    @people.answers(200, PersonSchema)
    @needs(Role.OWNER)
    def patch(self, changes: dict[str, Any], user_id: str) -> Person:
        """Change role or password; holds from the person's next request."""
        return services().people.change_user(actor(), user_id, **changes)

    @people.answers(204)
    @needs(Role.OWNER)
    def delete(self, user_id: str) -> None:
        """Take a person's access away."""
        services().people.remove_user(actor(), user_id)
