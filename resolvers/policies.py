"""Every entity's policy in one table. What is not in it is seen and changed by nobody."""

from dataclasses import replace

from db.accounts.presence import Presence
from db.base import Entity
from db.guard import one_each
from db.reader import Reader
from resolvers.accounts import policy as accounts
from resolvers.gifts import policy as gifts
from resolvers.policy import Policy, both
from resolvers.seances import policy as seances
from resolvers.tasks import policy as tasks

_OF_DOMAINS: dict[type[Entity], Policy] = {
    **accounts.POLICIES,
    **gifts.POLICIES,
    **seances.POLICIES,
    **tasks.POLICIES,
}
_OF_DOMAINS[Presence] = replace(_OF_DOMAINS[Presence], see=both(_OF_DOMAINS[Presence].see, gifts.sees_presence))

POLICIES = {model: replace(policy, see=one_each(policy.see)) for model, policy in _OF_DOMAINS.items()}

READER = Reader({model: policy.see for model, policy in POLICIES.items()})
