"""``make test``: all tests, in two lines beside each other.

Integration tests mostly wait, for processes and deadlines, and alone they leave a third of two processors idle; unit
and browser tests compute. What integration tests say is shown as it comes; what the others said, when all have ended.
Exit status 0 only if every line ended well. Usage: ``python tests/side_by_side.py MAKE``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile

WAITING = ("test-integration",)
COMPUTING = ("test-unit", "test-browser", "UNIT_WORKERS=1")


def main(make: str) -> int:
    """Run both lines to their ends. Ctrl-C reaches them as well, and they are waited for."""
    # What make tells its children (of its places for jobs, above all) is not for makes that are started from here.
    environ = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    with tempfile.TemporaryFile() as said:
        computing = subprocess.Popen([make, "--keep-going", *COMPUTING], env=environ, stdout=said, stderr=said)
        waiting = subprocess.Popen([make, *WAITING], env=environ)
        statuses = [ended(waiting), ended(computing)]
        said.seek(0)
        sys.stdout.flush()
        shutil.copyfileobj(said, sys.stdout.buffer)
    for targets, status in zip((WAITING, COMPUTING), statuses, strict=True):
        if status:
            print(f"FAILED: make {' '.join(targets)}", file=sys.stderr)
    return 1 if any(statuses) else 0


def ended(line: subprocess.Popen[bytes]) -> int:
    """Its exit status, whatever happens meanwhile."""
    while True:
        try:
            return line.wait()
        except KeyboardInterrupt:
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
