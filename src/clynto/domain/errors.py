"""Errors that users and callers can meet: a stable code, whether a repeat may help, and facts for the text.

Status codes and sentences live in one table at the edge (architecture decision 10); a test walks all subclasses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class ClyntoError(Exception):
    """Base of every expected fault. ``facts`` fill the sentence at the edge and hold no secret."""

    code: ClassVar[str]
    retryable: ClassVar[bool] = False

    def __init__(self, **facts: str | int | list[str] | None) -> None:
        super().__init__(self.code)
        self.facts: Mapping[str, str | int | list[str] | None] = facts

    def __str__(self) -> str:
        return self.code


class InvalidInput(ClyntoError):
    """Bad input, told field by field."""

    code = "invalid_input"

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__()
        self.errors = dict(errors)


class NotFound(ClyntoError):
    """There is no such thing in this workspace; foreign ids look exactly the same (guarantee 9)."""

    code = "not_found"


class Forbidden(ClyntoError):
    """The role does not allow it. ``required`` names the roles that do."""

    code = "forbidden"


class NotSignedIn(ClyntoError):
    """No valid session or token."""

    code = "not_signed_in"


class SignInRefused(ClyntoError):
    """Wrong email or password; which one is not told."""

    code = "sign_in_refused"


class TooManyAttempts(ClyntoError):
    """Sign-in tries are limited. ``retry_after`` is in seconds."""

    code = "too_many_attempts"
    retryable = True


class CsrfRefused(ClyntoError):
    """A change came from a browser session without the page's token."""

    code = "csrf_refused"


class Conflict(ClyntoError):
    """The change meets something that is already there; ``reason`` says what."""

    code = "conflict"


class LastOwner(ClyntoError):
    """A workspace keeps at least one owner."""

    code = "last_owner"


class QueueUnavailable(ClyntoError):
    """Background work cannot be handed over right now; nothing was changed."""

    code = "queue_unavailable"
    retryable = True


class WebhookRefused(ClyntoError):
    """The one answer for every webhook that is not genuinely signed (contract; guarantees A10)."""

    code = "webhook_refused"


class InvalidSigningSecret(ClyntoError):
    """What was pasted is not a webhook signing secret."""

    code = "invalid_signing_secret"


class NotConnected(ClyntoError):
    """There is no Stripe connection to act on."""

    code = "not_connected"


class SyncAlreadyRunning(ClyntoError):
    """Only one sync runs at a time per workspace (guide, Manual re-sync)."""

    code = "sync_already_running"


class InvalidApiKey(ClyntoError):
    """The key was refused by Stripe or cannot be one. ``reason`` is one of ``KEY_REFUSALS``."""

    code = "invalid_api_key"


KEY_REFUSALS = (
    "malformed",
    "publishable",
    "webhook_secret",
    "organisation",
    "rejected",
    "expired",
    "ip_restricted",
)


class MissingPermissions(ClyntoError):
    """The key is real but cannot read something. ``permissions`` lists what, in the product's own words."""

    code = "missing_permissions"


class DifferentStripeAccount(ClyntoError):
    """A new key must belong to the Stripe account that is connected (guarantees L3)."""

    code = "different_stripe_account"


class DifferentMode(ClyntoError):
    """A new key must be of the same mode, live or test."""

    code = "different_mode"


class StripeUnreachable(ClyntoError):
    """Stripe did not answer, or answered with a fault of its own. ``request_id`` is Stripe's, if it gave one."""

    code = "stripe_unreachable"
    retryable = True


class StripeAnswerUnusable(ClyntoError):
    """Stripe (or a proxy before it) answered something that was not asked for. Nothing was changed."""

    code = "stripe_answer_unusable"
    retryable = True


class StripeRateLimited(ClyntoError):
    """Stripe kept refusing for lack of budget until our patience ended."""

    code = "stripe_rate_limited"
    retryable = True


class PlannerUnreachable(ClyntoError):
    """The language model that plans queries did not answer in time, or refused to."""

    code = "planner_unreachable"
    retryable = True


class CredentialUnreadable(ClyntoError):
    """A sealed credential cannot be opened with the keys at hand; the Stripe key has to be pasted again."""

    code = "credential_unreadable"


class RunSuperseded(ClyntoError):
    """Another run took over; whatever the old one still wants to write is refused (guarantee 4)."""

    code = "run_superseded"


class SyncInterrupted(ClyntoError):
    """The worker of a run died or stopped and the run could not be resumed."""

    code = "sync_interrupted"
    retryable = True


class PayloadTooLarge(ClyntoError):
    """The body is over the limit. ``limit`` is in bytes."""

    code = "payload_too_large"


class ServiceUnavailable(ClyntoError):
    """The database or another part of the product does not answer."""

    code = "service_unavailable"
    retryable = True


class UnexpectedFault(ClyntoError):
    """A fault of our own that nobody foresaw; the log has the details."""

    code = "unexpected_fault"
    retryable = True
