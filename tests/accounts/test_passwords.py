"""Changing one's password: by whoever knows the old one, and to the end of all other sessions."""

import asyncio

import pytest

from tests.accounts.signing import (
    INVALID,
    ME,
    MISSING,
    PASSWORD,
    WRONG,
    Hand,
    email_of,
    entries,
    login,
    member,
    refresh,
    refusal,
    rows,
    sign_in,
)
from tests.people import Answer, People, Person

CHANGE = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { id } }"
NEW = "staple battery horse"


async def change(person: Person, current: str = PASSWORD, new: str = NEW) -> Answer:
    return await person.ask(CHANGE, input={"currentPassword": current, "newPassword": new})


async def test_the_new_password_signs_in_and_the_old_one_no_more(people: People) -> None:
    dora = await member(people)
    assert (await change(dora)).data == {"changePassword": {"id": dora.id}}
    assert (await login(people, email_of(dora), NEW)).data["login"]["user"]["id"] == dora.id
    assert refusal(await login(people, email_of(dora), PASSWORD)) == WRONG


async def test_all_other_sessions_end_at_once(people: People) -> None:
    dora = await member(people)
    (phone, token), (laptop, _) = await sign_in(dora), await sign_in(dora)
    for device in (dora, phone, laptop):
        assert (await device.ask(ME)).data["me"]["id"] == dora.id
    await change(laptop)
    assert refusal(await dora.ask(ME)) == INVALID
    assert refusal(await phone.ask(ME)) == INVALID
    assert refusal(await refresh(people, token)) == INVALID


async def test_ones_own_session_goes_on(people: People) -> None:
    dora, token = await sign_in(await member(people))
    await change(dora)
    assert (await dora.ask(ME)).data["me"]["id"] == dora.id
    assert (await refresh(people, token)).data["refreshToken"]["user"]["id"] == dora.id


async def test_others_stay_signed_in(people: People) -> None:
    dora, sam = await member(people), await member(people)
    await change(dora)
    assert (await sam.ask(ME)).data["me"]["id"] == sam.id
    assert "errors" not in (await login(people, email_of(sam))).body


async def test_sessions_that_have_ended_keep_the_time_of_their_end(timed: People, clock: Hand) -> None:
    dora = await member(timed)
    phone, _ = await sign_in(dora)
    await phone.ask("mutation { logout { deletedId } }")
    before = await timed.row(str(phone.session_id))
    clock.forward(minutes=1)
    await change(dora)
    assert await timed.row(str(phone.session_id)) == before


@pytest.mark.parametrize("current", ["", "wrong", f"{PASSWORD} ", PASSWORD.upper()])
async def test_a_wrong_current_password_is_told_by_field(people: People, current: str) -> None:
    dora = await member(people)
    phone, _ = await sign_in(dora)
    before = await people.row(dora.id)
    answer = await change(dora, current)
    assert answer.code == "VALIDATION_ERROR"
    assert answer.details == {"currentPassword": ["is not the password in force"]}
    assert await people.row(dora.id) == before
    assert (await phone.ask(ME)).data["me"]["id"] == dora.id


async def test_who_has_no_password_cannot_change_it(people: People) -> None:
    guest = await people.one()
    assert (await change(guest, "")).details == {"currentPassword": ["is not the password in force"]}
    assert (await people.row(guest.id))["password_hash"] is None


RULES = [
    ("", "String should have at least 8 characters"),
    ("1234567", "String should have at least 8 characters"),
    ("x" * 201, "String should have at most 200 characters"),
]


@pytest.mark.parametrize(("new", "said"), RULES)
async def test_a_new_password_that_cannot_be_right_is_told_by_field(people: People, new: str, said: str) -> None:
    dora = await member(people)
    before = await people.row(dora.id)
    answer = await change(dora, new=new)
    assert answer.code == "VALIDATION_ERROR"
    assert answer.details == {"newPassword": [said]}
    assert await people.row(dora.id) == before


async def test_a_current_password_that_cannot_be_right_is_told_by_field(people: People) -> None:
    answer = await change(await member(people), "x" * 201)
    assert answer.details == {"currentPassword": ["String should have at most 200 characters"]}


async def test_no_refusal_repeats_a_password(people: People) -> None:
    dora = await member(people)
    assert "secret" not in str((await change(dora, "secret" * 50, "secret")).body)


async def test_nor_does_one_of_a_document(people: People) -> None:
    input = {"currentPassword": "secret one", "newPassword": "secret two", "confirm": "secret two"}
    answer = await (await member(people)).ask(CHANGE, input=input)
    assert answer.code == "VALIDATION_ERROR"
    assert "secret" not in str(answer.body)


async def test_nobody_has_a_password_to_change(people: People) -> None:
    assert refusal(await change(people.nobody)) == MISSING


async def test_wrong_tries_are_throttled(strict: People) -> None:
    dora = await member(strict)
    for _ in range(3):
        assert (await change(dora, "wrong")).code == "VALIDATION_ERROR"
    before = await strict.row(dora.id)
    answer = await change(dora)
    assert answer.code == "RATE_LIMITED"
    assert answer.error["extensions"]["retryAfter"] > 0
    assert await strict.row(dora.id) == before


async def test_a_change_forgives_the_wrong_tries_before_it(strict: People) -> None:
    dora = await member(strict)
    for _ in range(2):
        await change(dora, "wrong")
    assert "errors" not in (await change(dora)).body
    for _ in range(2):
        assert (await change(dora, "wrong")).code == "VALIDATION_ERROR"


async def test_of_two_changes_at_the_same_moment_one_counts(people: People) -> None:
    dora = await member(people)
    phone, _ = await sign_in(dora)
    first, second = await asyncio.gather(change(dora, new=f"{NEW} 1"), change(phone, new=f"{NEW} 2"))
    won = [number for number, answer in ((1, first), (2, second)) if "errors" not in answer.body]
    assert len(won) == 1
    assert "errors" not in (await login(people, email_of(dora), f"{NEW} {won[0]}")).body


async def test_the_new_password_is_kept_as_a_hash(people: People) -> None:
    dora = await member(people)
    await change(dora)
    assert (await people.row(dora.id))["password_hash"].startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_the_audit_knows_of_the_change(people: People) -> None:
    dora = await member(people)
    await change(dora)
    assert await entries(people, dora.id) == [("user.change_password", dora.id, dora.id, "127.0.0.1")]


async def test_the_audit_knows_of_wrong_tries(people: People) -> None:
    dora = await member(people)
    await change(dora, "wrong")
    assert len(await entries(people, dora.id)) == 1


async def test_the_audit_holds_no_password(people: People) -> None:
    dora = await member(people)
    await change(dora)
    statement = "select count(*) from audit_entry where details::text like :secret"
    assert await rows(people, statement, secret=f"%{NEW}%") == [(0,)]
