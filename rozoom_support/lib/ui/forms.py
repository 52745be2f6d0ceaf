from dataclasses import dataclass


@dataclass(frozen=True)
class Labelled:
    """A choice's label with a second line: choices=[("site-1", Labelled("Plant 2, Ghent", "4 components"))].

    `note` is a third line; `warning` is a word or two before it, drawn as a warning.
    """

    text: str
    hint: str
    note: str = ""
    warning: str = ""

    def __str__(self) -> str:
        return self.text
