"""One read of Stripe, seen through to its end: budget, retries, and a verdict on the answer (stripe_facts 4)."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from clynto.adapters.stripe_api.call_limits import CallAbandoned
from clynto.adapters.stripe_api.lesser_expansion import Parameters, lesser_expansions, may_be_about_expansion
from clynto.adapters.stripe_api.patience import Patience
from clynto.adapters.stripe_api.refusals import Refusal, refusal_of
from clynto.adapters.stripe_api.transport import Answer, NoAnswer, ReadOnlyTransport
from clynto.domain.errors import ClyntoError, RunSuperseded, StripeAnswerUnusable, StripeUnreachable
from clynto.domain.moments import UnixMicros
from clynto.domain.secret import Secret
from clynto.ports.clock import Clock
from clynto.ports.request_budget import RequestBudget

JsonObject = dict[str, Any]

_WAIT_STEP_SECONDS = 0.25


def key_fingerprint(key: Secret) -> str:
    """A stable name for a key that tells nothing about it."""
    return hashlib.blake2b(key.reveal().encode(), digest_size=16, person=b"clynto-budget").hexdigest()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What reading needs from the world. ``sleep`` takes seconds; ``random_share`` gives a number from 0 to 1."""

    budget: RequestBudget
    clock: Clock
    sleep: Callable[[float], None] = time.sleep
    random_share: Callable[[], float] = random.random
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Read:
    """What to ask. ``endpoint`` names the rate limit it falls under (list and retrieve are two, stripe_facts 4),
    ``resource`` the permission it needs; ``expects`` is the ``object`` of a right answer."""

    endpoint: str
    resource: str
    path: str
    version: str
    expects: str
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A right answer, as old as ``sent_at``. ``waited`` is how many seconds the budget held the request back."""

    body: JsonObject
    sent_at: UnixMicros
    request_id: str | None
    waited: float


class CarefulReads:
    """Reads with one key. Safe to use from several threads."""

    def __init__(
        self,
        transport: ReadOnlyTransport,
        fingerprint: str,
        surroundings: Surroundings,
        patience: Patience,
        still_wanted: Callable[[], bool],
    ) -> None:
        self._transport = transport
        self._fingerprint = fingerprint
        self._world = surroundings
        self._patience = patience
        self._still_wanted = still_wanted
        self._refused: set[Parameters] = set()

    def read(self, wanted: Read, *, abandoned: Callable[[], bool] = lambda: False) -> Found | Refusal:
        """As ``_read``. Where the key may not expand discounts, they come as ids, and the key is not asked again."""
        expanding = tuple(one for one in wanted.parameters if one[0] == "expand[]")
        offers = (expanding, *lesser_expansions(expanding))
        rest = tuple(one for one in wanted.parameters if one[0] != "expand[]")
        answers = []
        for offer in offers:
            if offer in self._refused and offer != offers[-1]:
                continue
            answer = self._read(replace(wanted, parameters=(*rest, *offer)), abandoned)
            if not isinstance(answer, Refusal) or not may_be_about_expansion(answer):
                return answer
            answers.append(answer)
            if offer:
                self._refused.add(offer)
        return answers[0]

    def _read(self, wanted: Read, abandoned: Callable[[], bool]) -> Found | Refusal:
        """Ask until there is a right answer or a refusal that will stand.

        Only refusals the caller may make something of come back as ``Refusal``: 400, 401, 403 and 404. Raises
        ``StripeRateLimited``, ``StripeUnreachable`` or ``StripeAnswerUnusable`` when patience ends, ``RunSuperseded``
        when the run is no longer wanted and ``CallAbandoned`` when ``abandoned`` says so.
        """
        waited = self._wait_for_budget(wanted.endpoint, abandoned)
        # Waiting in our own line is no fault of Stripe's: patience begins with the first try.
        started = self._world.monotonic()
        failures = 0
        while True:
            sent_at = self._world.clock.now()
            verdict = self._attempt(wanted, abandoned)
            if isinstance(verdict, Refusal):
                return verdict
            if not isinstance(verdict, _Failure):
                return Found(body=verdict[0], sent_at=sent_at, request_id=verdict[1], waited=waited)
            failures += 1
            pause = self._patience.pause(failures, self._world.random_share)
            elapsed = self._world.monotonic() - started
            if failures >= verdict.tries or elapsed + pause + verdict.lasted >= self._patience.longest:
                raise verdict.error
            self._wait(pause, abandoned)
            waited = self._wait_for_budget(wanted.endpoint, abandoned)

    def _attempt(
        self, wanted: Read, abandoned: Callable[[], bool]
    ) -> tuple[JsonObject, str | None] | Refusal | _Failure:
        started = self._world.monotonic()

        def given_up() -> bool:
            return abandoned() or not self._still_wanted()

        try:
            answer = self._transport.get(wanted.path, wanted.parameters, wanted.version, abandoned=given_up)
        except CallAbandoned:
            # Tells a run that is no longer wanted from a list that nobody reads any more.
            self._demand_interest(abandoned)
            raise
        except NoAnswer as fault:
            lasted = self._world.monotonic() - started
            return _Failure(StripeUnreachable(fault=fault.kind, request_id=None), self._patience.tries, lasted)
        if answer.status == 200:
            body = _object_in(answer, wanted.expects)
            if body is not None:
                return body, answer.request_id
            return _Failure(StripeAnswerUnusable(request_id=answer.request_id), self._patience.unusable_tries)
        return self._judge_refusal(answer, wanted)

    def _judge_refusal(self, answer: Answer, wanted: Read) -> Refusal | _Failure:
        refusal = refusal_of(answer)
        error = refusal.as_error(wanted.resource)
        if answer.status == 429:
            self._world.budget.refused(self._fingerprint, wanted.endpoint)
        # The header overrides the status (stripe_facts 4), but no word of Stripe's makes a wrong key right.
        advice = answer.headers.get("Stripe-Should-Retry", "").strip().lower()
        if answer.status in (401, 403) and refusal.from_stripe:
            return refusal
        if answer.status == 429:
            return _Failure(error, 1 if advice == "false" else _UNCOUNTED)
        if answer.status == 409 or answer.status >= 500:
            return _Failure(error, 1 if advice == "false" else self._patience.tries)
        if advice == "true":
            return _Failure(error, self._patience.tries)
        if answer.status in (400, 404) and refusal.from_stripe:
            return refusal
        # Redirects and other answers that an API never gives come from something in between.
        return _Failure(StripeAnswerUnusable(request_id=refusal.request_id, status=answer.status), 1)

    def _wait_for_budget(self, endpoint: str, abandoned: Callable[[], bool]) -> float:
        self._demand_interest(abandoned)
        seconds = self._world.budget.reserve(self._fingerprint, endpoint)
        if seconds > 0:
            self._wait(seconds, abandoned)
        return seconds

    def _wait(self, seconds: float, abandoned: Callable[[], bool]) -> None:
        while seconds > 0:
            step = min(seconds, _WAIT_STEP_SECONDS)
            self._world.sleep(step)
            seconds -= step
            self._demand_interest(abandoned)

    def _demand_interest(self, abandoned: Callable[[], bool]) -> None:
        if abandoned():
            raise CallAbandoned
        if not self._still_wanted():
            raise RunSuperseded


_UNCOUNTED = 1_000_000


@dataclass(frozen=True, slots=True)
class _Failure:
    """A try that may be repeated: how often in all, and how many seconds it took to fail."""

    error: ClyntoError
    tries: int
    lasted: float = 0.0


def _object_in(answer: Answer, expects: str) -> JsonObject | None:
    """The answer's JSON object if it is what was asked for (guarantees G9)."""
    body = _parsed(answer.body)
    if not isinstance(body, dict) or body.get("object") != expects:
        return None
    if expects != "list":
        return body
    data, more = body.get("data"), body.get("has_more")
    right = isinstance(data, list) and isinstance(more, bool) and all(isinstance(entry, dict) for entry in data)
    return body if right else None


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    # Half of a surrogate pair in a name is no reason to refuse a page (guarantees D11); only the slower parser of the
    # standard library lets it through.
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def parameters_of(**values: str | int | Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Query parameters as Stripe writes them; a sequence becomes ``name[]`` once for each entry."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, (str, int)):
            pairs.append((name, str(value)))
        else:
            pairs.extend((f"{name}[]", entry) for entry in value)
    return tuple(pairs)
