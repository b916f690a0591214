"""Arguments of a field: values from the pools, pages, and variables in place of literals at any depth."""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    ConstValueNode,
    EnumValueNode,
    FieldNode,
    GraphQLField,
    GraphQLInputType,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    TypeNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    parse_type,
    parse_value,
    value_from_ast_untyped,
)

from tests.proof.pools import NUMERIC, Pools
from tests.proof.refusals import order_of

# Which arguments of paging are given, by how often.
PAGINGS = [()] * 6 + [("first",)] * 5 + [("first", "after")] * 5 + [("after",), ("last",), ("last",)]
PAGINGS += [("last", "before")] * 4
ODD_PAGINGS = [("before",), ("first", "last"), ("last", "after"), ("first", "after", "last", "before")]


@dataclass
class Variables:
    """Those of one operation: how they are declared, and what is sent."""

    declared: list[VariableDefinitionNode] = field(default_factory=list)
    sent: dict[str, Any] = field(default_factory=dict)

    def switch(self, random: Random, on: bool) -> ValueNode:
        value = BooleanValueNode(value=on)
        match random.randrange(4):
            case 0:
                return value
            case 1:
                return self._declare("Boolean = " + str(on).lower(), *([] if random.randrange(40) else [None]))
            case 2:
                return self._declare("Boolean! = " + str(not on).lower(), on)
        return self._declare("Boolean!", on)

    def instead(self, random: Random, kind: GraphQLInputType, value: ConstValueNode, *, optional: bool) -> VariableNode:
        """A variable that stands for the value, or sometimes for nothing where nothing need be given."""
        plain, null = value_from_ast_untyped(value), isinstance(value, NullValueNode)
        loose, strict = str(get_nullable_type(kind)), str(get_nullable_type(kind)) + "!"
        match random.randrange(6):
            case 0 if optional:
                return self._declare(loose)
            case 1 if not is_non_null_type(kind):
                return self._declare(loose, None, default=value)
            case 2:
                return self._declare(loose if null else random.choice([loose, strict]), default=value)
            case 3 if not null:
                return self._declare(strict, plain, default=value)
        return self._declare(strict if not null and (is_non_null_type(kind) or random.randrange(2)) else loose, plain)

    def _declare(self, kind: str, *given: Any, default: ConstValueNode | None = None) -> VariableNode:
        variable = VariableNode(name=NameNode(value=f"v{len(self.declared)}"))
        kind, _, text = kind.partition(" = ")
        default = parse_value(text) if text else default  # type: ignore[assignment]
        type: TypeNode = parse_type(kind)
        self.declared.append(VariableDefinitionNode(variable=variable, type=type, default_value=default))
        for value in given:
            self.sent[variable.name.value] = value
        return variable


class Arguments:
    def __init__(self, random: Random, pools: Pools, variables: Variables) -> None:
        self._random = random
        self._pools = pools
        self._variables = variables
        self._kinds: list[str] = []  # of nodes that something is asked of

    def of(self, definition: GraphQLField, node: FieldNode) -> tuple[ArgumentNode, ...]:
        self._kinds = kinds_in(node)
        given: dict[str, Any] = {a.name.value: self._filled(a.value) for a in node.arguments or ()}
        given = {name: v for name, v in given.items() if not isinstance(v, NullValueNode) or self._random.randrange(3)}
        if "orderBy" in definition.args and self._random.randrange(2):
            given["orderBy"] = self._order(get_named_type(definition.args["orderBy"].type))
        if "userId" in definition.args and not self._random.randrange(25):
            given["userId"] = _text(self._pools.user(self._random))
        if "first" in definition.args:
            given |= self._paging(definition, node.name.value, given)
        return tuple(
            ArgumentNode(name=NameNode(value=name), value=self._varied(definition.args[name], value))
            for name, value in given.items()
        )

    def _filled(self, value: ValueNode) -> ValueNode:
        """Texts say what is meant. Of many conditions that must all hold most are left out: they would find nothing."""
        match value:
            case StringValueNode():
                made = self._pools.value(self._random, value.value, self._kinds)
                return IntValueNode(value=made) if value.value in NUMERIC else _text(made)
            case ListValueNode():
                return replace(value, values=tuple(self._filled(v) for v in value.values))
            case ObjectValueNode():
                fields = [replace(f, value=self._filled(f.value)) for f in value.fields]
                if all(f.name.value not in ("field", "direction") for f in fields) and self._random.randrange(10):
                    fields = self._random.sample(fields, min(len(fields), self._random.choice([0, 1, 1, 1, 2])))
                return replace(value, fields=tuple(fields))
        return value

    def _order(self, kind: Any) -> ValueNode:
        if is_enum_type(kind):
            return EnumValueNode(value=self._random.choice([*kind.values]))
        field = self._random.choice([*get_named_type(kind.fields["field"].type).values])
        direction = self._random.choice(["", " direction: ASC", " direction: DESC", " direction: DESC"])
        return parse_value(f"{{field: {field}{direction}}}")

    def _paging(self, definition: GraphQLField, field: str, given: dict[str, ValueNode]) -> dict[str, ValueNode]:
        random = self._random
        names = list(random.choice(PAGINGS if random.randrange(40) else ODD_PAGINGS))
        if "offset" in definition.args and random.randrange(3):
            names.append("offset")
        by = given.get("orderBy")
        order = value_from_ast_untyped(by) if isinstance(by, ObjectValueNode | EnumValueNode) else None
        order = {"direction": "ASC"} | order if isinstance(order, dict) else order
        name = order_of(field, {"orderBy": order}).name
        listed: Any = get_named_type(definition.type)
        kind = str(get_named_type(listed.fields["nodes"].type)) if "after" in definition.args else ""
        made: dict[str, ValueNode] = {}
        for key in [name for name in names if name in definition.args]:
            if key in ("after", "before"):
                made[key] = _text(self._pools.cursor(random, name, kind))
            else:
                made[key] = IntValueNode(value=str(self._size(key, paged="after" in definition.args)))
        others = [key for key in ("first", "after", "last", "before", "offset") if key in definition.args]
        return made | {key: NullValueNode() for key in others if key not in made and not random.randrange(12)}

    def _size(self, key: str, *, paged: bool) -> int:
        if key == "offset":
            return self._random.choice([0, 0, 1, 1, 2, 2, 5, 5, 50, 50, 100_000, 100_001])
        size = self._pools.size(self._random)
        return size if paged or not 10 < size <= 100 else 10  # a field that has no pages has ten at most

    def _varied(self, place: Any, value: Any) -> Any:
        """The same with variables here and there; `place` is the argument or input field that it stands in."""
        kind = getattr(place, "type", place)
        if not self._random.randrange(4):
            optional = place is not kind and (not is_non_null_type(kind) or place.default is not None)
            optional = optional and (not isinstance(value, IntValueNode) or not self._random.randrange(5))
            return self._variables.instead(self._random, kind, value, optional=optional)
        kind = get_nullable_type(kind)
        if isinstance(value, ListValueNode) and is_list_type(kind):
            return replace(value, values=tuple(self._varied(kind.of_type, item) for item in value.values))
        if isinstance(value, ObjectValueNode) and is_input_object_type(kind):
            places = get_named_type(kind).fields  # type: ignore[attr-defined]
            return replace(
                value, fields=tuple(_with(f, self._varied(places[f.name.value], f.value)) for f in value.fields)
            )
        return value


def _with(field: ObjectFieldNode, value: ValueNode) -> ObjectFieldNode:
    return replace(field, value=value)


def _text(value: str | None) -> ValueNode:
    return NullValueNode() if value is None else StringValueNode(value=value)


def kinds_in(node: FieldNode) -> list[str]:
    """What something is asked of if the field answers that."""
    selections = node.selection_set.selections if node.selection_set else ()
    named = [s.type_condition.name.value for s in selections if isinstance(s, InlineFragmentNode) and s.type_condition]
    return [name for name in named if name != "Node"]
