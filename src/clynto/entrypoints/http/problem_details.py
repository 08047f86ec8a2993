"""One table from an error's code to what people and scripts are told (architecture decision 10; RFC 9457)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clynto.domain.errors import ClyntoError, InvalidInput
from clynto.entrypoints.http.sync_fault_wording import describe_sync_fault as describe_sync_fault

Fact = str | int | list[str] | None


@dataclass(frozen=True, slots=True)
class Wording:
    """``sentence`` may name facts in braces."""

    status: int
    title: str
    sentence: str


WORDINGS: Mapping[str, Wording] = MappingProxyType(
    {
        "invalid_input": Wording(422, "Invalid input", "Some of what was sent cannot be used; see the errors."),
        "not_found": Wording(404, "Not found", "There is nothing here by that name."),
        "forbidden": Wording(403, "Not allowed", "This needs the role {required}."),
        "not_signed_in": Wording(401, "Not signed in", "Sign in, or send a valid API token."),
        "sign_in_refused": Wording(401, "Sign-in refused", "Email or password is wrong."),
        "too_many_attempts": Wording(
            429, "Too many attempts", "There were too many failed attempts. Wait 15 minutes and try again."
        ),
        "csrf_refused": Wording(
            403, "Page out of date", "The page's security token is missing or old. Reload the page and try again."
        ),
        "conflict": Wording(409, "Conflict", "This meets something that is already there. Reload and try again."),
        "last_owner": Wording(
            409, "Last owner", "A workspace keeps at least one owner. Make somebody else owner first."
        ),
        "queue_unavailable": Wording(
            503, "Background work unavailable", "Background work cannot be handed over now. Nothing was changed."
        ),
        "webhook_refused": Wording(400, "Webhook refused", "This webhook was not accepted."),
        "invalid_signing_secret": Wording(
            422,
            "Invalid signing secret",
            "This is not a webhook signing secret. It starts with whsec_; copy it from the endpoint in Stripe.",
        ),
        "not_connected": Wording(409, "Not connected", "Stripe is not connected to this workspace."),
        "sync_already_running": Wording(
            409, "Sync already running", "A sync is already running. Wait for it to finish and try again."
        ),
        "invalid_api_key": Wording(
            422,
            "Invalid Stripe API key",
            "Stripe refused this key. Check that it is complete, starts with rk_ or sk_ and was not revoked.",
        ),
        "missing_permissions": Wording(
            422,
            "Missing permissions",
            "The key cannot read {permissions}. Give it Read access to {permissions} in Stripe and try again.",
        ),
        "different_stripe_account": Wording(
            422,
            "Different Stripe account",
            "This key belongs to another Stripe account than this workspace's data. Paste a key of the same account.",
        ),
        "different_mode": Wording(
            422,
            "Different mode",
            "This key is for {offered} mode, but this workspace holds {connected} data. Paste a {connected} key.",
        ),
        "stripe_unreachable": Wording(502, "Stripe unreachable", "Stripe did not answer. Try again in a moment."),
        "stripe_answer_unusable": Wording(
            502, "Unusable answer", "Stripe's answer could not be used. Nothing was changed. Try again."
        ),
        "stripe_rate_limited": Wording(
            503, "Stripe is busy", "Stripe kept limiting our requests. Try again in a few minutes."
        ),
        "planner_unreachable": Wording(
            502, "Language model unreachable", "The language model did not answer. Ask again in a moment."
        ),
        "credential_unreadable": Wording(
            409, "Stripe key unreadable", "The stored Stripe key cannot be opened any more. Paste it again."
        ),
        "run_superseded": Wording(409, "Superseded", "Another sync took over."),
        "sync_interrupted": Wording(
            503, "Sync interrupted", "The sync was interrupted and could not go on. Click Re-sync to start again."
        ),
        "payload_too_large": Wording(413, "Too large", "The body is larger than {limit} bytes."),
        "service_unavailable": Wording(503, "Unavailable", "A part of the service does not answer. Try again."),
        "unexpected_fault": Wording(
            500,
            "Unexpected fault",
            "Something unexpected went wrong on our side. Click Re-sync to retry; if it repeats, contact support.",
        ),
        "internal_error": Wording(
            500, "Unexpected fault", "Something went wrong on our side. Please name incident {incident} to support."
        ),
        "address_too_long": Wording(
            414, "Address too long", "The address is longer than {limit} bytes. Shorten the search or the cursor."
        ),
        "headers_too_large": Wording(431, "Headers too large", "The headers are more than the server takes."),
        "malformed_request": Wording(400, "Malformed request", "The request could not be understood."),
        "malformed_json": Wording(400, "Malformed JSON", "The body is not valid JSON in UTF-8."),
        "method_not_allowed": Wording(405, "Method not allowed", "This address does not take that method."),
        "unsupported_media_type": Wording(415, "Unsupported media type", "Send the body as {media_types}."),
        "request_refused": Wording(400, "Request refused", "The request was refused."),
    }
)

SENTENCES_BY_REASON: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("invalid_api_key", "malformed"): (
            "This is not a Stripe API key. Paste the full key; it starts with rk_ or sk_ and is quite long."
        ),
        ("invalid_api_key", "publishable"): (
            "This is a publishable key, which cannot read anything. Paste a restricted key that starts with rk_."
        ),
        ("invalid_api_key", "webhook_secret"): (
            "This is a webhook signing secret. Paste a restricted key that starts with rk_."
        ),
        ("invalid_api_key", "organisation"): (
            "This is an organisation key. Create a restricted key in the one account that should be connected."
        ),
        ("invalid_api_key", "rejected"): (
            "Stripe rejected this key. Check that it is complete and was not revoked in the Stripe dashboard."
        ),
        ("invalid_api_key", "expired"): "This key has expired. Create a new restricted key in Stripe and paste it.",
        ("invalid_api_key", "ip_restricted"): (
            "This key may not be used from our address. Remove the key's IP restriction in Stripe or allow ours."
        ),
        ("conflict", "email_taken"): "This email address is already in use.",
        ("conflict", "customer_matched"): "This customer is on an account already. Reload to see which.",
        ("conflict", "still_connected"): "Disconnect Stripe before you remove its data.",
        ("conflict", "workspace_exists"): "The first workspace has already been set up. Sign in instead.",
    }
)
"""More exact sentences where the error tells a reason."""

PUBLIC_FACTS = ("permissions", "incident", "request_id")
"""Facts that scripts may want as they are, beside the sentence. A reason is told only if it has a sentence above:
others, such as why the database does not answer, are for the log."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is told, before it becomes JSON or a page."""

    status: int
    code: str
    title: str
    detail: str
    errors: Mapping[str, str]
    facts: Mapping[str, Fact]

    @property
    def headers(self) -> dict[str, str]:
        """What clients read before the body."""
        headers = {"WWW-Authenticate": "Bearer"} if self.status == 401 else {}
        if (seconds := self.facts.get("retry_after")) is not None:
            headers["Retry-After"] = str(seconds)
        return headers

    def as_json(self) -> dict[str, object]:
        """The members of the problem document; absent ones are left out."""
        members: dict[str, object] = {
            "status": self.status,
            "title": self.title,
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            members["errors"] = dict(self.errors)
        members.update({name: self.facts[name] for name in PUBLIC_FACTS if self.facts.get(name) is not None})
        if (self.code, reason := str(self.facts.get("reason"))) in SENTENCES_BY_REASON:
            members["reason"] = reason
        return members


def title_of(code: str) -> str:
    """What a fault that was kept by its code is called: "Stripe unreachable"."""
    wording = WORDINGS.get(code)
    return code.replace("_", " ") if wording is None else wording.title


def problem_of(error: ClyntoError) -> Problem:
    """What to tell about ``error``."""
    errors = error.errors if isinstance(error, InvalidInput) else {}
    return problem(error.code, error.facts, errors)


def problem(code: str, facts: Mapping[str, Fact] | None = None, errors: Mapping[str, str] | None = None) -> Problem:
    """The row of ``code``, filled with ``facts``."""
    wording = WORDINGS[code]
    known = dict(facts or {})
    return Problem(wording.status, code, wording.title, sentence(code, known), dict(errors or {}), known)


def sentence(code: str, facts: Mapping[str, Fact]) -> str:
    """The sentence for people; also what the Stripe card shows."""
    template = SENTENCES_BY_REASON.get((code, str(facts.get("reason"))), WORDINGS[code].sentence)
    return template.format_map(
        defaultdict(lambda: "unknown", {name: _words(fact) for name, fact in facts.items() if fact is not None})
    )


def _words(fact: Fact) -> str:
    return ", ".join(fact) if isinstance(fact, list) else str(fact)
