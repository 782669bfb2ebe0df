"""Names and titles in a single readable line: characters that break the line, reverse it or are invisible are
refused."""

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


class InvalidName(Refusal):
    """A name holds control characters, reverses the text around it, or is invisible."""

    code = "invalid_name"
    status = 400


def normal_name(text: str) -> str:
    """Return the name composed (NFC) and without blanks at its ends. Raise InvalidName."""
    name = unicodedata.normalize("NFC", text).strip()
    for letter in name:
        if letter not in JOINERS and unicodedata.category(letter) in _REFUSED_CATEGORIES:
            raise InvalidName(
                f"must be one line of readable text: U+{ord(letter):04X} is not allowed",
                character=f"U+{ord(letter):04X}",
            )
    if not any(_is_visible(letter) for letter in name):
        raise InvalidName("must hold at least one visible character")
    return name


def optional_name(text: str) -> str:
    """Return the name as `normal_name` does, or "" for a blank text."""
    return normal_name(text) if text.strip() else ""


def _is_visible(letter: str) -> bool:
    return letter not in _BLANK_LETTERS and unicodedata.category(letter)[0] in "LNPS"


def isolate_name(name: str) -> str:
    """Return the name between the marks that isolate its direction of writing: for plain text, as <bdi> does
    on pages."""
    return f"\u2068{name}\u2069"
