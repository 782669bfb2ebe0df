"""Notes and assignments on the pages of staff: who may, what is refused, and what is kept."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Assignment, AuditLog, Note, NoteFile
from audit.notes import services as notes
from audit.notes.calculations import Upload
from gigstream.adminkit import admin_url
from gigstream.adminkit.row_pages.views import panel_address
from gigstream.core.clock import database_now
from loans.applications import services as loans
from payments.models import Adjustment
from platforms import services as platforms
from tests.support.database.valid_rows import insert, valid
from tests.support.factories import WorkerFactory, started
from tests.support.pages.addresses import AS_A_PART, listing, page, text_of, timeline_text
from tests.support.pages.admin import act, member, page_of_act, told
from tests.support.rewards.images import image
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_the_menu")]
PDF = b"%PDF-1.7\n..."
SECRET = "call alice@example.com or 0x" + "ab" * 20
MOST_QUERIES = 14


@pytest.fixture
def ann():
    return member("ann")


@pytest.fixture
def worker():
    return WorkerFactory()


def of_role(role, name=""):
    """Return a client of a new member of staff with the role."""
    user = User.objects.create_user(name or role, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def panel(client, row, **query):
    return client.get(panel_address(row, "notes"), query, headers=AS_A_PART)


def words_of(response):
    return " ".join(text_of(response).split())


def token_of(response):
    return response.context["token"]


def write(client, row, text, *uploads, token="", **more):
    """Write a note by the form of the panel; return the page that follows."""
    form = {"confirmed": token or token_of(panel(client, row)), "text": text, "attached": uploads, **more}
    return client.post(panel_address(row, "notes"), form, follow=True)


def give(client, row, to, **more):
    """Assign by the form of the panel, or change the assignment; return the page that follows."""
    asked = panel(client, row)
    form = {
        "do": "assign",
        "confirmed": token_of(asked),
        "seen": asked.context["assignment_form"]["seen"].value(),
        "assignee": str(to.pk),
        "due_on": "2020-02-03",
        "state": "open",
        "reason": "knows them",
        **more,
    }
    return client.post(panel_address(row, "notes"), form, follow=True)


def sent(name, content):
    return SimpleUploadedFile(name, content)


def download(client, file):
    return client.post(reverse("admin:audit_notefile_download", args=[file.pk]), follow=True)


# --- Writing ------------------------------------------------------------------------------------------------
def test_a_note_is_written_on_the_page_of_a_row_and_read_there(ann, worker):
    bob = member("bob", "workers.view_worker", "audit.view_note", "audit.change_note")
    assert f'hx-get="{panel_address(worker, "notes")}"' in ann.client.get(page(worker)).content.decode()

    done = write(ann.client, worker, "<b>Two</b> calls.\n@bob knows.", sent("a.pdf", PDF))

    assert done.redirect_chain == [(f"{admin_url(worker)}#notes", 302)]
    assert told(done) == ["The note is written. It mentions bob."]
    html = panel(bob.client, worker).content.decode()
    assert "&lt;b&gt;Two&lt;/b&gt; calls.\n<strong>@bob</strong> knows." in html
    assert "<bdi>a.pdf</bdi>" in html
    whole = bob.client.get(panel_address(worker, "notes"))
    assert "Back to" in whole.content.decode()


def test_an_answer_names_the_note_that_it_answers(ann, worker):
    write(ann.client, worker, "who has called?")
    first = Note.objects.get()
    elsewhere = insert(valid(Note))

    asked = panel(ann.client, worker, answer=first.pk)
    write(ann.client, worker, "I have", answers=str(asked.context["note_form"]["answers"].value()))

    assert Note.objects.get(answers=first).text == "I have"
    assert "Answer to ann: who has called?" in words_of(asked)
    assert "answers ann: who has called?" in words_of(panel(ann.client, worker))
    for wrong in (elsewhere.pk, "x", "9" * 30):
        assert panel(ann.client, worker, answer=wrong).context["answered"] == ""


def test_a_form_that_is_sent_twice_writes_one_note(ann, worker):
    token = token_of(panel(ann.client, worker))

    write(ann.client, worker, "once", token=token)
    again = write(ann.client, worker, "once", token=token)

    assert Note.objects.count() == 1
    assert told(again) == ["This was confirmed already: it was done once, and not again."]


@pytest.mark.parametrize("token", ["short", "x" * 65, "not a token, by its letters"])
def test_a_form_without_a_token_writes_nothing_and_keeps_the_words(ann, worker, token):
    shown = write(ann.client, worker, "mine", token=token)

    assert not Note.objects.exists()
    assert shown.context["note_form"]["text"].value() == "mine"


def test_a_form_from_elsewhere_is_refused_and_its_words_are_on_the_page_again(ann, worker):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann.user)
    asked = panel(client, worker)
    form = {"text": "from before", "confirmed": token_of(asked), "note": asked.context["draft_note"]}

    refused = client.post(panel_address(worker, "notes"), form)

    assert refused.status_code == 403
    assert "Your words are kept" in refused.content.decode()
    assert not Note.objects.exists()
    again = panel(client, worker)
    assert again.context["note_form"]["text"].value() == "from before"
    assert "Nothing was done" in again.content.decode()


def test_the_words_of_a_form_that_meets_the_log_in_page_are_kept(ann, worker):
    asked = panel(ann.client, worker)
    form = {"text": "half a note", "confirmed": token_of(asked), "note": asked.context["draft_note"]}

    met = Client().post(panel_address(worker, "notes"), form)

    assert met.status_code == 302
    assert not Note.objects.exists()
    assert panel(ann.client, worker).context["note_form"]["text"].value() == "half a note"


def test_words_are_kept_while_they_are_written_until_the_note_is(ann, worker):
    asked = panel(ann.client, worker)
    form = {"text": "half", "note": asked.context["draft_note"], "keep": "1"}

    assert ann.client.post(panel_address(worker, "notes"), form).status_code == 204
    assert panel(ann.client, worker).context["note_form"]["text"].value() == "half"
    write(ann.client, worker, "whole")

    assert panel(ann.client, worker).context["note_form"]["text"].value() == ""
    assert Note.objects.get().text == "whole"


@pytest.mark.parametrize(
    "text, uploads, why",
    [
        ("@nobody look", [], "@nobody is nobody of the staff"),
        ("@clerk look", [], "@clerk cannot be mentioned here: this person may not see workers"),
        ("see", [("a.exe", b"MZ\x90\x00")], "the content of a.exe is none of them"),
        ("see", [("a.pdf", b"")], "a.pdf is empty"),
        ("see", [("a.pdf", b"plain")], "the content of a.pdf is plain text"),
        ("see", [("a.pdf", b"%PDF-" + b"0" * 5_000_000)], "at most 5,000,000 bytes"),
        ("paid \u202e00.1", [], "U+202E is not allowed"),
        ("n" * 4001, [], "at most 4,000 characters, this has 4,001"),
    ],
    ids=lambda value: "" if isinstance(value, list) else value[:12].strip("\u202e"),
)
def test_what_is_refused_says_why_and_keeps_the_text(ann, worker, text, uploads, why):
    member("clerk", "platforms.view_task")

    shown = write(ann.client, worker, text, *(sent(*one) for one in uploads))

    assert shown.status_code == 200
    assert why in unescape(shown.content.decode())
    assert shown.context["note_form"]["text"].value() == text
    assert ("Choose the files again" in shown.content.decode()) == bool(uploads)
    assert not Note.objects.exists()
    assert token_of(shown) != ""


def test_more_notes_than_a_page_has_are_behind_a_link(ann, worker):
    for number in range(22):
        ann.does(notes.write_note, row=worker, text=f"number {number}.")

    first = panel(ann.client, worker)
    second = panel(ann.client, worker, before=first.context["older"])

    assert [line["parts"][0][0] for line in first.context["notes"]][::19] == ["number 21.", "number 2."]
    assert [line["parts"][0][0] for line in second.context["notes"]] == ["number 1.", "number 0."]
    assert second.context["older"] is None
    assert len(panel(ann.client, worker, before="x").context["notes"]) == 20


# --- Who may ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ["operations", "finance", "risk", "support"])
def test_every_desk_writes_and_assigns(role, worker):
    client = of_role(role)
    me = User.objects.get(username=role)

    write(client, worker, f"a reminder for @{role}")
    give(client, worker, me)

    assert Note.objects.get().written_by == f"staff:{me.pk}"
    assert Assignment.objects.get().assignee == f"staff:{me.pk}"


def test_auditors_read_and_write_nothing(ann, worker):
    write(ann.client, worker, "first")
    auditor = of_role("auditor")

    shown = panel(auditor, worker)
    assert "first" in shown.content.decode()
    assert "<textarea" not in shown.content.decode()
    for form in ({"text": "x"}, {"do": "assign", "assignee": "1"}, {"keep": "1", "text": "x"}):
        form = {**form, "confirmed": "x" * 32}
        assert auditor.post(panel_address(worker, "notes"), form).status_code == 403
    assert Note.objects.count() == 1
    assert not Assignment.objects.exists()


def test_notes_are_seen_by_those_who_see_their_object(ann):
    """Support sees no adjustments: neither their notes, nor files and assignments."""
    adjustment = insert(valid(Adjustment))
    written = ann.does(
        notes.write_note, row=adjustment, text="quietly", uploads=[Upload("a.txt", b"quietly")]
    ).note
    ann.does(notes.assign, row=adjustment, assignee=ann.user, reason="quietly")
    rows = [written, NoteFile.objects.get(), Assignment.objects.get()]
    support, finance = of_role("support"), of_role("finance")

    assert panel(support, adjustment).status_code == 403
    assert support.post(panel_address(adjustment, "notes"), {"text": "x"}).status_code == 403
    for row in rows:
        assert list(support.get(listing(type(row))).context["cl"].result_list) == []
        assert list(finance.get(listing(type(row))).context["cl"].result_list) == [row]
        assert support.get(page(row)).status_code == 302
        assert finance.get(page(row)).status_code == 200
    assert support.post(reverse("admin:audit_notefile_download", args=[rows[1].pk])).status_code == 404
    nobody = member("nobody", "workers.view_worker")
    assert panel(nobody.client, WorkerFactory()).status_code == 403


def test_a_panel_or_a_row_that_is_not_there_is_not_found(ann, worker):
    assert ann.client.get(panel_address(worker, "other")).status_code == 404
    note = insert(valid(Note))
    assert ann.client.get(panel_address(note, "notes")).status_code == 404
    assert ann.client.get(panel_address(Worker(), "notes")).status_code == 404


# --- Files --------------------------------------------------------------------------------------------------
def test_a_file_is_a_download_on_record(ann, worker):
    write(ann.client, worker, "see", sent("../a b.pdf", PDF))
    file = NoteFile.objects.get()
    url = reverse("admin:audit_notefile_download", args=[file.pk])

    unasked = ann.client.get(url, follow=True)
    assert "each download is recorded" in told(unasked)[0]
    assert not AuditLog.objects.filter(action="note.download_file").exists()
    answer = download(ann.client, file)

    assert answer.content == PDF
    assert answer["Content-Disposition"] == 'attachment; filename="a b.pdf"'
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    line = AuditLog.objects.get(action="note.download_file")
    assert (line.resource_type, line.resource_id) == ("worker", str(worker.pk))
    assert line.metadata == {"note": file.note_id, "file": file.pk, "sha256": file.sha256}


def test_support_reads_texts_masked_and_opens_no_pictures(ann, worker):
    name = "alice@example.com.txt"
    uploads = [sent(name, SECRET.encode()), sent("a.png", image(1)), sent("a.pdf", PDF)]
    write(ann.client, worker, SECRET, *uploads)
    text, *closed = NoteFile.objects.order_by("pk")
    support = of_role("support")

    shown = panel(support, worker).content.decode()
    taken = download(support, text)

    assert taken.content.decode() == "call a…@example.com or 0xabab…abab"
    assert "alice" not in taken["Content-Disposition"]
    assert "opened by staff who may see personal data" in shown
    pages = [shown, support.get(listing(Note)).content.decode(), support.get(page(Note.objects.get()))]
    pages = [*pages[:2], pages[2].content.decode(), timeline_text(support, worker)]
    for html in pages:
        assert "alice@" not in html
        assert "abababab" not in html
        assert "a…@example.com" in html
    for file in closed:
        assert support.post(reverse("admin:audit_notefile_download", args=[file.pk])).status_code == 403
    assert download(ann.client, text).content.decode() == SECRET


# --- Assignments --------------------------------------------------------------------------------------------
def test_an_object_is_assigned_changed_and_done_by_its_page(ann, worker):
    bob = member("bob", "workers.view_worker")

    done = give(ann.client, worker, bob.user, state="waiting_platform")

    assert told(done) == ["Assigned to bob: due 2020-02-03, waiting for the platform."]
    shown = words_of(ann.client.get(page(worker)))
    assert "overdue to bob , due 2020-02-03, waiting for the platform: knows them" in shown
    give(ann.client, worker, ann.user, due_on="", reason="bob is on leave")
    assert Assignment.objects.get().assignee == str(ann.actor)
    log = timeline_text(ann.client, worker)
    assert "Assigned to another" in log
    assert "assigned to: bob → ann" in log
    assert "bob is on leave" in log
    give(ann.client, worker, ann.user, due_on="", state="done", reason="solved")
    assert "Assigned to nobody" in text_of(panel(ann.client, worker))
    assert "knows them" not in text_of(ann.client.get(page(worker)))


def test_a_stale_assignment_says_how_it_is_now_and_keeps_the_words(ann, worker):
    bob = member("bob", "workers.view_worker")
    asked = panel(ann.client, worker)
    give(ann.client, worker, bob.user)
    form = {
        "do": "assign",
        "confirmed": token_of(asked),
        "seen": "",
        "assignee": str(ann.user.pk),
        "state": "open",
        "reason": "I was first",
    }

    shown = ann.client.post(panel_address(worker, "notes"), form)

    assert "it is assigned to bob now (due 2020-02-03, open)" in text_of(shown)
    assert shown.context["assignment_form"]["reason"].value() == "I was first"
    assert Assignment.objects.get().assignee == str(bob.actor)
    seen = shown.context["assignment_form"]["seen"].value()
    form = {**form, "seen": seen, "confirmed": token_of(shown)}
    ann.client.post(panel_address(worker, "notes"), form)
    assert Assignment.objects.get().assignee == str(ann.actor)


@pytest.mark.parametrize(
    "wrong",
    [
        {"assignee": "0"},
        {"assignee": ""},
        {"state": "lost"},
        {"due_on": "soon"},
        {"reason": " "},
        {"reason": "r" * 501},
        {"seen": "x y"},
        {"seen": "9 2026-01-01T00:00:00+00:00"},
    ],
    ids=str,
)
def test_a_wrong_assignment_changes_nothing(ann, worker, wrong):
    shown = give(ann.client, worker, ann.user, **wrong)

    assert shown.status_code == 200
    assert shown.context["is_assigning"]
    assert not Assignment.objects.exists()


def test_nobody_without_access_can_be_chosen(ann, worker):
    clerk = member("clerk", "platforms.view_task")

    shown = give(ann.client, worker, clerk.user)

    assert "clerk" not in text_of(shown)
    assert not Assignment.objects.exists()


def test_assigned_to_me_lists_what_is_not_done_with_filters(ann):
    rows = [WorkerFactory() for _ in range(3)]
    bob = of_role("risk", "bob")
    other = User.objects.get(username="bob")
    today = database_now().date()
    ann.does(notes.assign, row=rows[0], assignee=other, reason="a", due_on=today - timedelta(days=1))
    ann.does(notes.assign, row=rows[1], assignee=other, reason="b")
    ann.does(notes.assign, row=rows[2], assignee=ann.user, reason="c")
    give(ann.client, rows[1], other, due_on="", state="done", reason="b")
    url = reverse("admin:audit_assignment_mine")

    def listed(client, url, **query):
        return {one.subject_id for one in client.get(url, query).context["cl"].result_list}

    assert listed(bob, url) == {str(rows[0].pk)}
    assert "overdue" in bob.get(url).content.decode()
    assert listed(bob, url, at="done") == {str(rows[1].pk)}
    assert listed(ann.client, url) == {str(rows[2].pk)}
    every = listing(Assignment)
    assert len(listed(ann.client, every)) == 3
    assert listed(ann.client, every, at="overdue") == {str(rows[0].pk)}
    assert listed(ann.client, every, whose="given") == {str(rows[0].pk), str(rows[1].pk)}


# --- Elsewhere ----------------------------------------------------------------------------------------------
def test_a_timeline_has_notes_as_a_kind_of_their_own(ann):
    task = started()
    write(ann.client, task, "on the task", sent("a.pdf", PDF), sent("b.pdf", PDF))
    write(ann.client, task, "an answer", answers=str(Note.objects.get().pk))

    lines = timeline_text(ann.client, task, timeline="notes")

    assert "Note with 2 files on the task ann" in lines
    assert "Answer an answer ann" in lines
    assert "Note written" not in timeline_text(ann.client, task)


def test_cards_and_confirmations_show_the_assignee_and_approvals_the_newest_note(ann):
    now = database_now()
    worker = WorkerFactory(now=now)
    dispute = platforms.dispute_task(
        task_id=started(worker, amount="40").pk, severity=2, reason="late", now=now
    )
    give(ann.client, dispute, ann.user, reason="has both papers")
    write(ann.client, dispute, "the platform has called")

    card = text_of(ann.client.get(reverse("console:queue", args=["disputes"])))
    confirm = text_of(ann.client.get(page_of_act("resolve", dispute)))

    assert "has both papers" in card
    assert "has both papers" in confirm
    assert "the platform has called" in confirm
    loan = loans.request_loan(worker_id=worker.pk, amount="20", fee_bps=200, now=now)
    write(ann.client, loan, "steady work")
    assert "steady work" in text_of(ann.client.get(page_of_act("reject", loan)))
    act(ann.client, "reject", loan)
    assert "steady work" in timeline_text(ann.client, loan)


def test_pages_stay_within_their_statements(ann, worker):
    for number in range(3):
        write(ann.client, worker, f"number {number} for @ann", sent("a.pdf", PDF))
    give(ann.client, worker, ann.user)
    support = of_role("support")
    counts = {}
    for url in (page(worker), panel_address(worker, "notes"), reverse("admin:audit_assignment_mine")):
        support.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert support.get(url).status_code == 200
        counts[url] = len(captured)

    assert max(counts.values()) <= MOST_QUERIES, counts
    assert len(re.findall("<li id=", panel(support, worker).content.decode())) == 3
