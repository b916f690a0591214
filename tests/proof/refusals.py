"""What is refused before anything is read: arguments that make no sense, anywhere below a root field.

The error is that of the root field, whether or not a row is reached. A field that is skipped, or selected on a type
that the object is not of, is not asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLNamedType,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
)
from graphql.execution.values import get_argument_values, get_directive_values
from graphql.utilities import do_types_overlap

from db.models import (
    ActivityKind,
    Entity,
    Family,
    Gift,
    GiftList,
    ItemStatus,
    ListItem,
    Occasion,
    Person,
    Role,
    SeanceParticipant,
    User,
)
from tests.proof.filters import AMISS, Details, amiss_in_words
from tests.proof.lists import Order

NEWEST, OLDEST = Order("created_at", falling=True), Order("created_at")
ORDERS = {
    "users": NEWEST,
    "sessions": Order("last_used_at", falling=True),
    "labels": Order("name"),
    "presence": Order("since"),
    "find": Order("updated_at", falling=True, called="task:updated_at-|label:updated_at-"),
    **dict.fromkeys(("families", "lists", "persons", "gifts"), Order("name")),
    **dict.fromkeys(("members", "invites", "people", "prices", "claims", "contributions", "comments"), OLDEST),
    **dict.fromkeys(("items", "listItems", "reports", "seanceReports"), OLDEST),
    **dict.fromkeys(("history", "personHistory"), Order("giving.received_at", falling=True)),
    "occasions": Order("day"),
    "participants": Order("joined_at"),
}
ORDERED_BY = {"PARENT_TITLE": "parent.title", "GIFT_NAME": "gift.name"}
INVALID = "VALIDATION_ERROR"
Info = GraphQLResolveInfo[Any]


@dataclass(frozen=True)
class Refusal:
    code: str
    details: Details | None = None


def order_of(field: str, given: dict[str, Any]) -> Order:
    match given.get("orderBy"):
        case str() as by:
            return Order(by.lower())
        case {"field": "PRICE", "direction": direction}:
            return Order("price_minor" if field == "gifts" else "gift.price_minor", direction == "DESC")
        case {"field": by, "direction": direction}:
            return Order(ORDERED_BY.get(by, by.lower()), direction == "DESC")
    return ORDERS.get(field, NEWEST)


def refusals(info: Info, given: dict[str, Any], kind: GraphQLNamedType) -> list[Refusal]:
    """Of a root field that answers a `kind`: any of these may be told."""
    found = [*_of(info.field_name, given, info)]
    for node in info.field_nodes:
        try:
            for field, below in _nested(info, kind, node.selection_set):
                found += _of(below.name.value, get_argument_values(field, below, info.variable_values), info)
        except GraphQLError:  # an argument or a switch that may not be null, by a variable that may
            found.append(Refusal(INVALID))
    return found


def _nested(
    info: Info, kind: GraphQLNamedType, selections: SelectionSetNode | None
) -> Iterator[tuple[GraphQLField, FieldNode]]:
    nodes: Any = selections.selections if selections else ()
    for node in nodes:
        if not _wanted(node, info):
            continue
        if isinstance(node, FieldNode):
            field: GraphQLField | None = getattr(kind, "fields", {}).get(node.name.value)
            if field is not None:  # not __typename
                yield field, node
                yield from _nested(info, get_named_type(field.type), node.selection_set)
            continue
        spread = isinstance(node, FragmentSpreadNode)
        inner: Any = info.fragments[node.name.value] if spread else node
        within: Any = info.schema.type_map[inner.type_condition.name.value] if inner.type_condition else kind
        if within is kind or do_types_overlap(info.schema, within, cast("Any", kind)):
            yield from _nested(info, within if is_abstract_type(kind) else kind, inner.selection_set)


def _wanted(node: Any, info: Info) -> bool:
    skip = get_directive_values(GraphQLSkipDirective, node, info.variable_values)
    if skip and skip["if"]:
        return False
    include = get_directive_values(GraphQLIncludeDirective, node, info.variable_values)
    return include is None or bool(include["if"])


def _of(field: str, given: dict[str, Any], info: Info) -> Iterator[Refusal]:
    viewer = info.context.viewer
    if given.get("userId") is not None and (viewer is None or given["userId"] != viewer.id):
        yield Refusal("FORBIDDEN")
    if field == "presence" and viewer is not None and not may_look(info.context, given["topic"]):
        yield Refusal("FORBIDDEN")
    for name in ("text", "search"):
        if said := amiss_in_words(given.get(name)):
            yield Refusal(INVALID, {name: said})
    for name, most in {"status": len(ItemStatus), "kinds": len(ActivityKind)}.items():
        if len(given.get(name) or ()) > most:
            yield Refusal(
                INVALID, {name: [f"List should have at most {most} items after validation, not {len(given[name])}"]}
            )
    if field in AMISS and (amiss := AMISS[field](given.get("filter") or {})):
        yield Refusal(INVALID, amiss)
    for details in _of_occurrences(given) if field == "occurrences" else _of_paging(field, given):
        yield Refusal(INVALID, details)


def may_look(asked: Any, topic: str) -> bool:
    """At what is one's own, at what one sees of a family, and at rooms where one sits; administrators at every user."""
    name, _, id = topic.rpartition(":")
    viewer, world = asked.viewer, asked.world
    if id == viewer.id:
        return name in ("user", "tasks", "labels", "sessions")
    if name in LOOKED_AT:
        row = world.of(LOOKED_AT[name]).get(id)
        return row is not None and asked.sees(row)
    if name == "seance":
        seats = world.alike(SeanceParticipant, "seance_id", id)
        return any(seat.user_id == viewer.id and seat.left_at is None for seat in seats)
    return name == "user" and viewer.role is Role.ADMIN and id in world.of(User)


LOOKED_AT: dict[str, type[Entity]] = {"list": GiftList, "gift": Gift, "occasion": Occasion, "person": Person}
LOOKED_AT |= {f"comments:{name}": model for name, model in LOOKED_AT.items()}
LOOKED_AT |= {"family": Family, "comments:item": ListItem}


def _of_occurrences(given: dict[str, Any]) -> Iterator[Details]:
    if given["first"] < 1:
        yield {"first": ["Input should be greater than or equal to 1"]}
    if given["first"] > 10:
        yield {"first": ["Input should be less than or equal to 10"]}


def _of_paging(field: str, given: dict[str, Any]) -> Iterator[Details]:
    there = {name: value for name, value in given.items() if value is not None}
    for size in ("first", "last"):
        if size in there and not 1 <= there[size] <= 100:
            yield {size: ["must be 1 to 100"]}
    if "first" in there and "last" in there:
        yield {"last": ["cannot be combined with first"]}
    if "before" in there and "last" not in there:
        yield {"before": ["needs last"]}
    if "after" in there and "last" in there:
        yield {"after": ["cannot be combined with last"]}
    if "offset" in there and not 0 <= there["offset"] <= 100_000:
        yield {"offset": ["must be 0 to 100,000"]}
    side = "before" if "last" in there else "after"
    if side in there:
        try:
            order_of(field, given).opened(there[side])
        except ValueError as error:
            yield {side: [str(error)]}
