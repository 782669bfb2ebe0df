"""A payout's whole story, as its worker and staff read it."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from gigstream.core.clock import database_now
from payments import services as payments
from payments.models import Transaction
from payments.settlement.provider.circle import CircleProvider
from platforms import services as platforms
from tests.support.api.client import Api
from tests.support.factories import PlatformFactory, WorkerFactory, started
from tests.support.pages.addresses import timeline_text, whole_page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def by_circle(circle_pays, settings):
    settings.CIRCLE_READ_SECONDS = 1


def paid_after_trouble(simulator, client, inbox):
    """Return a payout whose first offer got no answer, that staff took up again and that was reported by
    Circle."""
    worker = WorkerFactory()
    task = started(worker, platform=PlatformFactory(funds="1000"), amount="10")
    platforms.complete_task(task_id=task.pk)
    payments.create_due_payouts()
    payout = Transaction.objects.get(type="payout")
    simulator.wrong("transfer", fault="error_before")
    payments.submit_payouts()
    Transaction.unguarded.filter(pk=payout.pk).update(next_attempt_at=None)
    with acting(Actor(ActorType.STAFF, "7")):
        payments.offer_again(transaction_id=payout.pk)
    payments.submit_payouts()
    simulator.advance()
    CircleProvider().learn_notification_key(simulator.signing_key_id())
    for body, headers in inbox.letters:
        signed = {name: value for name, value in headers.items() if name.lower().startswith("x-circle")}
        client.post("/provider/circle/notifications", body, content_type="application/json", headers=signed)
    assert payments.poll_settlements() == 1
    payout.refresh_from_db()
    return payout


def test_the_worker_sees_calls_reports_and_acts_in_order(simulator, client, inbox):
    payout = paid_after_trouble(simulator, client, inbox)

    why = Api.as_worker(payout.worker).get(f"payments/{payout.pk}/explain").json()

    assert [one["at"] for one in why["timeline"]] == sorted(one["at"] for one in why["timeline"])
    told = [(one["kind"], one["text"].partition(",")[0]) for one in why["timeline"]]
    assert told[:3] == [
        ("act", "payout.create by system"),
        ("call", "transfer at circle: unknown_outcome"),
        ("act", "payout.offer_again by staff"),
    ]
    assert ("call", "transfer at circle: INITIATED") in told
    assert ("report", "circle reported COMPLETE") in told
    assert ("act", "payout.confirm by system") in told
    assert why["inputs"]["network_fee"] == str(payout.fee)
    assert payout.fee > 0
    assert why["inputs"]["network_fees_saved"] == "0.000000"


def test_the_page_of_the_transaction_shows_it_whole(simulator, client, inbox):
    payout = paid_after_trouble(simulator, client, inbox)
    staff = Client()
    staff.force_login(User.objects.create_superuser("root", "root@example.com", "root"))

    page, story = whole_page(staff, payout), timeline_text(staff, payout)

    assert "Calls to the provider" in page
    newest_first = (
        "Payout paid 10.00 USDC",
        "circle reported COMPLETE",
        "Transfer offered again",
        "Transfer at circle: unknown_outcome",
        "Payout begun 10.00 USDC",
    )
    assert [words for words in newest_first if words not in story] == []
    places = [story.index(words) for words in newest_first]
    assert places == sorted(places)


def test_a_payout_of_many_earnings_tells_what_sharing_one_transfer_saved(simulator):
    worker, platform = WorkerFactory(), PlatformFactory(funds="1000")
    for _ in range(3):
        platforms.complete_task(task_id=started(worker, platform=platform, amount="10").pk)
    payments.create_due_payouts()
    payments.submit_payouts()
    simulator.advance()
    payments.poll_settlements(now=database_now().replace(year=2030))
    payout = Transaction.objects.get(type="payout")

    inputs = Api.as_worker(worker).get(f"payments/{payout.pk}/explain").json()["inputs"]

    assert len(inputs["parts"]) == 3
    assert inputs["network_fees_saved"] == str(2 * payout.fee)
