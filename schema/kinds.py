"""The two kinds of fields: reads, which are statements, and verbs, which are functions."""

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from strawberry.types import Info
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from db.accounts.users import Role
from kit.errors import Forbidden, Invalid
from live.log import Kind as Happened
from resolvers.audit import refused
from resolvers.context import Context, Viewer
from resolvers.limits import Limit
from resolvers.topics import Followed
from schema.finish import Unfinished

T = TypeVar("T")
Answer = Callable[[Any, Any, Info, dict[str, Any]], Any]


class Kind(StrEnum):
    """How a statement becomes an answer."""

    ENTITY = "ENTITY"  # one object; NOT_FOUND when there is none
    MAYBE = "MAYBE"  # one object or null
    CONNECTION = "CONNECTION"  # a page
    NODE = "NODE"  # one object of the type that its id names, or null
    NODES = "NODES"  # a list of those, each null where NODE would be
    RECORD = "RECORD"  # the labelled columns of one row
    COMPUTED = "COMPUTED"  # a field of a bound type that Python makes of its columns
    EXPRESSION = "EXPRESSION"  # a field of a bound type that PostgreSQL makes of the row and of rows it leads to
    FACET = "FACET"  # a field of a bound type that has more of the same row, as an object of its own


async def audited(ctx: Context, name: str, answer: Awaitable[T]) -> T:
    """The answer to a field. A refusal is kept in the audit."""
    try:
        return await answer
    except Forbidden:
        await refused(ctx, name)
        raise


class CallField(StrawberryField):
    """A field that answers by itself: no attribute of a parent object is looked up.

    `call` is the function of resolvers/ behind it, `floor` the least role that may ask (None: anybody). `rules` are
    what pydantic has to say of single arguments; inputs have their own.
    """

    call: Callable[..., Any]
    answer: Answer
    floor: Role | None = Role.USER
    rules: Mapping[str, TypeAdapter[Any]] = MappingProxyType({})

    @property
    def is_basic_field(self) -> bool:
        return False

    def checked(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments as their rules have them. Raises Invalid."""
        found, wrong = dict(kwargs), {}
        for name in self.rules.keys() & kwargs.keys():
            try:
                found[name] = self.rules[name].validate_python(kwargs[name])
            except ValidationError as error:
                wrong[to_camel_case(name)] = [_said(problem) for problem in error.errors(include_url=False)]
        if wrong:
            raise Invalid(wrong)
        return found

    async def get_result(self, source: Any, info: Info | None, args: list[Any], kwargs: Any) -> Any:
        assert info is not None
        try:
            return await audited(info.context, info.field_name, self.answer(self, source, info, kwargs))
        except Unfinished as error:
            raise error.located(info.path.as_list(), info._raw_info.field_nodes) from error


class ReaderField(CallField):
    """`given` are the parameters that the parent object fills in instead of the client: attributes by parameter.

    A computed field has `needs`: the parameters that columns of the same name fill, and how they are read from JSON.
    `weight` is what each value of it counts among the rows that a query may reach. `admits` is asked before a root
    field is read, and raises Forbidden.
    """

    kind: Kind
    given: Mapping[str, str] = MappingProxyType({})
    needs: Mapping[str, TypeAdapter[Any]] = MappingProxyType({})
    weight: int = 0
    admits: Callable[..., Awaitable[None]] | None = None


def _said(problem: Any) -> str:
    """What a rule of ours says stands alone; pydantic puts "Value error" before it."""
    return str(problem["ctx"]["error"]) if problem["type"] == "value_error" else str(problem["msg"])


class VerbField(CallField):
    """A mutation. `limit` is how often it may be asked."""

    limit: Limit | None = None


class StreamField(CallField):
    """A subscription to events. `call` says what is followed, `changed` and `deleted` are the types to tell it in.

    What is `typed`, by the entity and what happened to it, is told in a type of its own. `heard` makes what is told of
    a signal, given the viewer and the signal's payload.
    """

    changed: type[Any]
    deleted: type[Any]
    typed: Mapping[tuple[str, Happened], type[Any]] = MappingProxyType({})
    heard: Callable[[Viewer, str], Any] | None = None


class LiveField(ReaderField):
    """A subscription to a query, asked anew when something happens that it `follows`, and after `every` seconds."""

    follows: Callable[..., Followed]
    every: float | None = None
