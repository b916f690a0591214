"""The two kinds of fields: reads, which are statements, and verbs, which are functions."""

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from strawberry.types import Info
from strawberry.types.field import StrawberryField

from db.accounts.users import Role
from kit.errors import Forbidden
from resolvers.context import Context
from resolvers.work import refused

T = TypeVar("T")
Answer = Callable[[Any, Any, Info, dict[str, Any]], Any]


class Kind(StrEnum):
    """How a statement becomes an answer."""

    ENTITY = "ENTITY"  # one object; NOT_FOUND when there is none
    MAYBE = "MAYBE"  # one object or null
    CONNECTION = "CONNECTION"  # a page
    NODE = "NODE"  # one object of the type that its id names, or null
    RECORD = "RECORD"  # the labelled columns of one row


async def audited(ctx: Context, name: str, answer: Awaitable[T]) -> T:
    """The answer to a field. A refusal is kept in the audit."""
    try:
        return await answer
    except Forbidden:
        await refused(ctx, name)
        raise


class CallField(StrawberryField):
    """A field that answers by itself: no attribute of a parent object is looked up.

    `call` is the function of resolvers/ behind it, `floor` the least role that may ask (None: anybody).
    """

    call: Callable[..., Any]
    answer: Answer
    floor: Role | None = Role.USER

    @property
    def is_basic_field(self) -> bool:
        return False

    async def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        assert info is not None
        return await audited(info.context, info.field_name, self.answer(self, source, info, kwargs))


class ReaderField(CallField):
    """`given` are the parameters that the parent object fills in instead of the client: attributes by parameter."""

    kind: Kind
    given: Mapping[str, str] = MappingProxyType({})


class VerbField(CallField):
    """A mutation."""
