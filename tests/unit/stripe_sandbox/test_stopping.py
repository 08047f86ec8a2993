"""A stopped sandbox leaves nothing open: it would be collected, and told of, in a test that has no part in it."""

from __future__ import annotations

import gc
import socket
import sys
from contextlib import ExitStack

import pytest

from stripe_sandbox.server import LOOPBACK, SandboxServer
from stripe_sandbox.world import World

CONNECTIONS = 8
ROUNDS = 3


def test_a_connection_that_is_just_being_made_is_closed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asyncio forgets one that it has accepted when its server stops listening in the very next moment."""
    told: list[str] = []
    gc.collect()
    monkeypatch.setattr(sys, "unraisablehook", lambda fault: told.append(str(fault.exc_value)))
    for _ in range(ROUNDS):
        with ExitStack() as clients, SandboxServer(World()) as server:
            port = int(server.url.rpartition(":")[2])
            for _ in range(CONNECTIONS):
                clients.enter_context(socket.create_connection((LOOPBACK, port)))
    gc.collect()
    assert told == []
