"""Addresses, links, and texts that stand for rows on pages."""

from collections.abc import Iterable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.admin.utils import quote
from django.db import models
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from gigstream.core.people.row_names import title_of

# Pages of a block explorer, by the length of what they show.
_EXPLORED = {66: "tx", 42: "address"}


def admin_url(row: models.Model) -> str:
    """Return the address of the row's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[quote(str(row.pk))])


def list_url(model: type[models.Model], **query: object) -> str:
    """Return the address of the model's list, filtered by `query`."""
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{path}?{urlencode(query)}" if query else path


def isolate_text(text: object) -> SafeString:
    """Return the text with its direction of writing isolated from the text around it."""
    return format_html("<bdi>{}</bdi>", text)


def link_to(row: models.Model | None, text: object = None) -> SafeString | str | None:
    """Return a link to the row's page, or None without a row."""
    if row is None:
        return None
    return format_html('<a href="{}">{}</a>', admin_url(row), isolate_text(row) if text is None else text)


def link_with_reference(row: models.Model | None) -> SafeString | str | None:
    """Return a link to the row's page, with its name and reference, or None without a row."""
    return None if row is None else link_to(row, isolate_text(title_of(row)))


def lines_as_html(lines: Iterable[tuple[str, str]]) -> SafeString:
    """Return labels and texts, a pair in each line."""
    return format_html_join("", "<div><strong>{}:</strong> <bdi>{}</bdi></div>", lines)


def shorten_id(text: str | None) -> str | None:
    """Return the two ends of a long id or hash."""
    return f"{text[:8]}…{text[-6:]}" if text and len(text) > 20 else text


def copy_button(text: str, what: str) -> SafeString:
    """Return a button that copies the text (`copy.js`)."""
    return format_html(
        '<button type="button" class="copy" data-copy="{}" aria-label="Copy {}" title="Copy">'
        '<span class="material-symbols-outlined" aria-hidden="true">content_copy</span></button>',
        text,
        what,
    )


def explorer_link(text: str) -> SafeString | str:
    """Return a link to a transaction hash or an address in the block explorer, if one is set."""
    kind = _EXPLORED.get(len(text)) if text.startswith("0x") else None
    if not settings.EXPLORER_URL or kind is None:
        return ""
    return format_html(
        '<a href="{}/{}/{}" target="_blank" rel="noopener noreferrer">in the block explorer</a>',
        settings.EXPLORER_URL,
        kind,
        text,
    )
