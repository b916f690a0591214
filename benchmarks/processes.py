"""What processes cost: the CPU seconds of one and of all below it, from /proc (nothing elsewhere than on Linux)."""

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class _Stat:
    pid: int
    parent: int
    ticks: int  # its own, and those of the children it has waited for


def _stats() -> dict[int, _Stat]:
    found = {}
    for path in _PROC.glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:  # it has ended meanwhile
            continue
        pid = int(path.parent.name)
        fields = text[text.rindex(")") + 2 :].split()  # the name before may hold blanks and brackets
        found[pid] = _Stat(pid, int(fields[1]), sum(map(int, fields[11:15])))
    return found


def cpu_seconds(pid: int) -> float | None:
    stats = _stats()
    if pid not in stats:
        return None
    tree = {pid}
    while below := {stat.pid for stat in stats.values() if stat.parent in tree} - tree:
        tree |= below
    return sum(stats[one].ticks for one in tree) * _TICK


def busy_seconds() -> float | None:
    """CPU seconds that all processes of the machine have spent since it started."""
    stat = _PROC / "stat"
    if not stat.exists():
        return None
    fields = [int(field) for field in stat.read_text().splitlines()[0].split()[1:]]
    idle = fields[3] + fields[4]
    guests = sum(fields[8:])  # counted in user time already
    return (sum(fields) - idle - guests) * _TICK


def cpu_model() -> str:
    info = _PROC / "cpuinfo"
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} x {names[0]}" if names else f"{os.cpu_count()} CPUs"
