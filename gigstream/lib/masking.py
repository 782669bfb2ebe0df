"""Personal data, hidden from the staff who help people without having to know who they are.

Each column with personal data is named in PERSONAL with the way it is hidden. What texts and other people's
JSON hold is found by its form (`in_text`), so that no page shows an address because nobody thought of it.
"""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

# The permission without which personal data are hidden.
SEE_PERSONAL_DATA = "workers.see_personal_data"

_hidden: ContextVar[bool] = ContextVar("hidden", default=False)


@contextmanager
def hiding(hidden: bool) -> Iterator[None]:
    """Whether what is shown inside is for somebody from whom personal data are hidden."""
    token = _hidden.set(hidden)
    try:
        yield
    finally:
        _hidden.reset(token)


def are_hidden() -> bool:
    """Whether personal data are hidden from whoever is looking."""
    return _hidden.get()


def _email(text: str) -> str:
    local, _, domain = text.rpartition("@")
    return f"{local[:1]}…@{domain}"


def _name(text: str) -> str:
    first, *others = text.split()
    return " ".join([first, *(f"{other[0]}." for other in others[-1:])])


def _wallet(text: str) -> str:
    return f"{text[:6]}…{text[-4:]}" if len(text) > 12 else "…"


def _phone(text: str) -> str:
    return f"{text[:3]}…{text[-2:]}"


def _network_address(text: str) -> str:
    return re.split(r"[.:]", text)[0] + "…"


PERSONAL: dict[str, Callable[[str], str]] = {
    "email": _email,
    "email_as_given": _email,
    "contact_email": _email,
    "full_name": _name,
    "worker_name": _name,
    "wallet_address": _wallet,
    "from_wallet": _wallet,
    "to_wallet": _wallet,
    "phone": _phone,
    "ip_address": _network_address,
}


def value(name: str, given: Any) -> Any:
    """What may be shown of a column's value: all of it, or what is left of personal data to those from whom
    they are hidden. For pages, files and whatever else leaves the system through staff."""
    if not are_hidden() or not isinstance(given, str) or not given.strip():
        return given
    return PERSONAL.get(name, in_text)(given)


_FORMS = (
    (re.compile(r"(?<![\w.%+'~-])[\w.%+'~-]+@[\w-]+(?:\.[\w-]+)+"), _email),
    (re.compile(r"0x[0-9a-f]{40}(?![0-9a-f])", re.IGNORECASE), _wallet),
    (re.compile(r"\+\d(?:[ ().-]{0,2}\d){7,14}(?!\d)"), _phone),
)


def in_text(text: str, *, known: Collection[str] = ()) -> str:
    """The text with every email address, wallet and phone number hidden, but for those that are `known` to
    whom it is for. Applied twice it changes nothing more."""
    for form, hide in _FORMS:
        text = form.sub(partial(_unless_known, hide, known), text)
    return text


def _unless_known(hide: Callable[[str], str], known: Collection[str], found: re.Match[str]) -> str:
    return found[0] if found[0] in known else hide(found[0])
