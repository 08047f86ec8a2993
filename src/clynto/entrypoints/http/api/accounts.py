"""The accounts table: list, totals, add, edit, delete."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from clynto.application.queries.figures import AccountFigures
from clynto.application.queries.list_accounts import TotalsShown
from clynto.domain.health import HealthScore
from clynto.domain.roles import Role
from clynto.entrypoints.http.access import needs
from clynto.entrypoints.http.api.account_rows import AccountRowSchema
from clynto.entrypoints.http.api.fields import NOT_EMPTY, money
from clynto.entrypoints.http.api.filters import OneOrMore, search_text
from clynto.entrypoints.http.api.health_view import PillarSchema
from clynto.entrypoints.http.api.resource import API_PREFIX, Resource
from clynto.entrypoints.http.current import actor, services
from clynto.entrypoints.http.pagination import PageArguments, PageOf, PageSchema
from clynto.ports.read_models import AccountSort, AccountsQuery, StatusFilter

accounts = Resource("accounts", url_prefix=f"{API_PREFIX}/accounts", description="Accounts and what they pay.")

DOWN = "-"
"""Before a column's name: highest first."""
SORTS = [f"{sign}{sort.value}" for sort in AccountSort for sign in ("", DOWN)]


class AccountFilters(Schema):
    """Which accounts."""

    payment_status = OneOrMore(StatusFilter)
    q = search_text("Searched for in name and domains.")


class ExportArguments(AccountFilters):
    """Which accounts, in which order."""

    sort = fields.String(
        load_default=AccountSort.NAME.value,
        validate=validate.OneOf(SORTS),
        metadata={"description": "A column; with `-` before it, highest first."},
    )


class AccountsArguments(PageArguments, ExportArguments):
    """Which accounts, in which order, how many."""


class AccountsPageSchema(PageSchema):
    """One page of the table."""

    items = fields.List(fields.Nested(AccountRowSchema), required=True)


class OneAccountSchema(AccountRowSchema):
    """One row plus pillars."""

    pillars = fields.List(fields.Nested(PillarSchema), required=True)


class CoverageSchema(Schema):
    """How much of Stripe's MRR is matched to accounts."""

    matched_customers = fields.Integer(required=True, attribute="coverage.matched_customers")
    unmatched_customers = fields.Integer(required=True, attribute="coverage.unmatched_customers")
    matched_mrr = money(required=True)
    unmatched_mrr = money(required=True)
    covered_percent = fields.Integer(required=True, allow_none=True)


class TotalsSchema(Schema):
    """Sums over everything the filters select."""

    accounts = fields.Integer(required=True)
    mrr = money(required=True)
    arr = money(required=True)
    by_status = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    coverage = fields.Nested(CoverageSchema, required=True, metadata={"description": "Of the whole workspace."})


class AccountChangesSchema(Schema):
    """What is not named stays; ``domain`` null or an empty list takes all domains away."""

    name = fields.String(metadata=NOT_EMPTY)
    domain = fields.String(allow_none=True, metadata={"example": "acme.com"})
    domains = fields.List(fields.String(), metadata={"description": "Instead of `domain`, for several."})
    external_id = fields.String()

    @validates_schema
    def one_way_only(self, data: dict[str, Any], **_: Any) -> None:
        """Two answers to one question are refused."""
        if "domain" in data and "domains" in data:
            raise ValidationError("Give either domain or domains, not both.", "domain")

    @post_load
    def as_words(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """What the use cases take."""
        if "domain" in data:
            domain = data.pop("domain")
            data["domains"] = [] if domain is None else [domain]
        return data


class NewAccountSchema(AccountChangesSchema):
    """An account to add."""

    name = fields.String(required=True, metadata=NOT_EMPTY)


@accounts.route("")
class Accounts(MethodView):
    """All of them."""

    @accounts.takes_query(AccountsArguments)
    @accounts.answers(200, AccountsPageSchema)
    @needs(Role.MEMBER)
    def get(self, wanted: dict[str, Any]) -> PageOf:
        """The accounts table."""
        query = query_of(wanted, limit=wanted["limit"], after=wanted["cursor"])
        page = services().accounts.list_accounts(actor(), query)
        return PageOf(items=page.rows, next_cursor=page.next_cursor)

    @accounts.takes_json(NewAccountSchema)
    @accounts.answers(201, OneAccountSchema)
    @needs(Role.ADMIN)
    def post(self, wanted: dict[str, Any]) -> dict[str, object]:
        """Add an account."""
        account_id = services().accounts.create_account(actor(), **{"domains": [], **wanted})
        return _one(account_id)


@accounts.route("/totals")
class Totals(MethodView):
    """Sums."""

    @accounts.takes_query(AccountFilters)
    @accounts.answers(200, TotalsSchema)
    @needs(Role.MEMBER)
    def get(self, wanted: dict[str, Any]) -> dict[str, object]:
        """Totals for the filters, and how much of Stripe's MRR they rest on."""
        return _totals(services().accounts.list_accounts.totals(actor(), query_of(wanted)))


@accounts.route("/<string:account_id>")
class OneAccount(MethodView):
    """One of them."""

    @accounts.answers(200, OneAccountSchema)
    @needs(Role.MEMBER)
    def get(self, account_id: str) -> dict[str, object]:
        """One row plus pillars."""
        return _one(account_id)

    @accounts.takes_json(AccountChangesSchema)
    @accounts.answers(200, OneAccountSchema)
    @needs(Role.ADMIN)
    def patch(self, changes: dict[str, Any], account_id: str) -> dict[str, object]:
        """Change name, domains or outside id."""
        services().accounts.change_account(actor(), account_id, **changes)
        return _one(account_id)

    @accounts.answers(204)
    @needs(Role.ADMIN)
    def delete(self, account_id: str) -> None:
        """Delete an account; what Stripe told us stays."""
        services().accounts.delete_account(actor(), account_id)


def query_of(wanted: dict[str, Any], **paging: Any) -> AccountsQuery:
    """Query parameters as the table takes them."""
    sort: str = wanted.get("sort", AccountSort.NAME.value)
    return AccountsQuery(
        sort=AccountSort(sort.removeprefix(DOWN)),
        descending=sort.startswith(DOWN),
        statuses=wanted["payment_status"],
        text=wanted["q"],
        **paging,
    )


def _one(account_id: str) -> dict[str, object]:
    figures: AccountFigures = services().accounts.list_accounts.one(actor(), account_id)
    health: HealthScore = services().accounts.show_health(actor(), account_id).health
    shown = {name: getattr(figures, name) for name in ("row", "mrr", "arr", "lifetime_value")}
    return {**shown, "pillars": health.pillars}


def _totals(totals: TotalsShown) -> dict[str, object]:
    return {
        "accounts": totals.accounts,
        "mrr": totals.mrr,
        "arr": totals.arr,
        "by_status": totals.by_status,
        "coverage": totals,
    }
