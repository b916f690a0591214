"""What processes cost: CPU seconds and memory of one and all below it, from /proc (nothing elsewhere than on Linux)."""

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class _Stat:
    pid: int
    parent: int
    ticks: int  # its own, and those of the children it has waited for
    pages: int  # of memory that are there


def _stats() -> dict[int, _Stat]:
    found = {}
    for path in _PROC.glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:  # it has ended meanwhile
            continue
        pid = int(path.parent.name)
        fields = text[text.rindex(")") + 2 :].split()  # the name before may hold blanks and brackets
        found[pid] = _Stat(pid, int(fields[1]), sum(map(int, fields[11:15])), int(fields[21]))
    return found


def _tree(pid: int, stats: dict[int, _Stat]) -> set[int]:
    tree = {pid} & stats.keys()
    while below := {stat.pid for stat in stats.values() if stat.parent in tree} - tree:
        tree |= below
    return tree


def cpu_seconds(pid: int) -> float | None:
    stats = _stats()
    tree = _tree(pid, stats)
    return sum(stats[one].ticks for one in tree) * _TICK if tree else None


def resident_bytes(pid: int) -> int | None:
    """Memory that is there, of the process and all below it."""
    stats = _stats()
    tree = _tree(pid, stats)
    return sum(stats[one].pages for one in tree) * _PAGE if tree else None


def busy_seconds() -> float | None:
    """CPU seconds that all processes of the machine have spent since it started."""
    stat = _PROC / "stat"
    if not stat.exists():
        return None
    fields = [int(field) for field in stat.read_text().splitlines()[0].split()[1:]]
    idle = fields[3] + fields[4]
    guests = sum(fields[8:])  # counted in user time already
    return (sum(fields) - idle - guests) * _TICK


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU seconds since each of them began."""

    server: float
    postgres: float
    all: float

    @classmethod
    def until_now(cls, server: int, postgres: int) -> "Spent | None":
        found = cpu_seconds(server), cpu_seconds(postgres), busy_seconds()
        return cls(*found) if all(one is not None for one in found) else None  # type: ignore[arg-type]


def cpu_model() -> str:
    info = _PROC / "cpuinfo"
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} x {names[0]}" if names else f"{os.cpu_count()} CPUs"
