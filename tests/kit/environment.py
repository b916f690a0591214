"""Settings from an environment that is a test's own."""

import pytest
from pydantic import ValidationError

from kit.settings import Settings


def refusal() -> str:
    """The one message that settings from this environment are refused with."""
    with pytest.raises(ValidationError) as caught:
        Settings()
    (error,) = caught.value.errors()
    return error["msg"].removeprefix("Value error, ")
