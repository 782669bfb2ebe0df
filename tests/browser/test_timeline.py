"""The timeline on a row's page, in a real browser: it loads by itself, and its filter keeps one kind."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.long_form]


def test_the_timeline_loads_and_is_kept_to_one_kind(at_desk):
    worker = Worker.objects.get(email="alice@example.com")
    ops = at_desk("operations")
    ops.open(reverse("admin:workers_worker_change", args=[worker.pk]))
    timeline = ops.page.locator("#timeline")

    expect(timeline.locator(".moment-money").first).to_be_visible()
    expect(timeline.locator(".moment-status").first).to_be_visible()

    timeline.get_by_role("link", name="Money").click()

    expect(timeline.get_by_role("link", name="Money")).to_have_attribute("aria-current", "true")
    expect(timeline.locator(".moment-status")).to_have_count(0)
    expect(timeline.locator(".moment-money").first).to_be_visible()


def test_a_section_is_loaded_when_it_is_opened(at_desk):
    worker = Worker.objects.get(email="alice@example.com")
    ops = at_desk("operations")
    ops.open(reverse("admin:workers_worker_change", args=[worker.pk]))
    section = ops.page.locator("#section-accounts")

    expect(section.locator("table")).to_have_count(0)
    section.locator("summary h2").click()

    expect(section.locator("table")).to_be_visible()
    expect(section).to_contain_text("Available")
