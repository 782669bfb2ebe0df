"""Pages that confirm actions: they have an address, keep words, and know when they are stale."""

import re
from html import unescape

import pytest
from django.core import signing
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from audit.models import AuditLog
from gigstream.adminkit import admin_url, list_url
from gigstream.adminkit.actions import drafts
from gigstream.adminkit.actions.addresses import MOST_IN_ADDRESS
from gigstream.core.clock import database_now
from gigstream.core.encryption import current_cipher
from payments import services as payments
from payments.models import Stream
from platforms import services as platforms
from platforms.models import Dispute, Platform
from tests.support.factories import (
    PlatformFactory,
    WorkerFactory,
    balance,
    running_stream,
    seconds,
    started,
)
from tests.support.pages.addresses import text_of
from tests.support.pages.admin import act, answer, ask, form_of, member, page_of_act, told
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]
KEPT = "Your words from before are here"
NOT_DONE = "Nothing was done: your session had ended"


def begun(**plan):
    return running_stream(now=database_now() - seconds(90), **plan)


def field(page, name):
    """Return the value of the page's field."""
    return page.context["form"][name].value()


def keep(client, page, **words):
    """Save the words as the page's script does while somebody writes."""
    return client.post(page.context["to"], {**form_of(page), "keep": "1", **words})


# --- Addresses ----------------------------------------------------------------------------------------------
def test_a_button_is_a_link_and_its_page_may_be_opened_and_reloaded_as_often_as_one_likes():
    ann, stream = member("ann"), begun()
    html = ann.client.get(admin_url(stream)).content.decode()
    address = unescape(re.search(r'href="([^"]*/act/pause/[^"]*)"', html)[1])

    pages = [ann.client.get(address) for _ in range(3)]

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert len({page.context["token"] for page in pages}) == 3
    assert Stream.objects.get(pk=stream.pk).status == "active"
    done = answer(ann.client, pages[0], reason="a call")
    assert done.redirect_chain == [(admin_url(stream), 302)]


def test_ticked_rows_of_a_list_lead_to_the_same_page_and_back_to_the_list_as_it_was_filtered():
    ann, one, other = member("ann"), begun(), begun()
    listed = list_url(Stream, status__exact="active")
    form = {"action": "pause", "_selected_action": [str(one.pk), str(other.pk)]}

    asked = ann.client.post(listed, form, follow=True)
    done = answer(ann.client, asked, reason="a flood")

    assert [row["pk"] for row in asked.context["rows"]] == sorted([one.pk, other.pk])
    assert asked.redirect_chain[0][0].startswith("/admin/payments/stream/act/pause/?ids=")
    assert told(done) == ["2 streams paused."]
    assert done.redirect_chain == [(listed, 302)]


def test_more_rows_than_an_address_holds_are_kept_under_a_name():
    ann = member("ann")
    every = [WorkerFactory() for _ in range(MOST_IN_ADDRESS + 1)]

    asked = ask(ann.client, "suspend", *every)

    assert len(asked.redirect_chain[0][0]) < 200
    assert len(asked.context["rows"]) == len(every)
    assert told(answer(ann.client, asked, reason="a ring")) == [f"{len(every)} workers suspended."]
    assert not Worker.objects.exclude(status="suspended").exists()


@pytest.mark.parametrize("ids", [[], ["nonsense"], ["00000000-0000-0000-0000-000000000000"]])
def test_an_address_without_rows_that_exist_leads_nowhere(ids):
    ann = member("ann")
    path = reverse("admin:payments_stream_act", args=["pause"])
    assert ann.client.get(path, {"ids": ids}).status_code == 404


def test_an_action_that_does_not_exist_leads_nowhere_and_one_of_others_is_refused():
    stream = begun()
    viewer = member("vera", "payments.view_stream")
    assert member("ann").client.get(page_of_act("explode", stream)).status_code == 404
    assert viewer.client.get(page_of_act("pause", stream)).status_code == 403
    assert viewer.client.post(page_of_act("pause", stream), {"keep": "1", "reason": "x"}).status_code == 403


# --- Words --------------------------------------------------------------------------------------------------
def test_words_are_there_again_for_their_writer_alone_until_they_are_sent():
    ann, bob, stream = member("ann"), member("bob"), begun()
    address = page_of_act("pause", stream)
    page = ann.client.get(address)

    assert keep(ann.client, page, reason="the site is flooded").status_code == 204
    again, of_bob = ann.client.get(address), bob.client.get(address)

    assert (field(again, "reason"), field(of_bob, "reason")) == ("the site is flooded", None)
    assert KEPT in text_of(again)
    assert Stream.objects.get(pk=stream.pk).status == "active"
    answer(ann.client, again, reason="the site is flooded")
    payments.resume_stream(stream_id=stream.pk)
    assert field(ann.client.get(address), "reason") is None


def test_choices_and_amounts_are_kept_as_well_and_are_no_errors_yet():
    ann = member("ann")
    dispute = platforms.dispute_task(task_id=started(amount="40").pk, severity=2, reason="late")
    address = page_of_act("resolve", dispute)

    keep(ann.client, ann.client.get(address), outcome="nobody", worker_amount="1,2", reason="")
    page = ann.client.get(address)

    assert (field(page, "outcome"), field(page, "worker_amount")) == ("nobody", "1,2")
    assert not page.context["form"].errors


def test_words_stand_in_the_cache_encrypted():
    ann, stream = member("ann"), begun()
    page = ann.client.get(page_of_act("pause", stream))
    keep(ann.client, page, reason="a word about Henry Taylor")

    stored = cache.get(drafts.Place(*signing.loads(page.context["draft_note"], salt=drafts.SALT)).key)

    assert "Henry" not in stored
    assert "Henry" in current_cipher().decrypt(stored.encode()).decode()


def test_a_form_that_meets_the_log_in_page_is_not_done_and_its_words_are_there_afterwards():
    ann, stream = member("ann"), begun()
    address = page_of_act("pause", stream)
    page = ann.client.get(address)

    ann.client.logout()
    sent = ann.client.post(page.context["to"], {**form_of(page), "reason": "the site is flooded"})
    assert sent.url.startswith("/admin/login/?next=/admin/payments/stream/act/pause/")
    assert Stream.objects.get(pk=stream.pk).status == "active"

    ann.client.force_login(ann.user)
    again = ann.client.get(address)
    assert field(again, "reason") == "the site is flooded"
    assert NOT_DONE in text_of(again)
    assert told(answer(ann.client, again, reason="the site is flooded")) == ["1 stream paused."]


def test_a_log_in_that_failed_has_one_box_with_the_error():
    form = {"username": "nobody", "password": "wrong", "code": ""}
    html = Client().post(reverse("admin:login"), form).content.decode()
    assert html.count('class="errornote') == 1
    assert "the name, the password or the code is wrong" in html
    assert "Please correct the error" not in html


def test_a_form_of_somebody_else_or_without_its_note_leaves_no_words():
    ann, bob, stream = member("ann"), member("bob"), begun()
    address = page_of_act("pause", stream)
    page = bob.client.get(address)
    stranger = Client()

    for note in ("", "forged", page.context["draft_note"]):
        stranger.post(address, {**form_of(page), "note": note, "keep": "1", "reason": "planted"})

    assert field(ann.client.get(address), "reason") is None


def test_an_old_form_says_that_it_was_open_for_too_long_and_leads_back_to_its_words():
    ann, stream = member("ann"), begun()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ann.user)
    address = page_of_act("pause", stream)
    page = strict.get(address)
    strict.cookies.pop("csrftoken", None)

    refused = strict.post(address, {**form_of(page), "reason": "the site is flooded"})

    text = text_of(refused)
    assert refused.status_code == 403
    assert "The form was open for too long" in text
    assert "Nothing was done" in text
    assert "This is not for you" not in text
    back = unescape(re.search(r'href="([^"]*/act/pause/[^"]*)"', refused.content.decode())[1])
    assert field(strict.get(back), "reason") == "the site is flooded"


def test_a_page_works_while_the_cache_is_away(settings):
    ann, stream = member("ann"), begun()
    page = ann.client.get(page_of_act("pause", stream))
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"},
    }

    assert keep(ann.client, page, reason="gone").status_code == 204
    assert told(answer(ann.client, page, reason="a call")) == ["1 stream paused."]


# --- Stale pages --------------------------------------------------------------------------------------------
def test_a_row_that_was_decided_meanwhile_is_left_alone_and_the_page_says_by_whom_when_and_why():
    ann, bob = member("ann"), member("bob")
    dispute = platforms.dispute_task(task_id=started(amount="40").pk, severity=2, reason="late")
    page = ann.client.get(page_of_act("resolve", dispute))
    given = {"outcome": "nobody", "worker_amount": "10", "resolution": "both"}
    bob.does(platforms.resolve_dispute, task_id=dispute.task_id, **given)

    shown = answer(ann.client, page, outcome="worker", worker_amount="40", reason="half done")

    text = text_of(shown)
    at = Dispute.objects.get().resolved_at
    assert f"on {at:%Y-%m-%d at %H:%M} UTC by bob: both" in text
    assert "Nothing was done" in text
    assert "this cannot be done as it is now" in text
    assert Dispute.objects.get().outcome == "nobody"
    assert not AuditLog.objects.filter(actor_id=str(ann.user.pk)).exists()


def test_a_change_that_leaves_the_act_possible_wants_a_second_look_and_then_it_is_done():
    ann, bob, platform = member("ann"), member("bob"), PlatformFactory()
    page = ann.client.get(page_of_act("set_fee", platform))
    bob.does(platforms.suspend_platform, platform_id=platform.pk, reason="fraud")

    shown = answer(ann.client, page, fee_bps="150", reason="agreed")
    assert "by bob: fraud" in text_of(shown)
    assert field(shown, "fee_bps") == "150"

    assert "waits for a second person" in told(answer(ann.client, shown, fee_bps="150", reason="agreed"))[0]
    assert Platform.objects.get().fee_bps == 200


def test_what_an_action_watches_makes_its_page_stale_and_not_that_of_others():
    ann, platform = member("ann"), PlatformFactory()
    fee = ann.client.get(page_of_act("set_fee", platform))
    other = ann.client.get(page_of_act("suspend", platform))
    platforms.set_fee(platform_id=platform.pk, fee_bps=300, reason="by contract")

    assert "it has changed since you opened this page" in text_of(
        answer(ann.client, fee, fee_bps="150", reason="agreed")
    )
    assert told(answer(ann.client, other, reason="fraud")) == ["1 platform suspended."]


def test_a_stream_that_released_meanwhile_is_not_stale():
    ann, stream = member("ann"), begun()
    page = ann.client.get(page_of_act("pause", stream))
    payments.claim_stream(stream_id=stream.pk)

    assert told(answer(ann.client, page, reason="a call")) == ["1 stream paused."]


def test_of_several_rows_those_that_are_as_they_were_are_done():
    ann, still, gone = member("ann"), begun(), begun()
    page = ask(ann.client, "pause", still, gone)
    payments.pause_stream(stream_id=gone.pk, reason="somebody was quicker")

    shown = answer(ann.client, page, reason="a flood")

    assert told(shown) == ["1 stream paused."]
    assert [row["pk"] for row in shown.context["rows"]] == [gone.pk]
    assert "somebody was quicker" in text_of(shown)


def test_a_form_that_says_nothing_about_its_rows_does_nothing():
    ann, stream = member("ann"), begun()
    page = ann.client.get(page_of_act("pause", stream))

    ann.client.post(page.context["to"], {**form_of(page), "seen": [], "reason": "a call"})

    assert Stream.objects.get(pk=stream.pk).status == "active"


def test_a_page_opened_too_late_says_how_it_ended_and_offers_no_button():
    ann, bob, stream = member("ann"), member("bob"), begun()
    bob.does(payments.pause_stream, stream_id=stream.pk, reason="the crane is broken")

    page = ann.client.get(page_of_act("pause", stream))

    assert "by bob: the crane is broken" in text_of(page)
    assert not page.context["is_possible"]
    form = re.search(r'<form class="confirm".*?</form>', page.content.decode(), re.S)[0]
    assert 'type="submit"' not in form


# --- Effects of buttons -------------------------------------------------------------------------------------
def test_cancelling_a_payout_says_where_its_money_goes_also_while_payouts_are_held():
    ann, worker = member("ann"), WorkerFactory()
    platforms.complete_task(task_id=started(worker, amount="10").pk)
    payout = payments.cash_out(worker_id=worker.pk)

    free = text_of(ann.client.get(page_of_act("cancel", payout)))
    assert "10.00 USDC is in the worker's balance again" in free
    assert "paid out again at the next run, unless payouts of this worker are held" in free

    act(ann.client, "hold_payouts", payout, reason="an odd wallet")
    held = text_of(ann.client.get(page_of_act("cancel", payout)))
    assert "all payouts of this worker are held, so it stays until that hold ends too" in held
    assert "everything since" in held

    act(ann.client, "cancel", payout, money="keep", days="7", reason="fraud check")
    assert balance(worker, "available") == 10
    assert payments.create_due_payouts() == 0


def test_suspending_and_pausing_say_what_happens_to_streams_payouts_and_the_balance():
    ann, stream = member("ann"), begun()
    worker = text_of(ann.client.get(page_of_act("suspend", stream.worker)))
    paused = text_of(ann.client.get(page_of_act("pause", stream)))

    assert "Running streams and tasks go on and are paid into the balance" in worker
    assert "one that is pending waits until the reinstatement" in worker
    assert re.search(r"Open streams\s+1 with", worker)
    assert "What has vested to the second is paid at once" in paused
