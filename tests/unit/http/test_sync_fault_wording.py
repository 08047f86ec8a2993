"""What the card says about a failed sync, and other sentences that say what to do (guide, Troubleshooting)."""

from __future__ import annotations

import pytest

from clynto.application.queries.show_webhooks import WebhookRefusal
from clynto.domain.errors import (
    KEY_REFUSALS,
    ClyntoError,
    Conflict,
    CredentialUnreadable,
    DifferentMode,
    DifferentStripeAccount,
    InvalidApiKey,
    MissingPermissions,
    NotConnected,
    ServiceUnavailable,
    StripeAnswerUnusable,
    StripeRateLimited,
    StripeUnreachable,
    SyncInterrupted,
    UnexpectedFault,
)
from clynto.domain.moments import UnixMicros
from clynto.domain.sync_run import StepName
from clynto.entrypoints.http.problem_details import describe_sync_fault, problem_of
from clynto.entrypoints.http.webhook_wording import describe_refusal
from clynto.ports.webhooks import SignatureCheck

FAULTS: list[ClyntoError] = [
    *(InvalidApiKey(reason=reason) for reason in KEY_REFUSALS),
    InvalidApiKey(),
    MissingPermissions(permissions=["invoices", "prices"]),
    MissingPermissions(),
    StripeUnreachable(),
    StripeUnreachable(request_id="req_1", status=500),
    StripeAnswerUnusable(),
    StripeRateLimited(),
    CredentialUnreadable(),
    SyncInterrupted(),
    NotConnected(),
    ServiceUnavailable(reason="db.internal"),
    UnexpectedFault(),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.code}-{fault.facts.get('reason')}")
@pytest.mark.parametrize("step", [None, *StepName])
def test_every_text_is_finished_and_says_what_to_do(fault: ClyntoError, step: StepName | None) -> None:
    told = describe_sync_fault(fault, step)
    assert told.endswith(".")
    assert "{" not in told
    assert "None" not in told
    assert "internal" not in told
    assert any(word in told for word in ("Click", "click", "Re-sync"))


def test_the_guides_own_words() -> None:
    assert describe_sync_fault(InvalidApiKey(reason="rejected"), StepName.CUSTOMERS).startswith(
        "Invalid Stripe API key"
    )
    told = describe_sync_fault(StripeUnreachable(request_id="req_abc", status=500), StepName.INVOICES)
    assert told.startswith("Stripe answered with an error while reading invoices.")
    assert told.endswith("Stripe's request id is req_abc.")
    assert "could not be reached while reading prices" in describe_sync_fault(StripeUnreachable(), StepName.PRICES)
    missing = describe_sync_fault(MissingPermissions(permissions=["invoices", "prices"]), StepName.INVOICES)
    assert "invoices, prices" in missing
    assert "computing account billing" in describe_sync_fault(UnexpectedFault(), StepName.ACCOUNT_BILLING)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (DifferentMode(connected="live", offered="test"), ("test mode", "live data", "Paste a live key")),
        (DifferentStripeAccount(connected="acct_1", offered="acct_2"), ("another Stripe account", "Paste")),
        (MissingPermissions(permissions=["customers", "prices"]), ("customers, prices", "Read access")),
        (Conflict(reason="still_connected"), ("Disconnect Stripe",)),
        (Conflict(reason="email_taken"), ("already in use",)),
        (Conflict(), ("Reload",)),
        (UnexpectedFault(), ("Re-sync",)),
    ],
)
def test_problems_say_what_to_do(fault: ClyntoError, words: tuple[str, ...]) -> None:
    told = problem_of(fault).detail
    assert all(word in told for word in words), told


@pytest.mark.parametrize("check", [check for check in SignatureCheck if check is not SignatureCheck.GENUINE])
def test_every_refusal_of_a_delivery_is_explained(check: SignatureCheck) -> None:
    assert describe_refusal(WebhookRefusal(UnixMicros(0), check.value, None)).endswith(".")


@pytest.mark.parametrize(
    ("skew", "words"), [(600, "about 10 min"), (-600, "about 10 min"), (301, "about 5 min"), (-90, "about 90 s")]
)
def test_a_clock_that_is_off_is_told_in_words(skew: int, words: str) -> None:
    assert words in describe_refusal(WebhookRefusal(UnixMicros(0), "too_old", skew))
