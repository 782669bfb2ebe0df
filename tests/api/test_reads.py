"""A GET of the API writes nothing."""

import pytest
from django.db import InternalError, transaction

from tests.support.api.operations import operations
from tests.support.api.requests import ASKS
from tests.support.database.reader import reading_only
from tests.support.factories import PlatformFactory
from tests.support.long_forms import spread

pytestmark = pytest.mark.django_db

READS = sorted(name for name, one in operations().items() if one.method == "GET")


@pytest.mark.parametrize("name", spread(READS, of="reads", one_in=4))
def test_a_get_needs_no_right_to_write(name):
    ask = ASKS[name]()
    api = ask.api()

    with reading_only():
        answer = api.send("GET", ask.path, ask.body)

    assert answer.status_code == 200, answer.content


def test_a_write_is_refused_there():
    with reading_only(), pytest.raises(InternalError, match="read-only transaction"), transaction.atomic():
        PlatformFactory()
