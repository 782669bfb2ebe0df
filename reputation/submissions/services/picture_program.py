"""A program that makes a harmless picture of an uploaded file, run in a process of its own with limits of
memory and time. It knows nothing of the rest: no settings, no database, no environment.

Standard input is the file. Standard output is a line of JSON, then the picture: a JPEG of at most 2,048
pixels a side that was encoded here, so that nothing of the file but its pixels is in it.
"""

import io
import json
import resource
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MOST_PIXELS = 40_000_000
LONGEST_SIDE = 2_048
FORMATS = ("JPEG", "PNG", "WEBP")
QUALITY = 85
# Of a byte stream that is written: a picture of the longest side has a fraction of it.
MOST_WRITTEN = 16_000_000


class Refused(Exception):
    """A file that cannot be used; `numbers` are the values that decided."""

    def __init__(self, code: str, message: str, **numbers: object) -> None:
        super().__init__(message)
        self.answer = {"code": code, "message": message, "numbers": numbers}


def limit_process(memory: int, seconds: int) -> None:
    """Limit this process: bytes of memory, seconds of processor time, bytes written, no core file."""
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, MOST_WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def make_picture(content: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the figures of the picture and its JPEG. Raise Refused."""
    # Pillow is loaded under the limits.
    from PIL import Image, ImageOps, UnidentifiedImageError

    # The size is judged below, with its numbers.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
            size = opened.size
            require_size(*size)
            # A JPEG is decoded at a fraction of its size, where that is enough.
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            ImageOps.exif_transpose(opened, in_place=True)
            small = shrink(opened)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise Refused("image_unreadable", "the image cannot be read: it is damaged, or no image") from error
    written = io.BytesIO()
    # Comments and other metadata would be copied out of it.
    small.info.clear()
    small.save(written, "JPEG", quality=QUALITY)
    figures = {"width": size[0], "height": size[1], "difference_hash": difference_hash(small)}
    return figures, written.getvalue()


def require_size(width: int, height: int) -> None:
    """Raise Refused for more pixels than a submission may have, by the header alone."""
    if width * height > MOST_PIXELS:
        raise Refused(
            "image_too_large",
            f"an image has at most {MOST_PIXELS // 1_000_000} megapixels,"
            f" this has {width} x {height} = {width * height / 1_000_000:.1f}",
            width=width,
            height=height,
            pixels=width * height,
            most_pixels=MOST_PIXELS,
        )


def shrink(picture: "Picture") -> "Picture":
    """Return the picture in RGB, on white where it is transparent, with at most the longest side."""
    from PIL import Image

    has_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    mode = "RGBA" if has_alpha else "RGB"
    # Without a copy where there is nothing to convert: a large image takes a third of the memory.
    small = picture if picture.mode == mode else picture.convert(mode)
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    if not has_alpha:
        return small
    ground = Image.new("RGB", small.size, "white")
    ground.paste(small, mask=small.getchannel("A"))
    return ground


def difference_hash(picture: "Picture") -> int:
    """Return the difference hash: 8 rows of 8 bits, each set where a shade is darker than the next on its
    right, as a signed number of 64 bits."""
    shades = picture.convert("L").resize((9, 8)).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            at = row * 9 + column
            bits = bits << 1 | (shades[at] < shades[at + 1])
    return bits - (1 << 64) if bits >> 63 else bits


def main(memory: int, seconds: int) -> None:
    """Read the file and write the answer; a refusal is an answer, too."""
    limit_process(memory, seconds)
    picture = b""
    try:
        answer, picture = make_picture(sys.stdin.buffer.read())
    except Refused as refusal:
        answer = refusal.answer
    except MemoryError:
        message = f"the image needs more than {memory // 1_000_000} MB of memory"
        answer = Refused("image_unreadable", message, most_memory=memory).answer
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + picture)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
