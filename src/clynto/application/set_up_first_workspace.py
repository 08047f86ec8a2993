"""The first visit: whoever read the code that the server printed founds workspace and owner, once."""

from __future__ import annotations

from clynto.application.attempt_limit import AttemptLimit, network_of
from clynto.application.founding import Founder, FoundingRequest
from clynto.domain.errors import Conflict, InvalidInput
from clynto.domain.secret import Secret
from clynto.ports.clock import Clock
from clynto.ports.people import SignInDirectory
from clynto.ports.workspaces import WorkspaceDirectory

FAILURES_PER_PLACE = 9


class SetUpFirstWorkspace:
    """The code proves access to the server's own output; it is worth nothing once there is a workspace."""

    def __init__(
        self,
        *,
        workspaces: WorkspaceDirectory,
        directory: SignInDirectory,
        founder: Founder,
        clock: Clock,
        code: Secret,
    ) -> None:
        if not code.reveal():
            raise ValueError("an empty set-up code would let anybody in")
        self._workspaces = workspaces
        self._founder = founder
        self._code = code
        self._limit = AttemptLimit(directory, clock)

    def awaited(self) -> bool:
        """Whether the first visit is still to come."""
        return not self._workspaces.any_exists()

    def __call__(self, *, code: Secret, request: FoundingRequest, address: str) -> str:
        """The id of the new workspace.

        Raises ``Conflict`` if there is a workspace already (of several visits at once one wins), ``TooManyAttempts``,
        or ``InvalidInput`` for a wrong code, email, password or name.
        """
        if not self.awaited():
            raise Conflict(reason="workspace_exists")
        limits = {f"set-up:{network_of(address)}": FAILURES_PER_PLACE}
        self._limit.check(limits)
        if Secret(code.reveal().strip()) != self._code:
            self._limit.note_failure(limits)
            raise InvalidInput({"code": "This is not the set-up code that the server printed when it started."})
        founding = self._founder.prepare(request)
        self._workspaces.create_first(founding.workspace, founding.owner, founding.entry)
        return founding.workspace.id
