"""Payouts that are stopped: every role reads it on every page."""

import pytest
from django.urls import reverse

from gigstream.adminkit import admin_url, list_url
from payments import services as payments
from tests.support.pages.seeded import ANONYMOUS, NOBODY, SUPERUSER
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu"), pytest.mark.long_form]

BAR = "are stopped</strong> since"


def test_every_role_reads_on_every_page_that_payouts_are_stopped(demo):
    payments.stop_payments(scope="payouts", reason="suspected double payouts", by="staff:1")
    pages = [reverse("admin:index"), list_url(Worker), admin_url(Worker.objects.first())]
    silent = [
        (role, page)
        for role, client in demo.clients.items()
        if role not in (ANONYMOUS, NOBODY)
        for page in pages
        if BAR not in (html := client.get(page).content.decode()) or "suspected double payouts" not in html
    ]
    payments.let_payments_go_on(scope="payouts", by="staff:1", reason="all is well")

    assert silent == []
    assert "suspected double payouts" not in demo.clients[SUPERUSER].get(pages[0]).content.decode()
