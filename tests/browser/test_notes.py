"""A note that mentions a colleague, who reads it and answers, in a real browser."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import expect

from audit.models import Assignment, Note, NoteFile, Notice
from gigstream.demo.people import STAFF_BY_ROLE
from tests.support.pages import chromium
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.long_form]
LOOKS = {"light": ("light", 1280), "narrow": ("light", 390), "dark": ("dark", 1280)}


def look_at(person, folder: Path, name: str, *looks: str) -> None:
    """Take a picture of the page in each look; none may be wider than the window, or hard to read."""
    page = person.page
    for look in looks:
        scheme, width = LOOKS[look]
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        if scheme == "dark":
            page.reload()
            expect(page.locator("#notes-part .note-list")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, look)
        if chromium.AXE.exists():
            page.evaluate(chromium.AXE.read_text(encoding="utf-8"))
            found = page.evaluate("() => axe.run('#notes')")
            grave = [one["id"] for one in found["violations"] if one["impact"] in ("serious", "critical")]
            assert grave == [], (name, look)
        page.screenshot(path=folder / f"{name}-{look}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_note_mention_answer(at_desk, tmp_path, request):
    folder = request.config.getoption("--screenshots") or tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    worker = Worker.objects.get(email="alice@example.com")
    address = reverse("admin:workers_worker_change", args=[worker.pk])
    support, ops = at_desk("support"), at_desk("operations")
    username = STAFF_BY_ROLE["operations"]
    colleague, member = username.partition("@")[0], User.objects.get(username=username)

    support.open(address)
    notes = support.page.locator("#notes")
    expect(notes).to_contain_text("No note yet.")
    notes.get_by_label("Note *").fill("They ask for the papers of March. @nobody-here, please send them.")
    notes.get_by_role("button", name="Write the note").click()
    expect(notes).to_contain_text("@nobody-here is nobody of the staff")
    written = notes.get_by_label("Note *")
    expect(written).to_have_value(re.compile("They ask for the papers"))

    written.fill(f"They ask for the papers of March. @{colleague}, please send them.")
    paper = {"name": "call.txt", "mimeType": "text/plain", "buffer": b"called on Monday"}
    notes.get_by_label("Files").set_input_files([paper])
    notes.get_by_role("button", name="Write the note").click()
    support.sees(f"The note is written. It mentions {colleague}.")
    note = Note.objects.get(subject_id=str(worker.pk))
    assert NoteFile.objects.get(note=note).name == "call.txt"
    assert Notice.objects.filter(kind="mentioned", subject_id=str(worker.pk)).count() == 1

    ops.open(address)
    notes = ops.page.locator("#notes")
    expect(notes.locator(f"#note-{note.pk} strong").nth(1)).to_have_text(f"@{colleague}")
    with ops.page.expect_download() as download:
        notes.get_by_role("button", name="Download call.txt").click()
    assert download.value.path().read_bytes() == b"called on Monday"
    notes.get_by_role("link", name="Answer").click()
    expect(notes).to_contain_text("Answer to")
    notes.get_by_label("Note *").fill("Sent this morning.")
    notes.get_by_text("Assign", exact=True).first.click()
    notes.get_by_label("Assignee *").select_option(str(member.pk))
    notes.get_by_label("Reason *").fill("waits for their reply")
    look_at(ops, folder, "notes-answer", "light", "narrow")
    notes.get_by_role("button", name="Write the note").click()
    ops.sees("The note is written.")
    assert Note.objects.get(answers=note).text == "Sent this morning."

    notes.get_by_text("Assign", exact=True).first.click()
    notes.get_by_label("Assignee *").select_option(str(member.pk))
    notes.get_by_label("Due").fill("2026-01-05")
    notes.get_by_label("State *").select_option("waiting_worker")
    notes.get_by_label("Reason *").fill("waits for their reply")
    notes.get_by_role("button", name="Assign").click()
    ops.sees("waiting for the worker: waits for their reply")
    expect(ops.page.locator("#timeline .moment-notes").first).to_contain_text("Sent this morning.")
    look_at(ops, folder, "notes-assigned", *LOOKS)
    assert Assignment.objects.get(subject_id=str(worker.pk)).state == "waiting_worker"

    ops.page.get_by_role("link", name="Assigned to me").first.click()
    expect(ops.page.locator("#result_list")).to_contain_text("overdue")
    ops.page.screenshot(path=folder / "assigned-to-me.png", full_page=True)

    support.open(address)
    expect(support.page.locator("#notes")).to_contain_text("Sent this morning.")
    expect(support.page.locator("#notes")).to_contain_text("answers")
