"""Measures of questions, without a server."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, parse

from kit.errors import TooComplex
from kit.settings import Settings
from schema.limits import Measure, Most, measured
from schema.schema import made

SCHEMA = made()._schema
MOST = Most.of(Settings(_env_file=None))


def operation(document: DocumentNode) -> OperationDefinitionNode:
    return next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))


def measure(query: str, most: Most = MOST, schema: GraphQLSchema = SCHEMA) -> Measure:
    document = parse(query)
    return measured(schema, document, operation(document), most)


def refusal(query: str, most: Most = MOST, variables: Mapping[str, Any] | None = None) -> TooComplex:
    with pytest.raises(TooComplex) as refused:
        measure(query, most).check(variables or {})
    return refused.value
