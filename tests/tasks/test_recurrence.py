from contextlib import suppress
from datetime import UTC, datetime, timedelta
from timeit import repeat
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers.tasks.recurrence import InvalidRule, Occurrence, following, next_due, normalised

BERLIN = "Europe/Berlin"


def at(text: str, time_zone: str = BERLIN, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(time_zone), fold=fold)


def walls(rule: str, start: str, times: int, time_zone: str = BERLIN) -> list[str]:
    """The wall times of the next occurrences, each reckoned from the one before."""
    found: list[str] = []
    moment = at(start, time_zone)
    for _ in range(times):
        occurrence = following(rule, after=moment, time_zone=time_zone)
        if occurrence is None:
            return [*found, "none"]
        rule, moment = occurrence.rule, occurrence.due_at
        found.append(f"{moment.astimezone(ZoneInfo(time_zone)):%Y-%m-%dT%H:%M}")
    return found


def days(rule: str, start: str, times: int, time_zone: str = BERLIN) -> list[str]:
    return [wall[:10] for wall in walls(rule, f"{start}T09:00", times, time_zone)]


def completed(rule: str, *, due: str | None, done: str, from_completion: bool) -> Occurrence | None:
    return next_due(
        rule,
        from_completion=from_completion,
        due_at=at(due) if due else None,
        completed_at=at(done),
        time_zone=BERLIN,
    )


def test_every_day_at_nine_stays_nine_when_the_clocks_go_forward() -> None:
    first = following("FREQ=DAILY", after=at("2026-03-28T09:00"), time_zone=BERLIN)
    assert first == Occurrence(datetime(2026, 3, 29, 7, tzinfo=UTC), "FREQ=DAILY")
    assert at("2026-03-28T09:00").astimezone(UTC) == datetime(2026, 3, 28, 8, tzinfo=UTC)


def test_every_day_at_nine_stays_nine_when_the_clocks_go_back() -> None:
    first = following("FREQ=DAILY", after=at("2026-10-24T09:00"), time_zone=BERLIN)
    assert first == Occurrence(datetime(2026, 10, 25, 8, tzinfo=UTC), "FREQ=DAILY")


def test_a_wall_time_that_does_not_exist_moves_forward_by_the_gap() -> None:
    assert walls("FREQ=DAILY", "2026-03-28T02:30", 1) == ["2026-03-29T03:30"]


def test_a_wall_time_that_exists_twice_is_the_first() -> None:
    first = following("FREQ=DAILY", after=at("2026-10-24T02:30"), time_zone=BERLIN)
    assert first == Occurrence(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "FREQ=DAILY")


def test_from_the_second_of_two_equal_wall_times_the_next_day_follows() -> None:
    second = at("2026-10-25T02:30", fold=1)
    assert second.astimezone(UTC) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    first = following("FREQ=DAILY", after=second, time_zone=BERLIN)
    assert first == Occurrence(datetime(2026, 10, 26, 1, 30, tzinfo=UTC), "FREQ=DAILY")


def test_completed_in_the_second_of_two_equal_hours_the_time_of_the_first_is_past() -> None:
    done = at("2026-10-25T02:15", fold=1)
    due = next_due(
        "FREQ=DAILY",
        from_completion=False,
        due_at=at("2026-10-24T02:30"),
        completed_at=done,
        time_zone=BERLIN,
    )
    assert due == Occurrence(datetime(2026, 10, 26, 1, 30, tzinfo=UTC), "FREQ=DAILY")


def test_a_day_that_a_country_skipped_is_made_up_on_the_next() -> None:
    first = following("FREQ=DAILY", after=at("2011-12-29T09:00", "Pacific/Apia"), time_zone="Pacific/Apia")
    assert first == Occurrence(at("2011-12-31T09:00", "Pacific/Apia").astimezone(UTC), "FREQ=DAILY")


def test_the_day_is_that_of_the_time_zone_not_of_utc() -> None:
    assert walls("FREQ=WEEKLY", "2026-01-05T07:00", 1, "Pacific/Auckland") == ["2026-01-12T07:00"]
    rule = "FREQ=MONTHLY;BYMONTHDAY=1"
    assert walls(rule, "2026-01-31T22:00", 1, "America/New_York") == ["2026-02-01T22:00"]


def test_weekly_by_day_visits_each_named_weekday() -> None:
    assert days("FREQ=WEEKLY;BYDAY=MO,WE,FR", "2026-06-01", 4) == [
        "2026-06-03",
        "2026-06-05",
        "2026-06-08",
        "2026-06-10",
    ]


def test_every_second_week_counts_from_the_week_of_the_anchor() -> None:
    assert days("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU", "2026-06-02", 3) == [
        "2026-06-07",
        "2026-06-16",
        "2026-06-21",
    ]
    assert days("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", "2026-06-02", 2) == ["2026-06-14", "2026-06-16"]


def test_the_first_of_the_week_is_found_from_the_middle_of_one() -> None:
    assert days("FREQ=WEEKLY;BYDAY=MO,TU,WE;BYSETPOS=1", "2026-06-02", 2) == ["2026-06-08", "2026-06-15"]


def test_monthly_on_the_31st_skips_the_shorter_months() -> None:
    assert days("FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-31", 4) == [
        "2026-03-31",
        "2026-05-31",
        "2026-07-31",
        "2026-08-31",
    ]
    assert days("FREQ=MONTHLY", "2026-01-31", 1) == ["2026-03-31"]


def test_minus_one_is_the_last_day_of_every_month() -> None:
    assert days("FREQ=MONTHLY;BYMONTHDAY=-1", "2028-01-31", 2) == ["2028-02-29", "2028-03-31"]


def test_the_last_working_day_of_the_month() -> None:
    rule = "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"
    assert days(rule, "2026-01-15", 3) == ["2026-01-30", "2026-02-27", "2026-03-31"]


def test_plain_and_numbered_weekdays_are_united() -> None:
    assert days("FREQ=MONTHLY;BYDAY=MO,1TU", "2026-06-01", 3) == ["2026-06-02", "2026-06-08", "2026-06-15"]


def test_numbered_weekdays_of_a_year_count_from_either_end() -> None:
    assert days("FREQ=YEARLY;BYDAY=20MO", "2026-01-01", 1) == ["2026-05-18"]
    assert days("FREQ=YEARLY;BYDAY=-1FR", "2026-01-01", 1) == ["2026-12-25"]
    assert days("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2026-01-01", 1) == ["2026-11-26"]


def test_29_february_comes_round_in_leap_years_only() -> None:
    assert days("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2024-02-29", 2) == ["2028-02-29", "2032-02-29"]
    assert days("FREQ=YEARLY", "2024-02-29", 1) == ["2028-02-29"]
    assert days("FREQ=YEARLY", "2096-02-29", 1) == ["2104-02-29"]


def test_a_week_of_the_year_is_on_the_weekday_of_the_anchor() -> None:
    assert days("FREQ=YEARLY;BYWEEKNO=20", "2026-01-07", 1) == ["2026-05-13"]


def test_new_year_belongs_to_the_week_that_iso_8601_says() -> None:
    assert days("FREQ=YEARLY;BYWEEKNO=52;BYDAY=SA", "2021-12-31", 2) == ["2022-01-01", "2022-12-31"]
    assert days("FREQ=YEARLY;BYWEEKNO=-53;BYDAY=WE", "2014-06-01", 1) == ["2014-12-31"]


def test_a_rule_without_a_day_for_ten_years_is_over() -> None:
    assert following("FREQ=YEARLY;INTERVAL=3", after=at("2024-02-29T09:00"), time_zone=BERLIN) is None
    assert following("FREQ=YEARLY;BYMONTH=2", after=at("2026-01-30T09:00"), time_zone=BERLIN) is None


def test_ten_years_are_not_too_long() -> None:
    assert days("FREQ=YEARLY;INTERVAL=10", "2026-05-04", 1) == ["2036-05-04"]
    assert days("FREQ=YEARLY;INTERVAL=10;BYMONTH=1;BYDAY=1MO", "2024-01-01", 1) == ["2034-01-02"]


def test_count_is_lowered_and_runs_out() -> None:
    assert days("FREQ=DAILY;COUNT=3", "2026-06-01", 5) == ["2026-06-02", "2026-06-03", "none"]
    second = following("FREQ=DAILY;COUNT=3", after=at("2026-06-01T09:00"), time_zone=BERLIN)
    assert second is not None
    assert second.rule == "FREQ=DAILY;COUNT=2"
    assert following("FREQ=DAILY;COUNT=1", after=at("2026-06-01T09:00"), time_zone=BERLIN) is None


def test_until_a_date_includes_that_local_day() -> None:
    rule = "FREQ=DAILY;UNTIL=20260603"
    assert walls(rule, "2026-06-01T23:30", 3) == ["2026-06-02T23:30", "2026-06-03T23:30", "none"]
    assert walls(rule, "2026-06-01T00:30", 3) == ["2026-06-02T00:30", "2026-06-03T00:30", "none"]


def test_until_a_local_time_includes_that_time() -> None:
    assert walls("FREQ=DAILY;UNTIL=20260602T090000", "2026-06-01T09:00", 2) == ["2026-06-02T09:00", "none"]
    assert walls("FREQ=DAILY;UNTIL=20260602T085959", "2026-06-01T09:00", 1) == ["none"]


def test_until_in_utc_includes_that_instant() -> None:
    assert walls("FREQ=DAILY;UNTIL=20260602T070000Z", "2026-06-01T09:00", 2) == ["2026-06-02T09:00", "none"]
    assert walls("FREQ=DAILY;UNTIL=20260602T065959Z", "2026-06-01T09:00", 1) == ["none"]


def test_a_daily_task_three_weeks_overdue_is_due_once_and_in_the_future() -> None:
    done = completed("FREQ=DAILY", due="2026-06-01T09:00", done="2026-06-22T22:14", from_completion=False)
    assert done == Occurrence(at("2026-06-23T09:00").astimezone(UTC), "FREQ=DAILY")


def test_completed_before_its_hour_an_overdue_task_is_due_again_today() -> None:
    done = completed("FREQ=DAILY", due="2026-06-01T09:00", done="2026-06-22T08:00", from_completion=False)
    assert done == Occurrence(at("2026-06-22T09:00").astimezone(UTC), "FREQ=DAILY")


def test_an_overdue_task_keeps_to_the_grid_of_its_due_date() -> None:
    rule = "FREQ=WEEKLY;INTERVAL=2"
    done = completed(rule, due="2026-06-01T09:00", done="2026-06-23T12:00", from_completion=False)
    assert done == Occurrence(at("2026-06-29T09:00").astimezone(UTC), rule)


def test_count_is_lowered_by_one_however_many_were_missed() -> None:
    rule = "FREQ=DAILY;COUNT=5"
    done = completed(rule, due="2026-06-01T09:00", done="2026-06-22T12:00", from_completion=False)
    assert done == Occurrence(at("2026-06-23T09:00").astimezone(UTC), "FREQ=DAILY;COUNT=4")


def test_a_task_overdue_past_its_until_is_over() -> None:
    rule = "FREQ=DAILY;UNTIL=20260610"
    assert completed(rule, due="2026-06-01T09:00", done="2026-06-22T12:00", from_completion=False) is None


def test_a_task_completed_early_skips_to_after_its_due_date() -> None:
    done = completed("FREQ=DAILY", due="2026-06-10T09:00", done="2026-06-08T12:00", from_completion=False)
    assert done == Occurrence(at("2026-06-11T09:00").astimezone(UTC), "FREQ=DAILY")


def test_a_grid_of_centuries_ago_is_answered_at_once() -> None:
    done = completed("FREQ=DAILY", due="1026-06-10T09:00", done="2026-06-08T12:00", from_completion=False)
    assert done == Occurrence(at("2026-06-09T09:00").astimezone(UTC), "FREQ=DAILY")


def test_from_completion_the_time_of_day_is_the_due_dates() -> None:
    done = completed("FREQ=DAILY", due="2026-06-01T09:00", done="2026-06-08T22:14", from_completion=True)
    assert done == Occurrence(at("2026-06-09T09:00").astimezone(UTC), "FREQ=DAILY")


def test_from_completion_the_day_of_completion_is_over() -> None:
    rule = "FREQ=DAILY;INTERVAL=3"
    done = completed(rule, due="2026-06-01T09:00", done="2026-06-08T07:00", from_completion=True)
    assert done == Occurrence(at("2026-06-11T09:00").astimezone(UTC), rule)


def test_from_an_early_completion_the_due_date_does_not_matter() -> None:
    done = completed("FREQ=WEEKLY", due="2026-06-20T09:00", done="2026-06-08T12:00", from_completion=True)
    assert done == Occurrence(at("2026-06-15T09:00").astimezone(UTC), "FREQ=WEEKLY")


def test_from_completion_in_a_gap_the_due_time_returns_on_the_next_day() -> None:
    done = completed("FREQ=DAILY", due="2026-03-20T02:30", done="2026-03-29T12:00", from_completion=True)
    assert done == Occurrence(at("2026-03-30T02:30").astimezone(UTC), "FREQ=DAILY")


@pytest.mark.parametrize("from_completion", [True, False])
def test_without_a_due_date_the_completion_stands_for_it(from_completion: bool) -> None:
    done = completed("FREQ=DAILY", due=None, done="2026-06-08T22:14", from_completion=from_completion)
    assert done == Occurrence(at("2026-06-09T22:14").astimezone(UTC), "FREQ=DAILY")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_at_the_ends_of_the_calendar_nothing_comes_round(moment: str) -> None:
    assert following("FREQ=DAILY", after=at(moment, "UTC"), time_zone=BERLIN) is None


def test_a_naive_instant_is_refused() -> None:
    naive = at("2026-06-01T09:00").replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"):
        following("FREQ=DAILY", after=naive, time_zone=BERLIN)


@pytest.mark.parametrize(
    ("rule", "canonical"),
    [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("  rrule:freq=weekly ; byday = we, mo,we;interval=02 ", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE"),
        ("BYDAY=-1FR,+1MO,1MO;FREQ=MONTHLY", "FREQ=MONTHLY;BYDAY=1MO,-1FR"),
        ("WKST=SU;BYMONTHDAY=31,-1,+5;FREQ=MONTHLY", "FREQ=MONTHLY;BYMONTHDAY=-1,5,31;WKST=SU"),
        ("UNTIL=20261231t090000z;FREQ=DAILY", "FREQ=DAILY;UNTIL=20261231T090000Z"),
        ("FREQ=DAILY;UNTIL=20200101", "FREQ=DAILY;UNTIL=20200101"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"),
        ("FREQ=YEARLY;BYYEARDAY=366;BYSETPOS=1", "FREQ=YEARLY;BYYEARDAY=366;BYSETPOS=1"),
        ("FREQ=YEARLY;INTERVAL=10", "FREQ=YEARLY;INTERVAL=10"),
        ("COUNT=1000;FREQ=DAILY;INTERVAL=1000", "FREQ=DAILY;INTERVAL=1000;COUNT=1000"),
    ],
)
def test_a_rule_has_one_canonical_text(rule: str, canonical: str) -> None:
    assert normalised(rule) == canonical
    assert normalised(canonical) == canonical


ONE_LINE = "Give one RRULE on one line, without DTSTART, EXDATE or RDATE."
NAME_VALUE = "Each part must read NAME=VALUE, with one ; between two parts."
FREQUENCY = "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY."
INTERVAL = "INTERVAL must be a whole number from 1 to 1000."
COUNT = "COUNT must be a whole number from 1 to 1000."
UNTIL = "UNTIL must be a date (20261231) or a date and time (20261231T090000, in UTC with a Z)."
BY_DAY = "BYDAY must be weekdays such as MO, 1MO or -1FR, with numbers from 1 to 53 or -53 to -1."
NUMBERED = "Numbered weekdays need a month (5 at most) or a year, and exclude BYWEEKNO."
YEARLY = "BYWEEKNO and BYYEARDAY need FREQ=YEARLY."
NEVER = "The rule does not come round within ten years."


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("", "The rule is empty."),
        (" RRULE: ", "The rule is empty."),
        ("FREQ=DAILY" + " " * 191, "The rule is longer than 200 characters."),
        ("FREQ=DAILY\nRRULE:FREQ=WEEKLY", ONE_LINE),
        ("DTSTART:20260101T090000", ONE_LINE),
        ("FREQ=DAILY;EXDATE=20260101", ONE_LINE),
        ("RDATE:20260101", ONE_LINE),
        ("FREQ=DAILY;INTERVAL=\uff12", "The rule has characters that belong in no rule."),
        ("every day", NAME_VALUE),
        ("FREQ=DAILY;", NAME_VALUE),
        ("FREQ=DAILY;COUNT=", NAME_VALUE),
        ("INTERVAL=2", "FREQ is missing."),
        ("FREQ=DAILY;FREQ=WEEKLY", "FREQ is given twice."),
        ("FREQ=SECONDLY", FREQUENCY),
        ("FREQ=MINUTELY", FREQUENCY),
        ("FREQ=HOURLY", FREQUENCY),
        ("FREQ=DAILY,WEEKLY", FREQUENCY),
        ("FREQ=DAILY;BYHOUR=9", "BYHOUR is not accepted: the time of day is the due date's own."),
        ("FREQ=DAILY;BYMINUTE=0", "BYMINUTE is not accepted: the time of day is the due date's own."),
        ("FREQ=DAILY;BYSECOND=0", "BYSECOND is not accepted: the time of day is the due date's own."),
        ("FREQ=YEARLY;BYEASTER=0", "BYEASTER is not a part of a recurrence rule."),
        ("FREQ=YEARLY;X-MOON=FULL", "X-MOON is not a part of a recurrence rule."),
        ("FREQ=DAILY;COUNT=2;UNTIL=20261231", "COUNT and UNTIL exclude each other."),
        ("FREQ=DAILY;INTERVAL=0", INTERVAL),
        ("FREQ=DAILY;INTERVAL=1001", INTERVAL),
        ("FREQ=DAILY;INTERVAL=1,2", INTERVAL),
        ("FREQ=DAILY;INTERVAL=1_0", INTERVAL),
        ("FREQ=DAILY;COUNT=0", COUNT),
        ("FREQ=DAILY;COUNT=-1", COUNT),
        ("FREQ=DAILY;COUNT=1001", COUNT),
        ("FREQ=DAILY;COUNT=two", COUNT),
        ("FREQ=DAILY;UNTIL=20260230", UNTIL),
        ("FREQ=DAILY;UNTIL=20260101T250000", UNTIL),
        ("FREQ=DAILY;UNTIL=2026-01-01", UNTIL),
        ("FREQ=MONTHLY;BYMONTHDAY=" + ",".join(["1"] * 61), "BYMONTHDAY has more than 60 values."),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH must be whole numbers from 1 to 12."),
        ("FREQ=YEARLY;BYMONTH=-1", "BYMONTH must be whole numbers from 1 to 12."),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY must be whole numbers from 1 to 31 or -31 to -1."),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY must be whole numbers from 1 to 31 or -31 to -1."),
        ("FREQ=MONTHLY;BYMONTHDAY=1,,2", "BYMONTHDAY must be whole numbers from 1 to 31 or -31 to -1."),
        ("FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY must be whole numbers from 1 to 366 or -366 to -1."),
        ("FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO must be whole numbers from 1 to 53 or -53 to -1."),
        ("FREQ=DAILY;BYSETPOS=367", "BYSETPOS must be whole numbers from 1 to 366 or -366 to -1."),
        ("FREQ=DAILY;WKST=XX", "WKST must be one of MO, TU, WE, TH, FR, SA, SU."),
        ("FREQ=WEEKLY;BYDAY=MONDAY", BY_DAY),
        ("FREQ=MONTHLY;BYDAY=0MO", BY_DAY),
        ("FREQ=YEARLY;BYDAY=54MO", BY_DAY),
        ("FREQ=MONTHLY;BYDAY=MO(+1)", BY_DAY),
        ("FREQ=WEEKLY;BYDAY=1MO", NUMBERED),
        ("FREQ=MONTHLY;BYDAY=6MO", NUMBERED),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-6MO", NUMBERED),
        ("FREQ=YEARLY;BYWEEKNO=3;BYDAY=1MO", NUMBERED),
        ("FREQ=MONTHLY;BYYEARDAY=3", YEARLY),
        ("FREQ=WEEKLY;BYWEEKNO=3", YEARLY),
        ("FREQ=WEEKLY;BYMONTHDAY=13", "BYMONTHDAY does not go with FREQ=WEEKLY."),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS needs another BY part."),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", NEVER),
        ("FREQ=DAILY;BYMONTH=4,6,9,11;BYMONTHDAY=31", NEVER),
        ("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2", NEVER),
        ("FREQ=YEARLY;INTERVAL=11", NEVER),
        ("FREQ=WEEKLY;INTERVAL=1000", NEVER),
    ],
)
def test_what_is_no_rule_is_refused_and_told_why(rule: str, message: str) -> None:
    with pytest.raises(InvalidRule) as refusal:
        normalised(rule)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA;BYSETPOS=7,-7",
        "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=8,-8",
        "FREQ=YEARLY;BYMONTHDAY=1;BYDAY=MO,TU,WE,TH,FR,SA,53SU,-53SU;BYSETPOS=" + ",".join(["366"] * 30),
    ],
)
def test_a_rule_without_days_is_refused_without_searching_to_the_year_9999(rule: str) -> None:
    def refuse() -> None:
        with suppress(InvalidRule):
            normalised(rule)

    with pytest.raises(InvalidRule, match=NEVER):
        normalised(rule)
    assert min(repeat(refuse, number=1, repeat=5)) < 1


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown time zone"):
        following("FREQ=DAILY", after=at("2026-06-01T09:00"), time_zone="Mars/Olympus")


def listed(*values: object, most: int = 6) -> st.SearchStrategy[str]:
    texts = st.sampled_from([str(value) for value in values])
    return st.lists(texts, min_size=1, max_size=most).map(",".join)


ANY = {
    "INTERVAL": listed(1, 2, 3, 5, 10, most=1),
    "BYMONTH": listed(*range(1, 13)),
    "BYDAY": listed("MO", "TU", "WE", "TH", "FR", "SA", "SU"),
    "BYSETPOS": listed(1, 2, 5, 60, -1, -7),
    "WKST": listed("MO", "SU", most=1),
}
MONTH_DAYS = {"BYMONTHDAY": listed(*range(1, 32), *range(-31, 0), most=30)}
NUMBERED_DAYS = {"BYDAY": listed("MO", "1MO", "-1FR", "5WE", "-5SU", most=30)}
YEAR_DAYS = {"BYWEEKNO": listed(1, 20, 52, 53, -1, -53), "BYYEARDAY": listed(1, 60, 200, 366, -1, -366)}
SHAPES: list[tuple[str, dict[str, st.SearchStrategy[str]]]] = [
    ("DAILY", MONTH_DAYS),
    ("WEEKLY", {}),
    ("MONTHLY", MONTH_DAYS),
    ("MONTHLY", NUMBERED_DAYS),
    ("YEARLY", MONTH_DAYS | NUMBERED_DAYS),
    ("YEARLY", MONTH_DAYS | YEAR_DAYS),
]
RULES = st.one_of(
    [st.fixed_dictionaries({"FREQ": st.just(frequency)}, optional=ANY | parts) for frequency, parts in SHAPES]
).map(lambda parts: ";".join(f"{name}={value}" for name, value in parts.items()))
TEXTS = st.text(max_size=210) | st.from_regex(r"(RRULE:)?(FREQ|BYDAY|COUNT)=[-+,;=A-Z0-9]*") | RULES
INSTANTS = st.datetimes(datetime.fromisoformat("1971-01-01"), datetime.fromisoformat("2400-01-01"))
ZONES = st.sampled_from([BERLIN, "UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])


@given(rule=RULES, moment=INSTANTS, time_zone=ZONES)
@settings(max_examples=100, deadline=timedelta(seconds=2))
def test_the_next_is_later_and_at_the_same_wall_time_unless_that_does_not_exist(
    rule: str, moment: datetime, time_zone: str
) -> None:
    after, place = moment.replace(tzinfo=UTC), ZoneInfo(time_zone)
    try:
        found = following(rule, after=after, time_zone=time_zone)
    except InvalidRule:
        return
    if found is None:
        return
    assert found.due_at > after
    before = after.astimezone(place).replace(tzinfo=None, fold=0)
    wall = found.due_at.astimezone(place)
    if wall.time() != before.time():
        meant = datetime.combine(wall.date(), before.time(), tzinfo=place)
        assert meant.astimezone(UTC).astimezone(place) == wall  # in a gap, so moved forward
        assert meant.utcoffset() != wall.utcoffset()


@given(rule=TEXTS)
@settings(max_examples=250, deadline=timedelta(seconds=2))
def test_any_text_soon_has_one_canonical_form_or_is_refused(rule: str) -> None:
    try:
        canonical = normalised(rule)
    except InvalidRule:
        return
    assert normalised(canonical) == canonical
