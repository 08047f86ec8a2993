"""Connect Stripe, or reconnect with a new key (guide, Setup walkthrough and "I rotated my Stripe key")."""

from __future__ import annotations

from dataclasses import replace

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.domain.connection import Connection
from clynto.domain.errors import DifferentStripeAccount
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.domain.sync_run import SyncRun
from clynto.ports.clock import Clock
from clynto.ports.identifiers import Identifiers
from clynto.ports.stripe_reading import KeyReport, StripeKeyCheck, StripeReaders
from clynto.ports.unit_of_work import UnitOfWork, UnitsOfWork
from clynto.ports.vault import CredentialSealer, Purpose
from clynto.ports.work_queue import Job, JobKind, WorkQueue

CUSTOMERS_COMPARED = 3
"""How many customers we hold are looked up with a new key whose account is not told (stripe_facts 5)."""


class ConnectStripe:
    """Prove the key first, then seal it, begin a run and hand it over. A wrong key leaves the old one in place."""

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        clock: Clock,
        identifiers: Identifiers,
        key_check: StripeKeyCheck,
        readers: StripeReaders,
        sealer: CredentialSealer,
        queue: WorkQueue,
        audit: AuditTrail,
    ) -> None:
        self._units = units
        self._clock = clock
        self._identifiers = identifiers
        self._key_check = key_check
        self._readers = readers
        self._sealer = sealer
        self._queue = queue
        self._audit = audit

    def __call__(self, actor: Actor, pasted_key: Secret) -> str:
        """The id of the sync run that was begun.

        Raises ``Forbidden``, ``InvalidApiKey``, ``MissingPermissions``, ``DifferentStripeAccount``,
        ``DifferentMode``, ``StripeUnreachable`` or ``QueueUnavailable``; then nothing has changed.
        """
        actor.must_be(Role.ADMIN)
        key = Secret(pasted_key.reveal().strip())
        report = self._key_check.examine(key)
        self._refuse_foreign_account(actor.workspace_id, key, report)
        self._queue.ensure_available()
        run_id = self._identifiers.new_id("run")
        sealed = self._sealer.seal(key, workspace_id=actor.workspace_id, purpose=Purpose.STRIPE_API_KEY)
        with self._units.writing(actor.workspace_id) as uow:
            now = self._clock.now()
            known = uow.connections.get()
            connection = known.connect(
                report.identity, key_last4=key.last4, full_secret_key=report.full_secret_key, at=now
            )
            uow.connections.save(replace(connection, events_readable=report.events_readable))
            uow.connections.put_sealed_key(sealed)
            end_active_run(uow, self._clock)
            uow.sync_runs.add(SyncRun.request(run_id, requested_by=actor.label, at=now))
            self._audit.note(uow, actor, _action(known), _sentence(connection))
            uow.commit()
        self._queue.enqueue(Job(JobKind.RUN_SYNC, actor.workspace_id, run_id))
        return run_id

    def _refuse_foreign_account(self, workspace_id: str, key: Secret, report: KeyReport) -> None:
        """Where either account id is unknown, see whether the new key finds customers that we hold."""
        with self._units.reading(workspace_id) as uow:
            known = uow.connections.get()
            if known.mode is None or known.mode is not report.identity.mode:
                return
            if known.stripe_account_id is not None and report.identity.account_id is not None:
                return
            held = uow.customers.get_many(uow.customers.ids(after=None, limit=CUSTOMERS_COMPARED * 10))
        living = [customer_id for customer_id, (customer, _) in held.items() if not customer.deleted]
        if not living:
            return
        with self._readers.open(key, still_wanted=lambda: True) as reader:
            found = [reader.customer(customer_id) for customer_id in living[:CUSTOMERS_COMPARED]]
        if all(customer is None for customer in found):
            raise DifferentStripeAccount(connected=known.stripe_account_id, offered=report.identity.account_id)


def end_active_run(uow: UnitOfWork, clock: Clock) -> None:
    """Supersede the active run, if any, so that its worker stops at its next page."""
    active = uow.sync_runs.active()
    if active is not None:
        uow.sync_runs.save(active.supersede(clock.now()), holding=active.attempt)


def _action(known: Connection) -> str:
    return "stripe.connected" if known.mode is None else "stripe.reconnected"


def _sentence(connection: Connection) -> str:
    mode = connection.mode.value if connection.mode else "unknown"
    account = connection.stripe_account_id or "an account that the key may not name"
    return f"Connected Stripe in {mode} mode to {account} with a key ending in {connection.key_last4}."
