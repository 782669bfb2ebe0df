"""Error pages of staff: the reason, a way back, and where the log has more."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.urls import path

from gigstream import urls

pytestmark = pytest.mark.django_db


def broken(request):
    raise RuntimeError("the secret inside")


def slow(request):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 1")
        cursor.execute("SELECT pg_sleep(60)")


class WithFaults:
    """The addresses of GigStream, and two whose views fail."""

    handler500 = urls.handler500
    urlpatterns = [*urls.urlpatterns, path("broken", broken), path("slow", slow)]


@pytest.fixture
def support() -> Client:
    member = User.objects.create_user("helper", is_staff=True)
    member.groups.add(Group.objects.get(name="support"))
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(member)
    return client


def said(response) -> str:
    """Return the text of an error page, which names the request and leads back."""
    text = response.content.decode()
    assert response["Content-Type"].startswith("text/html")
    assert 'href="/admin/"' in text
    assert f"request {response['X-Request-Id']}" in text
    return re.sub(r"<[^>]+>|\s+", " ", text)


def test_who_may_not_see_a_page_is_told_so(support):
    response = support.get("/admin/payments/ledgerentry/")

    assert response.status_code == 403
    assert "Your role does not allow it" in said(response)


def test_an_address_without_a_page_says_so(support):
    response = support.get("/admin/no/such/page/")

    assert response.status_code == 404
    assert "There is nothing here" in said(response)


def test_a_form_without_its_token_is_told_that_nothing_was_done(support):
    response = support.post("/admin/queues/disputes/", {"do": "claim"})

    assert response.status_code == 403
    assert "Nothing was done" in said(response)


def test_a_fault_of_ours_says_nothing_of_the_inside(support, settings):
    settings.ROOT_URLCONF = WithFaults

    response = support.get("/broken")

    assert response.status_code == 500
    text = said(response)
    assert "went wrong on our side" in text
    assert "secret" not in text


def test_a_database_that_is_too_slow_is_no_fault_and_the_page_can_be_asked_for_again(support, settings):
    settings.ROOT_URLCONF = WithFaults

    response = support.get("/slow")

    assert response.status_code == 503
    assert "Try again" in said(response)
