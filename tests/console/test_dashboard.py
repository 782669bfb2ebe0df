"""The first page: exact figures, each for those who may see their subject, and no figure that reads a
history."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from audit.models import AuditLog, BookCheck
from gigstream.console.dashboard import dashboard_parts, format_age
from gigstream.jobs.models import JobHeartbeat
from payments import services as payments
from payments.figures.selectors import pulse
from payments.settlement.transactions.enums import TransactionType
from platforms import services as platforms
from tests.benchmarks import plans
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    running_stream,
    seconds,
    settle,
    started,
    withdrawing_platform,
)

pytestmark = pytest.mark.django_db
# Tables that grow with the work done. Of the others a few rows are read whole.
LARGE = (
    "accounts|disputes|ledger_entries|loans|settlement_attempts|streams|tasks|transactions|webhook_deliveries"
)


@pytest.fixture
def root():
    return User.objects.create_superuser("root", "root@example.com", "root")


def viewer(*codenames):
    user = User.objects.create_user("viewer", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def seen_by(user, now=NOW):
    request = RequestFactory().get(reverse("admin:index"))
    request.user = user
    return dashboard_parts(request, now=now)


def cards(shown):
    return {card.title: (card.exact or card.value, card.hint) for card in shown["cards"]}


def a_busy_hour():
    """Make 30 USDC, 10 for a task and 20 of 100 streamed: 24 are in the worker's wallet and 1 on the way."""
    worker = WorkerFactory()
    platform = PlatformFactory(funds="1000")
    task = started(worker, platform=platform, amount="10", now=NOW)
    platforms.complete_task(task_id=task.pk, now=NOW + seconds(60))
    stream = running_stream(worker, platform=platform, total="100", duration=3600, now=NOW)
    payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(720))
    payments.cash_out(worker_id=worker.pk, amount="24", now=NOW + seconds(720))
    settle(NOW + seconds(780))
    payments.cash_out(worker_id=worker.pk, amount="1", now=NOW + seconds(900))


def test_the_cards_tell_where_the_money_is(root):
    a_busy_hour()

    found = cards(seen_by(root, NOW + seconds(960)))

    assert found == {
        "Released today": ("30.00 USDC", "2 earnings and releases"),
        "In transit": ("1.00 USDC", "1 transfer, the oldest 60 s old"),
        "Settled today": ("24.00 USDC", "1 transfer confirmed"),
        # Of the stream 80 are held, with the fee of 2 % on all 100.
        "In escrow": ("82.00 USDC", "of 1 platform"),
        "Streams running": ("1", "80.00 USDC to release"),
        "Earned to paid": ("2 min", "median; 95 of 100 within 13 min (1 newest)"),
        "Payout success": ("100.0 %", "0 of 1 failed in 7 days"),
    }


def test_what_a_platform_withdraws_is_in_transit_and_not_in_escrow(root):
    platform = withdrawing_platform("100")
    started(platform=platform, amount="10")
    payments.request_withdrawal(platform_id=platform.pk, amount="40", now=NOW)

    found = cards(seen_by(root, NOW + seconds(60)))

    assert found["In escrow"] == ("10.20 USDC", "of 1 platform")
    assert found["In transit"][0] == "40.00 USDC"


def test_every_type_of_transaction_has_a_colour_of_its_own_in_the_chart():
    script = (Path(settings.BASE_DIR) / "gigstream/console/static/gigstream/charts.js").read_text()
    for theme in ("light", "dark"):
        colours = re.findall("#[0-9a-f]{6}", re.search(rf"{theme}: (\[.*?\])", script, re.DOTALL)[1])
        assert len(set(colours)) == len(colours) >= len(TransactionType.values)


def test_yesterdays_money_is_not_todays_and_stays_in_the_chart(root):
    a_busy_hour()

    shown = seen_by(root, NOW + timedelta(hours=20))

    assert cards(shown)["Released today"] == ("0.00 USDC", "0 earnings and releases")
    volume, releases = (chart["data"] for chart in shown["charts"])
    assert volume["labels"][-2:] == ["02 Mar", "03 Mar"]
    made = {
        one["label"]: (Decimal(one["values"][-2]), Decimal(one["values"][-1])) for one in volume["series"]
    }
    assert made == {"deposit": (1000, 0), "fee": (Decimal("0.2"), 0), "payout": (25, 0)}
    assert {one["label"]: sum(one["values"]) for one in releases["series"]} == {
        "stream releases": 1,
        "earnings": 1,
    }
    assert releases["labels"][-1] == "08:00"
    assert releases["series"][0]["values"][releases["labels"].index("12:00")] == 1


def test_a_payout_carries_the_oldest_money_also_after_one_that_came_to_nothing():
    worker = WorkerFactory()
    payments.grant_reward(worker_id=worker.pk, amount="5", reason="thanks", key="1", now=NOW)
    voided = payments.cash_out(worker_id=worker.pk, now=NOW + seconds(10))
    payments.cancel_payout(
        transaction_id=voided.pk, reason="a mistake", pay_again=True, now=NOW + seconds(20)
    )
    payments.grant_reward(worker_id=worker.pk, amount="3", reason="thanks", key="2", now=NOW + seconds(600))
    payments.cash_out(worker_id=worker.pk, amount="6", now=NOW + seconds(600))
    payments.grant_reward(worker_id=worker.pk, amount="9", reason="thanks", key="3", now=NOW + seconds(601))
    settle(NOW + seconds(640))

    found = pulse.earned_to_paid(NOW + seconds(800))

    # All of the first reward and a third of the second are in the wallet 700 seconds after the first.
    assert (found.payouts, found.median, found.p95) == (1, timedelta(seconds=100), timedelta(seconds=700))
    assert pulse.earned_to_paid(NOW + timedelta(days=2)).median is None


def test_each_part_is_for_those_who_may_see_what_it_counts():
    a_busy_hour()
    BookCheck.objects.create(checked_at=NOW, name="sums", words="Sums", violations=0, milliseconds=1)

    shown = seen_by(viewer("view_stream", "view_dispute"))

    assert list(cards(shown)) == ["Streams running"]
    assert {queue["title"] for queue in shown["queues"]} == {"Disputes", "Streams that cannot be released"}
    assert shown["charts"] == []
    assert (shown["health"], shown["books"], shown["jobs"]) == (None, None, None)
    assert not shown["may_run"]


def test_what_is_counted_does_not_grow_the_number_of_statements(root, django_assert_max_num_queries):
    a_busy_hour()
    with django_assert_max_num_queries(15):
        seen_by(root)


def test_every_statement_can_read_an_index_instead_of_a_growing_table(root):
    a_busy_hour()

    def without_seqscan():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        seen_by(root, NOW + seconds(960))

    found = plans.explain(without_seqscan)["plans"]

    assert len(found) >= 12
    assert [plan for plan in found if re.search(rf"Seq Scan on ({LARGE})\b", plan)] == []


def test_a_job_is_asked_for_by_a_button(root):
    client = Client()
    client.force_login(root)
    JobHeartbeat.objects.create(name="seal_audit_log", every_seconds=60, last_started_at=NOW)
    url = reverse("console:run-job", args=["seal_audit_log"])
    assert f'action="{url}"' in client.get(reverse("admin:index")).content.decode()

    assert client.get(url).status_code == 405
    assert client.post(reverse("console:run-job", args=["no_such_job"])).status_code == 404
    response = client.post(url, follow=True)

    assert response.redirect_chain == [(reverse("admin:index"), 302)]
    line = AuditLog.objects.get(action="job.enqueue")
    assert (line.actor_id, line.resource_id) == (str(root.pk), "seal_audit_log")


def test_who_may_only_look_asks_for_no_job():
    client = Client()
    client.force_login(viewer("view_jobheartbeat"))
    url = reverse("console:run-job", args=["seal_audit_log"])

    assert url not in client.get(reverse("admin:index")).content.decode()
    assert client.post(url).status_code == 403
    assert not AuditLog.objects.filter(action="job.enqueue").exists()


@pytest.mark.parametrize(
    "seconds_, said", [(-5, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 d")]
)
def test_a_length_of_time_is_said_in_its_largest_unit(seconds_, said):
    assert format_age(timedelta(seconds=seconds_)) == said
