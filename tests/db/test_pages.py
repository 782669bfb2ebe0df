"""Headers of the pages: a policy that lets nothing in from elsewhere, and nothing of elsewhere."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from gigstream.adminkit import admin_url, list_url
from gigstream.console.navigation import MENU, List
from payments.models import LedgerEntry
from platforms.models import Task
from tests.support.factories import PlatformFactory, WorkerFactory, assigned
from workers.models import Worker

pytestmark = pytest.mark.django_db

ELSEWHERE = re.compile(
    r"""(?:\b(?:src|href|action|srcset|data)=["']?|url\(["']?|@import\s+["'])(?:https?:)?//[^"')\s]*"""
)
INLINE = re.compile(
    r"<script(?![^>]*\b(?:src=|type=\"application/json\"))|<style|(?<![:\w-])style=|\son[a-z]+=|javascript:"
)
STAFF = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self'; font-src 'self';"
    " img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none';"
    " frame-ancestors 'none'"
)
DOCUMENTATION = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self';"
    " img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none';"
    " frame-ancestors 'none'; worker-src blob:"
)


@pytest.fixture
def client():
    client = Client()
    client.force_login(User.objects.create_superuser("root", "root@example.com", "root"))
    return client


def staff_pages():
    worker, staff = WorkerFactory(), User.objects.get(username="root")
    return [
        reverse("admin:index"),
        list_url(Worker),
        list_url(Worker, q="nobody"),
        admin_url(worker),
        reverse("admin:loans_portfolio"),
        list_url(User),
        reverse("admin:auth_user_add"),
        admin_url(staff),
        reverse("console:second-factor"),
        list_url(Group),
        reverse("admin:password_change"),
    ]


def test_every_page_says_its_policy_and_refers_to_no_other_host(client):
    policies = dict.fromkeys(staff_pages(), STAFF)
    policies |= {reverse(name): DOCUMENTATION for name in ("swagger", "redoc")}
    for url, policy in policies.items():
        response = client.get(url)
        assert response.status_code == 200, url
        assert response["Content-Security-Policy"] == policy, url
        html = response.content.decode()
        assert ELSEWHERE.findall(html) == [], url
        if policy == STAFF:
            assert INLINE.findall(html) == [], url

    for name in ("admin:login", "console:choose-password"):
        page = Client().get(reverse(name))
        assert page["Content-Security-Policy"] == STAFF
        html = page.content.decode()
        assert (ELSEWHERE.findall(html), INLINE.findall(html)) == ([], [])


def test_the_styles_of_a_page_are_here_and_refer_to_no_other_host(client):
    html = client.get(list_url(Worker)).content.decode()
    files = re.findall(r'(?:src|href)="/static/([^"]+\.(?:css|js|svg))"', html)
    assert "gigstream/console.css" in files
    assert [name for name in files if finders.find(name) is None] == []
    for name in files:
        if name.endswith(".css"):
            with open(finders.find(name), encoding="utf-8") as file:
                assert ELSEWHERE.findall(file.read()) == [], name


def test_redoc_asks_for_its_picture_here(client):
    script = client.get(reverse("redoc-script")).content.decode()
    assert "/static/gigstream/icon.svg" in script
    assert "cdn.redoc.ly" not in script


def test_what_is_no_page_says_no_policy(client):
    assert "Content-Security-Policy" not in client.get(reverse("healthz"))


def test_names_leave_the_text_around_them_alone(client):
    """A name in Hebrew or Arabic would turn the text beside it around."""
    worker, platform = WorkerFactory(full_name="דנה כהן"), PlatformFactory(name="שליחים", funds="1000")
    task = assigned(worker, platform=platform, title="משלוח")
    linked = '<a href="{}"><bdi>{}</bdi></a>'
    shown = {
        list_url(Worker): ["<bdi>דנה כהן</bdi>"],
        list_url(Task): [
            "<bdi>משלוח</bdi>",
            linked.format(admin_url(worker), "דנה כהן"),
            linked.format(admin_url(platform), "שליחים"),
        ],
        admin_url(task): ["<bdi>משלוח</bdi>"],
        list_url(LedgerEntry): ["<bdi>שליחים</bdi> · escrow"],
    }

    for url, texts in shown.items():
        html = client.get(url).content.decode()
        assert [text for text in texts if text not in html] == [], url


def test_every_list_is_in_the_menu_of_who_may_see_it():
    listed = [entry.label for _, entries in MENU for entry in entries if isinstance(entry, List)]
    assert sorted(listed) == sorted(model._meta.label for model in admin.site._registry)


def test_the_menu_shows_only_what_may_be_seen(client):
    whole = client.get(reverse("admin:index")).content.decode()
    assert f'href="{list_url(Worker)}"' in whole
    clerk = Client()
    clerk.force_login(User.objects.create_user("clerk", password="x", is_staff=True))
    bare = clerk.get(reverse("admin:index")).content.decode()
    assert 'href="/admin/workers/' not in bare
    assert "Payouts &amp; settlement" not in bare
