"""Masking of personal data for the staff who help people without having to know their identity.

PERSONAL names each column with personal data and its mask. Free text and foreign JSON are searched for the
forms of personal data (`mask_text`), so that no page shows an address because nobody listed its column.
"""

import re
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

# The permission without which personal data are hidden.
SEE_PERSONAL_DATA = "workers.see_personal_data"

_hidden: ContextVar[bool] = ContextVar("hidden", default=False)


@contextmanager
def hide_personal_data(hidden: bool) -> Iterator[None]:
    """Render the block for a viewer from whom personal data are `hidden`."""
    token = _hidden.set(hidden)
    try:
        yield
    finally:
        _hidden.reset(token)


def are_hidden() -> bool:
    """Whether personal data are hidden from the current viewer."""
    return _hidden.get()


def _mask_email(text: str) -> str:
    local, _, domain = text.rpartition("@")
    return f"{local[:1]}…@{domain}"


def _mask_name(text: str) -> str:
    first, *others = text.split()
    return " ".join([first, *(f"{other[0]}." for other in others[-1:])])


def _mask_wallet(text: str) -> str:
    return f"{text[:6]}…{text[-4:]}" if len(text) > 12 else "…"


def _mask_handle(text: str) -> str:
    return f"{text[:2]}…"


def _mask_phone(text: str) -> str:
    return f"{text[:3]}…{text[-2:]}"


def _mask_network_address(text: str) -> str:
    return re.split(r"[.:]", text)[0] + "…"


PERSONAL: dict[str, Callable[[str], str]] = {
    "email": _mask_email,
    "email_as_given": _mask_email,
    "contact_email": _mask_email,
    "full_name": _mask_name,
    "display_name": _mask_name,
    "worker_name": _mask_name,
    "wallet_address": _mask_wallet,
    "from_wallet": _mask_wallet,
    "to_wallet": _mask_wallet,
    "username": _mask_handle,
    "network_user_id": _mask_handle,
    "phone": _mask_phone,
    "ip_address": _mask_network_address,
}


def mask_value(name: str, given: Any) -> Any:
    """Return a column's value as the current viewer may see it: whole, or masked where personal data are
    hidden. All pages and files for staff use it."""
    if not are_hidden() or not isinstance(given, str) or not given.strip():
        return given
    return PERSONAL.get(name, mask_text)(given)


_FORMS = (
    (re.compile(r"(?<![\w.%+'~-])[\w.%+'~-]+@[\w-]+(?:\.[\w-]+)+"), _mask_email),
    (re.compile(r"0x[0-9a-f]{40}(?![0-9a-f])", re.IGNORECASE), _mask_wallet),
    (re.compile(r"(?<![\w])zig1[02-9ac-hj-np-z]{38}(?!\w)", re.IGNORECASE), _mask_wallet),
    (re.compile(r"\+\d(?:[ ().-]{0,2}\d){7,14}(?!\d)"), _mask_phone),
)


def mask_text(text: str, *, known: Container[str] = ()) -> str:
    """Mask every email address, wallet and phone number in the text, except those `known` to its reader. A
    second application changes nothing."""
    for form, hide in _FORMS:
        text = form.sub(partial(_unless_known, hide, known), text)
    return text


def _unless_known(hide: Callable[[str], str], known: Container[str], found: re.Match[str]) -> str:
    return found[0] if found[0] in known else hide(found[0])
