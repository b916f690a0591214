"""Every entity's policy in one table. What is not in it is seen and changed by nobody."""

from db.base import Entity
from db.reader import Reader
from resolvers.accounts import policy as accounts
from resolvers.policy import Policy
from resolvers.tasks import policy as tasks

POLICIES: dict[type[Entity], Policy] = {**accounts.POLICIES, **tasks.POLICIES}

READER = Reader({model: policy.see for model, policy in POLICIES.items()})
