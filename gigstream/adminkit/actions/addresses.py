"""Addresses of confirmation pages: an action, the keys of its rows, and the page to go back to."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from gigstream.adminkit.actions.drafts import find_rows, keep_rows

IDS, ROWS, BACK = "ids", "rows", "back"
# Servers take addresses of about 4,000 letters: the keys of more rows are kept under a name.
MOST_IN_ADDRESS = 50


def act_url(
    model: type[models.Model], action: str, keys: Sequence[str], *, back: str = "", person: str = ""
) -> str:
    """Return the address of the page that confirms the action for these rows; `person` chose them, if there
    are many."""
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_act", args=[action])
    named = [(ROWS, keep_rows(person, keys))] if len(keys) > MOST_IN_ADDRESS else [(IDS, key) for key in keys]
    query = urlencode([*named, *([(BACK, back)] if back else [])])
    return f"{path}?{query}" if query else path


def chosen_keys(request: HttpRequest) -> list[str]:
    """Return the keys of the rows that the address names, each once."""
    kept = find_rows(request.GET[ROWS]) if ROWS in request.GET else []
    return list(dict.fromkeys([*request.GET.getlist(IDS), *kept]))


def back_address(request: HttpRequest) -> str:
    """Return the address of the page of this site that offered the action, if the address names one."""
    address = request.GET.get(BACK, "")
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else ""
