"""Who may knock, for requests and sockets alike: by which name of this server, and from whose page.

Nothing here authenticates. It keeps pages of others from using the browser that shows them: to reach a server that only
that browser can reach, or to open sockets, which know no CORS.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from starlette.types import Scope

from kit.networks import address
from kit.settings import Settings
from server.requests import Refusal, headers_of

REMEMBERED = 256  # Host headers; a server has a few names
LONGEST = 300  # bytes of a Host header: a name has at most 253
NO_HOST = (400, "The Host header names no host")
_HOST = re.compile(rb"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{0,5})?", re.IGNORECASE)
_SECRET = re.compile(
    rb"(?:\A|&)((?:(?:access|refresh|id|auth|bearer|session)[-_]?)?token|authorization|auth|bearer|jwt|api[-_]?key"
    rb"|password)(?:=|&|\Z)",
    re.IGNORECASE,
)


class Origins:
    """The rules, as the settings have them."""

    def __init__(self, settings: Settings) -> None:
        self._origins = frozenset(origin.encode() for origin in settings.allowed_origins)
        self._hosts = settings.allowed_hosts
        self._refused = lru_cache(REMEMBERED)(self._said_of)

    def check(self, scope: Scope) -> None:
        """Raises Refusal: 400 or 421 for the Host, 400 for a secret in the URL, 403 for the page."""
        headers = headers_of(scope)
        host = headers.get(b"host")
        if host is None:
            if scope["http_version"] != "1.0":
                raise Refusal(400, "The request has no Host header")
        elif refused := self._refused(host) if len(host) <= LONGEST else NO_HOST:
            raise Refusal(*refused)
        if scope["query_string"] and (found := _SECRET.search(scope["query_string"])):
            raise Refusal(400, f"No `{_shown(found[1])}` in a URL, where logs keep it: use the Authorization header")
        self._check_page(headers, host or b"")

    def _check_page(self, headers: dict[bytes, bytes], host: bytes) -> None:
        origin = headers.get(b"origin")
        if origin is not None:
            if origin not in self._origins and not _is_same(origin.lower(), host.lower()):
                raise Refusal(403, f"Pages of {_shown(origin)} may not call: ALLOWED_ORIGINS has those that may")
        elif headers.get(b"sec-fetch-mode") == b"no-cors" and headers.get(b"sec-fetch-site") != b"same-origin":
            raise Refusal(403, "Pages of other sites may not call without CORS")  # as images do, and blind requests

    def _said_of(self, host: bytes) -> tuple[int, str] | None:
        """A foreign page can have its own domain lead here (DNS rebinding); it can have neither an address nor a name
        without a dot.
        """
        found = _HOST.fullmatch(host)
        if found is None:
            return NO_HOST
        name = found[1].decode().lower().strip("[]").removesuffix(".")
        if "." not in name or name.endswith(".localhost") or address(name) or _listed(name, self._hosts):
            return None
        return 421, f"The server does not answer to {_shown(host)}: ALLOWED_HOSTS has its names"


def _listed(name: str, hosts: Iterable[str]) -> bool:
    return any(host in ("*", name) or (host.startswith("*.") and name.endswith(host[1:])) for host in hosts)


def _is_same(origin: bytes, host: bytes) -> bool:
    """Whether a page was loaded from where it calls. The scheme is not compared: who ends TLS may be another."""
    scheme, _, place = origin.partition(b"://")
    return bool(place) and place == host.removesuffix(b":443" if scheme == b"https" else b":80")


def _shown(header: bytes) -> str:
    return header[:100].decode("ascii", "replace")
