from db.tasks.labels import Label
from db.tasks.tasks import Task
from resolvers.policy import Policy, owner

POLICIES = {
    Task: Policy(see=owner(Task.owner_id), change=owner(Task.owner_id)),
    Label: Policy(see=owner(Label.owner_id), change=owner(Label.owner_id)),
}
