"""Talks to the local sandbox's control API: only the demo and its command use it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

_ANSWER_SECONDS = 300
_START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class SandboxCompany:
    """A company that the demo may keep as an account."""

    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class SandboxClient:
    """The sandbox at ``url``."""

    url: str

    def wait_until_ready(self) -> None:
        """Until it answers. Raises ``TimeoutError`` if it does not."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            try:
                self.now()
            except requests.ConnectionError:
                time.sleep(0.1)
            else:
                return
        raise TimeoutError("the sandbox does not answer")

    def now(self) -> int:
        """Its clock, in Unix seconds."""
        return int(self._get("/clock")["now"])

    def advance(self, *, days: int, hours: int = 0) -> int:
        """Play that much time; the clock afterwards."""
        return int(self._post("/clock/advance", {"days": days, "hours": hours})["now"])

    def wait_for_deliveries(self, seconds: int) -> bool:
        """Until every webhook has been accepted; whether that came in time."""
        return bool(self._post("/deliveries/drain", {"timeout": seconds})["drained"])

    def companies(self) -> list[SandboxCompany]:
        """Companies to keep as accounts, some of them without anything in Stripe."""
        return [SandboxCompany(company["name"], company["domain"]) for company in self._get("/companies")["companies"]]

    def deliver_webhooks_to(self, url: str, *, secret: str) -> None:
        """Register the one endpoint of the demo anew."""
        for endpoint in self._get("/webhook_endpoints")["endpoints"]:
            requests.delete(f"{self.url}/_sandbox/webhook_endpoints/{endpoint['id']}", timeout=_ANSWER_SECONDS)
        self._post("/webhook_endpoints", {"url": url, "secret": secret})

    def _get(self, path: str) -> Any:
        answer = requests.get(f"{self.url}/_sandbox{path}", timeout=_ANSWER_SECONDS)
        answer.raise_for_status()
        return answer.json()

    def _post(self, path: str, details: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.url}/_sandbox{path}", json=details, timeout=_ANSWER_SECONDS)
        answer.raise_for_status()
        return answer.json()


def remember_address(folder: Path, url: str) -> None:
    """Let ``clynto sandbox advance`` find the running demo's sandbox."""
    (folder / "sandbox.json").write_text(json.dumps({"url": url}), encoding="ascii")


def remembered_address(folder: Path) -> str | None:
    """Where the demo in ``folder`` has its sandbox; None if none was ever started there."""
    try:
        return str(json.loads((folder / "sandbox.json").read_text(encoding="ascii"))["url"])
    except (FileNotFoundError, KeyError, ValueError):
        return None
