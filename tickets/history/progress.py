"""How far a long command is: a bar on a terminal, a line every few percent elsewhere."""

import time
from typing import IO

WIDTH = 32
REFRESH_SECONDS = 0.1
EVERY_PERCENT = 5


class Progress:
    """Writes to `stream` (stderr), so that what the command prints can be kept apart."""

    def __init__(self, total: int, what: str, stream: IO[str]) -> None:
        self.total, self.what, self.stream = total, what, stream
        self.done = 0
        self.bar = stream.isatty()
        self.shown_at = 0.0
        self.shown_percent = 0

    def step(self) -> None:
        self.done += 1
        percent = 100 * self.done // self.total
        ended = self.done == self.total
        if self.bar:
            if ended or time.monotonic() - self.shown_at >= REFRESH_SECONDS:
                self.shown_at = time.monotonic()
                filled = WIDTH * self.done // self.total
                self._write(
                    f"\r[{'#' * filled}{'.' * (WIDTH - filled)}] {self._words(percent)}{chr(10) if ended else ''}"
                )
        elif ended or percent >= self.shown_percent + EVERY_PERCENT:
            self.shown_percent = percent
            self._write(f"{self._words(percent)}\n")

    def _words(self, percent: int) -> str:
        return f"{percent:3d} %  {self.done:,} of {self.total:,} {self.what}"

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()
