"""Runs the sandbox: in a thread for tests (`SandboxServer`), or as the main thing of a process (`run_sandbox`)."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from stripe_sandbox.api.connections import TrackedProtocol
from stripe_sandbox.api.control_routes import control_routes
from stripe_sandbox.api.stripe_app import StripeApp
from stripe_sandbox.control import Control
from stripe_sandbox.portfolio.build import PortfolioPlan, build_portfolio
from stripe_sandbox.state_file import load_world, save_world
from stripe_sandbox.webhooks.sender import WebhookSender
from stripe_sandbox.world import World

LOOPBACK = "127.0.0.1"
_TURNS_TO_BE_KNOWN = 5
"""How many turns of asyncio's loop it takes from an accepted connection to its protocol: three, and some more."""


def make_app(
    world: World,
    sender: WebhookSender,
    *,
    stripe: StripeApp | None = None,
    control: bool = True,
    state_file: Path | None = None,
) -> Starlette:
    """Return the whole application: Stripe's endpoints, and the control API unless that is off.

    `stripe` answers for further accounts as well; without it there is the one of `world`.
    """
    app = stripe or StripeApp((world,))
    routes: list[Route | Mount] = []
    if control:
        routes.append(Mount("/_sandbox", routes=control_routes(world, sender, state_file)))
    routes.append(Mount("/", app=app))

    @contextlib.asynccontextmanager
    async def keep_time(_: Starlette) -> AsyncIterator[None]:
        ticking = asyncio.create_task(_tick(app))
        try:
            yield
        finally:
            ticking.cancel()

    return Starlette(routes=routes, lifespan=keep_time)


async def _tick(app: StripeApp) -> None:
    """Let worlds that follow real time live on while nobody asks them anything."""
    while True:
        await asyncio.sleep(1.0)
        for world in app.worlds:
            with world.lock:
                world.catch_up()


class _PromptServer(uvicorn.Server):
    """A server that stops the moment it is told, where uvicorn's own looks ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told_to_stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Wait until told to stop."""
        await self._told_to_stop.wait()

    async def serve_until_told(self, sockets: list[socket.socket]) -> None:
        """Serve; to be run in a thread of its own."""
        self._loop = asyncio.get_running_loop()
        await self.serve(sockets=sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything at once: idle connections, and answers not yet sent with them."""
        for sock in sockets or []:
            asyncio.get_running_loop().remove_reader(sock)
        # Who was just accepted is known to nobody yet; asyncio leaves that connection open once it does not listen.
        for _ in range(_TURNS_TO_BE_KNOWN):
            await asyncio.sleep(0)
        for listening in self.servers:
            listening.close()
        for sock in sockets or []:
            sock.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for task in list(self.server_state.tasks):
            task.cancel()
        await self.lifespan.shutdown()

    def stop(self) -> None:
        """Stop from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._told_to_stop.set)


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=TrackedProtocol,
        ws="none",
        lifespan="on",
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,  # the application sets it, by the sandbox's clock
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )


def _listen(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Naming the protocol makes asyncio set TCP_NODELAY on each connection; else an answer waits 40 ms for an ACK.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    sock.listen(2048)
    return sock


class SandboxServer:
    """A sandbox in a thread of this process, on a free port of the loopback address.

    `others` are further accounts on the same address; the API key decides which one a request sees. Knobs and log
    of the first world (`server.world.traffic`) are the server's.
    """

    def __init__(
        self, world: World | PortfolioPlan | None = None, *others: World, port: int = 0, control: bool = True
    ) -> None:
        if isinstance(world, World):
            self.world = world
        else:
            self.world = build_portfolio(world or PortfolioPlan())
        self.sender = WebhookSender(self.world)
        self.control = Control(self.world, self.sender)
        self._socket = _listen(LOOPBACK, port)
        self._stripe = StripeApp((self.world, *others))
        self._server = _PromptServer(_config(make_app(self.world, self.sender, stripe=self._stripe, control=control)))
        self._thread = threading.Thread(target=self._run, name="stripe-sandbox", daemon=True)

    @property
    def url(self) -> str:
        """The base address to use instead of Stripe's, without a slash at the end."""
        return f"http://{LOOPBACK}:{self._socket.getsockname()[1]}"

    def open_account(self, world: World) -> None:
        """Serve one more account at the same address."""
        self._stripe.add(world)

    def _run(self) -> None:
        asyncio.run(self._server.serve_until_told([self._socket]))

    def start(self) -> Self:
        """Start serving; returns when requests are answered."""
        self._thread.start()
        self.sender.start()
        waiting = threading.Event()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the sandbox server could not start")
            waiting.wait(0.005)
        return self

    def stop(self) -> None:
        """Stop serving and delivering, and give the port back."""
        self.world.traffic.faults.clear()
        self.sender.stop()
        self._server.stop()
        self._thread.join(timeout=10)
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def run_sandbox(
    *,
    port: int = 12111,
    seed: int = 1,
    customers: int = 300,
    state_file: Path | None = None,
    invoices_per_customer: int | None = None,
    host: str = LOOPBACK,
    follow_real_time: bool = True,
    livemode: bool = False,
    control: bool = True,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve a portfolio until interrupted; `announce` is called with the address once it takes connections.

    With `state_file` the world of the last run goes on, and is saved after each advance and at the end. With
    `invoices_per_customer` a plain history of that length is made instead of the believable one, for benchmarks.
    """
    world = load_world(state_file) if state_file is not None and state_file.exists() else None
    if world is None:
        world = build_portfolio(
            PortfolioPlan(seed=seed, customers=customers, livemode=livemode, plain_invoices=invoices_per_customer)
        )
    if follow_real_time:
        world.follow_real_time()
    sender = WebhookSender(world)
    sender.start()
    # uvicorn ends by raising the signal again; a plain SIGTERM would then leave no time to save the state.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server = uvicorn.Server(_config(make_app(world, sender, control=control, state_file=state_file)))
        sock = _listen(host, port)
        if announce is not None:
            announce(f"http://{host}:{sock.getsockname()[1]}")
        server.run(sockets=[sock])
    except KeyboardInterrupt:
        pass  # the ordinary way to end it
    finally:
        sender.stop()
        if state_file is not None:
            save_world(world, state_file)
