"""Names and titles in a single readable line, and texts of several lines: characters that break a line,
reverse it or are invisible are refused."""

import unicodedata

from gigstream.core.errors import Refusal

# Characters that reverse the direction of the text after them (Unicode Standard Annex 9).
BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# The only format characters that names need: those that join letters (Persian, Hindi).
JOINERS = frozenset("\u200c\u200d")
# Control, format, surrogate, private, unassigned; line and paragraph separators.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters that take up space and are invisible.
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# The refused characters as a class of PostgreSQL's regular expressions, for the constraints.
REFUSED_IN_SQL = r"[\u0001-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
# A text may have tabs and breaks of lines besides.
REFUSED_IN_TEXTS_IN_SQL = REFUSED_IN_SQL.replace(r"\u0001-\u001f", r"\u0001-\u0008\u000b-\u001f")


class InvalidName(Refusal):
    """A name holds control characters, reverses the text around it, or is invisible."""

    code = "invalid_name"
    status = 400


class InvalidText(Refusal):
    """A text holds control characters, reverses the text around it, or is invisible."""

    code = "invalid_text"
    status = 400


def normal_name(text: str) -> str:
    """Return the name composed (NFC) and without blanks at its ends. Raise InvalidName."""
    name = unicodedata.normalize("NFC", text).strip()
    if refused := _first_refused(name):
        raise InvalidName(f"must be one line of readable text: {refused} is not allowed", character=refused)
    if not any(map(_is_visible, name)):
        raise InvalidName("must hold at least one visible character")
    return name


def normal_text(text: str) -> str:
    """Return a text of several lines composed (NFC), without blanks at their ends.

    Raise InvalidText.
    """
    composed = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    lines = "\n".join(line.rstrip() for line in composed.split("\n")).strip("\n")
    if refused := _first_refused(lines, allowed="\n\t"):
        raise InvalidText(f"must be readable text: {refused} is not allowed", character=refused)
    if not any(map(_is_visible, lines)):
        raise InvalidText("must hold at least one visible character")
    return lines


def optional_name(text: str) -> str:
    """Return the name as `normal_name` does, or "" for a blank text."""
    return normal_name(text) if text.strip() else ""


def _first_refused(text: str, *, allowed: str = "") -> str:
    """Return the number of the first refused character, as in "U+202E", or ""."""
    for letter in text:
        is_allowed = letter in JOINERS or letter in allowed
        if not is_allowed and unicodedata.category(letter) in _REFUSED_CATEGORIES:
            return f"U+{ord(letter):04X}"
    return ""


def _is_visible(letter: str) -> bool:
    return letter not in _BLANK_LETTERS and unicodedata.category(letter)[0] in "LNPS"


def isolate_name(name: str) -> str:
    """Return the name between the marks that isolate its direction of writing: for plain text, as <bdi> does
    on pages."""
    return f"\u2068{name}\u2069"
