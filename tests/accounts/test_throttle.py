"""How often somebody may try: on `strict` three times an account and six times an address, however one tries."""

import asyncio
import gc
import time
from typing import Any

import pytest

from tests.accounts.signing import LOGIN, ME, PASSWORD, WRONG, email_of, fresh, login, member, refusal, rows, sign_in
from tests.people import Answer, People, Person

WINDOW = 15 * 60  # seconds


def codes(answers: list[Answer]) -> list[str]:
    return [answer.code for answer in answers]


def throttled(error: Any) -> bool:
    """Whether it is RATE_LIMITED, and says how long to wait in both places."""
    extensions = error["extensions"]
    if extensions["code"] != "RATE_LIMITED":
        return False
    wait = extensions["retryAfter"]
    assert 0 < wait <= WINDOW
    assert error["message"] == f"Too many attempts; try again in {wait} s"
    return True


async def fail(people: People, person: Person, times: int) -> None:
    """So many wrong passwords for one account."""
    for _ in range(times):
        assert refusal(await login(people, email_of(person), "wrong")) == WRONG


async def failures(people: People, person: Person) -> int:
    """How many passwords have been looked at and found wrong."""
    statement = "select count(*) from audit_entry where action = 'session.login.failed' and subject_id = :id"
    [(number,)] = await rows(people, statement, id=person.id)
    assert isinstance(number, int)
    return number


async def test_after_the_wrong_tries_allowed_the_next_is_throttled(strict: People) -> None:
    dora = await member(strict)
    await fail(strict, dora, 3)
    assert throttled((await login(strict, email_of(dora), "wrong")).error)
    assert await failures(strict, dora) == 3


async def test_by_default_twenty_tries_are_allowed(people: People) -> None:
    dora = await member(people)
    await fail(people, dora, 20)
    assert throttled((await login(people, email_of(dora), "wrong")).error)
    assert await failures(people, dora) == 20


async def test_tries_at_the_same_moment_count_too(people: People) -> None:
    dora = await member(people)
    answers = await asyncio.gather(*(login(people, email_of(dora), "wrong") for _ in range(25)))
    assert sorted(codes(answers)) == ["RATE_LIMITED"] * 5 + ["UNAUTHENTICATED"] * 20
    assert await failures(people, dora) == 20


async def test_the_right_password_is_throttled_too(strict: People) -> None:
    dora = await member(strict)
    await fail(strict, dora, 3)
    assert throttled((await login(strict, email_of(dora))).error)
    assert await rows(strict, "select count(*) from session where user_id = :id", id=dora.id) == [(1,)]


async def test_a_session_that_is_signed_in_already_goes_on(strict: People) -> None:
    dora, _ = await sign_in(await member(strict))
    await fail(strict, dora, 3)
    assert (await dora.ask(ME)).data["me"]["id"] == dora.id


async def test_of_wrong_tries_in_one_document_the_first_ends_it(strict: People) -> None:
    """Each counts; a mutation that fails ends its document, so that only one is tried."""
    dora = await member(strict)
    field = f'login(identifier: "{email_of(dora)}", password: "wrong") {{ expiresIn }}'
    document = f"mutation {{ {' '.join(f'a{number}: {field}' for number in range(25))} }}"
    answers = [await strict.nobody.ask(document) for _ in range(4)]
    assert codes(answers) == [*["UNAUTHENTICATED"] * 3, "RATE_LIMITED"]
    assert await failures(strict, dora) == 3


async def test_of_right_tries_in_one_document_each_counts(strict: People) -> None:
    dora = await member(strict)
    field = f'login(identifier: "{email_of(dora)}", password: "{PASSWORD}") {{ expiresIn }}'
    document = f"mutation {{ {' '.join(f'a{number}: {field}' for number in range(7))} }}"
    answer = await strict.nobody.ask(document)
    assert throttled(answer.error)
    assert answer.error["path"] == ["a6"], "six tries from an address are allowed"


async def test_tries_over_one_socket_count(strict: People) -> None:
    dora = await member(strict)
    async with strict.nobody.socket() as socket:
        answers = [await socket.ask(LOGIN, identifier=email_of(dora), password="wrong") for _ in range(4)]
        assert [throttled(answer["errors"][0]) for answer in answers] == [False, False, False, True]
        again = await socket.ask("{ __typename }")
    assert again == {"data": {"__typename": "Query"}}, "the socket itself is left alone"


async def test_tries_at_the_same_moment_over_one_socket_count(strict: People) -> None:
    dora = await member(strict)
    async with strict.nobody.socket() as socket:
        for number in range(6):
            await socket.start(LOGIN, str(number), identifier=email_of(dora), password="wrong")
        frames = [await socket.frame() for _ in range(12)]
    errors = [frame["payload"]["errors"][0] for frame in frames if frame["type"] == "next"]
    assert sorted(throttled(error) for error in errors) == [False] * 3 + [True] * 3


async def test_another_account_from_the_same_address_is_not_throttled(strict: People) -> None:
    dora, sam = await member(strict), await member(strict)
    await fail(strict, dora, 3)
    assert (await login(strict, email_of(sam))).data["login"]["user"]["id"] == sam.id


async def test_the_same_account_from_another_address_is_not_throttled(strict: People) -> None:
    """Otherwise anybody could lock out anybody."""
    dora = await member(strict)
    await fail(strict, dora, 3)
    elsewhere = await login(strict, email_of(dora), **{"x-forwarded-for": "203.0.113.7"})
    assert elsewhere.data["login"]["user"]["id"] == dora.id


async def test_names_that_nobody_has_are_throttled_like_others(strict: People) -> None:
    name = fresh("nobody")
    answers = [await login(strict, name) for _ in range(4)]
    assert codes(answers) == [*["UNAUTHENTICATED"] * 3, "RATE_LIMITED"]


async def test_other_spellings_of_a_name_count_together(strict: People) -> None:
    dora = await member(strict, email=f"{fresh('dora')}@example.org")
    spellings = (email_of(dora), email_of(dora).upper(), f" {email_of(dora)} ", f"{email_of(dora)}\0")
    answers = [await login(strict, spelling, "wrong") for spelling in spellings]
    assert codes(answers) == [*["UNAUTHENTICATED"] * 3, "RATE_LIMITED"]


async def test_nobody_learns_from_it_which_names_are_one_account(strict: People) -> None:
    name = fresh("dora")
    dora = await member(strict, username=name)
    await fail(strict, dora, 3)
    assert (await login(strict, name, "wrong")).code == "UNAUTHENTICATED"


async def test_the_right_password_forgives_the_wrong_ones_before_it(strict: People) -> None:
    dora = await member(strict)
    await fail(strict, dora, 2)
    assert "errors" not in (await login(strict, email_of(dora))).body
    await fail(strict, dora, 2)
    assert "errors" not in (await login(strict, email_of(dora))).body


async def test_the_right_password_forgives_no_tries_of_the_address(strict: People) -> None:
    """Otherwise one who has an account could try all others without end."""
    dora, victims = await member(strict), [await member(strict) for _ in range(5)]
    for victim in victims[:4]:
        await fail(strict, victim, 1)
    assert "errors" not in (await login(strict, email_of(dora))).body
    await fail(strict, victims[4], 1)
    assert throttled((await login(strict, email_of(victims[4]), "wrong")).error)


async def test_an_address_is_throttled_for_all_accounts(strict: People) -> None:
    dora, victims = await member(strict), [await member(strict) for _ in range(6)]
    for victim in victims:
        await fail(strict, victim, 1)
    assert throttled((await login(strict, email_of(dora))).error)


async def test_an_address_that_is_throttled_does_not_hinder_another(strict: People) -> None:
    dora, victims = await member(strict), [await member(strict) for _ in range(6)]
    for victim in victims:
        await fail(strict, victim, 1)
    elsewhere = await login(strict, email_of(dora), **{"x-forwarded-for": "203.0.113.7"})
    assert elsewhere.data["login"]["user"]["id"] == dora.id


async def test_after_the_time_told_one_may_try_again(strict: People, monkeypatch: pytest.MonkeyPatch) -> None:
    dora = await member(strict)
    await fail(strict, dora, 3)
    wait, clock = (await login(strict, email_of(dora))).error["extensions"]["retryAfter"], time.time
    monkeypatch.setattr(time, "time", lambda: clock() + wait - 30)
    assert throttled((await login(strict, email_of(dora))).error)
    monkeypatch.setattr(time, "time", lambda: clock() + wait + 1)
    assert (await login(strict, email_of(dora))).data["login"]["user"]["id"] == dora.id


async def test_forgiving_disturbs_nothing_that_runs_beside_it(people: People) -> None:
    """The storage of the attempts is swept by a task of its own, which nobody awaits."""
    loop, heard = asyncio.get_running_loop(), list[Any]()
    crowd = [await member(people) for _ in range(30)]
    gc.collect()
    loop.set_exception_handler(lambda _, told: heard.append(told))
    try:
        await asyncio.gather(*(login(people, email_of(person), "wrong") for person in crowd))
        await asyncio.gather(*(login(people, email_of(person)) for person in crowd))
        gc.collect()
    finally:
        loop.set_exception_handler(None)
    assert heard == []
