"""Why a process cannot begin. Kept apart, so that the command line can tell of it without reading all of Clynto."""

from __future__ import annotations


class StartUpFault(Exception):
    """Why a process cannot begin: one line, no secret."""


class SettingsError(Exception):
    """A setting cannot be used: one line that names the variable."""

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable}: {problem}")
        self.variable = variable
