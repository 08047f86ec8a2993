"""What a new workspace begins with: its settings, its first owner and the trace of both."""

from __future__ import annotations

from dataclasses import dataclass

from clynto.application.authenticate import USER_ID_KIND
from clynto.application.person_details import Findings
from clynto.domain.roles import Role
from clynto.domain.secret import Secret
from clynto.ports.clock import Clock
from clynto.ports.identifiers import Identifiers
from clynto.ports.password_hashing import PasswordHashing
from clynto.ports.people import AuditEntry, User
from clynto.ports.workspaces import MrrBasis, Workspace


@dataclass(frozen=True, slots=True)
class FoundingRequest:
    """As typed."""

    name: str
    owner_email: str
    owner_password: Secret


@dataclass(frozen=True, slots=True)
class Founding:
    """Ready to be stored."""

    workspace: Workspace
    owner: User
    entry: AuditEntry


class Founder:
    """Checks what was typed and gives everything its id and time."""

    def __init__(self, *, hashing: PasswordHashing, clock: Clock, identifiers: Identifiers) -> None:
        self._hashing = hashing
        self._clock = clock
        self._identifiers = identifiers

    def prepare(self, request: FoundingRequest, *, actor_label: str | None = None) -> Founding:
        """Raises ``InvalidInput``. Without a label the owner is named as the one who did it."""
        findings = Findings()
        name = findings.name("name", request.name)
        email = findings.email("owner_email", request.owner_email)
        findings.password("owner_password", request.owner_password, email=email)
        findings.raise_if_any()
        now = self._clock.now()
        workspace = Workspace(
            id=self._identifiers.new_id("wsp"),
            name=name,
            default_currency=None,
            mrr_basis=MrrBasis.LIST,
            own_domains=(),
            created_at=now,
        )
        owner = User(
            id=self._identifiers.new_id(USER_ID_KIND),
            workspace_id=workspace.id,
            email=email,
            role=Role.OWNER,
            password_hash=self._hashing.hash(request.owner_password),
            created_at=now,
        )
        detail = f"Created the workspace “{name}” with {email} as its owner."
        entry = AuditEntry(self._identifiers.new_id("aud"), now, actor_label or email, "workspace.created", detail)
        return Founding(workspace, owner, entry)
