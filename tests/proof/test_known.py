from graphql import build_ast_schema, build_schema, extend_schema, parse, print_schema

from tests.proof.known import NOT_YET, OF_THE_SERVER, PRINTED, known, left_out
from tests.proof.naive import FIELDS

CLUBS = """
enum Kin { PARENT CHILD }
type Club implements Node { id: ID! name: String! people(kin: Kin): [User!]! }
type ClubCounts { all: Int! }
extend union Found = Club
extend type Query { club(id: ID!): Club clubCounts: ClubCounts! }
extend type User { clubs: [Club!]! kin: Kin clubCounts: ClubCounts! }
"""


def test_what_is_not_proved_is_named() -> None:
    assert left_out(PRINTED) == OF_THE_SERVER | NOT_YET


def test_every_function_is_of_a_field() -> None:
    kinds = build_ast_schema(known(PRINTED)).type_map
    assert FIELDS.keys() <= {f"{kind.name}.{name}" for kind in kinds.values() for name in getattr(kind, "fields", ())}


def test_a_domain_that_is_not_known_is_left_out_whole() -> None:
    more = print_schema(extend_schema(build_schema(PRINTED), parse(CLUBS)))
    assert left_out(more) - left_out(PRINTED) == {
        "Query.club",
        "Query.clubCounts",
        "User.clubs",
        "User.kin",
        "User.clubCounts",
        "Node: Club",
        "Found: Club",
    }
    assert print_schema(build_ast_schema(known(more))) == print_schema(build_ast_schema(known(PRINTED)))
