"""When a recurring task comes round again.

A rule is one RFC 5545 RRULE that chooses days; the time of day is the due date's own, on the wall clock of
the task's time zone, so "every day at 09:00 in Berlin" stays 09:00 across daylight saving.

dateutil gives the days of one year at a time; INTERVAL and BYSETPOS are reckoned here. Left alone with a rule
that has no days (30 February) it searches on to the year 9999; so no answer costs more than a dozen years.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from kit.zones import zone

_Parts = dict[str, str]  # name -> canonical value

_LENGTH: Final = 200  # characters of a rule
_VALUES: Final = 60  # values of one list
_YEARS: Final = 10  # of 366 days: a rule that is silent for longer has ended
_REACH: Final = range(1000, 9900)  # years in which anything is reckoned, well clear of datetime's ends
_REFERENCE: Final = date(2024, 1, 1)  # a Monday and the first of a leap year: the kindest anchor

_PARTS: Final = {  # in canonical order; what each must be, from which the checks read their words and bounds
    "FREQ": "DAILY, WEEKLY, MONTHLY or YEARLY",
    "INTERVAL": "a whole number from 1 to 1000",
    "COUNT": "a whole number from 1 to 1000",
    "UNTIL": "a date (20261231) or a date and time (20261231T090000, in UTC with a Z)",
    "BYMONTH": "whole numbers from 1 to 12",
    "BYWEEKNO": "whole numbers from 1 to 53 or -53 to -1",
    "BYYEARDAY": "whole numbers from 1 to 366 or -366 to -1",
    "BYMONTHDAY": "whole numbers from 1 to 31 or -31 to -1",
    "BYDAY": "weekdays such as MO, 1MO or -1FR, with numbers from 1 to 53 or -53 to -1",
    "BYSETPOS": "whole numbers from 1 to 366 or -366 to -1",
    "WKST": "one of MO, TU, WE, TH, FR, SA, SU",
}
_LARGEST: Final = {name: int(most) for name in _PARTS for most in re.findall(r"1 to (\d+)", _PARTS[name])}
_DAYS: Final = {"BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY"}  # the parts that choose days
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class InvalidRule(ValueError):
    """The rule cannot be used; the message is written for the client."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """When the task is due next (aware UTC), and the rule that task carries on: COUNT is lowered by one."""

    due_at: datetime
    rule: str


def normalised(rule: str) -> str:
    """The rule in canonical text: upper case, parts and values in order, neither prefix nor blanks.

    Raises InvalidRule, also when no day of the ten years from 2024 fits, or INTERVAL spans more than that.
    Whether it comes round from one due date (30 January and FREQ=YEARLY;BYMONTH=2) only `following` can tell.
    """
    parts, end = _parsed(rule), _REFERENCE.replace(year=_REFERENCE.year + _YEARS)
    periods = _periods(parts, _REFERENCE, range(_REFERENCE.year, end.year))
    too_long = int(parts.get("INTERVAL", 1)) > _period(parts, end) - _period(parts, _REFERENCE)
    _refuse(too_long or not any(periods), "The rule does not come round within ten years.")
    return _text(parts)


def following(rule: str, *, after: datetime, time_zone: str) -> Occurrence | None:
    """The first occurrence strictly after `after` (aware), the rule anchored at its wall time in `time_zone`.

    None when the rule is used up (COUNT=1: COUNT counts the occurrence at hand; UNTIL passed) or silent for
    ten years. A wall time that does not exist moves forward by the gap; one that exists twice is the first.
    Raises InvalidRule for the rule, ValueError for the time zone and for naive datetimes.
    """
    return next_due(rule, from_completion=False, due_at=after, completed_at=after, time_zone=time_zone)


def next_due(
    rule: str, *, from_completion: bool, due_at: datetime | None, completed_at: datetime, time_zone: str
) -> Occurrence | None:
    """When a task completed at `completed_at` is due again; None and errors as in `following`.

    From the due date: the first time on its grid after both instants; those missed are skipped, and COUNT is
    lowered by one only. From completion: the grid starts on the completion's local day at the due time, and
    that day is over: a daily task due at 09:00 and done at 08:00 is due tomorrow. No `due_at`: completion.
    """
    parts, place, due = _parsed(rule), zone(time_zone), due_at or completed_at
    if due.utcoffset() is None or completed_at.utcoffset() is None:
        raise ValueError("due_at and completed_at must be aware")
    if due.year not in _REACH or completed_at.year not in _REACH:
        return None
    anchor = _wall(due, place)
    if from_completion:
        anchor = datetime.combine(_wall(completed_at, place).date(), anchor.time())
    # In UTC, since within one zone Python compares the clocks alone and is wrong about a fold.
    return _first(parts, anchor, max(_instant(anchor, place), completed_at.astimezone(UTC)), place)


def _refuse(wrong: object, message: str) -> None:
    if wrong:
        raise InvalidRule(message)


def _text(parts: _Parts) -> str:
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _parsed(rule: str) -> _Parts:
    _refuse(len(rule) > _LENGTH, f"The rule is longer than {_LENGTH} characters.")
    text = rule.strip().upper()
    several = len(text.splitlines()) > 1 or re.search("DTSTART|EXDATE|EXRULE|RDATE", text)
    _refuse(several, "Give one RRULE on one line, without DTSTART, EXDATE or RDATE.")
    text = text.removeprefix("RRULE:").strip()
    _refuse(not text, "The rule is empty.")
    _refuse(not rule.isascii(), "The rule has characters that belong in no rule.")
    parts: _Parts = {}
    for part in text.split(";"):
        name, _, value = (piece.strip() for piece in part.partition("="))
        _refuse(not (name and value), "Each part must read NAME=VALUE, with one ; between two parts.")
        by_clock = re.fullmatch("BY(HOUR|MINUTE|SECOND)", name)
        _refuse(by_clock, f"{name} is not accepted: the time of day is the due date's own.")
        _refuse(name not in _PARTS, f"{name[:20]} is not a part of a recurrence rule.")
        _refuse(name in parts, f"{name} is given twice.")
        _refuse(value.count(",") >= _VALUES, f"{name} has more than {_VALUES} values.")
        try:
            parts[name] = _canonical(name, value)
        except ValueError:
            raise InvalidRule(f"{name} must be {_PARTS[name]}.") from None
    _refuse_contradictions(parts)
    return {name: parts[name] for name in _PARTS if name in parts}


def _canonical(name: str, value: str) -> str:
    """The value in canonical form; ValueError when it is not what `_PARTS` says."""
    texts = [text.strip() for text in value.split(",")]
    if name == "BYDAY":
        days = {(_WEEKDAYS.index(text[-2:]), _number(name, text[:-2]) if text[:-2] else 0) for text in texts}
        return ",".join(f"{number or ''}{_WEEKDAYS[day]}" for day, number in sorted(days))
    if name in _LARGEST and (name.startswith("BY") or len(texts) == 1):
        return ",".join(str(number) for number in sorted({_number(name, text) for text in texts}))
    until = name == "UNTIL" and re.fullmatch(r"\d{8}(T\d{6}Z?)?", value) and datetime.fromisoformat(value)
    if not until and value not in re.findall("[A-Z]{2,}", _PARTS[name]):
        raise ValueError(value)
    return value


def _number(name: str, text: str) -> int:
    number, most = int(text), _LARGEST[name]
    if "_" in text or number == 0 or not (-most if "-" in _PARTS[name] else 1) <= number <= most:
        raise ValueError(text)
    return number


def _refuse_contradictions(parts: _Parts) -> None:
    """Refuse what RFC 5545 (3.3.10) says must not go together."""
    _refuse("FREQ" not in parts, "FREQ is missing.")
    _refuse({"COUNT", "UNTIL"} <= parts.keys(), "COUNT and UNTIL exclude each other.")
    frequency, yearly = parts["FREQ"], parts.keys() & {"BYWEEKNO", "BYYEARDAY"}
    _refuse(yearly and frequency != "YEARLY", "BYWEEKNO and BYYEARDAY need FREQ=YEARLY.")
    _refuse("BYMONTHDAY" in parts and frequency == "WEEKLY", "BYMONTHDAY does not go with FREQ=WEEKLY.")
    _refuse(parts.keys() & {*_DAYS, "BYMONTH", "BYSETPOS"} == {"BYSETPOS"}, "BYSETPOS needs another BY part.")
    most = 5 if frequency == "MONTHLY" or "BYMONTH" in parts else 53
    most = 0 if frequency in ("DAILY", "WEEKLY") or "BYWEEKNO" in parts else most
    excess = any(int(number) > most for number in re.findall(r"\d+", parts.get("BYDAY", "")))
    _refuse(excess, "Numbered weekdays need a month (5 at most) or a year, and exclude BYWEEKNO.")


def _first(parts: _Parts, anchor: datetime, after: datetime, place: ZoneInfo) -> Occurrence | None:
    count, until = int(parts.get("COUNT", 0)), parts.get("UNTIL", "99991231")
    last = datetime.fromisoformat(until if "T" in until else f"{until}T235959.999999")
    interval, start = int(parts.get("INTERVAL", 1)), _period(parts, anchor.date())
    from_year = (after - timedelta(9)).year  # the whole week at hand, and two days for clocks and gaps
    periods = _periods(parts, anchor.date(), range(from_year, after.year + _YEARS + 2))
    for day in (day for number, days in periods if (number - start) % interval == 0 for day in days):
        wall = datetime.combine(day, anchor.time())
        if after < (moment := _instant(wall, place)) <= after + timedelta(366 * _YEARS):
            if count == 1 or (moment if last.tzinfo else wall) > last:
                return None
            return Occurrence(moment, _text(parts | {"COUNT": str(count - 1)} if count else parts))
    return None


def _wall(moment: datetime, place: ZoneInfo) -> datetime:
    return moment.astimezone(place).replace(tzinfo=None, fold=0)


def _instant(wall: datetime, place: ZoneInfo) -> datetime:
    """With fold=0 zoneinfo reckons a gap by the offset before it, so forward, and means the first of two."""
    return wall.replace(tzinfo=place).astimezone(UTC)


def _periods(parts: _Parts, anchor: date, years: range) -> Iterator[tuple[int, list[date]]]:
    """Every period of FREQ that has days, INTERVAL aside: its number and its days, chosen by BYSETPOS."""
    positions = [int(text) for text in re.findall(r"-?\d+", parts.get("BYSETPOS", ""))]
    # The interval leads past the year 9999, so dateutil stops after one year even when it finds nothing.
    rule = _text({"FREQ": "YEARLY", "INTERVAL": str(MAXYEAR)} | _spelt_out(parts, anchor))
    found = (moment.date() for year in years for moment in rrulestr(rule, dtstart=date(year, 1, 1)))
    for number, group in groupby(found, key=partial(_period, parts)):
        days = [day for day in group if _in_weeks(parts, day)]
        chosen = sorted({days[p - (p > 0)] for p in positions if abs(p) <= len(days)}) if positions else days
        if chosen:
            yield number, chosen


def _period(parts: _Parts, day: date) -> int:
    week = _week_middle(parts, day).toordinal() // 7
    numbers = {"DAILY": day.toordinal(), "WEEKLY": week, "MONTHLY": day.year * 12 + day.month}
    return numbers.get(parts["FREQ"], day.year)


def _week_middle(parts: _Parts, day: date) -> date:
    """The fourth day of the day's week; the week belongs to the year of that day."""
    return day + timedelta(3 - (day.weekday() - _WEEKDAYS.index(parts.get("WKST", "MO"))) % 7)


def _in_weeks(parts: _Parts, day: date) -> bool:
    """BYWEEKNO is not left to dateutil, which errs on the weeks 52, 53, -52 and -53 around New Year."""
    middle, weeks = _week_middle(parts, day), parts.get("BYWEEKNO", "").split(",")
    since, until = middle - date(middle.year, 1, 1), middle - date(middle.year + 1, 1, 1)
    return "BYWEEKNO" not in parts or str(since.days // 7 + 1) in weeks or str(until.days // 7) in weeks


def _spelt_out(parts: _Parts, anchor: date) -> _Parts:
    """The BY parts of a yearly rule with the same days; what the rule leaves open is the anchor's."""
    frequency, chosen = parts["FREQ"], parts.keys() & _DAYS
    spelt: _Parts = {"BYDAY": ",".join(_WEEKDAYS)}
    if frequency == "WEEKLY" or chosen == {"BYWEEKNO"}:
        spelt["BYDAY"] = _WEEKDAYS[anchor.weekday()]
    if frequency in ("MONTHLY", "YEARLY") and not chosen:
        spelt |= {"BYMONTH": str(anchor.month), "BYMONTHDAY": str(anchor.day)}
    if frequency == "MONTHLY":
        spelt["BYMONTH"] = ",".join(str(month) for month in range(1, 13))
    spelt |= {name: parts[name] for name in ("BYMONTH", "BYYEARDAY", "BYMONTHDAY", "BYDAY") if name in parts}
    # dateutil takes MO,1TU for the Mondays that are first Tuesdays: then number the plain weekdays too.
    if re.search(r"\d", spelt["BYDAY"]):
        every = ",".join(rf"{n}\1" for n in range(1, 6 if "BYMONTH" in spelt else 54))
        spelt["BYDAY"] = re.sub(r"\b([A-Z]+)", every, spelt["BYDAY"])
    return spelt
