"""Every page of the staff's on the demo, opened in many roles.

What superusers see, who open them all, is tested beside the models (tests/db/test_admin.py).
"""

import logging

import pytest
from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin
from gigstream.staff import roles
from tests.support.pages.walk import require_pages_as_in_the_table, require_queues_as_in_the_table

pytestmark = [pytest.mark.usefixtures("without_the_menu"), pytest.mark.long_form]


@pytest.fixture(autouse=True)
def without_a_line_for_each_refusal():
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.django_db
def test_every_list_and_every_row_opens_for_whom_the_table_says(demo):
    require_pages_as_in_the_table(demo)


@pytest.mark.django_db
def test_the_first_page_and_every_queue_open_for_whom_the_table_says(demo):
    require_queues_as_in_the_table(demo)


@pytest.mark.django_db
def test_every_model_and_every_action_is_in_the_table():
    """Require the author of a page or an action to say there whom it is for."""
    registered = {model._meta.label_lower: options for model, options in admin.site._registry.items()}
    actions = {
        label: set(options.offered() if isinstance(options, ReadOnlyAdmin) else options.actions or ())
        for label, options in registered.items()
    }

    assert set(roles.ACCESS) == set(registered)
    assert {label: set(access.actions) for label, access in roles.ACCESS.items()} == actions
