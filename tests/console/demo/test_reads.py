"""Pages of staff: a look at them writes nothing."""

import pytest

from tests.console.demo.test_no_writes import addresses
from tests.support.database.reader import reading_only
from tests.support.long_forms import LONG, share
from tests.support.pages.seeded import SUPERUSER


def some_addresses(demo):
    return share([url for url, _, _ in addresses(demo.rows)], of="pages that only read", one_in=6)


@pytest.mark.shortened
def test_a_page_needs_no_right_to_write(demo):
    client = demo.clients[SUPERUSER]
    client.raise_request_exception = False
    writing, opened = [], 0
    try:
        for url in some_addresses(demo):
            with reading_only():
                status = client.get(url).status_code
            opened += status == 200
            if status >= 500:
                writing.append(url)
    finally:
        client.raise_request_exception = True

    assert writing == []
    assert opened > (100 if LONG else 15)
