"""Pure rules of submissions: links in one form, types of images, and what images have in common."""

import re
import unicodedata
from urllib.parse import quote, urlsplit, urlunsplit

import idna

from gigstream.core.files import file_types
from gigstream.network.outbound import ForbiddenUrl, Target, parse_url
from reputation.submissions.errors import ImageRefused, ImageTooBig, LinkRefused

MOST_BYTES = 5_000_000
_IMAGES = frozenset({file_types.PNG, file_types.JPEG, file_types.WEBP})
# Characters that stand in an address as they are; "%" begins those that are written in hexadecimal already.
_SAFE_IN_PATH, _SAFE_IN_QUERY = "/%:@!$&'()*+,;=~-._", "/%:@!$&'()*+,;=~-._?"
_REFUSED = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029]")
# Endings of names that lead nowhere on the open internet (RFC 6761, 6762, 8375, and ICANN's .internal).
_PRIVATE_ENDINGS = (
    ".local",
    ".localhost",
    ".localdomain",
    ".internal",
    ".intranet",
    ".lan",
    ".home",
    ".corp",
    ".private",
    ".home.arpa",
    ".test",
    ".invalid",
    ".onion",
)


def normal_link(text: str, *, longest: int) -> str:
    """Return the link in the one form under which it counts: composed (NFC), host in lower case and ASCII
    (IDNA 2008), other letters by their UTF-8 in hexadecimal, without fragment and usual port.

    Raises LinkRefused for another than the https address of a public host, and for more than `longest`
    characters.
    """
    plain = unicodedata.normalize("NFC", text.strip())
    if _REFUSED.search(plain):
        raise LinkRefused("the link is not taken: a URL has no spaces, backslashes or control characters")
    link = _in_ascii(plain)
    if len(link) > longest:
        raise LinkRefused(
            f"a link has at most {longest} characters, this has {len(link)}",
            longest=longest,
            length=len(link),
        )
    try:
        target = parse_url(link)
    except ForbiddenUrl as error:
        raise LinkRefused(f"the link is not taken: {error}") from error
    if target.host.endswith(_PRIVATE_ENDINGS):
        raise LinkRefused(f"the link is not taken: {target.host} is a private name", host=target.host)
    return link


def link_target(link: str) -> Target:
    """Return the host to which a link in its normal form leads."""
    return parse_url(link)


def _in_ascii(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname or ""
        named = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except (ValueError, idna.IDNAError) as error:
        raise LinkRefused("the link is not taken: this is not a URL") from error
    user = f"{parts.username}@" if "@" in parts.netloc else ""
    place = user + (named if port in (None, 443) else f"{named}:{port}")
    return urlunsplit(
        (
            parts.scheme,
            place,
            quote(parts.path, safe=_SAFE_IN_PATH) or "/",
            quote(parts.query, safe=_SAFE_IN_QUERY),
            "",
        )
    )


def require_image(content: bytes) -> None:
    """Raise ImageTooBig, or ImageRefused unless the file begins as a JPEG, PNG or WebP does. What follows is
    read by a process of its own alone."""
    if len(content) > MOST_BYTES:
        raise ImageTooBig(
            f"an image has at most {MOST_BYTES} bytes, this has {len(content)}",
            longest=MOST_BYTES,
            size=len(content),
        )
    if file_types.media_type_of(content) not in _IMAGES:
        raise ImageRefused(
            "an image is a JPEG, PNG or WebP; this file does not begin as one", first_bytes=content[:8].hex()
        )


def reviewers_needed(amount_needs_two: bool) -> int:
    """Return how many reviewers have to approve."""
    return 2 if amount_needs_two else 1
