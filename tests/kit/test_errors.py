"""Every error a client may be told of: its code, its message, what else it carries."""

import pytest

from kit.errors import (
    Conflict,
    Forbidden,
    Invalid,
    InvalidTransition,
    Leaving,
    NoKeys,
    NotFound,
    OutcomeUnknown,
    ParlorError,
    RateLimited,
    TooComplex,
    TooSlow,
    Unauthenticated,
    Unavailable,
    UnknownDocument,
)

TREE = [
    (Unauthenticated(), "Missing access token", {"code": "UNAUTHENTICATED"}),
    (Unauthenticated("Invalid or expired token"), "Invalid or expired token", {"code": "UNAUTHENTICATED"}),
    (Forbidden(), "Access denied", {"code": "FORBIDDEN"}),
    (Forbidden("Insufficient permissions"), "Insufficient permissions", {"code": "FORBIDDEN"}),
    (
        NotFound("Task", "task_1"),
        "Task with id 'task_1' not found",
        {"code": "TASK_NOT_FOUND", "category": "NOT_FOUND"},
    ),
    (
        Invalid({"title": ["must not be blank", "must be short"], "dueAt": ["is no date"]}),
        "Invalid input: title: must not be blank",
        {
            "code": "VALIDATION_ERROR",
            "details": {"title": ["must not be blank", "must be short"], "dueAt": ["is no date"]},
        },
    ),
    (Invalid({"title": ["x"]}, "No"), "No", {"code": "VALIDATION_ERROR", "details": {"title": ["x"]}}),
    (Invalid({}), "Invalid input", {"code": "VALIDATION_ERROR", "details": {}}),
    (Conflict("Taken", reason="EMAIL_EXISTS"), "Taken", {"code": "CONFLICT", "reason": "EMAIL_EXISTS"}),
    (
        Conflict("Taken", reason="EMAIL_EXISTS", details={"email": ("is taken",)}),
        "Taken",
        {"code": "CONFLICT", "reason": "EMAIL_EXISTS", "details": {"email": ["is taken"]}},
    ),
    (
        Conflict("Only 2 left", reason="NOT_ENOUGH_LEFT", left=2),
        "Only 2 left",
        {"code": "CONFLICT", "reason": "NOT_ENOUGH_LEFT", "left": 2},
    ),
    (
        InvalidTransition("IDEA", "RECEIVED"),
        "It cannot go from IDEA to RECEIVED",
        {"code": "INVALID_TRANSITION", "details": {"from": ["IDEA"], "to": ["RECEIVED"]}},
    ),
    (RateLimited(30), "Too many attempts; try again in 30 s", {"code": "RATE_LIMITED", "retryAfter": 30}),
    (TooComplex("Too deep"), "Too deep", {"code": "QUERY_TOO_COMPLEX"}),
    (TooSlow(), "The query took too long: ask for less", {"code": "QUERY_TIMEOUT"}),
    (TooSlow("Ask for less", reason="DONE"), "Ask for less", {"code": "QUERY_TIMEOUT", "reason": "DONE"}),
    (Unavailable(), "The database cannot be reached just now; try again", {"code": "UNAVAILABLE"}),
    (Unavailable("Read later", reason="DONE"), "Read later", {"code": "UNAVAILABLE", "reason": "DONE"}),
    (
        OutcomeUnknown(),
        "The database went away before it said whether this was done: look before you try again",
        {"code": "UNAVAILABLE", "reason": "OUTCOME_UNKNOWN"},
    ),
    (NoKeys(), "The keys of the token's issuer cannot be fetched just now; try again", {"code": "UNAVAILABLE"}),
    (Leaving(), "The server is going down; try again", {"code": "UNAVAILABLE"}),
    (UnknownDocument(), "PersistedQueryNotFound", {"code": "PERSISTED_QUERY_NOT_FOUND"}),
]


@pytest.mark.parametrize(("error", "message", "extensions"), TREE, ids=lambda value: type(value).__name__)
def test_each_error_tells_its_code(error: ParlorError, message: str, extensions: object) -> None:
    assert error.message == message
    assert str(error) == message
    assert error.extensions() == extensions


def test_no_class_is_left_out_above() -> None:
    direct = ParlorError.__subclasses__()
    assert {type(error) for error, _, _ in TREE} == {
        *direct,
        *(part for each in direct for part in each.__subclasses__()),
    }


@pytest.mark.parametrize(
    ("entity", "code"),
    [("Task", "TASK_NOT_FOUND"), ("GiftList", "GIFT_LIST_NOT_FOUND"), ("User", "USER_NOT_FOUND")],
)
def test_what_is_not_found_is_named_in_the_code(entity: str, code: str) -> None:
    assert NotFound(entity, "x").extensions()["code"] == code


def test_a_long_id_is_not_repeated_in_full() -> None:
    assert NotFound("Task", "x" * 1_000).message == f"Task with id '{'x' * 64}' not found"


def test_the_bare_error_has_the_code_of_the_unforeseen() -> None:
    assert ParlorError("x").extensions() == {"code": "INTERNAL_ERROR"}
