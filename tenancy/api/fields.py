"""Fields of request bodies: strict about types, plain in words. A message is what comes after the field's name."""

import unicodedata
from typing import Any, ClassVar
from uuid import UUID

from rest_framework import serializers

TEXT_WORDS = {
    "required": "is missing.",
    "null": "must not be null.",
    "invalid": "must be text.",
    "blank": "must not be empty.",
    "max_length": "must have at most {max_length:,} characters.",
}
CHOICE_WORDS = {"required": "is missing.", "null": "must not be null.", "invalid_choice": "must be one of: {known}."}
ID_WORDS = {
    "required": "is missing.",
    "null": "must not be null.",
    "invalid": "must be an id as we give it out (a UUID).",
}


class Text(serializers.CharField):
    """Text as text: no numbers, no characters that PostgreSQL can not keep, a limit in characters or in bytes."""

    default_error_messages = {  # noqa: RUF012 - DRF's own way to say it
        **TEXT_WORDS,
        "max_bytes": "must have at most {max_bytes:,} bytes in UTF-8.",
        "bad_character": "must be one line without control characters.",
        "unstorable": "must not have the character U+0000 or half of a surrogate pair.",
    }

    def __init__(self, *, max_bytes: int | None = None, one_line: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("trim_whitespace", one_line)
        super().__init__(**kwargs)
        self.max_bytes, self.one_line = max_bytes, one_line
        # Django's own validators for these would speak in other words.
        self.validators = [v for v in self.validators if not type(v).__name__.startswith("Prohibit")]

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if isinstance(data, str):
            self._refuse_unstorable(data)
            if not self.allow_blank and not data.strip():
                self.fail("blank")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        value = data.strip() if self.trim_whitespace else data
        if self.one_line and any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} for letter in value):
            self.fail("bad_character")
        if self.max_bytes is not None and len(value.encode()) > self.max_bytes:
            self.fail("max_bytes", max_bytes=self.max_bytes)
        return value

    def _refuse_unstorable(self, value: str) -> None:
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            self.fail("unstorable")
        if "\x00" in value:
            self.fail("unstorable")


class Choice(serializers.ChoiceField):
    default_error_messages: ClassVar[dict[str, Any]] = CHOICE_WORDS

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", known=", ".join(str(choice) for choice in self.choices))
        return data


class Id(serializers.UUIDField):
    default_error_messages: ClassVar[dict[str, Any]] = ID_WORDS

    def to_internal_value(self, data: Any) -> UUID:
        try:
            return UUID(data) if isinstance(data, str) and len(data) == 36 else self.fail("invalid")
        except ValueError:
            self.fail("invalid")
