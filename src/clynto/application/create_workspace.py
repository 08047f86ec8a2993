"""Create a workspace with its owner, from the command line: whoever holds the machine holds the installation."""

from __future__ import annotations

from clynto.application.founding import Founder, FoundingRequest
from clynto.ports.workspaces import WorkspaceDirectory

OPERATOR = "command line"


class CreateWorkspace:
    """Not reachable over HTTP."""

    def __init__(self, *, workspaces: WorkspaceDirectory, founder: Founder) -> None:
        self._workspaces = workspaces
        self._founder = founder

    def __call__(self, request: FoundingRequest) -> str:
        """The id of the new workspace. Raises ``InvalidInput``, or ``Conflict`` if the email is taken."""
        founding = self._founder.prepare(request, actor_label=OPERATOR)
        self._workspaces.create(founding.workspace, founding.owner, founding.entry)
        return founding.workspace.id
