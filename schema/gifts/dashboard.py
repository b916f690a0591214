from typing import Any

import strawberry

from db.gifts.families import Family as FamilyModel
from db.gifts.items import ItemStatus
from db.gifts.persons import Person as PersonModel
from resolvers.gifts import activity
from resolvers.gifts import dashboard as resolve
from schema.connection import Connection
from schema.fields import connection, entity, expression, facet, live
from schema.gifts.activity import Activity
from schema.gifts.families import Family
from schema.gifts.items import ListItem
from schema.gifts.occasions import Occasion
from schema.gifts.persons import Person
from schema.kinds import Kind
from schema.node import node


def _all(step: ItemStatus, description: str) -> Any:
    return expression(resolve.in_family(step), description, weight=100)


def _theirs(step: ItemStatus, description: str) -> Any:
    return expression(resolve.for_person(step), description, weight=5)


@node(FamilyModel, "How many presents of a family have come how far, of those that the viewer sees.", None)
class Pipeline:
    idea: int = _all(ItemStatus.IDEA, "They are ideas, or more than the viewer may know.")
    selected: int = _all(ItemStatus.SELECTED, "They are to be given.")
    purchased: int = _all(ItemStatus.PURCHASED, "They have been bought.")
    received: int = _all(ItemStatus.RECEIVED, "They have been given.")


@node(PersonModel, "Somebody who is given presents, and how far these have come as far as the viewer may know.", None)
class PersonPipeline:
    person: Person = facet("Who.")
    idea: int = _theirs(ItemStatus.IDEA, "How many are ideas, or more than the viewer may know.")
    selected: int = _theirs(ItemStatus.SELECTED, "How many are to be given.")
    purchased: int = _theirs(ItemStatus.PURCHASED, "How many have been bought.")
    received: int = _theirs(ItemStatus.RECEIVED, "How many have been given.")


@node(FamilyModel, "A family at one glance, as far as the viewer may see.", None)
class Dashboard:
    family: Family = facet("Which.")
    occasions: Connection[Occasion] = connection(resolve.upcoming, "What comes next, from today on.")
    pipeline: Pipeline = facet("How far its presents have come.")
    persons: Connection[PersonPipeline] = connection(resolve.persons, "Who is given presents, by name.")
    ideas: Connection[ListItem] = connection(resolve.ideas, "What somebody thought of, the newest first.")
    activity: Connection[Activity] = connection(activity.listed, "What happened, the newest first.")


@strawberry.type
class DashboardQueries:
    dashboard: Dashboard | None = entity(resolve.of_family, "A family at one glance.")


@strawberry.type
class DashboardSubscriptions:
    dashboard: Dashboard | None = live(
        Kind.ENTITY, resolve.of_family, "The same, again when it changes.", follows=resolve.looked_at
    )
