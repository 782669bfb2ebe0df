"""Pure rules of notes: their text, the names that it mentions, and the files that it may have."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audit.notes.enums import NoteFileType
from audit.notes.errors import FileRefused, NoteTooLong
from gigstream.core.errors import Refusal
from gigstream.core.files.file_types import TEXT, media_type_of
from gigstream.core.people.names import normal_name, normal_text

LONGEST_NOTE = 4_000
LONGEST_FILE_NAME = 100
MOST_FILES = 5
MOST_MENTIONS = 20
MOST_BYTES = 5_000_000
# Letters of the names to log in with, as Django has them; an "@" inside a word is that of an email address.
_MENTION = re.compile(r"(?<![\w@.+-])@([\w.+-][\w@.+-]*)")
_ENDINGS = {
    ".pdf": NoteFileType.PDF,
    ".png": NoteFileType.PNG,
    ".jpg": NoteFileType.JPEG,
    ".jpeg": NoteFileType.JPEG,
    ".csv": NoteFileType.CSV,
    ".txt": NoteFileType.TXT,
}


def normal_note(text: str) -> str:
    """Return the note's text as it is kept. Raises InvalidText or NoteTooLong."""
    normal = normal_text(text)
    if len(normal) > LONGEST_NOTE:
        raise NoteTooLong(
            f"a note has at most {LONGEST_NOTE:,} characters, this has {len(normal):,}",
            longest=LONGEST_NOTE,
            length=len(normal),
        )
    return normal


def mentioned_names(text: str) -> list[tuple[str, ...]]:
    """Return the names after an "@", each once, in their order: as they are written, and without the dots and
    dashes that may belong to the sentence."""
    return list(dict.fromkeys(_spellings(found[1]) for found in _MENTION.finditer(text)))


def split_mentions(text: str) -> list[tuple[str, bool]]:
    """Return the parts of the text, each with whether it is a name after an "@"."""
    parts, end = [], 0
    for found in _MENTION.finditer(text):
        name_end = found.start(1) + len(_spellings(found[1])[-1])
        parts += [(text[end : found.start()], False), (text[found.start() : name_end], True)]
        end = name_end
    return [part for part in [*parts, (text[end:], False)] if part[0]]


def _spellings(name: str) -> tuple[str, ...]:
    bare = name.rstrip(".+-@")
    return (name,) if bare in (name, "") else (name, bare)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that a note may have: its name without a path, and its type, told by its content."""

    name: str
    media_type: NoteFileType
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def check_files(uploads: Sequence[Upload]) -> list[CheckedFile]:
    """Return the files as they are kept. Raises FileRefused."""
    if len(uploads) > MOST_FILES:
        raise FileRefused(
            f"a note has at most {MOST_FILES} files, these are {len(uploads)}",
            most=MOST_FILES,
            files=len(uploads),
        )
    return list(_checked(uploads))


def _checked(uploads: Sequence[Upload]) -> Iterator[CheckedFile]:
    for upload in uploads:
        name = _plain_name(upload.name)
        size = len(upload.content)
        if not size:
            raise FileRefused(f"{name} is empty")
        if size > MOST_BYTES:
            raise FileRefused(
                f"a file has at most {MOST_BYTES:,} bytes, {name} has {size:,}", most=MOST_BYTES, size=size
            )
        yield CheckedFile(name, _type_of(name, upload.content), upload.content)


def _plain_name(given: str) -> str:
    """Return the file's name without a path. Raises FileRefused."""
    name = re.split(r"[/\\]", given)[-1]
    try:
        name = normal_name(name)
    except Refusal as refusal:
        raise FileRefused(f"the name of a file {refusal.message}") from refusal
    if len(name) > LONGEST_FILE_NAME:
        raise FileRefused(
            f"the name of a file has at most {LONGEST_FILE_NAME} characters, this has {len(name)}",
            longest=LONGEST_FILE_NAME,
            length=len(name),
        )
    return name


def _type_of(name: str, content: bytes) -> NoteFileType:
    """Return the type of the content; the ending of the name must be one of its own. Raises FileRefused."""
    found = media_type_of(content)
    _, dot, ending = name.rpartition(".")
    named = _ENDINGS.get(f"{dot}{ending}".lower())
    if found not in NoteFileType.values:
        raise FileRefused(
            f"notes take PDF, PNG, JPEG, CSV and TXT in UTF-8; the content of {name} is none of them"
        )
    if named is None or (TEXT if named == NoteFileType.CSV else named) != found:
        raise FileRefused(
            f"the content of {name} is {_words(found)}: its name must end in {' or '.join(_endings(found))}"
        )
    return named


def _words(media_type: str) -> str:
    return "plain text" if media_type == TEXT else f"a {NoteFileType(media_type).label}"


def _endings(media_type: str) -> list[str]:
    return [
        ending
        for ending, one in _ENDINGS.items()
        if one == media_type or (media_type == TEXT and one == NoteFileType.CSV)
    ]
