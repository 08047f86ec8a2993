"""Writers of one SQLite database take turns: nobody is overtaken for long, and nobody can stop the line (ADR 0037)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clynto.adapters.sql.write_turns import WriteTurns

HOLDS_THE_FLOOR = """
import sys, time
from clynto.adapters.sql.write_turns import WriteTurns
with WriteTurns(sys.argv[1]).turn():
    print("here", flush=True)
    time.sleep(60)
"""


@contextmanager
def another_process_writing(database: str) -> Iterator[subprocess.Popen[bytes]]:
    """Until the block ends, unless it is ended before."""
    with subprocess.Popen([sys.executable, "-c", HOLDS_THE_FLOOR, database], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        try:
            yield process
        finally:
            process.kill()


def test_who_writes_again_and_again_lets_others_in_between(tmp_path: Path) -> None:
    """A sync stores page after page without a pause; a delivery gets in after the page that is being stored."""
    database = str(tmp_path / "some.db")
    pages, asked, over = 0, threading.Event(), threading.Event()

    def store_pages() -> None:
        nonlocal pages
        line = WriteTurns(database)
        while not over.is_set():
            with line.turn():
                pages += 1
                asked.wait(5)
                time.sleep(0.02)

    storing = threading.Thread(target=store_pages)
    storing.start()
    delivering = WriteTurns(database)
    waited = []
    try:
        for _ in range(10):
            asked.set()
            before = pages
            with delivering.turn():
                waited.append(pages - before)
    finally:
        over.set()
        storing.join(timeout=10)
    # The page under way, and one more that was at the gate first.
    assert max(waited) <= 2


def test_who_writes_for_long_lets_several_short_ones_in_between(tmp_path: Path) -> None:
    """Else deliveries, which come a few at a time, would wait for one batch of the drain each time."""
    database = str(tmp_path / "some.db")
    long_ones, short_ones, over = 0, 0, threading.Event()

    def drain() -> None:
        nonlocal long_ones
        line = WriteTurns(database)
        while not over.is_set():
            with line.turn():
                time.sleep(0.1)
            long_ones += 1

    draining = threading.Thread(target=drain)
    draining.start()
    delivering = WriteTurns(database)
    try:
        while long_ones < 10:
            with delivering.turn():
                short_ones += 1
    finally:
        over.set()
        draining.join(timeout=10)
    assert short_ones > 5 * long_ones


def test_turns_exclude_each_other(tmp_path: Path) -> None:
    inside, most = 0, 0
    lines = [WriteTurns(str(tmp_path / "some.db")) for _ in range(2)]

    def write(line: WriteTurns) -> None:
        nonlocal inside, most
        for _ in range(20):
            with line.turn():
                inside += 1
                most = max(most, inside)
                time.sleep(0.001)
                inside -= 1

    threads = [threading.Thread(target=write, args=(line,)) for line in lines for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert (inside, most) == (0, 1)


def test_a_killed_writer_gives_its_turn_back(tmp_path: Path) -> None:
    database = str(tmp_path / "some.db")
    with another_process_writing(database) as process:
        process.kill()
        process.wait(timeout=10)
        began = time.monotonic()
        with WriteTurns(database, patience_seconds=30).turn():
            assert time.monotonic() - began < 5


def test_a_frozen_writer_delays_others_no_longer_than_their_patience(tmp_path: Path) -> None:
    database = str(tmp_path / "some.db")
    with another_process_writing(database) as process:
        process.send_signal(signal.SIGSTOP)
        began = time.monotonic()
        with WriteTurns(database, patience_seconds=0.3).turn():
            assert 0.3 <= time.monotonic() - began < 5


def test_a_process_forked_in_a_turn_does_not_keep_it(tmp_path: Path) -> None:
    database = str(tmp_path / "some.db")
    read, write = os.pipe()
    with WriteTurns(database).turn():
        child = os.fork()
        if not child:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
    os.close(read)
    try:
        began = time.monotonic()
        with WriteTurns(database, patience_seconds=30).turn():
            assert time.monotonic() - began < 5
    finally:
        os.close(write)
        os.waitpid(child, 0)


def test_where_no_file_can_be_made_writing_goes_on(tmp_path: Path) -> None:
    with WriteTurns(str(tmp_path / "no such folder" / "some.db")).turn():
        pass
