"""Run every benchmark, one after the other, and end with all figures in one list.

Takes about half an hour. Run: ``make bench``, or ``python -m benchmarks.run_all NAME...`` for some of them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.figures import lines_with_figures

FOLDER = Path(__file__).parent
NOT_BENCHMARKS = frozenset({"__init__", "figures", "run_all", "surroundings"})


def names() -> list[str]:
    """Every benchmark of this folder, by module name."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in NOT_BENCHMARKS)


def run(name: str) -> tuple[int, list[str]]:
    """Run one in a process of its own, showing what it says; its exit status and its figures."""
    print(f"== {name}", flush=True)
    process = subprocess.Popen([sys.executable, "-m", f"benchmarks.{name}"], stdout=subprocess.PIPE, text=True)
    said: list[str] = []
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            said.append(line)
    return process.returncode, lines_with_figures("".join(said))


def main() -> int:
    """0 if all of them ran to their end; a missed limit is told, and is no failure."""
    wanted = sys.argv[1:] or names()
    unknown = sorted(set(wanted) - set(names()))
    if unknown:
        print(f"There is no benchmark called {', '.join(unknown)}. There are: {', '.join(names())}.", file=sys.stderr)
        return 2
    figures: list[str] = []
    broken: list[str] = []
    for name in wanted:
        status, found = run(name)
        figures += found
        if status > 1 or not found:
            broken.append(name)
    print("\n== all figures")
    for line in figures:
        print(line)
    if broken:
        print(f"These did not run to their end: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
