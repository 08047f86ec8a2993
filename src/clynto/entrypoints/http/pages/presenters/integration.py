"""The Stripe card: its six steps, its runs and its unmatched customers in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from clynto.application.queries.show_integration import CardState, IntegrationCard
from clynto.domain.matching import MatchDecision, MatchReason
from clynto.domain.sync_run import RunState, StepName, StepState, SyncRun
from clynto.entrypoints.http.pages.presenters.badges import CARD
from clynto.entrypoints.http.pages.presenters.moments import duration_text

STEP_WORDS: Mapping[StepName, str] = MappingProxyType(
    {
        StepName.PRODUCTS: "Products",
        StepName.PRICES: "Prices",
        StepName.CUSTOMERS: "Customers",
        StepName.SUBSCRIPTIONS: "Subscriptions",
        StepName.INVOICES: "Invoices",
        StepName.ACCOUNT_BILLING: "Account billing",
    }
)
"""The guide's own names, in its order."""

_STEP_STATES = {
    StepState.PENDING: "waiting",
    StepState.RUNNING: "running",
    StepState.DONE: "done",
    StepState.FAILED: "failed",
}

_REASONS: Mapping[MatchReason, str] = MappingProxyType(
    {
        MatchReason.EXACT_DOMAIN: "Its email has a domain of the account.",
        MatchReason.REGISTRABLE_DOMAIN: "Its email has a host below a domain of the account.",
        MatchReason.KEPT: "Matched earlier by its domain; the match is kept.",
        MatchReason.MANUALLY_MATCHED: "Matched by hand.",
        MatchReason.MANUALLY_UNMATCHED: "Taken off its account by hand.",
        MatchReason.NO_EMAIL: "It has no email address in Stripe.",
        MatchReason.UNUSABLE_EMAIL: "Its email address cannot be read.",
        MatchReason.FREE_MAIL: "Its email is a personal one, which names no company.",
        MatchReason.OWN_DOMAIN: "Its email has one of your own domains.",
        MatchReason.NO_ACCOUNT: "No account has the domain of its email.",
        MatchReason.AMBIGUOUS_DOMAIN: "Several accounts have the domain of its email.",
    }
)
_NOT_YET = "Not looked at yet."


@dataclass(frozen=True, slots=True)
class StepShown:
    """One of the six steps. ``state`` is Clynto's word, ``word`` the one for people."""

    name: str
    state: str
    word: str
    records: int


@dataclass(frozen=True, slots=True)
class RunShown:
    """A sync with its steps. ``duration`` None: it has not begun, or is not over."""

    run: SyncRun
    steps: tuple[StepShown, ...]
    duration: str | None


def run_shown(run: SyncRun) -> RunShown:
    """``run`` for people."""
    taken = None
    if run.started_at is not None and run.finished_at is not None:
        taken = duration_text(run.finished_at - run.started_at)
    return RunShown(
        run=run,
        steps=tuple(
            StepShown(STEP_WORDS[step.name], step.state.value, _STEP_STATES[step.state], step.records)
            for step in run.steps
        ),
        duration=taken,
    )


def matched_nothing(card: IntegrationCard) -> bool:
    """The guide's state "Records synced: 0 customers matched"."""
    synced = card.connection.last_sync_at is not None
    return synced and card.records_synced.customers > 0 and card.customers_matched == 0


def needs_new_key(card: IntegrationCard) -> bool:
    """Whether the error is about the key, so that Reconnect helps and Re-sync does not."""
    fault = card.connection.fault
    return fault is not None and fault.code in ("invalid_api_key", "credential_unreadable")


def polling_seconds(card: IntegrationCard) -> int:
    """How soon an open page looks again: quickly while something moves."""
    return 1 if card.state is CardState.SYNCING else 15


def told(card: IntegrationCard) -> str:
    """The state of the card for whoever listens, with the step that a sync is at: eight sentences for a whole sync."""
    word = CARD[card.state].word
    if card.state is not CardState.SYNCING or card.run is None:
        return f"Stripe: {word}"
    if card.waiting_for_worker:
        return "Stripe: waiting for a worker"
    here = next(
        ((number, step) for number, step in enumerate(card.run.steps, 1) if step.state is StepState.RUNNING), None
    )
    return f"{word} Step {here[0]} of {len(card.run.steps)}: {STEP_WORDS[here[1].name]}" if here else word


def is_queued(card: IntegrationCard) -> bool:
    """Whether the run has not begun."""
    return card.run is not None and card.run.state is RunState.QUEUED


def reason_text(match: MatchDecision | None) -> str:
    """Why a customer is, or is not, on an account."""
    return _NOT_YET if match is None else _REASONS[match.reason]
