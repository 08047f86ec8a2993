"""Pages of one account: the tabs Usage, Health, Billing and Support, and its changes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from clynto.application.queries.read_inbox import folded
from clynto.domain.errors import ClyntoError, InvalidInput, QueueUnavailable
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pages.form_words import wanted_dialog, whole_number, words_of
from clynto.entrypoints.http.pages.presenters import explanation
from clynto.entrypoints.http.pages.presenters.inbox import cards_of
from clynto.entrypoints.http.pages.presenters.mrr_chart import mrr_chart
from clynto.entrypoints.http.problem_details import problem_of
from clynto.ports.signals import InboxStatus, SignalOrder, SignalsQuery

SIGNALS_SHOWN = 100
_NO_SCORE = -1

Page = str | tuple[str, int]

account_pages = Blueprint("account_pages", __name__)


@account_pages.get("/accounts/<account_id>")
@needs(Role.MEMBER)
def account(account_id: str) -> str:
    """The Billing tab, which is what people come for."""
    return _billing(account_id, dialog=wanted_dialog(request.args))


@account_pages.get("/accounts/<account_id>/billing")
@needs(Role.MEMBER)
def billing(account_id: str) -> str:
    """The Billing tab."""
    return _billing(account_id, dialog=wanted_dialog(request.args))


@account_pages.get("/accounts/<account_id>/health")
@needs(Role.MEMBER)
def health(account_id: str) -> str:
    """Pillars and how the score came about."""
    return _framed("account/health.html", account_id, tab="health", dialog=wanted_dialog(request.args))


@account_pages.get("/accounts/<account_id>/<any(usage, support):pillar>")
@needs(Role.MEMBER)
def pillar(account_id: str, pillar: str) -> str:
    """What sets the pillar of that name."""
    return _framed("account/pillar.html", account_id, tab=pillar, dialog=wanted_dialog(request.args))


@account_pages.get("/accounts/<account_id>/mrr")
@needs(Role.MEMBER)
def explain(account_id: str) -> str:
    """Every line of the MRR."""
    explained = services().accounts.explain_mrr(actor(), account_id)
    return _framed(
        "account/explanation.html",
        account_id,
        tab="billing",
        explained=explained,
        lines=explanation.explained_lines(explained),
        excluded=explanation.exclusions(explained),
        remarks=explanation.remarks(explained),
    )


@account_pages.post("/accounts/<account_id>/edit")
@needs(Role.ADMIN)
def edit(account_id: str) -> AnyResponse | Page:
    """Change name, domains and outside id."""
    typed = request.form
    try:
        services().accounts.change_account(
            actor(),
            account_id,
            name=typed.get("name", ""),
            domains=words_of(typed.get("domains", "")),
            external_id=typed.get("external_id") or None,
        )
    except (InvalidInput, QueueUnavailable) as refusal:
        return _refused(_billing, account_id, refusal, dialog="edit", typed=typed)
    flash("The account was changed.")
    return redirect(url_for("account_pages.account", account_id=account_id), 303)


@account_pages.post("/accounts/<account_id>/delete")
@needs(Role.ADMIN)
def delete(account_id: str) -> AnyResponse | Page:
    """Remove the account; what Stripe told stays."""
    try:
        services().accounts.delete_account(actor(), account_id)
    except QueueUnavailable as refusal:
        return _refused(_billing, account_id, refusal, dialog="delete")
    flash("The account was deleted. Its Stripe customers are unmatched now.")
    return redirect(url_for("accounts_pages.accounts"), 303)


@account_pages.post("/accounts/<account_id>/<any(usage, support):pillar>")
@needs(Role.ADMIN)
def set_pillar(account_id: str, pillar: str) -> AnyResponse | Page:
    """Set a pillar by hand."""
    typed = request.form
    score, reason = whole_number(typed.get("score", ""), _NO_SCORE), typed.get("reason", "")
    try:
        services().accounts.set_pillar(actor(), account_id, pillar, score=score, reason=reason, as_of=None)
    except InvalidInput as refusal:
        told = problem_of(refusal)
        return _framed("account/pillar.html", account_id, tab=pillar, problem=told, typed=typed), told.status
    flash(f"{pillar.capitalize()} was set to {score}.")
    return redirect(url_for("account_pages.pillar", account_id=account_id, pillar=pillar), 303)


def _refused(page: Any, account_id: str, refusal: ClyntoError, **shown: Any) -> Page:
    told = problem_of(refusal)
    return page(account_id, problem=told, **shown), told.status


def _billing(account_id: str, **shown: Any) -> str:
    held = services().accounts.show_account_billing(actor(), account_id)
    history = services().accounts.read_mrr_history(actor(), account_id, months=12) if held.matched else None
    query = SignalsQuery(
        account_id=account_id,
        statuses=frozenset({InboxStatus.OPEN}),
        order=SignalOrder.SEVERITY,
        limit=SIGNALS_SHOWN,
    )
    page = services().inbox.read_inbox(actor(), query)
    cases = services().pages.read_signal_cases(actor(), [one.stored for one in page.rows])
    return _framed(
        "account/billing.html",
        account_id,
        tab="billing",
        billing=held,
        chart=mrr_chart(history) if history else None,
        signals=cards_of(folded(page.rows, query.order), cases),
        more_signals=page.next_cursor is not None,
        **shown,
    )


def _framed(template: str, account_id: str, **shown: Any) -> str:
    return render_template(
        template,
        account=services().accounts.list_accounts.one(actor(), account_id),
        health=services().accounts.show_health(actor(), account_id),
        **shown,
    )
