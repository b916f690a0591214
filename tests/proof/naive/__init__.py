"""The specification in code: what each field of the schema is, over lists of rows. Nothing of resolvers/ or the reader.

A new field of the schema is a function here, called `Type.field`; one without a function is an attribute of its row.
"""

from tests.proof.naive import accounts, gifts, homes, keeping, rooms, tasks, wishes
from tests.proof.naive.asked import FIELDS, KINDS, Asked, Given, kind_of

__all__ = [
    "FIELDS",
    "KINDS",
    "Asked",
    "Given",
    "accounts",
    "gifts",
    "homes",
    "keeping",
    "kind_of",
    "rooms",
    "tasks",
    "wishes",
]
