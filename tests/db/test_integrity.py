"""The page of the invariants: each in words with its last result; public only where that is switched on."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.books import services as books
from audit.books.invariant_registry import all_invariants
from audit.books.selectors import read_integrity
from audit.books.services import Result
from audit.models import BookCheck
from gigstream.console.navigation import visible_menu
from gigstream.core.clock import database_now

OFFENDER = "0192aaaa-offender"

pytestmark = pytest.mark.django_db


@pytest.fixture
def checked():
    """Invariants that hold, but for a broken invariant and one that was checked an hour earlier only."""
    broken, old, *others = all_invariants()
    books.record([Result(one.name, one.words, 0, [], 3) for one in others])
    books.record([Result(broken.name, broken.words, 2, [OFFENDER], 41)])
    earlier = database_now() - timedelta(hours=1)
    for hours, violations in ((0, 0), (1, 9)):
        BookCheck.objects.create(
            checked_at=earlier - timedelta(hours=hours),
            name=old.name,
            words=old.words,
            violations=violations,
            milliseconds=5,
        )
    return broken


def test_every_invariant_has_its_last_result_the_broken_ones_first(checked):
    found = read_integrity()
    assert (len(found.states), found.broken) == (len(all_invariants()), 1)
    assert found.holding == len(all_invariants()) - 1
    assert (found.states[0].name, found.states[0].word) == (checked.name, "broken")
    assert found.milliseconds == 41 + 5 + 3 * (len(all_invariants()) - 2)


def test_staff_who_may_see_the_checks_see_the_page_and_the_way_to_the_offenders(checked):
    user = User.objects.create_user("auditor", password="x", is_staff=True)
    client = Client()
    client.force_login(user)
    page = reverse("admin:audit_integrity")
    assert client.get(page).status_code == 403
    user.user_permissions.set(Permission.objects.filter(codename="view_bookcheck"))
    with CaptureQueriesContext(connection) as captured:
        html = client.get(page).content.decode()
    assert len(captured) <= 6
    row = BookCheck.objects.get(name=checked.name)
    assert reverse("admin:audit_bookcheck_change", args=[row.pk]) in html
    assert f"1 of {len(all_invariants())} broken" in html
    for one in all_invariants():
        assert one.words.split(",")[0].split("'")[0] in html
    listed = client.get(reverse("admin:audit_bookcheck_changelist")).content.decode()
    assert f'href="{page}"' in listed


def test_everybody_reads_counts_and_no_ids_while_the_setting_is_on(checked, settings):
    visitor = Client()
    assert visitor.get("/integrity").status_code == 404
    settings.PUBLIC_INTEGRITY_PAGE = True
    with CaptureQueriesContext(connection) as captured:
        answer = visitor.get("/integrity")
    html = answer.content.decode()
    assert len(captured) == 1
    assert answer["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in answer
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert checked.words[:20] in html
    assert f"1 of {len(all_invariants())} broken" in html
    assert OFFENDER not in html
    assert "/admin/" not in html
    assert "<script" not in html
    assert "style=" not in html
    assert visitor.post("/integrity").status_code == 405


def test_the_menu_marks_the_page_and_not_the_list_that_it_is_under(checked):
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "root"))
    request = client.get(reverse("admin:audit_integrity")).wsgi_request
    marked = [item["title"] for group in visible_menu(request) for item in group["items"] if item["active"]]
    assert marked == ["Integrity"]
