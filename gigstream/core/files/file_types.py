"""Types of files that people send, told by their content and never by their names."""

import unicodedata

PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"
PDF, TEXT = "application/pdf", "text/plain"
_BEGINNINGS = ((b"\x89PNG\r\n\x1a\n", PNG), (b"\xff\xd8\xff", JPEG), (b"%PDF-", PDF))
# A WebP has its length between the two words.
_RIFF, _WEBP = b"RIFF", b"WEBP"
_BREAKS = frozenset("\t\n\r\f")


def media_type_of(content: bytes) -> str:
    """Return the media type of the content, "" where it is none of those above."""
    for beginning, media_type in _BEGINNINGS:
        if content.startswith(beginning):
            return media_type
    if content[:4] == _RIFF and content[8:12] == _WEBP:
        return WEBP
    return TEXT if _is_text(content) else ""


def _is_text(content: bytes) -> bool:
    """Whether the content is text in UTF-8 without control characters."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return False
    return bool(text) and not any(
        unicodedata.category(letter) == "Cc" for letter in set(text) if letter not in _BREAKS
    )
