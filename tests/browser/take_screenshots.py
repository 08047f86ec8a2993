"""Takes pictures of every page: desktop and phone, light and dark, with data and empty. Run: ``make screenshots``.

Pages with data are those of ``clynto demo``; a second, untouched workspace of the same installation is the empty one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import requests
from playwright.sync_api import Browser, Page, sync_playwright
from tests.browser.every_page import EMPTY, FULL, Shot
from tests.browser.scene import CHROMIUM_OPTIONS, find_chromium
from tests.integration.product.installation import free_port, wait_for

Theme = Literal["light", "dark"]

FOLDER = Path("screenshots")
SIZES: Mapping[str, tuple[int, int]] = {"desktop": (1360, 900), "phone": (390, 844)}
THEMES: tuple[Theme, ...] = ("light", "dark")
TALLEST = 2600
"""Longer pages are cut: nobody looks at the fiftieth row."""
_START_SECONDS = 180.0
_PASSWORD = "correct horse battery staple"
_OWNER = ("owner@demo.example", "owner demo sign-in")
_NEWCOMER = ("nobody@empty.example", _PASSWORD)


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo; ``token`` is an API token of its workspace."""

    base: str
    token: str

    def ids(self) -> dict[str, str]:
        """What stands in the places of a path."""
        best = self._first("/accounts?sort=-mrr&limit=1")
        unmatched = self._first("/integrations/stripe/customers?matched=false&limit=1")
        return {"account": best, "customer": unmatched}

    def _first(self, path: str) -> str:
        answer = requests.get(
            f"{self.base}/api/v1{path}", headers={"Authorization": f"Bearer {self.token}"}, timeout=30
        )
        answer.raise_for_status()
        return str(answer.json()["items"][0]["id"])


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """``clynto demo`` in ``folder``, synced, and an empty workspace beside its own."""
    port = free_port()
    own = {name: value for name, value in os.environ.items() if not name.startswith("CLYNTO_")}
    environ = {**own, "CLYNTO_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "clynto.entrypoints.cli"]
    with (folder / "demo.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "demo", "--port", str(port)], env=environ, stdout=log, stderr=log, start_new_session=True
        )
    token_file = folder / "demo" / "api_token"
    try:
        wait_for("the demo", lambda: token_file.exists() and token_file.read_text("ascii"), seconds=_START_SECONDS)
        create = ("workspace", "create", "--name", "Empty Ltd", "--owner-email", _NEWCOMER[0])
        subprocess.run(
            [*command, *create, "--owner-password-stdin"],
            env={**environ, "CLYNTO_DATA_DIR": str(folder / "demo")},
            input=_PASSWORD.encode(),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        yield Demo(f"http://127.0.0.1:{port}", token_file.read_text("ascii"))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


@contextmanager
def fresh_installation(folder: Path) -> Iterator[str]:
    """``clynto up`` that nobody has set up yet; its address."""
    port = free_port()
    own = {name: value for name, value in os.environ.items() if not name.startswith("CLYNTO_")}
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "clynto.entrypoints.cli", "up", "--port", str(port)],
            env={**own, "CLYNTO_DATA_DIR": str(folder)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    base = f"http://127.0.0.1:{port}"
    try:
        wait_for("the web server", lambda: _answers(base), seconds=_START_SECONDS)
        yield base
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def _answers(base: str) -> bool:
    try:
        return requests.get(f"{base}/healthz", timeout=5).ok
    except requests.RequestException:
        return False


@dataclass(frozen=True, slots=True)
class Camera:
    """Shoots pages of one address in every size and theme."""

    browser: Browser
    base: str

    def take(self, kind: str, shots: tuple[Shot, ...], ids: Mapping[str, str], person: tuple[str, str] | None) -> None:
        """Pictures of ``shots`` as ``person`` sees them, into a folder named ``kind``."""
        for theme in THEMES:
            for size, (width, height) in SIZES.items():
                context = self.browser.new_context(
                    base_url=self.base,
                    color_scheme=theme,
                    viewport={"width": width, "height": height},
                    reduced_motion="reduce",
                    timezone_id="Europe/Berlin",
                )
                page = context.new_page()
                if person is not None:
                    _sign_in(page, *person)
                for shot in shots:
                    page.goto(shot.path.format(**ids))
                    self._shoot(page, FOLDER / kind / f"{shot.name}-{size}-{theme}.png", width, height)
                context.close()

    def _shoot(self, page: Page, file: Path, width: int, height: int) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        has_dialog = page.locator("dialog:modal").count() > 0
        full = height if has_dialog else min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST)
        page.set_viewport_size({"width": width, "height": max(full, height)})
        page.screenshot(path=file)
        page.set_viewport_size({"width": width, "height": height})


def _sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/login")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/accounts")


def main() -> int:
    """0 when all pictures are there; 1 without a Chromium."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", help="address of a running demo, instead of starting one")
    parser.add_argument("--token", help="an API token of that demo")
    parser.add_argument("--only", default="", help="only pages whose name begins so")
    chosen = parser.parse_args()
    path = find_chromium()
    if path is None:
        print("No Chromium found: install the package 'chromium'.", file=sys.stderr)
        return 1
    full = tuple(shot for shot in FULL if shot.name.startswith(chosen.only))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clynto-screenshots-")))
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=path, args=list(CHROMIUM_OPTIONS)
        )
        if chosen.demo:
            demo = Demo(chosen.demo, chosen.token)
            Camera(browser, demo.base).take("data", full, demo.ids(), _OWNER)
            return 0
        shutil.rmtree(FOLDER, ignore_errors=True)
        for name in ("demo", "fresh"):
            (folder / name).mkdir()
        with running_demo(folder / "demo") as demo:
            camera = Camera(browser, demo.base)
            camera.take("data", full, demo.ids(), _OWNER)
            camera.take("empty", EMPTY, {}, _NEWCOMER)
            camera.take("empty", (Shot("login", "/login"),), {}, None)
        with fresh_installation(folder / "fresh") as base:
            Camera(browser, base).take("empty", (Shot("setup", "/setup"),), {}, None)
        browser.close()
    print(f"{sum(1 for _ in FOLDER.rglob('*.png'))} pictures in {FOLDER}/")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
