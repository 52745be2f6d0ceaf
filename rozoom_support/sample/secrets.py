"""The password and the tokens of the demo. They are made at random once and live in the output file only."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rozoom_support.local.state import read_json, write_json

CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"


def new_password() -> str:
    """Easy to type: kuto-rava-medi-4711. About 50 bits, for a demo on one's own machine."""
    words = ["".join(secrets.choice(letters) for letters in (CONSONANTS, VOWELS) * 2) for _ in range(3)]
    return "-".join([*words, str(secrets.randbelow(9000) + 1000)])


@dataclass
class Kept:
    """What an earlier run wrote, so that people and programs keep what they know."""

    password: str = field(default_factory=new_password)  # one for all: a good hash takes its time
    tokens: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Kept":
        found = read_json(path)
        if not isinstance(found, Mapping):
            return cls()
        people = [one for one in found.get("people", []) if one.get("password")]
        tokens = [one for one in found.get("tokens", []) if {"organisation", "scopes", "token"} <= one.keys()]
        return cls(
            people[0]["password"] if people else new_password(),
            {(one["organisation"], tuple(sorted(one["scopes"]))): one["token"] for one in tokens},
        )


def write(path: Path, people: list[dict[str, Any]], tokens: list[dict[str, Any]]) -> None:
    """Readable by its owner only, and never half there."""
    write_json(path, {"people": people, "tokens": tokens})
