"""docs/operations.md says of every table how long its rows are kept, and by which setting."""

import re
from pathlib import Path

from db import jobs
from db.base import Base
from kit.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
ROWS = re.findall(
    r"^\| (`.*?) \| (.*?) \| (.*?) \|$", PAGE.split("## What is kept how long")[1].split("\n## ")[0], re.M
)


def test_every_table_is_in_one_row() -> None:
    told = sorted(name for names, _, _ in ROWS for name in re.findall(r"`(\w+)`", names))
    assert told == sorted({*Base.metadata.tables, *jobs.TABLES, "alembic_version"})


def test_what_a_setting_rules_is_told_with_its_default() -> None:
    ruled = {setting[1:-1].lower(): goes for _, goes, setting in ROWS if setting.startswith("`")}
    defaults = {name: Settings.model_fields[name].default for name in ruled}
    assert {name for name in Settings.model_fields if name.endswith("_retention_days")} < defaults.keys()
    assert {
        name: days for name, days in defaults.items() if not re.search(rf"\b{days} (days|hours)", ruled[name])
    } == {}
