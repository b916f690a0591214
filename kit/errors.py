"""Every error a client may be told of, and nothing else.

    ParlorError
      Unauthenticated     UNAUTHENTICATED      no token, or one that no longer counts
      Forbidden           FORBIDDEN            seen, but not yours to do
      NotFound            <TYPE>_NOT_FOUND     not there, or not yours to see: the answer is the same
      Invalid             VALIDATION_ERROR     what came in cannot be right; `details` says which field
      Conflict            CONFLICT             what is kept already stands against it; `details.reason` says why
      InvalidTransition   INVALID_TRANSITION   what has a status cannot go from the one to the other; `details` has both
      RateLimited         RATE_LIMITED         too often; `retryAfter` seconds
      TooComplex          QUERY_TOO_COMPLEX    the question is larger than one answer may be
      TooSlow             QUERY_TIMEOUT        the answer took longer than one may take
      Unavailable         UNAVAILABLE          the database cannot be reached just now; try again
        OutcomeUnknown    UNAVAILABLE          it went away over a commit; `reason` says that it may have been done
      NoKeys              UNAVAILABLE          the issuer of a token cannot be asked for its keys just now; try again
      Leaving             UNAVAILABLE          the server goes down; come back, to it or to another
      UnknownDocument     PERSISTED_QUERY_NOT_FOUND  a hash or id of no document known here; send its text

Whatever is raised outside this tree reaches the client as INTERNAL_ERROR, without its text.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

Details = Mapping[str, Sequence[str]]

DONE = "DONE"  # the reason where what was asked for was done, and only its answer is missing


class ParlorError(Exception):
    """An error with a code that clients can rely on and a message that people may read.

    `reason` is a constant for programs. A mutation that failed for a time has one unless nothing was done.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason

    def extensions(self) -> dict[str, Any]:
        return {"code": self.code} | ({} if self.reason is None else {"reason": self.reason})


class Unauthenticated(ParlorError):
    code = "UNAUTHENTICATED"

    def __init__(self, message: str = "Missing access token") -> None:
        super().__init__(message)


class Forbidden(ParlorError):
    code = "FORBIDDEN"

    def __init__(self, message: str = "Access denied") -> None:
        super().__init__(message)


class NotFound(ParlorError):
    """`NotFound("Task", id)`; a hidden row and a missing one are told apart by nobody."""

    def __init__(self, entity: str, id: str) -> None:
        super().__init__(f"{entity} with id '{id[:64]}' not found")
        self.entity = entity

    def extensions(self) -> dict[str, Any]:
        words = "".join(f"_{c}" if c.isupper() else c for c in self.entity).strip("_")
        return {"code": f"{words.upper()}_NOT_FOUND", "category": "NOT_FOUND"}


class Invalid(ParlorError):
    """`details` has a list of messages per input field, named as the client named it."""

    code = "VALIDATION_ERROR"

    def __init__(self, details: Details, message: str | None = None) -> None:
        first = next(((field, said[0]) for field, said in details.items() if said), None)
        super().__init__(message or (f"Invalid input: {first[0]}: {first[1]}" if first else "Invalid input"))
        self.details = details

    def extensions(self) -> dict[str, Any]:
        return {"code": self.code, "details": {field: list(said) for field, said in self.details.items()}}


class Conflict(ParlorError):
    """`reason` is one such as EMAIL_EXISTS; `left=2` tells how much there still is."""

    code = "CONFLICT"

    def __init__(self, message: str, *, reason: str, details: Details | None = None, **counted: int) -> None:
        super().__init__(message, reason=reason)
        self.details = details
        self.counted = counted

    def extensions(self) -> dict[str, Any]:
        told: dict[str, Any] = super().extensions() | self.counted
        if self.details:
            told["details"] = {field: list(said) for field, said in self.details.items()}
        return told


class InvalidTransition(ParlorError):
    code = "INVALID_TRANSITION"

    def __init__(self, before: str, after: str) -> None:
        super().__init__(f"It cannot go from {before} to {after}")
        self.before = before
        self.after = after

    def extensions(self) -> dict[str, Any]:
        return {"code": self.code, "details": {"from": [self.before], "to": [self.after]}}


class RateLimited(ParlorError):
    code = "RATE_LIMITED"

    def __init__(self, retry_after: int, message: str = "Too many attempts") -> None:
        super().__init__(f"{message}; try again in {retry_after} s")
        self.retry_after = retry_after

    def extensions(self) -> dict[str, Any]:
        return {"code": self.code, "retryAfter": self.retry_after}


class TooComplex(ParlorError):
    """`TooComplex("…", cost=70_000, limit=50_000)`: what was counted, and how much of it may be."""

    code = "QUERY_TOO_COMPLEX"

    def __init__(self, message: str, **counted: int) -> None:
        super().__init__(message)
        self.counted = counted

    def extensions(self) -> dict[str, Any]:
        return {"code": self.code, **self.counted}


class TooSlow(ParlorError):
    code = "QUERY_TIMEOUT"

    def __init__(self, message: str = "The query took too long: ask for less", *, reason: str | None = None) -> None:
        super().__init__(message, reason=reason)


class Unavailable(ParlorError):
    """What stood in the way is in `__cause__`."""

    code = "UNAVAILABLE"

    def __init__(
        self, message: str = "The database cannot be reached just now; try again", *, reason: str | None = None
    ) -> None:
        super().__init__(message, reason=reason)


class OutcomeUnknown(Unavailable):
    """To ask again may do it twice."""

    def __init__(
        self,
        message: str = "The database went away before it said whether this was done: look before you try again",
    ) -> None:
        super().__init__(message, reason="OUTCOME_UNKNOWN")


class NoKeys(ParlorError):
    code = "UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("The keys of the token's issuer cannot be fetched just now; try again")


class Leaving(ParlorError):
    code = "UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("The server is going down; try again")


class UnknownDocument(ParlorError):
    """Apollo's clients send the text when they hear this, by its message or its code."""

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")
