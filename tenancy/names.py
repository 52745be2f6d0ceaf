"""Names of people. They go into mails we send, so what could be clicked on is no name."""

import re

NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f<>\\]|://|www\.", re.IGNORECASE)


def clean_name(name: str) -> str:
    """One line, spaces made single, at most 120 letters; "" when it is no name."""
    name = " ".join(name.split())
    return "" if NOT_IN_A_NAME.search(name) else name[:120]
