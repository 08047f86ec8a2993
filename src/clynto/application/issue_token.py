"""Issue an API token for scripts."""

from __future__ import annotations

from dataclasses import dataclass

from clynto.application.actor import Actor
from clynto.application.audit import AuditTrail
from clynto.application.person_details import Findings
from clynto.application.queries.tokens import TokenDetails
from clynto.application.token_fingerprint import fingerprint
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.ports.clock import Clock
from clynto.ports.identifiers import Identifiers
from clynto.ports.people import ApiToken
from clynto.ports.unit_of_work import UnitsOfWork

TOKEN_PREFIX = "cly_"  # noqa: S105 - the mark by which scanners and log filters know our tokens, not a token
"""So that secret scanners and our own log filter recognise one."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """``token`` is shown now and never again."""

    details: TokenDetails
    token: Secret


class IssueToken:
    """Admins and owners, with a role up to their own."""

    def __init__(self, *, units: UnitsOfWork, clock: Clock, identifiers: Identifiers, audit: AuditTrail) -> None:
        self._units = units
        self._clock = clock
        self._identifiers = identifiers
        self._audit = audit

    def __call__(self, actor: Actor, *, name: str, role: Role) -> IssuedToken:
        """The token, once. Raises ``Forbidden`` or ``InvalidInput``."""
        actor.must_be(Role.ADMIN)
        actor.must_be(role)
        findings = Findings()
        shown_name = findings.name("name", name)
        findings.raise_if_any()
        token = Secret(TOKEN_PREFIX + self._identifiers.new_token())
        stored = ApiToken(
            id=self._identifiers.new_id("tok"),
            workspace_id=actor.workspace_id,
            name=shown_name,
            role=role,
            token_hash=fingerprint(token),
            created_by=actor.user_id or actor.label,
            created_at=self._clock.now(),
        )
        with self._units.writing(actor.workspace_id) as uow:
            uow.tokens.add(stored)
            self._audit.note(uow, actor, "tokens.issued", f"Issued the API token “{shown_name}” as {role.value}.")
            uow.commit()
        return IssuedToken(TokenDetails.of(stored), token)
