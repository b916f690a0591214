"""The checker finds what it is there for: each test spoils a history in which all is well."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from live.log import Kind
from live.positions import Position
from tests.soak.checker import amiss
from tests.soak.record import Batch, Fate, History, Logged, Row, Seen, Session, Told, Write

DORA, SAM = "tasks:dora", "tasks:sam"


def well() -> History:
    """Dora made a task, renamed it and deleted it; Sam made one; one transaction wrote two events to each of them.

    `history.readers[0]` was there from the beginning, the second came after the first event.
    """
    log = [
        Logged(Position(10, 1), (DORA,), Kind.ADDED, "one"),
        Logged(Position(11, 2), (SAM,), Kind.ADDED, "sams"),
        Logged(Position(12, 3), (DORA,), Kind.UPDATED, "one"),
        Logged(Position(14, 4), (DORA,), Kind.ADDED, "x"),
        Logged(Position(14, 5), (SAM,), Kind.ADDED, "z"),
        Logged(Position(14, 7), (DORA,), Kind.UPDATED, "y"),
        Logged(Position(15, 6), (DORA,), Kind.DELETED, "one"),
    ]
    seen = [
        Seen(Position(10, 1), DORA, Kind.ADDED, "one", "w.1", 1),
        Seen(Position(12, 3), DORA, Kind.UPDATED, "one", "w.2", 2),
        Seen(Position(14, 4), DORA, Kind.ADDED),
        Seen(Position(14, 7), DORA, Kind.UPDATED),
        Seen(Position(15, 6), DORA, Kind.DELETED, "one"),
    ]
    until = Position(15, 6)
    return History(
        log=log,
        rows={"one": Row("dora", "w.2", "w.1", 3), "sams": Row("sam", "v.1", "v.1", 1)},
        writes=[
            Write("dora", Kind.ADDED, "w.1", "one", 1, Fate.DONE),
            Write("dora", Kind.UPDATED, "w.2", "one", 2, Fate.DONE),
            Write("dora", Kind.UPDATED, "w.3", "one", None, Fate.NEVER),
            Write("dora", Kind.DELETED, "w.4", "one", 3, Fate.DONE),
            Write("sam", Kind.ADDED, "v.1", None, None, Fate.UNKNOWN),
        ],
        batches=[Batch({DORA: ["x", "y"], SAM: ["z"]}, Fate.DONE), Batch({DORA: ["r"]}, Fate.NEVER), Batch({})],
        readers=[
            Told("first", DORA, Position(9, 0), until, [*seen], [Session(0, "server0", "left")]),
            Told("second", DORA, Position(10, 1), until, seen[1:]),
        ],
    )


def lose(history: History) -> None:
    del history.readers[0].seen[1]


def lose_the_end(history: History) -> None:
    del history.readers[1].seen[-1]


def double(history: History) -> None:
    history.readers[0].seen.insert(2, history.readers[0].seen[1])


def swap(history: History) -> None:
    seen = history.readers[0].seen
    seen[2], seen[3] = seen[3], seen[2]


def invent(history: History) -> None:
    history.readers[0].seen.insert(2, Seen(Position(13, 9), DORA, Kind.ADDED, "r"))


def tell_again_what_was_before(history: History) -> None:
    history.readers[1].seen.insert(0, history.readers[0].seen[0])


def leak(history: History) -> None:
    history.readers[0].seen.insert(1, Seen(Position(11, 2), SAM, Kind.ADDED, "sams", "v.1", 1))


def leak_under_a_topic_of_ones_own(history: History) -> None:
    history.readers[0].seen.insert(1, Seen(Position(11, 2), DORA, Kind.ADDED, "sams", "v.1", 1))


def leak_a_task(history: History) -> None:
    history.rows["one"] = replace(history.rows["one"], owner="sam")


def alter(history: History) -> None:
    history.readers[0].seen[1] = replace(history.readers[0].seen[1], kind=Kind.STATUS_CHANGED)


def grow_stale(history: History) -> None:
    history.readers[0].seen[1] = replace(history.readers[0].seen[1], version=1, title="w.1")


def tell_what_was_rolled_back(history: History) -> None:
    history.readers[0].seen[1] = replace(history.readers[0].seen[1], title="w.3")


def hide(history: History) -> None:
    history.readers[0].seen[1] = replace(history.readers[0].seen[1], entity=None, title=None, version=None)
    history.log[6] = replace(history.log[6], kind=Kind.UPDATED)
    history.readers[0].seen[4] = replace(history.readers[0].seen[4], kind=Kind.UPDATED)
    history.readers[1].seen[3] = history.readers[0].seen[4]
    history.writes[3].kind = Kind.UPDATED


def forget_an_acknowledged_write(history: History) -> None:
    history.writes.append(Write("dora", Kind.ADDED, "w.5", "gone", 1, Fate.DONE))


def acknowledge_one_version_twice(history: History) -> None:
    history.writes.append(Write("dora", Kind.UPDATED, "w.5", "one", 2, Fate.DONE))


def do_an_unknown_write_twice(history: History) -> None:
    history.rows["again"] = history.rows["sams"]
    history.log.insert(2, Logged(Position(11, 3), (SAM,), Kind.ADDED, "again"))


def write_what_nobody_asked_for(history: History) -> None:
    history.log.append(Logged(Position(16, 8), (SAM,), Kind.ADDED, "ghost"))


def change_without_telling(history: History) -> None:
    history.rows["sams"] = replace(history.rows["sams"], version=2)


def keep_a_title_that_was_rolled_back(history: History) -> None:
    history.rows["one"] = replace(history.rows["one"], title="w.3")


def keep_what_was_rolled_back(history: History) -> None:
    history.log.append(Logged(Position(16, 8), (DORA,), Kind.ADDED, "r"))


def keep_half_a_transaction(history: History) -> None:
    del history.log[4]


def tear_a_transaction(history: History) -> None:
    history.log[5], history.log[6] = (
        replace(history.log[6], position=Position(14, 6)),
        replace(history.log[5], position=Position(15, 7)),
    )


def never_begin(history: History) -> None:
    history.readers.append(Told("third", DORA))


def resync(history: History) -> None:
    history.readers[0].amiss.append("told Resync")


SPOILT: list[tuple[Callable[[History], None], str]] = [
    (lose, "first: lost 1"),
    (lose_the_end, "second: lost, or not told in time, 1"),
    (double, "first: doubled"),
    (swap, "first: swapped"),
    (invent, "first: phantom"),
    (tell_again_what_was_before, "second: phantom"),
    (leak, "first: forbidden"),
    (leak_under_a_topic_of_ones_own, "first: forbidden"),
    (leak_a_task, "first: forbidden: the task is another's"),
    (alter, "first: altered"),
    (grow_stale, "first: stale"),
    (tell_what_was_rolled_back, "first: phantom: this title was never written"),
    (hide, "first: told as gone"),
    (forget_an_acknowledged_write, "lost: Write"),
    (acknowledge_one_version_twice, "doubled: version 2"),
    (do_an_unknown_write_twice, "doubled: v.1 made 2 tasks"),
    (write_what_nobody_asked_for, "phantom: nobody wrote of ghost"),
    (change_without_telling, "untold: sams"),
    (keep_a_title_that_was_rolled_back, "phantom: the title of one"),
    (keep_what_was_rolled_back, "a transaction (rolled back"),
    (keep_half_a_transaction, "a transaction (acknowledged)"),
    (tear_a_transaction, "torn"),
    (never_begin, "third: was never told"),
    (resync, "first: told Resync"),
]


def test_nothing_is_amiss_where_all_is_well() -> None:
    assert amiss(well()) == []


@pytest.mark.parametrize(("spoil", "said"), SPOILT, ids=[spoil.__name__ for spoil, _ in SPOILT])
def test_what_is_amiss_is_found(spoil: Callable[[History], None], said: str) -> None:
    history = well()
    spoil(history)
    found = amiss(history)
    assert any(one.startswith(said) for one in found), found
