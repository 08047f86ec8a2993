"""Stripe customers: which account each belongs to, why, and matching by hand."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields

from clynto.application.queries.list_customers import CustomerShown
from clynto.domain.account_billing import PaymentStatus
from clynto.domain.matching import MatchKind, MatchReason
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.api.fields import money
from clynto.entrypoints.http.api.filters import OnlyTrueOrFalse, search_text
from clynto.entrypoints.http.api.resource import API_PREFIX, Resource
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pagination import PageArguments, PageOf, PageSchema

customers = Resource(
    "customers",
    url_prefix=f"{API_PREFIX}/integrations/stripe/customers",
    description="Stripe customers and the accounts they belong to.",
)


class CustomersArguments(PageArguments):
    """Which customers."""

    matched = OnlyTrueOrFalse(load_default=None, metadata={"description": "Leave it out for all of them."})
    q = search_text("Searched for in name, email and id.")


class CustomerMatchSchema(Schema):
    """Where a customer belongs and why."""

    kind = fields.Enum(MatchKind, by_value=True, required=True)
    reason = fields.Enum(MatchReason, by_value=True, required=True)
    account_id = fields.String(required=True, allow_none=True)
    matched_domain = fields.String(required=True, allow_none=True)
    candidates = fields.List(
        fields.String(), required=True, metadata={"description": "Accounts that all carry the domain."}
    )


class CustomerAccountSchema(Schema):
    """The account a customer belongs to."""

    id = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)


class CustomerSchema(Schema):
    """A Stripe customer."""

    id = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    deleted = fields.Boolean(required=True)
    matched = fields.Boolean(required=True)
    account = fields.Nested(CustomerAccountSchema, required=True, allow_none=True)
    match = fields.Nested(CustomerMatchSchema, required=True, allow_none=True)
    mrr = money(required=True)
    payment_status = fields.Enum(PaymentStatus, by_value=True, required=True, allow_none=True)


class CustomersPageSchema(PageSchema):
    """Customers, highest MRR first."""

    items = fields.List(fields.Nested(CustomerSchema), required=True)


class WantedMatchSchema(Schema):
    """Where the customer is to belong."""

    account_id = fields.String(required=True)


class DecidedMatchSchema(Schema):
    """What was decided by hand."""

    customer_id = fields.String(required=True)
    account_id = fields.String(required=True, allow_none=True)
    matched = fields.Boolean(required=True)


class AddedAccountsSchema(Schema):
    """How many accounts were missing."""

    created = fields.Integer(required=True)


@customers.route("")
class Customers(MethodView):
    """All of them."""

    @customers.takes_query(CustomersArguments)
    @customers.answers(200, CustomersPageSchema)
    @needs(Role.MEMBER)
    def get(self, wanted: dict[str, Any]) -> PageOf:
        """Stripe customers with their match and why."""
        page = services().integration.list_customers(
            actor(), matched=wanted["matched"], text=wanted["q"], limit=wanted["limit"], after=wanted["cursor"]
        )
        return PageOf(items=[_flat(shown) for shown in page.rows], next_cursor=page.next_cursor)


@customers.route("/accounts")
class MissingAccounts(MethodView):
    """Accounts for customers that have none."""

    @customers.answers(201, AddedAccountsSchema)
    @needs(Role.ADMIN)
    def post(self) -> dict[str, int]:
        """Add an account for each company that an unmatched customer's email names and no account carries."""
        return {"created": services().integration.add_accounts.of_all(actor())}


@customers.route("/<string:customer_id>/account")
class CustomerAccount(MethodView):
    """An account for one customer."""

    @customers.answers(201, DecidedMatchSchema)
    @needs(Role.ADMIN)
    def post(self, customer_id: str) -> dict[str, object]:
        """Add an account named after the customer, match it by hand and recompute at once; 409 if it has one."""
        account = services().integration.add_accounts.of_one(actor(), customer_id)
        return {"customer_id": customer_id, "account_id": account.id, "matched": True}


@customers.route("/<string:customer_id>/match")
class CustomerMatch(MethodView):
    """A match by hand; it stays over re-syncs."""

    @customers.takes_json(WantedMatchSchema)
    @customers.answers(200, DecidedMatchSchema)
    @needs(Role.ADMIN)
    def put(self, wanted: dict[str, str], customer_id: str) -> dict[str, object]:
        """Put the customer on an account and recompute at once."""
        services().integration.force_match(actor(), customer_id, wanted["account_id"])
        return {"customer_id": customer_id, "account_id": wanted["account_id"], "matched": True}

    @customers.answers(200, DecidedMatchSchema)
    @needs(Role.ADMIN)
    def delete(self, customer_id: str) -> dict[str, object]:
        """Take the customer off its account and recompute at once."""
        services().integration.drop_match(actor(), customer_id)
        return {"customer_id": customer_id, "account_id": None, "matched": False}


def _flat(shown: CustomerShown) -> dict[str, object]:
    row = shown.row
    account_id = row.match.account_id if row.match is not None else None
    return {
        "id": row.id,
        "name": row.name,
        "email": row.email,
        "deleted": row.deleted,
        "matched": account_id is not None,
        "account": None if account_id is None else {"id": account_id, "name": row.account_name},
        "match": row.match,
        "mrr": shown.mrr,
        "payment_status": row.payment_status,
    }
