"""The Integrations page: the Stripe card and what can be done from it."""

from __future__ import annotations

from hashlib import blake2s
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from clynto.application.queries.show_integration import IntegrationCard
from clynto.application.queries.show_webhooks import WebhookPanel
from clynto.domain.errors import ClyntoError, NotConnected, QueueUnavailable, SyncAlreadyRunning
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pages.form_words import wanted_dialog
from clynto.entrypoints.http.pages.presenters import badges, integration
from clynto.entrypoints.http.problem_details import problem_of, title_of
from clynto.entrypoints.http.webhook_wording import describe_refusal
from clynto.ports.read_models import AccountsQuery

RUNS_SHOWN = 8
CONNECTING = "connect"
SYNC_ENDED = "sync-ended"

Page = str | tuple[str, int]

integration_pages = Blueprint("integration_pages", __name__)


@integration_pages.get("/integrations")
@needs(Role.MEMBER)
def integrations() -> str:
    """The page."""
    return _page(dialog=wanted_dialog(request.args))


@integration_pages.get("/integrations/card")
@needs(Role.MEMBER)
def card() -> Response:
    """The card alone, for an open page; it says when a sync has ended, so that the rest is read again.

    Where the page shows all of it already nothing is sent: what is replaced loses its focus and its selection.
    """
    shown = _card()
    if request.args.get("seen") == shown["seen"]:
        return Response(status=204)
    ended = request.args.get("state") not in (None, shown["card"].state.value)
    page = render_template("integrations/card.html", **shown, says=request.args.get("told") != shown["told"])
    return Response(page, headers={"HX-Trigger": SYNC_ENDED} if ended else {})


@integration_pages.post("/integrations/stripe/connect")
@needs(Role.ADMIN)
def connect() -> AnyResponse | Page:
    """Connect, or reconnect with a new key."""
    try:
        services().integration.connect_stripe(actor(), Secret(request.form.get("api_key", "")))
    except ClyntoError as refusal:
        return _refused(refusal, dialog=CONNECTING)
    return redirect(url_for("integration_pages.integrations"), 303)


@integration_pages.post("/integrations/stripe/sync")
@needs(Role.ADMIN)
def sync() -> AnyResponse | Page:
    """Ask for a re-sync."""
    try:
        services().integration.request_sync(actor())
    except (SyncAlreadyRunning, NotConnected, QueueUnavailable) as refusal:
        return _refused(refusal)
    return redirect(url_for("integration_pages.integrations"), 303)


@integration_pages.post("/integrations/stripe/disconnect")
@needs(Role.ADMIN)
def disconnect() -> AnyResponse | Page:
    """Forget the key; the data stays."""
    try:
        services().integration.disconnect_stripe(actor())
    except NotConnected as refusal:
        return _refused(refusal)
    flash("Stripe is disconnected. The stored key was destroyed; what was synced stays as it is.")
    return redirect(url_for("integration_pages.integrations"), 303)


@integration_pages.post("/integrations/stripe/webhook-secret")
@needs(Role.ADMIN)
def save_secret() -> AnyResponse | Page:
    """Save the signing secret."""
    try:
        services().webhooks.save_signing_secret(actor(), Secret(request.form.get("signing_secret", "")))
    except ClyntoError as refusal:
        return _refused(refusal, dialog="webhooks")
    former = services().webhooks.show_webhooks(actor()).former_valid_until
    flash(f"The signing secret was saved.{' The former one stays valid for 24 hours.' if former else ''}")
    return redirect(url_for("integration_pages.integrations"), 303)


@integration_pages.post("/integrations/stripe/retry-events")
@needs(Role.ADMIN)
def retry_events() -> AnyResponse | Page:
    """Let parked events be tried again."""
    try:
        count = services().webhooks.retry_parked_events(actor())
    except QueueUnavailable as refusal:
        return _refused(refusal)
    flash(f"{count} {'event is' if count == 1 else 'events are'} being tried again.")
    return redirect(url_for("integration_pages.integrations"), 303)


def _refused(refusal: ClyntoError, **shown: Any) -> Page:
    told = problem_of(refusal)
    return _page(problem=told, **shown), told.status


def _card() -> dict[str, Any]:
    held: IntegrationCard = services().integration.show_integration(actor())
    panel = services().webhooks.show_webhooks(actor())
    return {
        "card": held,
        "badge": badges.CARD[held.state],
        "progress": integration.run_shown(held.run) if held.run else None,
        "queued": integration.is_queued(held),
        "matched_nothing": integration.matched_nothing(held),
        "needs_new_key": integration.needs_new_key(held),
        "seconds": integration.polling_seconds(held),
        "webhooks": panel,
        "webhook_badge": badges.WEBHOOK[panel.state],
        "refusal": describe_refusal(panel.refusal) if panel.refusal else None,
        "fault_title": title_of,
        "told": integration.told(held),
        "seen": _digest(held, panel),
    }


def _digest(held: IntegrationCard, panel: WebhookPanel) -> str:
    """Differs as soon as anything that the card is drawn from does."""
    return blake2s(repr((held, panel)).encode(), digest_size=8).hexdigest()


def _page(**shown: Any) -> str:
    runs = services().integration.read_sync_history(actor(), limit=RUNS_SHOWN)
    return render_template(
        "integrations/page.html",
        runs=[integration.run_shown(run) for run in runs],
        totals=services().accounts.list_accounts.totals(actor(), AccountsQuery(), counted=False),
        **_card(),
        **shown,
    )
