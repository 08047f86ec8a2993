"""Every page of the product by name and path: what pictures are taken of, and what all of them have to keep."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shot:
    """``path`` may hold ``{account}``, the id of the account with the highest MRR, and ``{customer}``."""

    name: str
    path: str


FULL = (
    Shot("accounts", "/accounts"),
    Shot("accounts-failed", "/accounts?payment_status=failed"),
    Shot("accounts-none-found", "/accounts?q=zzz"),
    Shot("accounts-columns", "/accounts?dialog=columns"),
    Shot("accounts-add", "/accounts?dialog=add"),
    Shot("accounts-import", "/accounts?dialog=import"),
    Shot("account-billing", "/accounts/{account}/billing"),
    Shot("account-mrr", "/accounts/{account}/mrr"),
    Shot("account-health", "/accounts/{account}/health"),
    Shot("account-usage", "/accounts/{account}/usage"),
    Shot("account-edit", "/accounts/{account}?dialog=edit"),
    Shot("inbox", "/inbox"),
    Shot("inbox-resolved", "/inbox?status=resolved"),
    Shot("larry", "/larry"),
    Shot("integrations", "/integrations"),
    Shot("integrations-webhooks", "/integrations?dialog=webhooks"),
    Shot("integrations-disconnect", "/integrations?dialog=disconnect"),
    Shot("customers", "/integrations/customers"),
    Shot("customers-matched", "/integrations/customers?matched=true"),
    Shot("customers-add-accounts", "/integrations/customers?dialog=add-accounts"),
    Shot("customer-choices", "/integrations/customers/{customer}/choices?account=a"),
    Shot("settings", "/settings"),
    Shot("settings-rates", "/settings/rates"),
    Shot("settings-people", "/settings/people"),
    Shot("settings-person", "/settings/people?dialog=person"),
    Shot("settings-own-password", "/settings/people?dialog=own-password"),
    Shot("settings-tokens", "/settings/tokens"),
    Shot("settings-audit", "/settings/audit"),
    Shot("settings-data", "/settings/data"),
    Shot("not-found", "/accounts/acc_that_is_not_there"),
)
EMPTY = (
    Shot("accounts", "/accounts"),
    Shot("inbox", "/inbox"),
    Shot("larry", "/larry"),
    Shot("integrations", "/integrations"),
    Shot("integrations-connect", "/integrations?dialog=connect"),
    Shot("customers", "/integrations/customers"),
    Shot("settings", "/settings"),
    Shot("settings-rates", "/settings/rates"),
    Shot("settings-tokens", "/settings/tokens"),
    Shot("settings-audit", "/settings/audit"),
    Shot("settings-data", "/settings/data"),
)
