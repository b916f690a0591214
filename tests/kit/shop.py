"""A web server on the loopback that does what it is told, byte by byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kit.outside import Outside
from kit.public import Address

Serve = Callable[[asyncio.StreamWriter], Awaitable[None]]
HTML = b"<title>Teapot</title>"


def answer(body: bytes = HTML, status: str = "200 OK", kind: str = "text/html; charset=utf-8", *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", f"content-length: {len(body)}", *more]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + body


def redirect(to: str, status: int = 302) -> bytes:
    return answer(b"moved", f"{status} Found", "text/html", f"location: {to}")


@dataclass
class Shop:
    """`says` answers whoever comes; `asked` is the head of each request that came."""

    says: bytes | Serve = field(default_factory=answer)
    asked: list[str] = field(default_factory=list)
    port: int = 0
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://shop.example:{self.port}/"

    def come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
            if isinstance(self.says, bytes):
                writer.write(self.says)
                await writer.drain()
            else:
                await self.says(writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # it has gone
        finally:
            writer.close()


@asynccontextmanager
async def shop(tls: ssl.SSLContext | None = None) -> AsyncIterator[Shop]:
    made = Shop()
    server = await asyncio.start_server(made.come, "127.0.0.1", ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in made.serving:
            task.cancel()
        await asyncio.gather(*made.serving, return_exceptions=True)


def at_home(*addresses: str, seconds: float = 5, trust: ssl.SSLContext | None = None) -> Outside:
    """It may go to the loopback, and all names lead to these addresses, one after the other; by default there."""
    left = [*addresses]

    async def resolve(host: str, port: int) -> list[Address]:
        return [ip_address(left.pop(0) if left else "127.0.0.1")]

    return Outside(
        allowed=lambda address: address.is_loopback, ports=range(65_536), resolve=resolve, seconds=seconds, trust=trust
    )


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For the server, and for whoever trusts it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(
            named, named, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "certificate.pem"
    file.write_bytes(private + pem)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    return serving, ssl.create_default_context(cadata=pem.decode())
