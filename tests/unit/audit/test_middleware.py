"""The network address of a request."""

import pytest
from django.test import RequestFactory

from audit.log.middleware import client_address


@pytest.mark.parametrize(
    ("proxies", "told", "address"),
    [
        (0, "10.9.9.9", "192.0.2.1"),
        (1, "10.9.9.9", "10.9.9.9"),
        (1, "1.1.1.1, 10.9.9.9", "10.9.9.9"),
        (2, "1.1.1.1, 10.9.9.9, 10.0.0.1", "10.9.9.9"),
        (1, "2001:db8::7", "2001:db8::7"),
        (2, "10.9.9.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "not an address", "192.0.2.1"),
    ],
)
def test_only_our_own_proxies_say_where_a_request_comes_from(settings, proxies, told, address):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=told)

    assert client_address(request) == address
