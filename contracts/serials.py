"""Serials typed nearly right: one sign more, less or other, or two neighbours in the wrong order."""

from collections.abc import Iterable

SHORTEST = 3  # shorter ones are near to too much


def near_serials(typed: str, known: Iterable[str]) -> list[str]:
    """Those of `known` that are one slip away from what was typed. Both as contracts.models.normal_serial gives them."""
    if len(typed) < SHORTEST:
        return []
    return [serial for serial in known if is_near(typed, serial)]


def is_near(one: str, other: str) -> bool:
    """One edit apart: a sign inserted, left out or replaced, or two neighbours exchanged. The same is not near."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    at = _same_from_the_left(one, other)
    if len(one) != len(other):
        shorter, longer = sorted((one, other), key=len)
        return shorter[at:] == longer[at + 1 :]
    if one[at + 1 :] == other[at + 1 :]:
        return True
    return one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]


def _same_from_the_left(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))
