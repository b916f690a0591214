"""What is amiss in a history: lost, doubled, swapped, phantom and forbidden events, and whatever else was promised.

The log as it stands at the end is what must have been told. That the log itself is right follows from what the
writers know: each acknowledged write has the one event of its version, and what was rolled back has none.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator

from live.log import Kind
from tests.soak.record import Batch, Fate, History, Logged, Seen, Told, Write

AROUND = 2  # events before and after the one that is amiss


def amiss(history: History) -> list[str]:
    """What is amiss, a sentence or a few lines each; nothing where every promise was kept."""
    by_entity: dict[str, list[Logged]] = defaultdict(list)
    by_topic: dict[str, list[Logged]] = defaultdict(list)
    for event in history.log:
        by_entity[event.entity].append(event)
        for topic in event.topics:
            by_topic[topic].append(event)
    found = [*history.amiss]
    for reader in history.readers:
        found += [f"{reader.name}: {said}" for said in reader.amiss]
        found += _told(reader, by_topic[reader.topic], history)
        found += _entities(reader, by_entity, history)
    found += _written(history, by_entity)
    found += _rows(history, by_entity)
    found += [said for batch in history.batches if batch.ids for said in _batch(batch, by_entity, by_topic)]
    return found


def _told(reader: Told, log: list[Logged], history: History) -> Iterator[str]:
    """The events themselves: each once, in order, and no other."""
    if reader.start is None:
        yield f"{reader.name}: was never told where it begins"
        return
    expected = log[bisect_right(log, reader.start, key=lambda event: event.position) :]
    places = {event.position: event for event in expected}
    others = {event.position for event in history.log} - places.keys()
    told: set[object] = set()
    before = reader.start
    for number, seen in enumerate(reader.seen):
        word = None
        if seen.topic != reader.topic or (seen.position in others and seen.position > reader.start):
            word = "forbidden"
        elif seen.position in told:
            word = "doubled"
        elif seen.position not in places:
            word = "phantom"
        elif seen.position < before:
            word = "swapped"
        elif not _same(seen, places[seen.position]):
            word = f"altered (the log has {_shown(places[seen.position])})"
        if word:
            yield f"{reader.name}: {word}\n{_context(reader, number)}"
        told.add(seen.position)
        before = max(before, seen.position)
    lost = [event for event in expected if event.position <= reader.until and event.position not in told]
    if lost and not reader.amiss:
        at = bisect_right(reader.seen, lost[0].position, key=lambda seen: seen.position)
        word = "lost, or not told in time," if at == len(reader.seen) else "lost"
        yield f"{reader.name}: {word} {len(lost)}, the first is {_shown(lost[0])}\n{_context(reader, at)}"


def _same(seen: Seen, event: Logged) -> bool:
    return seen.kind is event.kind and seen.entity in (None, event.entity)


def _entities(reader: Told, by_entity: dict[str, list[Logged]], history: History) -> Iterator[str]:
    """The tasks that came with the events: one's own, no older than the event, and gone only where they went."""
    log = {event.position: event for event in history.log if reader.topic in event.topics}
    never = {write.stamp for write in history.writes if write.fate is Fate.NEVER}
    for number, seen in enumerate(reader.seen):
        event = log.get(seen.position)
        if event is None or seen.kind is Kind.DELETED:
            continue
        events = by_entity[event.entity]
        version = events.index(event) + 1
        row = history.rows.get(event.entity)
        word = None
        if row is not None and f"tasks:{row.owner}" != reader.topic:
            word = "forbidden: the task is another's"
        elif seen.version is not None and seen.version < version:
            word = f"stale: version {seen.version} was told of the change that made version {version}"
        elif seen.title in never:
            word = "phantom: this title was never written"
        elif seen.entity is None and row and not any(later.kind is Kind.DELETED for later in events[version:]):
            word = "told as gone, though it never went"
        if word:
            yield f"{reader.name}: {word}\n{_context(reader, number)}"


def _written(history: History, by_entity: dict[str, list[Logged]]) -> Iterator[str]:
    """Each acknowledged write has the one event of its version; an unknown one has one or none."""
    made = {row.made_by: id for id, row in history.rows.items()}
    writes: dict[str, list[Write]] = defaultdict(list)
    for write in history.writes:
        entity = write.entity or made.get(write.stamp)
        if entity is not None:
            writes[entity].append(write)
        elif write.fate is Fate.DONE:
            yield f"lost: {write}"
    for entity, theirs in writes.items():
        yield from _of_one(entity, theirs, by_entity.get(entity, []))
    direct = {id for batch in history.batches for id in batch.each()}
    for entity in by_entity.keys() - writes.keys() - direct:
        yield f"phantom: nobody wrote of {entity}: {[*map(_shown, by_entity[entity])]}"


def _of_one(entity: str, writes: list[Write], events: list[Logged]) -> Iterator[str]:
    """Where one alone writes, every version is known; where several do, how often it must have changed."""
    kinds = {version: event.kind for version, event in enumerate(events, 1)}
    acknowledged = [write for write in writes if write.fate is Fate.DONE]
    known = Counter(write.version for write in acknowledged if write.version is not None)
    for version, number in known.items():
        if number > 1:
            yield f"doubled: version {version} of {entity} was acknowledged {number} times"
    for write in acknowledged:
        if write.version is not None and kinds.get(write.version) is not write.kind:
            yield f"lost: {write}; the log has {kinds}"
    others = Counter(kind for version, kind in kinds.items() if version not in known)
    least = Counter(write.kind for write in acknowledged if write.version is None)
    most = least + Counter(write.kind for write in writes if write.fate is Fate.UNKNOWN)
    if not least <= others <= most:
        yield f"lost or phantom: beside known versions {entity} has {others}, not from {least} to {most}; {kinds}"


def _rows(history: History, by_entity: dict[str, list[Logged]]) -> Iterator[str]:
    """What the rows say at the end: each made once, each change told, each title one that was written."""
    by_stamp = {write.stamp: write for write in history.writes}
    for stamp, number in Counter(row.made_by for row in history.rows.values()).items():
        if number > 1:
            yield f"doubled: {stamp} made {number} tasks"
    for id, row in history.rows.items():
        events = by_entity.get(id, [])
        if row.version != len(events):
            yield f"untold: {id} is of version {row.version} and has {len(events)} events"
        write = by_stamp.get(row.title)
        if write is None or write.fate is Fate.NEVER or write.user != row.owner:
            yield f"phantom: the title of {id} is {row.title!r}, which comes from {write}"


def _batch(batch: Batch, by_entity: dict[str, list[Logged]], by_topic: dict[str, list[Logged]]) -> Iterator[str]:
    there = Counter(len(by_entity.get(id, [])) for id in batch.each())
    wanted = {Fate.DONE: [{1}], Fate.NEVER: [{0}], Fate.UNKNOWN: [{0}, {1}]}[batch.fate]
    if {*there} not in wanted:
        yield f"a transaction ({batch.fate}) has {dict(there)} events (times: how many) of {batch.ids}"
    elif {*there} == {1}:
        for topic, ids in batch.ids.items():
            first = next(i for i, event in enumerate(by_topic[topic]) if event.entity == ids[0])
            found = [event.entity for event in by_topic[topic][first : first + len(ids)]]
            if found != ids:
                yield f"torn: a transaction wrote {ids}, and the log has {found}"


def _shown(event: Logged) -> str:
    return f"{event.position.xid}.{event.position.id} {event.kind} {event.entity}"


def _context(reader: Told, number: int) -> str:
    """What the reader was told around there, and over which connections."""
    first, last = max(0, number - AROUND), number + AROUND + 1
    lines = [f"    {'>' if i == number else ' '} {i} {seen}" for i, seen in enumerate(reader.seen)][first:last]
    sessions = [s for s in reader.sessions if first <= s.since <= last] or reader.sessions[-1:]
    return "\n".join([*lines, *(f"      connection from {s.since} on, {s.server}: {s.ended}" for s in sessions)])
