"""What durable jobs there are: each a class that is its payload, with what is done for it.

A job acts for nobody: nobody has signed in in its context, so its events have no actor, and policies cannot be asked.
It reads what it needs through `work.session`. It may be done twice, or again after it was done: it looks first whether
there is still something to do.
"""

import inspect
from typing import ClassVar

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from live.jobs import Handler
from resolvers.context import Context, Services, for_nobody

JOBS: dict[str, type["Job"]] = {}
VERBS = ("run", "gave_up")
LIMITS = {"attempts", "seconds", "apart"}

logger = structlog.get_logger()


class Job(BaseModel):
    """Its name is that of its class: one that waits in the database is lost when the class is renamed.

    A class that is none, by a slip of the pen, raises TypeError when it is made.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    attempts: ClassVar[int] = 6
    seconds: ClassVar[float] = 60.0  # of one try
    apart: ClassVar[bool] = False  # with hands of their own: those who wait at length keep no others waiting

    @classmethod
    def __pydantic_init_subclass__(cls, **given: object) -> None:
        own = {name for name, value in vars(cls).items() if inspect.isfunction(value) and not name.startswith("_")}
        if "run" not in own or not own <= {*VERBS}:
            raise TypeError(f"{cls.__name__} must have `run`, may have `gave_up`, and nothing else: {sorted(own)}")
        if not all(inspect.iscoroutinefunction(getattr(cls, name)) for name in VERBS):
            raise TypeError(f"{cls.__name__}: `run` and `gave_up` are async")
        if cls.attempts < 1 or cls.seconds <= 0 or not cls.__class_vars__ <= LIMITS:
            raise TypeError(f"{cls.__name__} has one or more `attempts`, of some `seconds`, and no other limits")
        if JOBS.setdefault(cls.__name__, cls) is not cls:
            raise TypeError(f"There is a job named {cls.__name__}")

    async def run(self, ctx: Context) -> None:
        """Raises for another try."""
        raise NotImplementedError

    async def gave_up(self, ctx: Context) -> None:
        """After the last try."""

    @classmethod
    def name(cls) -> str:
        return cls.__name__

    def payload(self) -> bytes:
        return self.model_dump_json().encode()


def handlers(services: Services) -> dict[str, Handler]:
    """Of all jobs whose classes have been imported."""
    return {name: _handler(services, job) for name, job in JOBS.items()}


def lanes(services: Services) -> list[dict[str, Handler]]:
    """The same in two parts, which shall not wait for each other."""
    made = handlers(services)
    return [{name: made[name] for name in made if JOBS[name].apart is apart} for apart in (False, True)]


def _handler(services: Services, job: type[Job]) -> Handler:
    async def run(number: int, payload: bytes) -> None:
        await job.model_validate_json(payload).run(for_nobody(services, f"job-{number}"))

    async def gave_up(number: int, payload: bytes) -> None:
        try:
            given = job.model_validate_json(payload)
        except ValidationError as error:  # an older version's
            logger.warning("job.not_understood", job=job.name(), id=number, errors=error.error_count())
        else:
            await given.gave_up(for_nobody(services, f"job-{number}"))

    return Handler(run, gave_up, attempts=job.attempts, seconds=job.seconds)
