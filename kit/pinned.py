"""A connection goes to the address that was checked; the request and the certificate speak of the name all the same.

Apart from `kit/outside.py` because httpx2 takes 120 ms to import, and few processes read pages.
"""

import re
import ssl
from collections.abc import Awaitable, Callable, Container, Sequence

import httpx2

from kit.public import Address, literal
from kit.unread import Reason, Unread

ADDRESSES = 4  # of one name that are tried
PORTS = {"http": 80, "https": 443}
# How a host may be written; what ends in a number is another spelling of an address (0x7f.1, 2130706433, 127.1).
NAME = re.compile(r"(?=.{1,253}\.?\Z)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")
ENDS_IN_A_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)\.?")

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]


class Pinned(httpx2.AsyncBaseTransport):
    """Checks each request that passes, so each redirect too. Raises Unread for what may not be asked."""

    def __init__(
        self, trust: ssl.SSLContext, resolve: Resolve, allowed: Callable[[Address], bool], ports: Container[int]
    ) -> None:
        alone = httpx2.Limits(max_keepalive_connections=0)  # another name at that address would get this one's
        self._inner = httpx2.AsyncHTTPTransport(verify=trust, trust_env=False, limits=alone)
        self._resolve = resolve
        self._allowed = allowed
        self._ports = ports

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host, port = self._place(request.url)
        addresses = await self._addresses(host, port)
        for address in addresses[:-1]:
            try:
                return await self._inner.handle_async_request(_at(address, request, host))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
        return await self._inner.handle_async_request(_at(addresses[-1], request, host))

    def _place(self, url: httpx2.URL) -> tuple[str, int]:
        """Host and port, as they are meant. Raises Unread for an URL that is none of a public page."""
        host = url.raw_host.decode("ascii").lower()
        if url.scheme not in PORTS or url.userinfo:
            raise Unread(Reason.BAD_ADDRESS)
        port = PORTS[url.scheme] if url.port is None else url.port
        named = "%" not in host and (literal(host) is not None or NAME.fullmatch(host))
        if port not in self._ports or not named or (literal(host) is None and ENDS_IN_A_NUMBER.fullmatch(host)):
            raise Unread(Reason.BAD_ADDRESS)
        return host, port

    async def _addresses(self, host: str, port: int) -> Sequence[Address]:
        """At least one. Raises Unread where any of them is not allowed."""
        written = literal(host)
        if written is not None:
            if not self._allowed(written):
                raise Unread(Reason.FORBIDDEN_ADDRESS)
            return [written]
        found = await self._resolve(host, port)
        if not found or not all(map(self._allowed, found)):
            raise Unread(Reason.UNREACHABLE, f"{host} leads to {', '.join(map(str, found)) or 'nowhere'}")
        return found[:ADDRESSES]


def _at(address: Address, request: httpx2.Request, host: str) -> httpx2.Request:
    """The same request, Host header and all, for one address. TLS asks for the name, and checks it."""
    name = {} if literal(host) else {"sni_hostname": host.removesuffix(".")}
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions | name,
    )
