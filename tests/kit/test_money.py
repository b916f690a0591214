"""Prices as shops write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import CURRENCIES, LARGEST, MINOR_DIGITS, price


@pytest.mark.parametrize(
    ("written", "currency", "amount", "meant"),
    [
        ("1.299,00", "EUR", 129_900, "EUR"),
        ("1,299.00", "USD", 129_900, "USD"),
        ("1 299,00", "SEK", 129_900, "SEK"),
        ("1\u202f299,50\u00a0€", None, 129_950, "EUR"),
        ("CHF 1'299.50", None, 129_950, "CHF"),
        ("$12", None, 1_200, "USD"),
        ("CA$12.50", None, 1_250, "CAD"),
        ("12,50 EUR", None, 1_250, "EUR"),
        ("12,5", "eur", 1_250, "EUR"),
        ("1.299", "EUR", 129_900, "EUR"),
        ("1.299", "KWD", 1_299, "KWD"),
        ("12.99", "KWD", 12_990, "KWD"),
        ("¥1,299", None, 1_299, "JPY"),
        ("1299", "JPY", 1_299, "JPY"),
        ("1,299,000", "KRW", 1_299_000, "KRW"),
        ("12.0000", "USD", 1_200, "USD"),
        ("0.99", "GBP", 99, "GBP"),
        (19.99, "USD", 1_999, "USD"),
        (0, "EUR", 0, "EUR"),
        (1299, "JPY", 1_299, "JPY"),
        ("£ 5", "GBP", 500, "GBP"),
    ],
)
def test_a_price_is_whole_minor_units_of_its_currency(
    written: object, currency: str | None, amount: int, meant: str
) -> None:
    assert price(written, currency) == (amount, meant)


@pytest.mark.parametrize(
    ("written", "currency"),
    [
        ("12", None),
        ("12", "XXX"),
        ("12", "EURO"),
        ("10 - 20", "EUR"),
        ("-5", "EUR"),
        ("free", "EUR"),
        ("", "EUR"),
        ("12.50", "JPY"),
        ("0,999", "EUR"),
        ("1.234,567,890", "EUR"),
        (True, "EUR"),
        (None, "EUR"),
        ([12], "EUR"),
        (float("inf"), "EUR"),
        (float("nan"), "EUR"),
        (1e300, "EUR"),
        ("1" * 90, "EUR"),
        (10**40, "EUR"),
        ("١٢", "EUR"),
    ],
)
def test_what_is_not_clear_is_no_price(written: object, currency: str | None) -> None:
    assert price(written, currency) is None


@given(st.integers(0, LARGEST), st.sampled_from(sorted(CURRENCIES)), st.sampled_from(["{:,}", "{:_}"]))
def test_a_price_is_read_as_it_was_written(amount: int, currency: str, grouping: str) -> None:
    digits = MINOR_DIGITS.get(currency, 2)
    whole, fraction = divmod(amount, 10**digits)
    text = grouping.format(whole).replace("_", "'") + (f".{fraction:0{digits}}" if digits else "")
    assert price(f"{currency} {text}") == (amount, currency)


@given(st.text(max_size=200), st.none() | st.text(max_size=4) | st.sampled_from(["EUR", "JPY", "KWD"]))
def test_any_text_is_a_price_or_none(text: str, currency: str | None) -> None:
    found = price(text, currency)
    assert found is None or (0 <= found.amount <= LARGEST and found.currency in CURRENCIES)
