"""Pictures made of uploads, by a program in a process of its own."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings

from reputation.submissions.services import picture_program

_PROGRAM = Path(picture_program.__file__)
_MEGABYTE = 1_000_000


class PictureRefused(Exception):
    """The program says that the file cannot be used, with its numbers."""

    def __init__(self, code: str, message: str, numbers: dict[str, int]) -> None:
        super().__init__(message)
        self.code, self.message, self.numbers = code, message, numbers


class PictureFailed(Exception):
    """The program has ended without an answer: it was killed, or took too long."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG that was encoded here; width and height are those of the upload."""

    content: bytes
    width: int
    height: int
    difference_hash: int


def make_picture(upload: bytes) -> Picture:
    """Return the picture of the upload. Raises PictureRefused or PictureFailed.

    The program has no environment, and limits of memory, processor time and bytes written, which it sets
    itself before it reads anything; here it gets a limit of time.
    """
    with tempfile.TemporaryFile() as answer:
        _run_program(upload, answer)
        answer.seek(0)
        head, _, picture = answer.read().partition(b"\n")
    try:
        figures = json.loads(head)
    except ValueError as error:
        raise PictureFailed("the program gave no answer") from error
    if "code" in figures:
        raise PictureRefused(figures["code"], figures["message"], figures["numbers"])
    return Picture(picture, figures["width"], figures["height"], figures["difference_hash"])


def _run_program(upload: bytes, answer: IO[bytes]) -> None:
    limits = (settings.SUBMISSION_PICTURE_MB * _MEGABYTE, settings.SUBMISSION_PICTURE_SECONDS)
    try:
        ended = subprocess.run(  # noqa: S603 - a program of ours, without a shell
            [sys.executable, "-I", str(_PROGRAM), *map(str, limits)],
            input=upload,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            # A process that waits for others needs more time on the clock than of the processor.
            timeout=3 * settings.SUBMISSION_PICTURE_SECONDS,
            env={},
            cwd="/",
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PictureFailed(f"the program took more than {error.timeout:.0f} s") from error
    if ended.returncode != 0:
        raise PictureFailed(f"the program ended with {ended.returncode}")
