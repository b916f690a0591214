from dataclasses import dataclass
from enum import StrEnum

ANSWER_SECONDS = 5  # for each that is asked


class Verdict(StrEnum):
    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the list. What is a warning or failed has a remedy."""

    item: str
    verdict: Verdict
    said: str
    remedy: str = ""


def ok(item: str, said: str) -> Finding:
    return Finding(item, Verdict.OK, said)


def skipped(item: str, why: str) -> Finding:
    return Finding(item, Verdict.SKIPPED, why)


def warning(item: str, said: str, remedy: str) -> Finding:
    return Finding(item, Verdict.WARNING, said, remedy)


def failed(item: str, said: str, remedy: str) -> Finding:
    return Finding(item, Verdict.FAILED, said, remedy)
