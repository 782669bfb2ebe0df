"""The day of each role, in a real browser on the demo."""

import pytest

pytestmark = pytest.mark.django_db


def test_x(at_desk):
    root = at_desk("superuser")
    root.open("/admin/")
    root.page.screenshot(path="/tmp/b/home.png", full_page=True)
