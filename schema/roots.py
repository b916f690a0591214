"""The three roots: whatever can be asked, done and followed."""

import strawberry

from schema.accounts.presence import PresenceQueries, PresenceSubscriptions
from schema.accounts.sessions import SessionMutations, SessionQueries
from schema.accounts.users import UserMutations, UserQueries
from schema.changes import ChangeSubscriptions
from schema.fields import any_node, any_nodes
from schema.gifts.activity import ActivityQueries
from schema.gifts.comments import CommentMutations, CommentQueries, CommentSubscriptions
from schema.gifts.dashboard import DashboardQueries, DashboardSubscriptions
from schema.gifts.families import FamilyMutations, FamilyQueries, FamilySubscriptions
from schema.gifts.gifts import GiftMutations, GiftQueries, GiftSubscriptions
from schema.gifts.givings import GivingMutations, GivingQueries, GivingSubscriptions
from schema.gifts.items import ListItemMutations, ListItemQueries, ListItemSubscriptions
from schema.gifts.lists import GiftListMutations, GiftListQueries, GiftListSubscriptions
from schema.gifts.occasions import OccasionMutations, OccasionQueries, OccasionSubscriptions
from schema.gifts.persons import PersonMutations, PersonQueries
from schema.health import HealthQueries, HealthSubscriptions
from schema.node import Node
from schema.seances.events import SeanceEventSubscriptions
from schema.seances.invites import SeanceInviteMutations, SeanceInviteQueries
from schema.seances.messages import SeanceMessageMutations, SeanceMessageQueries
from schema.seances.reports import SeanceReportMutations, SeanceReportQueries
from schema.seances.rooms import SeanceMutations, SeanceQueries, SeanceSubscriptions
from schema.seances.seats import SeatMutations
from schema.seances.turns import SeanceTurnMutations
from schema.tasks.labels import LabelMutations, LabelQueries, LabelSubscriptions
from schema.tasks.search import SearchQueries
from schema.tasks.tasks import TaskMutations, TaskQueries, TaskSubscriptions


@strawberry.type(description="What can be asked.")
class Query(
    UserQueries,
    SessionQueries,
    PresenceQueries,
    TaskQueries,
    LabelQueries,
    SearchQueries,
    FamilyQueries,
    PersonQueries,
    OccasionQueries,
    GiftListQueries,
    GiftQueries,
    ListItemQueries,
    GivingQueries,
    CommentQueries,
    ActivityQueries,
    DashboardQueries,
    SeanceQueries,
    SeanceInviteQueries,
    SeanceMessageQueries,
    SeanceReportQueries,
    HealthQueries,
):
    node: Node | None = any_node("Anything by its id; null where there is nothing, or nothing for the viewer.")
    nodes: list[Node | None] = any_nodes("Several by their ids, in the same order, each as `node` would have it.")


@strawberry.type(description="What can be done.")
class Mutation(
    SessionMutations,
    UserMutations,
    TaskMutations,
    LabelMutations,
    FamilyMutations,
    PersonMutations,
    OccasionMutations,
    GiftListMutations,
    GiftMutations,
    ListItemMutations,
    GivingMutations,
    CommentMutations,
    SeanceMutations,
    SeatMutations,
    SeanceInviteMutations,
    SeanceMessageMutations,
    SeanceTurnMutations,
    SeanceReportMutations,
):
    pass


@strawberry.type(description="What can be followed. Each stream begins with Ready and can be resumed `after` a cursor.")
class Subscription(
    TaskSubscriptions,
    LabelSubscriptions,
    FamilySubscriptions,
    OccasionSubscriptions,
    GiftListSubscriptions,
    GiftSubscriptions,
    ListItemSubscriptions,
    GivingSubscriptions,
    CommentSubscriptions,
    DashboardSubscriptions,
    SeanceSubscriptions,
    SeanceEventSubscriptions,
    ChangeSubscriptions,
    PresenceSubscriptions,
    HealthSubscriptions,
):
    pass
