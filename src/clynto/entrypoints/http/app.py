"""Builds the web application from the services it is given. Resources and pages are listed here and nowhere else."""

from __future__ import annotations

from functools import partial
from typing import Any

import orjson
from flask import Blueprint, Flask
from flask.json.provider import JSONProvider
from werkzeug.middleware.proxy_fix import ProxyFix

from clynto.entrypoints.http.access import public, refuse_undeclared_routes
from clynto.entrypoints.http.answer_headers import COOKIELESS_ENDPOINTS, add_answer_headers
from clynto.entrypoints.http.api.account_billing import account_billing
from clynto.entrypoints.http.api.accounts import accounts
from clynto.entrypoints.http.api.accounts_files import accounts_files
from clynto.entrypoints.http.api.audit_log import audit_log
from clynto.entrypoints.http.api.customers import customers
from clynto.entrypoints.http.api.document import serve_resources
from clynto.entrypoints.http.api.integration import integration
from clynto.entrypoints.http.api.larry import larry
from clynto.entrypoints.http.api.people import people
from clynto.entrypoints.http.api.resource import API_PREFIX, Resource
from clynto.entrypoints.http.api.signals import signals
from clynto.entrypoints.http.api.strict_input import LARGEST_JSON_BODY, limit_bodies, refuse_undeclared_input
from clynto.entrypoints.http.api.tokens import tokens
from clynto.entrypoints.http.api.webhooks import webhooks
from clynto.entrypoints.http.api.workspace import workspace
from clynto.entrypoints.http.assets import assets
from clynto.entrypoints.http.current import SERVICES_KEY, actor_or_none
from clynto.entrypoints.http.health import health_resource
from clynto.entrypoints.http.metrics import RequestMetrics
from clynto.entrypoints.http.packing import pack_pages
from clynto.entrypoints.http.pages.account import account_pages
from clynto.entrypoints.http.pages.accounts import accounts_pages
from clynto.entrypoints.http.pages.customers import customer_pages
from clynto.entrypoints.http.pages.inbox import inbox_pages
from clynto.entrypoints.http.pages.integrations import integration_pages
from clynto.entrypoints.http.pages.larry import larry_pages
from clynto.entrypoints.http.pages.settings import settings_pages
from clynto.entrypoints.http.pages.settings_people import people_pages
from clynto.entrypoints.http.pages.shell import dress
from clynto.entrypoints.http.pages.sign_in import sign_in_pages
from clynto.entrypoints.http.problem_answers import answer_problems
from clynto.entrypoints.http.security import protect
from clynto.entrypoints.services import Services

RESOURCES: tuple[Resource, ...] = (
    integration,
    customers,
    webhooks,
    accounts,
    accounts_files,
    account_billing,
    signals,
    larry,
    people,
    tokens,
    audit_log,
    workspace,
)
PAGES: tuple[Blueprint, ...] = (
    assets,
    sign_in_pages,
    accounts_pages,
    account_pages,
    inbox_pages,
    larry_pages,
    integration_pages,
    customer_pages,
    settings_pages,
    people_pages,
)


class ExactJson(JSONProvider):
    """JSON in UTF-8 through orjson, which refuses what is not JSON: NaN, lone surrogates, endless nesting."""

    def dumps(self, obj: Any, **_: Any) -> str:
        """``obj`` as JSON text."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """The value of JSON text. Raises ``ValueError``."""
        return orjson.loads(s)


def create_app(services: Services) -> Flask:
    """The application. Raises ``RuntimeError`` if a route does not declare who may call it."""
    settings = services.settings
    app = Flask(__name__)
    app.json = ExactJson(app)
    app.extensions[SERVICES_KEY] = services
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_JSON_BODY)
    metrics = RequestMetrics(settings.metrics_dir)
    metrics.watch(app)
    limit_bodies(app)
    protect(app, secret_key=settings.secret_key, is_https=settings.is_https)
    refuse_undeclared_input(app, API_PREFIX)
    add_answer_headers(app, is_https=settings.is_https)
    pack_pages(app)
    serve_resources(app, (health_resource(services.readiness, metrics), *RESOURCES))
    app.context_processor(lambda: {"actor": actor_or_none()})
    dress(app)
    for pages in PAGES:
        app.register_blueprint(pages)
    answer_problems(app)
    for endpoint in COOKIELESS_ENDPOINTS:
        app.view_functions[endpoint] = public(partial(app.view_functions[endpoint]))
    refuse_undeclared_routes(app)
    _believe_proxies(app, settings.trusted_proxies)
    return app


def _believe_proxies(app: Flask, count: int) -> None:
    """Take caller and scheme from as many proxies as are configured, and from nobody if none is (guarantees K7).

    Host, port and prefix never come from a header: addresses are built from the settings (guarantees K14).
    """
    if count:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=0, x_port=0, x_prefix=0
        )
