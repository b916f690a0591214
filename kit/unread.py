"""Why a page was not read."""

from enum import StrEnum


class Reason(StrEnum):
    """A closed set, for users to see."""

    BAD_ADDRESS = "BAD_ADDRESS"  # no http(s) URL of a public page, or a redirect to none
    FORBIDDEN_ADDRESS = "FORBIDDEN_ADDRESS"  # written as an address that is not public
    UNREACHABLE = "UNREACHABLE"  # nobody answers there, or not as HTTP does
    REFUSED = "REFUSED"  # the answer is an error
    BUSY = "BUSY"  # the answer is an error that may pass
    TOO_MANY_REDIRECTS = "TOO_MANY_REDIRECTS"
    NOT_A_PAGE = "NOT_A_PAGE"  # what came is no HTML
    TOO_LARGE = "TOO_LARGE"
    TOO_SLOW = "TOO_SLOW"

    @property
    def passing(self) -> bool:
        """Whether another try may do better."""
        return self in (Reason.UNREACHABLE, Reason.BUSY, Reason.TOO_SLOW)


class Unread(Exception):
    """`detail` may speak of our network: it is for our log alone."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
