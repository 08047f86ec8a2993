"""Settings of the workspace: name, currency, MRR basis, rates, own domains, data removal."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from clynto.application.change_workspace import WorkspaceChanges
from clynto.domain.errors import ClyntoError, Conflict, InvalidInput, QueueUnavailable
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.api.fields import exact_decimal
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pages.form_words import wanted_dialog, words_of
from clynto.entrypoints.http.pages.presenters.rate_lines import rates_of_text, text_of_rates
from clynto.entrypoints.http.problem_details import problem_of
from clynto.ports.workspaces import MrrBasis

Page = str | tuple[str, int]

settings_pages = Blueprint("settings_pages", __name__)


@settings_pages.get("/settings")
@needs(Role.MEMBER)
def workspace() -> str:
    """Name, currency, basis, own domains."""
    return _workspace()


@settings_pages.post("/settings")
@needs(Role.ADMIN)
def change_workspace() -> AnyResponse | Page:
    """Change them."""
    typed = request.form
    try:
        changed = services().workspace.change_workspace(
            actor(),
            WorkspaceChanges(
                name=typed.get("name", ""),
                default_currency=typed.get("default_currency", "").strip() or None,
                mrr_basis=MrrBasis.NET if typed.get("mrr_basis") == MrrBasis.NET.value else MrrBasis.LIST,
                own_domains=words_of(typed.get("own_domains", "")),
            ),
        )
    except (InvalidInput, QueueUnavailable) as refusal:
        return _refused(_workspace, refusal, typed=typed)
    return _saved("settings_pages.workspace", recomputing=changed.recomputing)


@settings_pages.get("/settings/rates")
@needs(Role.MEMBER)
def rates() -> str:
    """Exchange rates."""
    return _rates()


@settings_pages.post("/settings/rates")
@needs(Role.ADMIN)
def change_rates() -> AnyResponse | Page:
    """Replace the table of rates."""
    typed = request.form
    try:
        lines = rates_of_text(typed.get("rates", ""))
        changed = services().workspace.change_workspace(actor(), WorkspaceChanges(exchange_rates=lines))
    except (InvalidInput, QueueUnavailable) as refusal:
        return _refused(_rates, refusal, typed=typed)
    return _saved("settings_pages.rates", recomputing=changed.recomputing)


@settings_pages.get("/settings/data")
@needs(Role.MEMBER)
def data() -> str:
    """What is held of Stripe, and how to remove it."""
    return _data(dialog=wanted_dialog(request.args))


@settings_pages.post("/settings/data/erase")
@needs(Role.OWNER)
def erase() -> AnyResponse | Page:
    """Remove all Stripe data."""
    try:
        removed = services().integration.erase_stripe_data(actor())
    except Conflict as refusal:
        return _refused(_data, refusal, dialog="erase")
    flash(f"All Stripe data was removed: {removed} rows. Accounts and people stay.")
    return redirect(url_for("settings_pages.data"), 303)


@settings_pages.post("/settings/webhook-address/renew")
@needs(Role.ADMIN)
def renew_address() -> AnyResponse:
    """A new unguessable webhook address."""
    services().webhooks.renew_webhook_address(actor())
    flash("The webhook address was renewed. Paste the new one into Stripe and save its signing secret here.")
    return redirect(url_for("settings_pages.data"), 303)


def _saved(endpoint: str, *, recomputing: bool) -> AnyResponse:
    flash("Saved. The figures of all accounts are being computed anew." if recomputing else "Saved.")
    return redirect(url_for(endpoint), 303)


def _refused(page: Any, refusal: ClyntoError, **shown: Any) -> Page:
    told = problem_of(refusal)
    return page(problem=told, **shown), told.status


def _workspace(**shown: Any) -> str:
    held = services().workspace.read_workspace(actor())
    preview = services().pages.preview_basis(actor())
    return render_template("settings/workspace.html", tab="workspace", held=held, preview=preview, **shown)


def _rates(**shown: Any) -> str:
    held = services().workspace.read_workspace(actor())
    text = text_of_rates(held.exchange_rates)
    return render_template("settings/rates.html", tab="rates", held=held, text=text, exact=exact_decimal, **shown)


def _data(**shown: Any) -> str:
    card = services().integration.show_integration(actor())
    panel = services().webhooks.show_webhooks(actor())
    return render_template("settings/data.html", tab="data", card=card, webhooks=panel, **shown)
