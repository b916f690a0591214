"""What the documentation shows can be asked as it stands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse, validate
from graphql.language import DocumentNode

from schema.schema import made

HOME = Path(__file__).parents[2]
PAGES = [*HOME.glob("*.md"), *HOME.glob("docs/**/*.md")]
BLOCK = re.compile("^```graphql\n(.*?)^```", re.MULTILINE | re.DOTALL)


def operations() -> Iterator[Any]:
    """Each by itself: a block may show several without names."""
    for page in PAGES:
        for block in BLOCK.finditer(page.read_text()):
            for shown in parse(block[1]).definitions:
                assert isinstance(shown, OperationDefinitionNode)
                assert shown.loc
                line = page.read_text()[: block.start(1)].count("\n") + shown.loc.start_token.line
                yield pytest.param(shown, id=f"{page.name}:{line}")


@pytest.mark.parametrize("shown", [*operations()])
def test_every_example_is_of_the_schema(shown: OperationDefinitionNode) -> None:
    assert validate(made()._schema, DocumentNode(definitions=(shown,))) == []
