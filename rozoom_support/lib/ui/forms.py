from dataclasses import dataclass


@dataclass(frozen=True)
class Labelled:
    """A choice's label with a second line: choices=[("site-1", Labelled("Plant 2, Ghent", "4 components"))]."""

    text: str
    hint: str

    def __str__(self) -> str:
        return self.text
