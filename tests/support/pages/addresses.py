"""Addresses of the staff's pages, and the words on them."""

import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote
from django.db import models
from django.test import Client
from django.urls import reverse


def page(row: models.Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[quote(str(row.pk))])


def listing(model: type[models.Model], **query: object) -> str:
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{path}?{urlencode(query)}"


def text_of(response: Any) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


SECTION = re.compile(r'hx-get="([^"]+/section/[^"]+)".*?<h2>([^<]*)', re.DOTALL)
TIMELINE = re.compile(r'hx-get="([^"]+/timeline/[^"]*)"')
AS_A_PART = {"HX-Request": "true"}


def whole_page(client: Client, row: models.Model) -> str:
    """Return the row's page with all that it loads: first the sections that are folded, each under its title,
    then the page, then the first part of its timeline."""
    html = _html_of(client, page(row))
    parts = [
        f"<details><h2>{title}</h2>{_html_of(client, unescape(url))}</details>"
        for url, title in SECTION.findall(html)
    ]
    found = TIMELINE.search(html)
    assert found is not None, "a page has a timeline"
    return "".join([*parts, html, _html_of(client, unescape(found[1]))])


def timeline_text(client: Client, row: models.Model, **query: str) -> str:
    """Return the words of a row's timeline."""
    url = page(row).replace("/change/", "/timeline/")
    found = client.get(url, query, headers=AS_A_PART)
    assert found.status_code == 200, url
    return " ".join(text_of(found).split())


def _html_of(client: Client, url: str) -> str:
    answer = client.get(url, headers={} if url.endswith("/change/") else AS_A_PART)
    assert answer.status_code == 200, url
    return answer.content.decode()
