"""Bind slots: what stands in a statement where a value will be.

A statement function runs once per document and shape, with *symbols* in place of values; the SQL is kept and later
requests only fill its slots. What can change the SQL itself is the *shape*: whether an argument is absent, null or
given, and the members of closed sets (enums, booleans), on which statement functions may branch.
"""

from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime
from enum import Enum
from functools import partial
from typing import Any

from pydantic import BaseModel
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Float, Integer, String, bindparam
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.types import TypeEngine

from db.accounts.users import Role
from db.base import ID, enumeration

# Who asks, and when: the slots every plan may use. A plan that uses none of VIEWER's is the same for everybody.
VIEWER_ID: BindParameter[Any] = bindparam("viewer_id", type_=ID)
VIEWER_ROLE: BindParameter[Any] = bindparam("viewer_role", type_=enumeration(Role, "user_role"))
VIEWER_TIME_ZONE: BindParameter[Any] = bindparam("viewer_time_zone", type_=String())
VIEWER_SESSION_ID: BindParameter[Any] = bindparam("viewer_session_id", type_=ID)
NOW: BindParameter[Any] = bindparam("now", type_=DateTime(timezone=True))

_TYPES: dict[type, TypeEngine[Any]] = {
    str: String(),
    int: BigInteger(),
    float: Float(),
    datetime: DateTime(timezone=True),
    date: Date(),  # after datetime, which is one
}


def shape(value: Any) -> Hashable:
    """What of an argument decides the SQL."""
    if value is None or isinstance(value, bool | Enum):
        return value
    if isinstance(value, BaseModel):
        return tuple((name, shape(getattr(value, name))) for name in sorted(value.model_fields_set))
    if isinstance(value, list) and value:  # an empty list counts as one of text
        return type(value[0]).__name__
    return "given"


def slots(name: str, value: Any) -> dict[str, Any]:
    """The values of an argument by slot."""
    if value is None or isinstance(value, bool | Enum):
        return {}
    if isinstance(value, BaseModel):
        found: dict[str, Any] = {}
        for field in value.model_fields_set:
            found |= slots(f"{name}_{field}", getattr(value, field))
        return found
    return {name: [_kept(item) for item in value] if isinstance(value, list) else _kept(value)}


def _kept(value: Any) -> Any:
    """PostgreSQL has no NUL: what no row contains stands in its place."""
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else value


def symbol(name: str, value: Any) -> Any:
    """The argument as statement functions see it: closed values as they are, a slot for each open one."""
    if value is None or isinstance(value, bool | Enum):
        return value
    if isinstance(value, BaseModel):
        given = {field: symbol(f"{name}_{field}", getattr(value, field)) for field in value.model_fields_set}
        return type(value).model_construct(**given)
    return bindparam(name, type_=_type_of(value))


def _type_of(value: Any) -> TypeEngine[Any]:
    if isinstance(value, list | tuple):
        return ARRAY(_TYPES[type(value[0])] if value and type(value[0]) in _TYPES else String())
    for kind, kept in _TYPES.items():
        if isinstance(value, kind):
            return kept
    raise TypeError(f"no slot takes a {type(value).__name__}")


def reading(kept: TypeEngine[Any]) -> Callable[[Any], Any]:
    """From JSON, as a paging cursor carries it, to what the driver takes for a column of this type.

    The function raises ValueError or TypeError for what cannot be such a value: cursors come from outside.
    """
    if isinstance(kept, DateTime):
        return _aware
    if isinstance(kept, Date):
        return date.fromisoformat
    if isinstance(kept, Boolean):
        return partial(_of, bool)
    if isinstance(kept, Integer):
        return partial(_within, 2**63 if isinstance(kept, BigInteger) else 2**31)
    if isinstance(kept, Float):
        return float
    if isinstance(kept, SqlEnum):
        return partial(_one_of, kept.enums)
    return _text


def _aware(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("no offset from UTC")
    return moment.astimezone(UTC)


def _of(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"not of {kind}")
    return value


def _within(most: int, value: Any) -> int:
    number: int = _of(int, value)
    if not -most <= number < most:
        raise ValueError("too large")
    return number


def _one_of(values: list[str], value: Any) -> str:
    if value not in values:
        raise ValueError("not one of the values")
    return str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError("not text")
    return value
