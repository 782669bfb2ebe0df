"""Every list and page of staff, opened in roles: who gets in is in one table, and no page asks much."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.admin.utils import quote
from django.db import connection
from django.urls import reverse

from gigstream.console.queues import QUEUES
from gigstream.staff import roles
from platforms.models import Platform
from tests.support.long_forms import share
from tests.support.pages.seeded import ANONYMOUS, NOBODY, SUPERUSER, Seeded
from workers.models import Worker

ALL = [*roles.Role.values, NOBODY, ANONYMOUS]
MOST_QUERIES = {"changelist": 16, "change": 14, "timeline": 17, "first page": 22}


class Queries:
    """The number of statements in a block."""

    count = 0

    def __call__(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        self.count += 1
        return execute(sql, params, many, context)


def pages(seeded: Seeded) -> Iterator[tuple[str, str, str]]:
    """Yield each model's label, and the kind and address of its list, of one of its rows, and of that row's
    timeline."""
    for model, row in seeded.rows.items():
        label = model._meta.label_lower
        name = f"admin:{label.replace('.', '_')}"
        yield label, "changelist", reverse(f"{name}_changelist")
        yield label, "change", reverse(f"{name}_change", args=[quote(str(row.pk))])
        yield label, "timeline", reverse(f"{name}_timeline", args=[quote(str(row.pk))])


def expected(visitor: str, label: str) -> int:
    if visitor == ANONYMOUS:
        return 302
    return 200 if visitor == SUPERUSER or visitor in roles.roles_viewing(label) else 403


def some_visitors(label: str) -> list[str]:
    """Return who comes to a page: an auditor and support, who are looked at closely, one other for whom it
    opens and one for whom it does not; everybody in the long form."""
    closely = [roles.Role.AUDITOR.value, roles.Role.SUPPORT.value]
    others = [one for one in ALL if one not in closely]
    open_to = [one for one in others if expected(one, label) == 200]
    shut_to = [one for one in others if one not in open_to]
    return [
        *closely,
        *(who for group in (open_to, shut_to) for who in share(group, of=label, one_in=len(ALL))),
    ]


def require_pages_as_in_the_table(seeded: Seeded, visitors: Sequence[str] = ()) -> None:
    """Raise AssertionError unless each list and row opens for the visitors whom the table names."""
    wrong, busy, personal = [], [], _personal_data()
    for label, kind, url in list(pages(seeded)) if visitors else share(pages(seeded), of="pages", one_in=9):
        for visitor in visitors or some_visitors(label):
            status = expected(visitor, label)
            queries = Queries()
            with connection.execute_wrapper(queries):
                response = seeded.clients[visitor].get(url)
            html = response.content
            offered = visitor == roles.Role.AUDITOR and (
                b'name="_selected_action"' in html or b'name="_save"' in html
            )
            leaked = visitor == roles.Role.SUPPORT and any(value in html for value in personal)
            if response.status_code != status or offered or leaked:
                wrong.append((visitor, url, response.status_code))
            if queries.count > MOST_QUERIES[kind]:
                busy.append((visitor, url, queries.count))
    assert wrong == busy == [], (wrong, busy)


def _personal_data() -> list[bytes]:
    """Return every email address and wallet that anybody has."""
    rows: list[Any] = [*Worker.objects.all(), *Platform.objects.all()]
    values = {getattr(row, "email", None) or row.contact_email for row in rows}
    return [value.encode() for value in values | {row.wallet_address for row in rows} if value]


def require_queues_as_in_the_table(seeded: Seeded, visitors: Sequence[str] = ()) -> None:
    """Raise AssertionError unless first page and queues open for the visitors whom the table names."""
    wrong, busy = [], []
    queues = [(reverse("console:queue", args=[one.slug]), one.model._meta.label_lower) for one in QUEUES]
    for url, label in [(reverse("admin:index"), ""), *queues]:
        for visitor in visitors or (some_visitors(label) if label else seeded.clients):
            queries = Queries()
            with connection.execute_wrapper(queries):
                response = seeded.clients[visitor].get(url)
            status = expected(visitor, label) if label or visitor == ANONYMOUS else 200
            buttons = re.findall(rb'<button class="small-button', response.content)
            if response.status_code != status or (buttons and visitor in (roles.Role.AUDITOR, NOBODY)):
                wrong.append((visitor, url, response.status_code))
            if queries.count > MOST_QUERIES["changelist" if label else "first page"]:
                busy.append((visitor, url, queries.count))
    assert wrong == busy == [], (wrong, busy)
