"""Images for tests: small files, with large headers where a large image is meant."""

import io
import random
import struct
import zlib
from functools import cache

from PIL import Image


@cache
def image(seed: int = 1, *, form: str = "PNG", size: tuple[int, int] = (48, 32)) -> bytes:
    """Return an image of shades that follow from the seed, so that two seeds have little in common."""
    shades = random.Random(seed).randbytes(9 * 8)
    written = io.BytesIO()
    Image.frombytes("L", (9, 8), shades).resize(size, Image.Resampling.NEAREST).convert("RGB").save(
        written, form, quality=90
    )
    return written.getvalue()


def with_comment(content: bytes, comment: bytes) -> bytes:
    """Return the JPEG with this comment, behind its first two bytes."""
    return content[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + content[2:]


def png(width: int, height: int, *, colour: int = 0, data: bytes = b"") -> bytes:
    """Return a PNG with this header; `data` are its rows, uncompressed. Colour 6 has 4 bytes a pixel."""
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
