"""Keeps a world between runs. The file is the sandbox's own; only load one that it has written."""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path

from stripe_sandbox.world import World


def save_world(world: World, path: Path) -> None:
    """Write the world so that a crash leaves the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with world.lock:
        content = pickle.dumps(world, protocol=pickle.HIGHEST_PROTOCOL)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load_world(path: Path) -> World:
    """Read a world back, its clock where it was left."""
    world = pickle.loads(path.read_bytes())  # noqa: S301 - our own file, named by whoever starts the sandbox
    if not isinstance(world, World):
        raise TypeError(f"{path} does not hold a sandbox world")
    return world
