"""A room in which there is one of everything, with something in every relation and nearly every value."""

from db.accounts.usage import TokenUsage
from db.seances.messages import MessageKind, SeanceMessage
from db.seances.reports import SeanceReport
from db.seances.seats import LeftReason
from db.seances.turns import SeanceTurn, TurnState
from kit.ids import Id
from tests.people import Person
from tests.seances.evening import invite
from tests.seances.world import keep, room, said, seat


async def whole(host: Person) -> dict[str, str]:
    """The id of one of each type that belongs to a room, which is found as "needle"."""
    people, now = host.people, host.people.services.clock()
    made, _ = await room(people, host, name="needle")
    away = {"left_at": now, "left_reason": LeftReason.BANNED, "banned_at": now, "muted_at": now}
    seat_of_gus = seat(made, await people.one(name="Gus"), now, **away)
    question = said(made, host, "Is a needle there?", hidden_at=now)
    answer = SeanceMessage(id=SeanceMessage.fresh_id(), seance_id=made.id, kind=MessageKind.SPIRIT, text="Yes")
    answer.letter_timing, answer.starts_at = [200] * 3, now
    turn = SeanceTurn(id=SeanceTurn.fresh_id(), seance_id=made.id, asked_by_id=Id(host.id), question_id=question.id)
    turn.state, turn.answer_id, turn.provider = TurnState.ANSWERED, answer.id, "embedded"
    turn.started_at = turn.finished_at = now
    usage = TokenUsage(id=TokenUsage.fresh_id(), user_id=Id(host.id), subject_id=turn.id, provider="embedded")
    usage.model, usage.input_tokens, usage.output_tokens, usage.cost_micro_usd = "seeded", 1, 2, 3
    report = SeanceReport(id=SeanceReport.fresh_id(), seance_id=made.id, message_id=question.id, text="A needle?")
    report.reporter_id = report.sender_id = Id(host.id)
    report.reason, report.resolved_at = "It is sharp", now
    code = invite(made, host, revoked_at=now)
    await keep(people, seat_of_gus, question, answer)
    await keep(people, turn, usage, report, code)
    rows = (made, seat_of_gus, question, turn, usage, report, code)
    return {type(row).__name__: row.id for row in rows}
