"""The two kinds of fields that matter: reads, which are statements, and verbs, which are functions of resolvers/.

Both take their arguments from the function's own parameters, so that a field is one line and cannot disagree with what
it calls. Every root field demands at least Role.USER unless it says otherwise: forgetting to ask is impossible.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.unset import UNSET

from db.accounts.users import Role
from kit.ids import Id
from live.log import Kind as Happened
from resolvers.context import Viewer
from resolvers.documented import Doc
from resolvers.limits import Limit
from resolvers.rules import Ids
from resolvers.topics import Followed
from schema.answers import perform, read
from schema.kinds import CallField, Kind, LiveField, ReaderField, StreamField, VerbField
from schema.scalars import Cursor


def entity(statement: Callable[..., Any], description: str, *, floor: Role = Role.USER) -> Any:
    """One object by a statement that selects it; where there is none, the type's …_NOT_FOUND."""
    return _made(ReaderField, statement, description, floor, kind=Kind.ENTITY)


def maybe(statement: Callable[..., Any], description: str, **given: str) -> Any:
    """One object or null. `given` are attributes of the parent object, by the parameter that they fill."""
    return _made(ReaderField, statement, description, Role.USER, kind=Kind.MAYBE, given=given)


def any_node(description: str) -> Any:
    """One object of whatever type its id names, or null."""
    return _made(ReaderField, _id, description, Role.USER, kind=Kind.NODE)


def _id(id: Annotated[Id, Doc("The global id.")]) -> None: ...


def any_nodes(description: str) -> Any:
    """The objects that ids name, of whatever types, in their order, with null where there is none."""
    return _made(ReaderField, _ids, description, Role.USER, kind=Kind.NODES)


def _ids(ids: Annotated[Ids, Doc("Global ids, at most a hundred.")]) -> None: ...


def maybe_node(description: str, *, id: str) -> Any:
    """The same below a type; `id` is the attribute of the parent object that holds the id."""
    return _made(ReaderField, _id, description, Role.USER, kind=Kind.NODE, given={"id": id})


def connection(
    listing: Callable[..., Any],
    description: str,
    *,
    floor: Role = Role.USER,
    offset: bool = False,
    admits: Callable[..., Awaitable[None]] | None = None,
) -> Any:
    """A paged list; inside a bound type, of the rows that the relationship of the same name leads to.

    `admits` is given the context and the arguments first, and raises Forbidden for a list that the viewer may not ask.
    """
    paging = _paging(offset=offset)
    return _made(ReaderField, listing, description, floor, kind=Kind.CONNECTION, paging=paging, admits=admits)


def record(statement: Callable[..., Any], description: str, *, floor: Role = Role.USER) -> Any:
    """The labelled columns of one row."""
    return _made(ReaderField, statement, description, floor, kind=Kind.RECORD)


def computed(function: Callable[..., Any], description: str, *, needs: Sequence[str], weight: int) -> Any:
    """A scalar field of a bound type that Python makes of its columns; `needs` are the parameters that they fill.

    The other parameters are the field's arguments. Each value counts as `weight` rows towards what a query may reach, a
    field with an argument `first` as that many values.
    """
    return _made(ReaderField, function, description, Role.USER, kind=Kind.COMPUTED, needs=needs, weight=weight)


def expression(function: Callable[..., Any], description: str, *, weight: int = 1) -> Any:
    """A scalar field of a bound type, or a list of scalars, that PostgreSQL makes of the row and of rows it leads to.

    The function is given the row as a statement has it, the model or an alias of it, and answers an expression in the
    words of resolvers/relations.py. Each value counts as `weight` rows towards what a query may reach.
    """
    parameters = [*inspect.signature(function).parameters]
    if len(parameters) != 1:
        raise TypeError(f"{function.__name__}: an expression is made of a row alone")
    return _made(ReaderField, function, description, Role.USER, kind=Kind.EXPRESSION, weight=weight, row=parameters[0])


def facet(description: str) -> Any:
    """A field of a bound type that leads to another type bound to the same model: more of the same row."""
    return _made(ReaderField, _itself, description, Role.USER, kind=Kind.FACET)


def _itself() -> None: ...


def verb(
    function: Callable[..., Awaitable[Any]],
    description: str,
    *,
    floor: Role = Role.USER,
    public: bool = False,
    limit: Limit | None = None,
) -> Any:
    """A mutation. The entity that the function answers is read back with the client's selection.

    With a `limit` it may be asked so often, each alias counting as one; the description says so by itself.
    """
    said = description if limit is None else f"{description} {limit.said}"
    return _made(VerbField, function, said, None if public else floor, limit=limit)


def stream(
    follows: Callable[..., Followed],
    description: str,
    *,
    changed: type[Any],
    deleted: type[Any],
    typed: Mapping[tuple[str, Happened], type[Any]] = MappingProxyType({}),
    heard: Callable[[Viewer, str], Any] | None = None,
    floor: Role = Role.USER,
) -> Any:
    """A subscription to events, told as the types `changed` and `deleted`, or as `typed` has it for certain ones; and
    to signals, told as what `heard` makes of their payload. The function says what is followed.
    """
    told: dict[str, Any] = {"changed": changed, "deleted": deleted, "typed": typed, "heard": heard}
    return _made(StreamField, follows, description, floor, paging=[_after()], **told)


def live(
    kind: Kind,
    statement: Callable[..., Any],
    description: str,
    *,
    follows: Callable[..., Followed],
    floor: Role = Role.USER,
    every: float | None = None,
) -> Any:
    """A subscription to a query: its answer at once, and again when it has changed."""
    paging = _paging(offset=False) if kind is Kind.CONNECTION else []
    return _made(LiveField, statement, description, floor, kind=kind, paging=paging, follows=follows, every=every)


def _after() -> StrawberryArgument:
    return StrawberryArgument(
        python_name="after",
        graphql_name=None,
        type_annotation=StrawberryAnnotation(Cursor | None),
        description="The last cursor seen: all since is told first, in order. Default: from now on.",
        default=None,
    )


def report(
    function: Callable[..., Awaitable[Any]], description: str, *, floor: Role | None, limit: Limit | None = None
) -> Any:
    """A query that a function answers, of what no statement reaches: what the process has in memory. None: for all."""
    said = description if limit is None else f"{description} {limit.said}"
    return _made(VerbField, function, said, floor, limit=limit)


def _made(
    made: type[CallField],
    call: Callable[..., Any],
    description: str,
    floor: Role | None,
    *,
    paging: Sequence[StrawberryArgument] = (),
    row: str | None = None,
    **more: Any,
) -> Any:
    field = made(description=description)
    field.call, field.floor = call, floor
    field.answer = read if issubclass(made, ReaderField) else perform
    field.init = field.compare = field.repr = False
    for name, value in more.items():
        setattr(field, name, value)
    hints = _hints(call, skip={"ctx", row, *more.get("given", ()), *more.get("needs", ())})
    field.arguments = [*(_argument(parameter, hint) for parameter, hint in hints), *paging]
    rules = {parameter.name: TypeAdapter(hint) for parameter, hint in hints if _has_rules(hint)}
    if rules and made is VerbField:
        raise TypeError(f"{call.__name__}: a verb's rules belong into its input")
    field.rules, types = rules, get_type_hints(call)
    if isinstance(field, ReaderField):
        field.needs = {name: TypeAdapter(types[name]) for name in more.get("needs", ())}
    return field


def _hints(call: Callable[..., Any], skip: set[str | None]) -> list[tuple[inspect.Parameter, Any]]:
    hints = get_type_hints(call, include_extras=True)
    parameters = inspect.signature(call).parameters.values()
    return [(parameter, hints[parameter.name]) for parameter in parameters if parameter.name not in skip]


def _has_rules(hint: Any) -> bool:
    """Also within: `SearchWords | None` has those of `SearchWords`."""
    parts, notes = get_args(hint), []
    if get_origin(hint) is Annotated:
        parts, notes = parts[:1], [*parts[1:]]
    return any(not isinstance(note, Doc) for note in notes) or any(map(_has_rules, parts))


def _argument(parameter: inspect.Parameter, hint: Any) -> StrawberryArgument:
    annotation, description = hint, None
    if get_origin(hint) is Annotated:
        annotation, *notes = get_args(hint)
        description = next((note.text for note in notes if isinstance(note, Doc)), None)
    return StrawberryArgument(
        python_name=parameter.name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(annotation),
        description=description,
        default=UNSET if parameter.default in (inspect.Parameter.empty, None) else parameter.default,
    )


def _paging(*, offset: bool) -> list[StrawberryArgument]:
    texts: dict[str, tuple[type, str]] = {
        "first": (int, "How many rows from the start, 1 to 100. Default: 20."),
        "after": (str, "The cursor that the page begins after."),
        "last": (int, "How many rows from the end, 1 to 100."),
        "before": (str, "The cursor that the page ends before."),
    }
    if offset:
        texts["offset"] = (int, "How many rows to skip, for screens that jump to a page; 0 to 100,000.")
    return [
        StrawberryArgument(
            python_name=name, graphql_name=None, type_annotation=StrawberryAnnotation(kind | None), description=text
        )
        for name, (kind, text) in texts.items()
    ]
