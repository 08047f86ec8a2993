"""The whole web application as a server serves it: webhooks in front, everything else behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clynto.entrypoints.http.app import create_app
from clynto.entrypoints.http.metrics import metrics_of
from clynto.entrypoints.http.webhook_intake import WebhookIntake
from clynto.entrypoints.services import Services

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def web_application(services: Services) -> WSGIApplication:
    """Ready to be served. Raises ``RuntimeError`` if a route does not declare who may call it."""
    app = create_app(services)
    return WebhookIntake(
        app,
        receive=services.webhooks.receive_webhook,
        identifiers=services.identifiers,
        metrics=metrics_of(app),
        is_https=services.settings.is_https,
    )
