"""Amounts are Decimal with a currency beside them. Floats never come in, rounding happens once."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

_TWO = """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP
CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES
KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD
PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY
TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG"""
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"

# Digits after the decimal point of each currency (ISO 4217).
MINOR_DIGITS: dict[str, int] = {
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_NONE.split(), 0),
    **dict.fromkeys(_THREE.split(), 3),
}


def minor_digits(currency: str) -> int:
    """Raises ValueError for what is no ISO 4217 code."""
    try:
        return MINOR_DIGITS[currency]
    except KeyError:
        raise ValueError(f"{currency!r} is not a currency. Use its three capital letters, such as EUR.") from None


def rounded(amount: Fraction | Decimal, currency: str) -> Decimal:
    """Half up, away from zero, to the currency's minor unit."""
    unit = Decimal(1).scaleb(-minor_digits(currency))
    if isinstance(amount, Decimal):
        return amount.quantize(unit, ROUND_HALF_UP)
    units = abs(amount) * 10 ** minor_digits(currency)
    whole = (2 * units.numerator + units.denominator) // (2 * units.denominator)
    return Decimal(whole if amount >= 0 else -whole) * unit


def shown(amount: Decimal, currency: str) -> str:
    """For people: 1,234.50 EUR."""
    return f"{rounded(amount, currency):,f} {currency}"
