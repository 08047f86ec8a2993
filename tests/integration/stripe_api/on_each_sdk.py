"""Runs what knows Stripe's SDK on the oldest and on the newest release that ``pyproject.toml`` allows (guarantees G2).

For ``make test-sdk``, not for every run: it installs from the package index, into a folder of its own. Versions given
as arguments are tried instead, for somebody who wants to widen the range.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / ".sdk"
TESTS = (
    "tests/integration/stripe_api",
    "tests/unit/adapters",
    "tests/unit/stripe_sandbox/test_stripe_library.py",
    "tests/unit/stripe_sandbox/test_webhook_delivery.py",
)
NOT_OF_ANOTHER = "tests/integration/stripe_api/test_only_reading.py::test_the_library_is_the_one_that_the_lock_pins"
"""Holds for the installed one alone."""


def allowed() -> Requirement:
    """What ``pyproject.toml`` says of the SDK."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    return next(one for one in map(Requirement, told) if one.name == "stripe")


def oldest(requirement: Requirement) -> str:
    """The lower end of the range, as something to install."""
    return next(f"stripe=={one.version}" for one in requirement.specifier if one.operator == ">=")


def installed(wanted: str) -> tuple[str, Path]:
    """The version that the index has for it, and the folder that it stands in."""
    folder = FOLDER / re.sub(r"\W+", "_", wanted)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--upgrade"]
    subprocess.run([*pip, "--target", str(folder), wanted], check=True)
    return answer_in(folder, "import stripe; print(stripe.VERSION)"), folder


def answer_in(folder: Path, program: str) -> str:
    """What a program prints in whose eyes the SDK is the one in ``folder``."""
    told = subprocess.run(
        [sys.executable, "-c", program], env=surroundings(folder), check=True, capture_output=True, text=True
    )
    return told.stdout.strip()


def surroundings(folder: Path) -> dict[str, str]:
    """An environment in which the SDK comes from ``folder``."""
    return {**os.environ, "PYTHONPATH": str(folder)}


def passes(version: str, folder: Path) -> bool:
    """Whether everything passes on one version."""
    found = Path(answer_in(folder, "import stripe; print(stripe.__file__)"))
    assert found.is_relative_to(folder), f"{found} would be tried instead"
    print(f"stripe {version}:", flush=True)
    tests = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--deselect", NOT_OF_ANOTHER, *TESTS]
    return subprocess.run(tests, cwd=ROOT, env=surroundings(folder), check=False).returncode == 0


def main(given: list[str]) -> int:
    """0 if all pass. One version is tried once, though it be both the oldest and the newest."""
    requirement = allowed()
    wanted = [f"stripe=={version}" for version in given] or [oldest(requirement), str(requirement)]
    versions = dict(installed(one) for one in wanted)
    failed = [version for version, folder in versions.items() if not passes(version, folder)]
    print(f"tried: {', '.join(versions)}; failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
