"""What tests of families ask again and again."""

from typing import Any

from tests.people import Answer, People, Person

CREATE = """mutation ($input: CreateFamilyInput!) { createFamily(input: $input) {
  id name currency giversSeeEachOther version members { nodes { id role user { id } person { id name } } } } }"""
INVITE = """mutation ($input: CreateFamilyInviteInput!) { createFamilyInvite(input: $input) {
  id code role expiresAt mostUses uses revokedAt createdBy { id } family { id } } }"""
JOIN = "mutation ($code: String!) { joinFamily(code: $code) { id name } }"
LEAVE = "mutation ($id: ID!) { leaveFamily(id: $id) { deletedId } }"
REMOVE = "mutation ($id: ID!) { removeFamilyMember(id: $id) { deletedId } }"
SET_ROLE = "mutation ($id: ID!, $role: FamilyRole!) { setFamilyMemberRole(id: $id, role: $role) { id role version } }"
DELETE = "mutation ($id: ID!) { deleteFamily(id: $id) { deletedId } }"
LINK = "mutation ($id: ID!, $user: ID) { linkPerson(id: $id, userId: $user) { id user { id } version } }"
EVENTS = """__typename ... on EntityChanged { kind entityType entityId node { id } actor { id } }
  ... on EntityDeleted { entityType deletedId }"""
FAMILY_EVENTS = f"""subscription ($id: ID!, $after: Cursor) {{
  familyEvents(familyId: $id, after: $after) {{ {EVENTS} }} }}"""
MY_EVENTS = f"subscription ($after: Cursor) {{ myFamilyEvents(after: $after) {{ {EVENTS} }} }}"


async def founded(owner: Person, **given: Any) -> Any:
    """A new family, as its owner sees it."""
    return (await owner.ask(CREATE, input={"name": "The Millers", **given})).data["createFamily"]


async def invite(admin: Person, family: str, **given: Any) -> Any:
    return (await admin.ask(INVITE, input={"familyId": family, **given})).data["createFamilyInvite"]


async def join(person: Person, code: str) -> Answer:
    return await person.ask(JOIN, code=code)


async def rows(people: People, statement: str, *values: Any) -> list[dict[str, Any]]:
    """As the database has them; $1 and so on in the statement."""
    return [dict(row) for row in await people.services.db.fetch(statement, *values)]


async def members(people: People, family: str) -> dict[str, str]:
    """Roles by user."""
    found = await rows(people, "select user_id, role from family_member where family_id = $1 order by id", family)
    return {row["user_id"]: row["role"] for row in found}


async def member_id(people: People, family: str, person: Person) -> str:
    statement = "select id from family_member where family_id = $1 and user_id = $2"
    ((id,),) = [row.values() for row in await rows(people, statement, family, person.id)]
    return str(id)
