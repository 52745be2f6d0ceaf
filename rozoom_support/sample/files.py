"""Small files for the stories, made here: a photo of a display, a service report, a log."""

import struct
import zlib
from datetime import datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from tickets.files import CheckedFile, check_file

# Seven segments of a display: a (top), b, c (right), d (bottom), e, f (left), g (middle).
SEGMENTS = {
    "0": "abcdef", "1": "bc", "2": "abdeg", "3": "abcdg", "4": "bcfg", "5": "acdfg", "6": "acdefg", "7": "abc",
    "8": "abcdefg", "9": "abcdfg", "E": "adefg", "F": "aefg", "-": "g",
}  # fmt: skip
BARS = {
    "a": (6, 0, 24, 6), "b": (28, 4, 6, 24), "c": (28, 34, 6, 24), "d": (6, 56, 24, 6), "e": (0, 34, 6, 24),
    "f": (0, 4, 6, 24), "g": (6, 28, 24, 6),
}  # fmt: skip
DARK, LIT = b"\x10\x16\x1a", b"\xff\x55\x33"


def display_photo(name: str, shown: str) -> CheckedFile:
    """What the cabin panel showed, as a PNG."""
    width, height = 48 * len(shown) + 48, 110
    pixels = [[DARK] * width for _ in range(height)]
    for place, sign in enumerate(shown):
        for bar in SEGMENTS.get(sign, ""):
            left, top, wide, high = BARS[bar]
            for y in range(24 + top, 24 + top + high):
                for x in range(36 + 48 * place + left, 36 + 48 * place + left + wide):
                    pixels[y][x] = LIT
    rows = b"".join(b"\x00" + b"".join(row) for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows, 9)), _chunk(b"IEND", b""))
    return _checked(name, b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def report(name: str, lines: list[str]) -> CheckedFile:
    """One page of text, as a PDF."""
    text = b" T* ".join(b"(%s) Tj" % line.encode("latin-1", "replace").translate(None, b"()\\") for line in lines)
    drawn = b"BT /F1 12 Tf 56 780 Td 18 TL " + text + b" ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return _checked(name, body + end % (size, table, size, len(body)))


def log(name: str, until: datetime, lines: list[str]) -> CheckedFile:
    """A device log whose last line was written at `until`."""
    first = until - timedelta(seconds=7 * (len(lines) - 1))
    stamped = (f"{first + timedelta(seconds=7 * n):%Y-%m-%dT%H:%M:%SZ} {line}" for n, line in enumerate(lines))
    return _checked(name, ("\n".join(stamped) + "\n").encode())


def _checked(name: str, content: bytes) -> CheckedFile:
    return check_file(SimpleUploadedFile(name, content))
