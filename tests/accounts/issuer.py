"""Another issuer: it publishes its keys over HTTP on the loopback, and signs what it is told to."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from kit.clock import Clock, now
from kit.settings import Settings
from tests.conftest import served
from tests.people import People, Person

NAME = "https://login.example.org/"
AUDIENCE = "parlor.example.org"
SHARED = "shared with the other issuer, long enough"

RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
PRIVATE: dict[str, Any] = {"RS256": RSA, "ES256": EC, "EdDSA": ED, "HS256": SHARED}
PEM = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def published(key: Any, kid: str, /, **more: Any) -> dict[str, Any]:
    """The public half as a JWKS has it."""
    public = key.public_key()
    kind: Any = {rsa.RSAPublicKey: RSAAlgorithm, ec.EllipticCurvePublicKey: ECAlgorithm}
    found = next((made for base, made in kind.items() if isinstance(public, base)), OKPAlgorithm)
    return {**json.loads(found.to_jwk(public)), "kid": kid, "use": "sig", **more}


KEYS = [published(RSA, "RS256"), published(EC, "ES256"), published(ED, "EdDSA")]


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


class Issuer:
    """`fetches` counts who asked for the keys; `answer` writes what they get."""

    def __init__(self, clock: Clock = now) -> None:
        self.clock = clock
        self.keys: list[Any] = KEYS
        self.fetches = 0
        self.answer: Callable[[asyncio.StreamWriter], Any] = self.publish
        self.url = ""
        self.answering: set[asyncio.Task[Any] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answering.add(task := asyncio.current_task())
        try:
            await reader.readuntil(b"\r\n\r\n")
            self.fetches += 1
            if (waiting := self.answer(writer)) is not None:
                await waiting
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.answering.discard(task)
            writer.close()

    def publish(self, writer: asyncio.StreamWriter) -> None:
        self.write(writer, json.dumps({"keys": self.keys}).encode())

    def write(self, writer: asyncio.StreamWriter, body: bytes, status: str = "200 OK", more: str = "") -> None:
        head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n{more}\r\n"
        writer.write(head.encode() + body)

    def claims(self, subject: str, **changes: Any) -> dict[str, Any]:
        """What a good token says, with changes; None takes a claim away."""
        at: datetime = self.clock()
        told = {
            "sub": subject,
            "iss": NAME,
            "aud": AUDIENCE,
            "iat": int(at.timestamp()),
            "exp": int((at + timedelta(minutes=15)).timestamp()),
        } | changes
        return {name: value for name, value in told.items() if value is not None}

    def token(self, subject: str, algorithm: str = "RS256", key: Any = None, header: Any = None, **changes: Any) -> str:
        """Signed by the issuer, or with another key."""
        told = {"kid": algorithm} | (header or {})
        return jwt.encode(self.claims(subject, **changes), key or PRIVATE[algorithm], algorithm, headers=told)


@asynccontextmanager
async def issuing(clock: Clock = now) -> AsyncIterator[Issuer]:
    made = Issuer(clock)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks.json"
    try:
        yield made
    finally:
        server.close()
        for task in filter(None, [*made.answering]):
            task.cancel()
        await server.wait_closed()


@asynccontextmanager
async def trusting(settings: Settings, issuer: Issuer, **changes: Any) -> AsyncIterator[People]:
    """People of a server that believes the issuer."""
    trust = {"foreign_jwks_url": issuer.url, "foreign_issuer": NAME, "foreign_audience": AUDIENCE}
    async with served(settings.model_copy(update=trust | changes), issuer.clock) as running:
        yield running.people


def bearer(people: People, token: str) -> Person:
    return Person(people, token=token)
