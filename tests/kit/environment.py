"""Settings from an environment that is a test's own."""

import pytest
from pydantic import ValidationError

from kit.settings import Settings, mistakes


def refusal(name: str | None = None) -> str:
    """The one message that settings from this environment are refused with, without the name that it begins with."""
    with pytest.raises(ValidationError) as caught:
        Settings()
    (said,) = mistakes(caught.value)
    return said if name is None else said.removeprefix(f"{name}: ")
