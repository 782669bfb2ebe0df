"""A production server of a test database says so: in a bar on every page, in a header of every answer."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.support.api.client import Api
from tests.support.factories import PlatformFactory

pytestmark = pytest.mark.django_db
BAR = "TEST: this database holds play money."
PAGES = ["/admin/login/", "/admin/", "/admin/platforms/platform/", "/integrity", "/admin/nothing-here/"]
PAGES += ["/api/docs/", "/api/redoc/"]


@pytest.fixture
def staff():
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.create_superuser("ann"))
    return client


@pytest.fixture
def production(settings):
    settings.PRODUCTION, settings.PUBLIC_INTEGRITY_PAGE = True, True
    settings.STAFF_TWO_FACTOR = "optional"
    return settings


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_a_production_server_of_a_test_database_says_test(staff, production, page):
    found = staff.get(page, follow=True)

    assert found["Content-Type"].startswith("text/html")
    assert found.content.decode().count(BAR) == 1
    assert int(found["Content-Length"]) == len(found.content)


@pytest.mark.parametrize("page", PAGES)
def test_no_page_of_a_live_database_does(staff, production, page):
    production.DATABASE_KIND = "live"

    assert BAR not in staff.get(page, follow=True).content.decode()


def test_nor_does_a_machine_for_development(staff):
    assert BAR not in staff.get("/admin/").content.decode()


@pytest.mark.parametrize("kind", ["test", "live"])
def test_every_answer_of_the_api_names_the_kind_of_the_database(settings, kind):
    api = Api.of(PlatformFactory())
    settings.DATABASE_KIND = kind

    answers = [api.get("balance"), api.get("nothing"), Api().get("balance"), Client().get("/api/schema/")]

    assert [one.status_code for one in answers] == [200, 404, 401, 200]
    assert {one["GigStream-Database"] for one in answers} == {kind}
