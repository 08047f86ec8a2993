"""A resource of the API: flask-smorest's blueprint with types, strict input and our error format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema

from clynto.entrypoints.http.api.strict_input import StrictParser, accepting_body, accepting_json, accepting_query

API_PREFIX = "/api/v1"

UPLOAD = "multipart/form-data"
UPLOADED_FILE = "file"
"""The one field of every upload."""

View = TypeVar("View", bound=Callable[..., Any])
ViewClass = TypeVar("ViewClass", bound=type[MethodView])


class Resource:
    """Declares routes, input and answers; each of them shows in the OpenAPI document."""

    def __init__(self, name: str, *, url_prefix: str, description: str) -> None:
        self.blueprint: Any = Blueprint(name, name, url_prefix=url_prefix or None, description=description)
        self.blueprint.ARGUMENTS_PARSER = StrictParser()

    def route(self, rule: str) -> Callable[[ViewClass], ViewClass]:
        """Serve a class with one method per HTTP method."""

        def decorator(view_class: ViewClass) -> ViewClass:
            self.blueprint.add_url_rule(rule, view_class.__name__, view_class)
            return view_class

        return decorator

    def view(self, rule: str) -> Callable[[View], View]:
        """Serve a function for GET."""

        def decorator(view: View) -> View:
            self.blueprint.add_url_rule(rule, view.__name__, view)
            return view

        return decorator

    def takes_json(self, schema: type[Schema]) -> Callable[[View], View]:
        """Hand the body over as the view's next argument, checked; unknown fields are refused."""

        def decorator(view: View) -> View:
            wrapped: View = self.blueprint.arguments(schema, location="json")(view)
            return accepting_json(wrapped)

        return decorator

    def takes_body(self, *media_types: str, largest: int, description: str) -> Callable[[View], View]:
        """Let the view read a body of one of these types itself, up to ``largest`` bytes."""
        content = {media_type: {"schema": _body_schema(media_type, largest)} for media_type in media_types}
        body = {"required": True, "description": description, "content": content}

        def decorator(view: View) -> View:
            wrapped: View = self.blueprint.doc(requestBody=body)(view)
            return accepting_body(*media_types, largest=largest)(wrapped)

        return decorator

    def takes_query(self, schema: type[Schema]) -> Callable[[View], View]:
        """Hand the query parameters over as the view's next argument, checked; unknown ones are refused."""

        def decorator(view: View) -> View:
            wrapped: View = self.blueprint.arguments(schema, location="query")(view)
            return accepting_query(wrapped, schema)

        return decorator

    def answers(self, status: int, schema: type[Schema] | None = None) -> Callable[[View], View]:
        """Dump what the view returns with ``schema``."""
        decorator: Callable[[View], View] = self.blueprint.response(status, schema)
        return decorator

    def also_answers(
        self, status: int, schema: type[Schema] | None, description: str, *, content_type: str | None = None
    ) -> Callable[[View], View]:
        """Document another answer that the view may return ready-made."""
        decorator: Callable[[View], View] = self.blueprint.alt_response(
            status, schema=schema, description=description, content_type=content_type
        )
        return decorator


def _body_schema(media_type: str, largest: int) -> dict[str, Any]:
    if media_type != UPLOAD:
        return {"type": "string", "maxLength": largest}
    file = {"type": "string", "format": "binary"}
    return {"type": "object", "required": [UPLOADED_FILE], "properties": {UPLOADED_FILE: file}}
