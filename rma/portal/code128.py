"""Code 128 (ISO/IEC 15417), code set B: printable ASCII as bars that any scanner reads."""

# Widths of bar, space, bar, … in modules, by value: 0-102 the signs, 103-105 the starts, 106 the stop.
WIDTHS = [
    "212222",
    "222122",
    "222221",
    "121223",
    "121322",
    "131222",
    "122213",
    "122312",
    "132212",
    "221213",
    "221312",
    "231212",
    "112232",
    "122132",
    "122231",
    "113222",
    "123122",
    "123221",
    "223211",
    "221132",
    "221231",
    "213212",
    "223112",
    "312131",
    "311222",
    "321122",
    "321221",
    "312212",
    "322112",
    "322211",
    "212123",
    "212321",
    "232121",
    "111323",
    "131123",
    "131321",
    "112313",
    "132113",
    "132311",
    "211313",
    "231113",
    "231311",
    "112133",
    "112331",
    "132131",
    "113123",
    "113321",
    "133121",
    "313121",
    "211331",
    "231131",
    "213113",
    "213311",
    "213131",
    "311123",
    "311321",
    "331121",
    "312113",
    "312311",
    "332111",
    "314111",
    "221411",
    "431111",
    "111224",
    "111422",
    "121124",
    "121421",
    "141122",
    "141221",
    "112214",
    "112412",
    "122114",
    "122411",
    "142112",
    "142211",
    "241211",
    "221114",
    "413111",
    "241112",
    "134111",
    "111242",
    "121142",
    "121241",
    "114212",
    "124112",
    "124211",
    "411212",
    "421112",
    "421211",
    "212141",
    "214121",
    "412121",
    "111143",
    "111341",
    "131141",
    "114113",
    "114311",
    "411113",
    "411311",
    "113141",
    "114131",
    "311141",
    "411131",
    "211412",
    "211214",
    "211232",
    "2331112",
]
START_B, STOP, CHECKED = 104, 106, 103
FIRST, LAST = " ", "~"
QUIET = 10  # modules of white on each side


def values(text: str) -> list[int]:
    """Start, signs, check digit, stop. Raises ValueError for a sign that the code does not have."""
    if not text or any(not FIRST <= sign <= LAST for sign in text):
        raise ValueError(f"Code 128 B can not write {text!r}.")
    signs = [ord(sign) - ord(FIRST) for sign in text]
    check = (START_B + sum(place * value for place, value in enumerate(signs, start=1))) % CHECKED
    return [START_B, *signs, check, STOP]


def bars(text: str) -> list[tuple[int, int]]:
    """Where each bar begins and how wide it is, in modules, after the quiet zone."""
    found, at = [], QUIET
    for value in values(text):
        for place, width in enumerate(WIDTHS[value]):
            if place % 2 == 0:
                found.append((at, int(width)))
            at += int(width)
    return found


def total(text: str) -> int:
    """Modules with both quiet zones."""
    start, width = bars(text)[-1]
    return start + width + QUIET


def can_write(text: str) -> bool:
    return bool(text) and all(FIRST <= sign <= LAST for sign in text)
