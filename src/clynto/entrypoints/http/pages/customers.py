"""Stripe customers and the accounts they belong to: look, match with one click, undo."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from clynto.domain.errors import Conflict
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pages.form_words import wanted_dialog
from clynto.entrypoints.http.pages.presenters.integration import reason_text
from clynto.entrypoints.http.pages.told import WayBack, tell
from clynto.entrypoints.http.pagination import cursor_to, position_of
from clynto.entrypoints.http.problem_details import problem_of
from clynto.ports.read_models import AccountsQuery

CUSTOMERS_SHOWN = 25

customer_pages = Blueprint("customer_pages", __name__)


@customer_pages.get("/integrations/customers")
@needs(Role.MEMBER)
def customers() -> str:
    """Unmatched customers by MRR, or the matched ones."""
    matched = request.args.get("matched") == "true"
    text, after = request.args.get("q", "").strip(), position_of(request.args.get("cursor") or None)
    page = services().integration.list_customers(
        actor(), matched=matched, text=text, limit=CUSTOMERS_SHOWN, after=after
    )
    return render_template(
        "integrations/customers.html",
        page=page,
        matched=matched,
        text=text,
        dialog=wanted_dialog(request.args),
        next_cursor=cursor_to(page.next_cursor) if page.next_cursor else None,
        reason_text=reason_text,
        suggestions=services().pages.suggest_accounts(actor(), [] if matched else [c.row for c in page.rows]),
        totals=services().accounts.list_accounts.totals(actor(), AccountsQuery()),
    )


@customer_pages.get("/integrations/customers/<customer_id>/choices")
@needs(Role.MEMBER)
def choices(customer_id: str) -> str:
    """Accounts to choose from for one customer."""
    text = request.args.get("account", "").strip()
    found = services().pages.suggest_accounts.by_text(actor(), text) if text else ()
    called = _called(customer_id)
    return render_template("integrations/choices.html", customer_id=customer_id, called=called, found=found, text=text)


@customer_pages.post("/integrations/customers/<customer_id>/match")
@needs(Role.ADMIN)
def match(customer_id: str) -> AnyResponse:
    """Match by hand."""
    account_id = request.form.get("account_id", "")
    services().integration.force_match(actor(), customer_id, account_id)
    account = services().accounts.list_accounts.one(actor(), account_id)
    tell(f"{_called(customer_id)} is matched to {account.row.name}.", _way_back(customer_id))
    return redirect(url_for("customer_pages.customers"), 303)


@customer_pages.post("/integrations/customers/<customer_id>/account")
@needs(Role.ADMIN)
def add_account(customer_id: str) -> AnyResponse:
    """Add an account for one customer, and match it."""
    try:
        account = services().integration.add_accounts.of_one(actor(), customer_id)
    except Conflict as refusal:
        tell(problem_of(refusal).detail)
        return redirect(url_for("customer_pages.customers"), 303)
    tell(f"The account {account.name} was added, and {_called(customer_id)} is matched to it.", _way_back(customer_id))
    return redirect(url_for("customer_pages.customers"), 303)


@customer_pages.post("/integrations/customers/accounts")
@needs(Role.ADMIN)
def add_accounts() -> AnyResponse:
    """Add the accounts of all companies that have none."""
    added = services().integration.add_accounts.of_all(actor())
    if added:
        said = "account was" if added == 1 else "accounts were"
        tell(f"{added:,} {said} added from the emails of customers who had none.")
    else:
        tell("No account was added: no unmatched customer's email names a company that has none.")
    return redirect(url_for("customer_pages.customers"), 303)


@customer_pages.post("/integrations/customers/<customer_id>/unmatch")
@needs(Role.ADMIN)
def unmatch(customer_id: str) -> AnyResponse:
    """Take a customer off its account."""
    services().integration.drop_match(actor(), customer_id)
    tell(f"{_called(customer_id)} is unmatched again and stays so until somebody matches it.")
    return redirect(url_for("customer_pages.customers"), 303)


def _way_back(customer_id: str) -> WayBack:
    return WayBack(url_for("customer_pages.unmatch", customer_id=customer_id))


def _called(customer_id: str) -> str:
    """How people know the customer: by name or email; by its id where it has neither."""
    for matched in (False, True):
        page = services().integration.list_customers(actor(), matched=matched, text=customer_id, limit=1, after=None)
        for shown in page.rows:
            if shown.row.id == customer_id:
                return shown.row.name or shown.row.email or customer_id
    return customer_id
