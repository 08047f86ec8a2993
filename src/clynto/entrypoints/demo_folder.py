"""Where the demo keeps its files: beside, never among, those of a real installation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def demo_folder(environ: Mapping[str, str]) -> Path:
    """A folder inside the data folder."""
    return Path(environ.get("CLYNTO_DATA_DIR", "var")).absolute() / "demo"
