"""Which questions need no viewer: one query of public fields, and nothing beside it."""

import pytest

from schema.schema import made

SCHEMA = made()
PUBLIC = ["{ health { status } }", "query A { a: health { db } __typename b: health { broker } }"]
NOT_PUBLIC = {
    "nothing": None,
    "no public field": "{ __typename }",
    "another field beside it": "{ health { status } me { id } }",
    "the schema beside it": "{ health { status } __schema { queryType { name } } }",
    "its name as an alias": "{ health: me { id } }",
    "a fragment beside it": "{ health { status } ... on Query { me { id } } }",
    "another operation beside it": "query A { health { status } } query B { me { id } }",
    "a fragment": "{ health { ...H } } fragment H on Health { status }",
    "a mutation": "mutation { health { status } }",
    "a subscription": "subscription { health { status } }",
    "no GraphQL": "{ health",
    "no operation": "type health { a: Int }",
    "a long text": "{ health { status } } #" + "x" * 500,
}


@pytest.mark.parametrize("query", PUBLIC)
def test_what_asks_for_public_fields_alone_needs_no_viewer(query: str) -> None:
    assert SCHEMA.public(query)


@pytest.mark.parametrize("query", NOT_PUBLIC.values(), ids=NOT_PUBLIC)
def test_everything_else_does(query: str | None) -> None:
    assert not SCHEMA.public(query)
