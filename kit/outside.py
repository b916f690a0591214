"""Pages of the Internet, read for somebody who gave their address. Nobody gets to see the inside of our network.

A name is looked up once; all that it leads to must lie outside, and the connection goes to what was checked: neither an
odd way of writing, nor a redirect, nor a name that leads elsewhere the second time comes any further. An operator's own
proxy to the Internet is not asked, and proxies named in the environment are passed by.

What a user is told does not tell names that lead inside from names that lead nowhere: both are UNREACHABLE.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from kit.public import Address, is_public
from kit.unread import Reason, Unread

if TYPE_CHECKING:
    import httpx2

    from kit.pinned import Resolve

SECONDS = 15.0  # for all of it, redirects included: somebody waits for it
CONNECT_SECONDS = 4.0  # for one address, so that another has its turn
NAME_SECONDS = 4.0
WIRE_BYTES = 2_000_000  # as they are sent, and
PAGE_BYTES = 4_000_000  # unpacked; shops send up to a megabyte
REDIRECTS = 5
URL_CHARACTERS = 2_048
LOOKUPS = 4  # names asked for at once, in threads of their own: a resolver that hangs shall hold up nobody else

PACKED = {"", "identity", "gzip", "x-gzip", "deflate"}  # and not one within the other
PAGES = {"text/html", "application/xhtml+xml"}
PASSING = {408, 425, 429, 500, 502, 503, 504}
MANNER = {
    "accept": "text/html,application/xhtml+xml;q=0.9",
    "accept-encoding": "gzip, deflate",
    "accept-language": "en,*;q=0.5",
    "user-agent": "Mozilla/5.0 (compatible; Parlor; it reads a page that somebody linked to)",
}


@dataclass(frozen=True, slots=True)
class Page:
    """As it came. `url` is where the redirects ended; `charset` is what the answer's header says, if it does."""

    url: str
    body: bytes
    charset: str | None


class Outside:
    """Reads pages. `allowed` says which addresses may be contacted: anything but `is_public` is for tests."""

    def __init__(
        self,
        *,
        allowed: Callable[[Address], bool] = is_public,
        ports: Container[int] = frozenset({80, 443}),
        resolve: "Resolve | None" = None,
        trust: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._allowed = allowed
        self._ports = ports
        self._resolve = resolve or self._look_up
        self._trust = trust
        self._seconds = seconds
        self._names = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="names")

    def close(self) -> None:
        self._names.shutdown(wait=False, cancel_futures=True)

    async def read(self, url: str) -> Page:
        """Raises Unread, and nothing else, whatever is there."""
        import httpx2  # takes 120 ms

        try:
            async with asyncio.timeout(self._seconds):
                return await self._read(url)
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise Unread(Reason.TOO_SLOW) from error
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise Unread(Reason.BAD_ADDRESS) from error
        except httpx2.DecodingError as error:
            raise Unread(Reason.NOT_A_PAGE, str(error)) from error
        except (httpx2.HTTPError, OSError, ValueError) as error:
            raise Unread(Reason.UNREACHABLE, repr(error)) from error

    async def _read(self, url: str) -> Page:
        if len(url) > URL_CHARACTERS:
            raise Unread(Reason.BAD_ADDRESS)
        async with await self._client() as client:
            request = client.build_request("GET", url)
            for _ in range(REDIRECTS + 1):
                response = await client.send(request, stream=True)
                try:
                    if response.next_request is None:
                        return await _taken(response)
                    request = _followed(request, response.next_request)
                finally:
                    await response.aclose()  # what a redirect has to say is not read
        raise Unread(Reason.TOO_MANY_REDIRECTS)

    async def _client(self) -> "httpx2.AsyncClient":
        import httpx2

        from kit.pinned import Pinned

        if self._trust is None:
            self._trust = await asyncio.to_thread(httpx2.create_ssl_context, trust_env=False)
        pinned = Pinned(self._trust, self._resolve, self._allowed, self._ports)
        limit = httpx2.Timeout(self._seconds, connect=CONNECT_SECONDS)
        return httpx2.AsyncClient(headers=MANNER, trust_env=False, transport=pinned, timeout=limit)

    async def _look_up(self, host: str, port: int) -> Sequence[Address]:
        """Raises OSError for a name that leads nowhere."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(NAME_SECONDS):
            found = await loop.run_in_executor(self._names, _asked, host, port)
        return [*dict.fromkeys(ip_address(text.partition("%")[0]) for text in found)]


def _asked(host: str, port: int) -> list[str]:
    return [str(place[0]) for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _followed(request: "httpx2.Request", next: "httpx2.Request") -> "httpx2.Request":
    """Where it leads, unless it gives up TLS: then whoever sits in between could say what they like."""
    if (request.url.scheme == "https" and next.url.scheme != "https") or len(str(next.url)) > URL_CHARACTERS:
        raise Unread(Reason.BAD_ADDRESS)
    return next


async def _taken(response: "httpx2.Response") -> Page:
    if response.status_code != 200:
        raise Unread(Reason.BUSY if response.status_code in PASSING else Reason.REFUSED, str(response.status_code))
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    packed = response.headers.get("content-encoding", "").strip().lower()
    if kind not in PAGES or packed not in PACKED:
        raise Unread(Reason.NOT_A_PAGE, f"{kind} {packed}"[:100])
    body = bytearray()
    async with aclosing(response.aiter_bytes()) as parts:
        async for part in parts:  # unpacked a megabyte at a time at most
            body += part
            if len(body) > PAGE_BYTES or response.num_bytes_downloaded > WIRE_BYTES:
                raise Unread(Reason.TOO_LARGE)
    return Page(str(response.url), bytes(body), response.charset_encoding)
