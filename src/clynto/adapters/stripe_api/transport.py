"""The only way out to Stripe, and it can only read (architecture decision 7; guarantees 10, G10, K13).

Built on the transport of Stripe's own SDK, without its typed objects, which cost 50 to 100 times the parsing
(stripe_facts 10). Anything but a GET on a known path is refused before a byte leaves; redirects are not followed; the
key never stands in an address, a log line or an exception.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
import requests.auth
import stripe
import urllib3

from clynto.adapters.stripe_api.call_limits import CALL_LIMIT, CallAbandoned, CallLimit, LimitedAdapter
from clynto.domain.secret import Secret

STRIPE_API_BASE = "https://api.stripe.com"
CONNECT_SECONDS = 3.0
CALL_SECONDS = 29.0
"""No single call lasts longer than 30 s (guarantees G8)."""

_ID = r"[A-Za-z0-9_\-]{1,255}"
_READABLE_PATHS = re.compile(
    "/v1/(?:"
    "account|events|subscription_items"
    f"|(?:products|prices|customers|subscriptions|invoices)(?:/{_ID})?"
    f"|invoices/{_ID}/lines"
    ")"
)
_NETWORK_FAULTS = (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError)


class OnlyReadingAllowed(RuntimeError):
    """Something else than reading Stripe was tried. A fault in our own code; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``headers`` look names up without regard to case; ``body`` is as sent, decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str | None:
        """Stripe's name for the request, which its support asks for (stripe_facts 4)."""
        return self.headers.get("Request-Id")


class NoAnswer(Exception):
    """The network failed or the time was up. ``kind`` is the fault's type name, for logs."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def path_is_readable(path: str) -> bool:
    """Whether ``path`` is one of those that we ever read."""
    return _READABLE_PATHS.fullmatch(path) is not None


class _BearerKey(requests.auth.AuthBase):
    """Puts the key into the request at the last moment, so that no frame of ours ever holds it."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key.reveal()}"
        return request


class _Gate:
    """Lets nothing pass but a GET of a known path at ``base``."""

    def __init__(self, base: str) -> None:
        self._base = base

    def demand_reading(self, method: str | None, url: str | None, body: object) -> None:
        """Raise ``OnlyReadingAllowed`` for anything else."""
        if method is None or method.lower() != "get" or body is not None:
            raise OnlyReadingAllowed("only GET is ever sent")
        if url is None or not url.startswith(f"{self._base}/"):
            raise OnlyReadingAllowed("only Stripe's own address is contacted")
        if not path_is_readable(url[len(self._base) :].partition("?")[0]):
            raise OnlyReadingAllowed("this path is not on the list of what is read")


class _ReadingSession(requests.Session):
    """Knows one Stripe and one key: no redirects, cookies, proxies or passwords taken from the environment."""

    def __init__(self, key: Secret, gate: _Gate, connections: int) -> None:
        super().__init__()
        self._gate = gate
        self.trust_env = False
        self.auth = _BearerKey(key)
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers.update({"User-Agent": f"Clynto Stripe/v1 PythonBindings/{stripe.VERSION}"})
        adapter = LimitedAdapter(pool_connections=1, pool_maxsize=connections)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """The last stop before the network, whichever way a request came here."""
        self._gate.demand_reading(request.method, request.url, request.body)
        kwargs["allow_redirects"] = False
        return super().send(request, **kwargs)


class ReadOnlyTransport(stripe.RequestsClient):
    """The SDK's transport for one key, reduced to reading.

    ``api_base`` is the address set at deployment, the only one ever contacted. ``connections`` is how many calls may
    run side by side without opening new connections. ``call_seconds`` bounds one call as a whole.
    """

    def __init__(
        self,
        key: Secret,
        *,
        api_base: str = STRIPE_API_BASE,
        connections: int = 16,
        call_seconds: float = CALL_SECONDS,
    ) -> None:
        address = urlsplit(api_base)
        if address.scheme not in ("http", "https") or not address.netloc or address.query or address.fragment:
            raise ValueError("the address of Stripe's API must be http(s)://host[:port]")
        self._base = api_base.rstrip("/")
        self._call_seconds = call_seconds
        self._gate = _Gate(self._base)
        self._reading_session = _ReadingSession(key, self._gate, connections)
        super().__init__(timeout=(min(CONNECT_SECONDS, call_seconds), call_seconds), session=self._reading_session)
        # Both are settings of the whole process in the SDK: no latency data or random id leaves or is written, and
        # bodies with customer data never reach a log (stripe_facts 10).
        stripe.enable_telemetry = False
        logging.getLogger("stripe").setLevel(logging.WARNING)

    def get(
        self,
        path: str,
        parameters: Sequence[tuple[str, str]],
        version: str,
        *,
        abandoned: Callable[[], bool] = lambda: False,
    ) -> Answer:
        """Read one path in one API version.

        Raises ``OnlyReadingAllowed``, ``NoAnswer`` or ``CallAbandoned`` (as soon as ``abandoned`` says so).
        """
        query = f"?{urlencode(parameters, safe='[]')}" if parameters else ""
        url = f"{self._base}{path}{query}"
        self._gate.demand_reading("get", url, None)
        limit = CALL_LIMIT.set(CallLimit.of(self._call_seconds, abandoned))
        fault: BaseException | None = None
        try:
            body, status, headers = self.request("get", url, {"Stripe-Version": version})
            return Answer(status=status, headers=headers, body=body)
        except stripe.APIConnectionError as error:
            fault = error.__cause__
        finally:
            CALL_LIMIT.reset(limit)
        # Raised outside the handler: the library's exception refers to the request and so to the key (guarantees J1).
        raise _as_own(fault)

    def close(self) -> None:
        """Close all connections."""
        self._reading_session.close()


def _as_own(fault: BaseException | None) -> BaseException:
    """What the network fault is to us. The SDK wraps every exception, faults in code included: those stay visible."""
    if _was_abandoned(fault):
        return CallAbandoned()
    if fault is None or isinstance(fault, _NETWORK_FAULTS):
        return NoAnswer(type(fault).__name__)
    return fault


def _was_abandoned(fault: BaseException | None) -> bool:
    while fault is not None:
        if isinstance(fault, CallAbandoned):
            return True
        fault = fault.__context__
    return False
