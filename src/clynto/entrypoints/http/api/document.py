"""The OpenAPI document: made from the routes themselves when it is first asked for, and kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from threading import Lock
from typing import Any

from flask import Blueprint, Flask, Response
from flask_smorest import Api
from marshmallow import Schema, fields

from clynto.entrypoints.http.access import access_of, public
from clynto.entrypoints.http.api.resource import API_PREFIX, Resource
from clynto.entrypoints.http.problem_answers import PROBLEM_MEDIA_TYPE
from clynto.entrypoints.http.security import SESSION_COOKIE

DOCUMENT_PATH = f"{API_PREFIX}/openapi.json"

SECURITY_SCHEMES: Mapping[str, Mapping[str, str]] = {
    "token": {"type": "http", "scheme": "bearer", "description": "An API token of one workspace."},
    "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE, "description": "The browser session."},
    "pageToken": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRF-Token",
        "description": "The page's token, with the browser session on every change.",
    },
}
SecurityWays = tuple[Mapping[str, list[str]], ...]
_READING: SecurityWays = ({"token": []}, {"session": []})
_CHANGING: SecurityWays = ({"token": []}, {"session": [], "pageToken": []})


class ProblemSchema(Schema):
    """Every error looks like this."""

    status = fields.Integer(required=True)
    title = fields.String(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "A stable word.", "example": "not_found"})
    errors = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "What is wrong, by field."}
    )
    permissions = fields.List(fields.String(), metadata={"description": "With `missing_permissions`."})
    reason = fields.String(metadata={"description": "A more exact word, where there is one."})
    request_id = fields.String(metadata={"description": "Stripe's own id of the failed request, if known."})
    incident = fields.String(metadata={"description": "With `internal_error`: name it to support."})


def serve_resources(app: Flask, resources: Iterable[Resource]) -> None:
    """Register every resource and the document that describes them."""
    served = tuple(resources)
    for resource in served:
        app.register_blueprint(resource.blueprint)
    app.register_blueprint(_document_blueprint(lambda: _document(app, served)))


def _document(app: Flask, resources: Iterable[Resource]) -> str:
    return app.json.dumps(_with_access(app, _described(resources)))


def _described(resources: Iterable[Resource]) -> dict[str, Any]:
    """What flask-smorest says of the resources.

    It describes whatever it registers, which takes longer than making the whole application, and few servers are asked
    for it. So it registers them in an application of its own, which serves nothing.
    """
    about = Flask("clynto")
    about.config.update(API_TITLE="Clynto Billing with Stripe", API_VERSION=version("clynto"), OPENAPI_VERSION="3.0.3")
    api = Api()
    api.ERROR_SCHEMA = ProblemSchema
    api.init_app(about, spec_kwargs={"components": {"securitySchemes": SECURITY_SCHEMES}})
    for resource in resources:
        api.register_blueprint(resource.blueprint)
    description: dict[str, Any] = api.spec.to_dict()
    return description


def _document_blueprint(make: Callable[[], str]) -> Blueprint:
    blueprint = Blueprint("openapi", __name__)
    one_at_a_time = Lock()
    made: list[str] = []

    @blueprint.get(DOCUMENT_PATH)
    @public
    def document_json() -> Response:
        with one_at_a_time:
            if not made:
                made.append(make())
        return Response(made[0], content_type="application/json")

    return blueprint


def _with_access(app: Flask, document: dict[str, Any]) -> dict[str, Any]:
    """Say for each operation who may call it and how it says no."""
    endpoints = {_openapi_path(rule.rule): rule.endpoint for rule in app.url_map.iter_rules()}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if isinstance(operation, dict) and "responses" in operation:
                _complete(app, endpoints[path], method, operation)
    # flask-smorest describes its own paging, which no list of ours uses.
    document["components"]["schemas"].pop("PaginationMetadata", None)
    for answer in document.get("components", {}).get("responses", {}).values():
        content = answer.get("content", {})
        if "application/json" in content:
            content[PROBLEM_MEDIA_TYPE] = content.pop("application/json")
    return document


def _complete(app: Flask, endpoint: str, method: str, operation: dict[str, Any]) -> None:
    operation["operationId"] = f"{endpoint.replace('.', '_')}_{method}"
    operation["responses"].setdefault("default", _refusal("An error."))
    access = access_of(app, endpoint, method.upper())
    if access is None or access.role is None:
        operation["security"] = []
        return
    operation["security"] = [dict(way) for way in (_READING if method == "get" else _CHANGING)]
    operation["x-required-role"] = access.role.value
    operation["responses"].setdefault("401", _refusal("Nobody is signed in."))
    operation["responses"].setdefault("403", _refusal(f"Needs the role {access.role.and_above}."))
    operation["responses"].setdefault("422", _refusal("Something that was sent cannot be used."))


def _refusal(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {PROBLEM_MEDIA_TYPE: {"schema": schema}}}


def _openapi_path(rule: str) -> str:
    """``/users/<string:user_id>`` as ``/users/{user_id}``."""
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule)
