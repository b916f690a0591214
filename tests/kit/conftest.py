"""The tests of settings have an environment of their own."""

from pathlib import Path

import pytest

from kit.settings import Settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable and no `.env` of whoever runs the tests."""
    for name in [*Settings.model_fields, "cors_origins", "better_auth_secret"]:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
