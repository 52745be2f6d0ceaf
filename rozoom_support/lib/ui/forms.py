from dataclasses import dataclass


@dataclass(frozen=True)
class Labelled:
    """A choice's label with a second line: choices=[("site-1", Labelled("Plant 2, Ghent", "4 components"))].

    `note` is a third line; with `warns` it bears the mark of a warning, so that it does not stand out by colour alone.
    """

    text: str
    hint: str
    note: str = ""
    warns: bool = False

    def __str__(self) -> str:
        return self.text
