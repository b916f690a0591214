"""Prices as people write them, as whole minor units of a currency."""

import re
from decimal import Decimal
from typing import NamedTuple

# ISO 4217, the currencies in use. Two minor digits, but for these.
_IN_USE = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP
    CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR
    IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU
    MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG
    SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST
    XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_OF_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_OF_THREE = "BHD IQD JOD KWD LYD OMR TND"
CURRENCIES = frozenset(_IN_USE.split())
MINOR_DIGITS = dict.fromkeys(_OF_NONE.split(), 0) | dict.fromkeys(_OF_THREE.split(), 3)

# Signs that many currencies share mean the one they mean most often.
SIGNS = {
    "us$": "USD",
    "ca$": "CAD",
    "c$": "CAD",
    "a$": "AUD",
    "au$": "AUD",
    "nz$": "NZD",
    "hk$": "HKD",
    "r$": "BRL",
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "円": "JPY",
    "₹": "INR",
    "₩": "KRW",
    "₽": "RUB",
    "₺": "TRY",
    "₴": "UAH",
    "₪": "ILS",
    "zł": "PLN",
    "kč": "CZK",
    "฿": "THB",
    "₫": "VND",
}
LARGEST = 10**9  # minor units: beyond it is no price, but a mistake

_SPACES = re.compile(r"(?<=[0-9])[\s\u00a0\u2009\u202f'\u2019](?=[0-9]{3}(?![0-9]))")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_CODE = re.compile(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])")


class Money(NamedTuple):
    """`amount` is in the currency's minor units, `currency` its ISO 4217 code."""

    amount: int
    currency: str


def price(written: object, currency: str | None = None) -> Money | None:
    """What is written as a number or as text, "1.299,00 €" or "$12"; None where that is not clear.

    Without a currency beside it, the text must name one.
    """
    if isinstance(written, bool) or not isinstance(written, str | int | float):
        return None
    text = str(written).strip()[:100]
    meant = (currency or "").strip().upper() or named_in(text)
    if meant not in CURRENCIES:
        return None
    digits = MINOR_DIGITS.get(meant, 2)
    value = _value(text, digits) if isinstance(written, str) else Decimal(text)
    if value is None or not value.is_finite() or not 0 <= value <= LARGEST:
        return None
    amount = value.scaleb(digits)
    if amount != amount.to_integral_value() or amount > LARGEST:
        return None
    return Money(int(amount), meant)


def named_in(text: str) -> str | None:
    """The currency that a price names: by its code, or by its sign, the longest first."""
    for code in _CODE.findall(text):
        if code in CURRENCIES:
            return str(code)
    lowered = text.lower()
    signs = sorted((sign for sign in SIGNS if sign in lowered), key=len, reverse=True)
    return SIGNS[signs[0]] if signs else None


def _value(text: str, digits: int) -> Decimal | None:
    """Of exactly one number. A single mark before three digits groups thousands, where three are not the minor ones."""
    numbers = _NUMBER.findall(_SPACES.sub("", text))
    if len(numbers) != 1 or "-" in text.partition(numbers[0])[0]:
        return None
    number = numbers[0]
    marks = [mark for mark in number if not mark.isdigit()]
    if not marks:
        return Decimal(number)
    whole, _, fraction = number.rpartition(marks[-1])
    grouped = whole.replace(".", "").replace(",", "")
    alone = len(set(marks)) == 1 and (len(marks) > 1 or (len(fraction) == 3 and digits != 3 and whole.strip("0")))
    if marks[-1] in marks[:-1] and len(set(marks)) > 1:
        return None  # 1.234,567,890: neither way of writing
    return Decimal(grouped + fraction) if alone else Decimal(f"{grouped}.{fraction}")
