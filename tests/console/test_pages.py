"""Every page of the staff's, opened in every role: who gets in is in one table, and no page asks much.

What superusers see, who open them all, is tested beside the models (tests/db/test_admin.py).
"""

import logging
import os
import re

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db import connection
from django.urls import reverse

from gigstream.console import roles
from gigstream.console.queues import QUEUES
from gigstream.lib.admin import ReadOnlyAdmin
from platforms.models import Platform
from tests.console.conftest import A_YEAR, ANONYMOUS, NOBODY, SUPERUSER
from workers.models import Worker

# In a year of tasks an auditor looks, on whose pages stands all that any role sees; everybody when asked for.
EVERYBODY = os.environ.get("GIGSTREAM_TEST_EVERYBODY") == "1"
ALL = [*roles.Role.values, NOBODY, ANONYMOUS]
WHO_COMES = ALL if EVERYBODY else [roles.Role.AUDITOR.value]
pytestmark = pytest.mark.usefixtures("without_the_menu")
MOST_QUERIES = {"changelist": 16, "change": 48, "first page": 30}


class Queries:
    """Counts them without keeping them."""

    count = 0

    def __call__(self, execute, sql, params, many, context):
        self.count += 1
        return execute(sql, params, many, context)


@pytest.fixture(autouse=True)
def without_a_line_for_each_refusal():
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def pages(seeded):
    for model, row in seeded.rows.items():
        label = model._meta.label_lower
        name = f"admin:{label.replace('.', '_')}"
        yield label, "changelist", reverse(f"{name}_changelist")
        yield label, "change", reverse(f"{name}_change", args=[quote(str(row.pk))])


def expected(visitor, label):
    if visitor == ANONYMOUS:
        return 302
    return 200 if visitor == SUPERUSER or visitor in roles.viewers(label) else 403


def personal_data():
    """Every email address and wallet that anybody has."""
    rows = [*Worker.objects.all(), *Platform.objects.all()]
    values = {getattr(row, "email", None) or row.contact_email for row in rows}
    return [value.encode() for value in values | {row.wallet_address for row in rows} if value]


def test_every_list_and_every_row_opens_for_whom_the_table_says(seeded):
    wrong, busy, personal = [], [], personal_data()
    for label, kind, url in pages(seeded):
        for visitor in WHO_COMES if seeded.size == A_YEAR else ALL:
            status = expected(visitor, label)
            queries = Queries()
            with connection.execute_wrapper(queries):
                response = seeded.clients[visitor].get(url)
            html = response.content
            offered = visitor == roles.Role.AUDITOR and (b'name="action"' in html or b'name="_save"' in html)
            leaked = visitor == roles.Role.SUPPORT and any(value in html for value in personal)
            if response.status_code != status or offered or leaked:
                wrong.append((visitor, url, response.status_code))
            if queries.count > MOST_QUERIES[kind]:
                busy.append((visitor, url, queries.count))

    assert (wrong, busy) == ([], [])


def test_the_first_page_and_every_queue_open_for_whom_the_table_says(seeded):
    wrong, busy = [], []
    asked = [(reverse("console:queue", args=[one.slug]), one.model._meta.label_lower) for one in QUEUES]
    for visitor in WHO_COMES if seeded.size == A_YEAR else seeded.clients:
        client = seeded.clients[visitor]
        for url, label in [(reverse("admin:index"), None), *asked]:
            queries = Queries()
            with connection.execute_wrapper(queries):
                response = client.get(url)
            status = expected(visitor, label) if label or visitor == ANONYMOUS else 200
            buttons = re.findall(rb'<button class="small-button', response.content)
            if response.status_code != status or (buttons and visitor in (roles.Role.AUDITOR, NOBODY)):
                wrong.append((visitor, url, response.status_code))
            if queries.count > MOST_QUERIES["first page" if label is None else "changelist"]:
                busy.append((visitor, url, queries.count))

    assert (wrong, busy) == ([], [])


@pytest.mark.django_db
def test_every_model_and_every_action_is_in_the_table():
    """Whoever adds a page or an action says there whom it is for."""
    registered = {model._meta.label_lower: options for model, options in admin.site._registry.items()}
    actions = {
        label: set(options.offered() if isinstance(options, ReadOnlyAdmin) else options.actions or ())
        for label, options in registered.items()
    }

    assert set(roles.ACCESS) == set(registered)
    assert {label: set(access.actions) for label, access in roles.ACCESS.items()} == actions
