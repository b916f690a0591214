"""Settings from an environment that is a test's own."""

import pytest
from pydantic import AliasChoices, ValidationError

from kit.settings import Settings, mistakes


def variables() -> set[str]:
    """The names of all that settings are read from."""
    found = {name.upper() for name in Settings.model_fields}
    for field in Settings.model_fields.values():
        if isinstance(field.validation_alias, AliasChoices):
            found |= {str(name) for name in field.validation_alias.choices}
    return found


def refusal(name: str | None = None) -> str:
    """The one message that settings from this environment are refused with, without the name that it begins with."""
    with pytest.raises(ValidationError) as caught:
        Settings()
    (said,) = mistakes(caught.value)
    return said if name is None else said.removeprefix(f"{name}: ")
