"""Every page of the staff's on a year of a thousand tasks, opened in every role."""

import logging

import pytest

from tests.support.pages.seeded import A_YEAR, seeded_with
from tests.support.pages.walk import (
    ALL,
    require_pages_as_in_the_table,
    require_queues_as_in_the_table,
)

pytestmark = [pytest.mark.long_form, pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]


@pytest.fixture(scope="module")
def year(module_transaction):
    with seeded_with(A_YEAR) as found:
        yield found


@pytest.fixture(autouse=True)
def without_a_line_for_each_refusal():
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def test_every_list_and_every_row_opens_for_whom_the_table_says(year):
    require_pages_as_in_the_table(year, ALL)


def test_the_first_page_and_every_queue_open_for_whom_the_table_says(year):
    require_queues_as_in_the_table(year, ALL)
