"""Images of submissions: uploaded, read by a program of its own, refused with their numbers, deleted."""

import io
import logging
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from audit.models import Decision
from reputation.models import Reservation, Submission
from reputation.quests import services as quests
from reputation.quests.errors import AlreadyReported
from reputation.submissions import services as submissions
from reputation.submissions.errors import ImageRefused, ImageTooBig, NothingToAppeal
from reputation.submissions.selectors import same_file_elsewhere, similar_images
from reputation.submissions.services import files
from tests.support.books import violated
from tests.support.factories import NOW, WorkerFactory, balance
from tests.support.quests import DAY
from tests.support.rewards.images import image, png, with_comment
from tests.support.rewards.submissions import appeal, approve, hand_in, pending, quest_of_submissions, reject
from workers import services as workers

pytestmark = pytest.mark.django_db
SCRIPT = b"<script>alert(document.domain)</script>"


@pytest.fixture
def quest():
    return quest_of_submissions()


@pytest.fixture
def worker():
    return WorkerFactory()


def test_an_image_is_received_unseen_then_processed_and_rewarded(
    quest, worker, django_capture_on_commit_callbacks
):
    content = image(7, size=(90, 60))
    received = hand_in(quest, worker, content=content).submission
    assert (received.status, received.image_name, files.read_file(received.upload_name)) == (
        "received",
        "",
        content,
    )
    upload = received.upload_name

    with django_capture_on_commit_callbacks(execute=True):
        assert submissions.process_submissions(now=NOW) == 1

    made = Submission.objects.with_upload(received.sha256).get()
    assert (made.status, made.width, made.height, made.upload_name) == ("pending", 90, 60, "")
    assert Image.open(io.BytesIO(files.read_file(made.image_name))).format == "JPEG"
    assert not files.storage().exists(upload)
    approve(made)
    assert (balance(worker, "available"), quest.events.get().external_id) == (5, received.sha256)
    assert violated() == {}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_metadata_and_whatever_else_a_file_has_do_not_get_into_the_image(quest, worker, form):
    content = image(8, form=form)
    if form == "JPEG":
        written = io.BytesIO()
        exif = Image.Exif()
        exif[0x010E] = "taken at home"
        Image.open(io.BytesIO(content)).save(written, "JPEG", exif=exif, quality=95)
        content = with_comment(written.getvalue(), SCRIPT)
    content += SCRIPT + b"PK\x03\x04"

    made = pending(quest, worker, content=content)

    shown = files.read_file(made.image_name)
    assert made.status == "pending"
    assert not any(part in shown for part in (b"script", b"PK\x03\x04", b"taken at home", b"Exif"))


def test_an_image_with_more_than_40_megapixels_is_refused_by_its_header(quest, worker):
    made = pending(quest, worker, content=png(10_000, 10_000))

    assert (made.status, made.code) == ("rejected", "image_too_large")
    assert made.numbers == {
        "width": "10000",
        "height": "10000",
        "pixels": "100000000",
        "most_pixels": "40000000",
    }
    assert "100.0" in made.feedback
    assert Decision.objects.get().outcome == "unusable"
    with pytest.raises(NothingToAppeal, match="hand in another"):
        appeal(made)
    assert Reservation.objects.get().handed_in_at is None
    assert hand_in(quest, worker).submission.status == "received"
    assert violated() == {}


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff\xe0 no image at all",
        png(8, 8, data=b"\x00" * 20),
        b"RIFF\x10\x00\x00\x00WEBPVP8 ",
        image(9)[:60],
    ],
    ids=["rubbish", "too few rows", "empty", "cut off"],
)
def test_a_damaged_file_is_refused(quest, worker, content):
    made = pending(quest, worker, content=content)

    assert (made.status, made.code) == ("rejected", "image_unreadable")
    assert violated() == {}


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<?xml version='1.0'?><svg/>",
        b"GIF89a\x01\x00\x01\x00",
        b"%PDF-1.7",
        b"",
        b"RIFF\x10\x00\x00\x00WAVE",
    ],
    ids=["svg", "xml", "gif", "pdf", "nothing", "wav"],
)
def test_a_file_of_another_type_is_refused_before_it_is_stored(quest, worker, content):
    with pytest.raises(ImageRefused, match="JPEG, PNG or WebP"):
        submissions.submit_image(quest_id=quest.pk, worker_id=worker.pk, content=content, now=NOW)

    assert not Submission.objects.exists()
    assert not Reservation.objects.exists()


def test_a_byte_more_than_5_megabytes_is_refused_with_the_numbers(quest, worker):
    content = image(1) + bytes(5_000_001 - len(image(1)))

    with pytest.raises(ImageTooBig) as refused:
        hand_in(quest, worker, content=content)

    assert refused.value.numbers == {"longest": "5000000", "size": "5000001"}
    assert not Submission.objects.exists()


def test_an_image_that_needs_more_memory_than_there_is_is_refused(quest, worker, settings):
    settings.SUBMISSION_PICTURE_MB = 120
    bomb = png(5_000, 5_000, colour=6, data=bytes(20_001 * 5_000))
    assert len(bomb) < 200_000

    made = pending(quest, worker, content=bomb)

    assert (made.status, made.code) == ("rejected", "image_unreadable")
    assert made.numbers == {"most_memory": "120000000"}


def test_the_same_file_of_another_worker_is_refused_and_leaves_no_file(quest, worker):
    first = pending(quest, worker, content=image(3))
    before = sorted(files.old_files(files.UPLOADS, first.created_at + 9999 * DAY))

    with pytest.raises(AlreadyReported) as refused:
        hand_in(quest, WorkerFactory(), content=image(3))

    assert refused.value.numbers == {"external_id": first.sha256}
    assert sorted(files.old_files(files.UPLOADS, first.created_at + 9999 * DAY)) == before
    assert violated() == {}


def test_the_same_picture_in_another_file_is_refused_with_the_bits_and_can_be_appealed(quest, worker):
    pending(quest, worker, content=image(4))
    copy = image(4, form="JPEG", size=(81, 54))

    made = pending(quest, WorkerFactory(), content=copy)

    assert (made.status, made.code, made.numbers["most_bits"]) == ("rejected", "image_duplicate", "3")
    assert int(made.numbers["bits"]) <= 3
    assert Decision.objects.get().outcome == "duplicate"
    appealed = appeal(made)
    assert len(similar_images(appealed, most_bits=12)) == 1
    approve(appealed)
    assert violated() == {}


def test_pictures_are_compared_within_their_quest_and_files_everywhere(quest, worker):
    pending(quest, worker, content=image(5))
    other = quest_of_submissions()

    made = pending(other, WorkerFactory(), content=image(5))

    assert (made.status, similar_images(made, most_bits=12), same_file_elsewhere(made)) == ("pending", [], 1)


def test_a_picture_that_has_little_in_common_is_taken(quest, worker):
    for number in range(3):
        assert pending(quest, WorkerFactory(), content=image(100 + number)).status == "pending"


def kill_picture_program() -> None:
    """Kill the first child of this process that runs the program, as soon as it is there."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        for child in Path("/proc/self/task").glob("*/children"):
            for pid in child.read_text().split():
                with suppress(OSError):
                    if b"picture_program" in Path(f"/proc/{pid}/cmdline").read_bytes():
                        os.kill(int(pid), signal.SIGKILL)
                        return
        time.sleep(0.001)


def test_an_image_whose_process_is_killed_stays_received_and_is_processed_later(quest, worker, caplog):
    received = hand_in(quest, worker).submission

    with ThreadPoolExecutor(1) as pool, caplog.at_level(logging.WARNING):
        killing = pool.submit(kill_picture_program)
        assert submissions.process_submissions(now=NOW) == 0
        killing.result()

    received.refresh_from_db()
    assert (received.status, received.attempts) == ("received", 1)
    assert "ended with -9" in caplog.text
    assert submissions.process_submissions(now=NOW) == 0
    assert submissions.process_submissions(now=received.next_attempt_at) == 1
    received.refresh_from_db()
    assert received.status == "pending"
    assert violated() == {}


def test_an_image_that_cannot_be_read_in_time_is_refused_after_five_attempts(quest, worker, settings):
    settings.SUBMISSION_PICTURE_SECONDS = 0
    received = hand_in(quest, worker).submission

    decided = 0
    for attempt in range(5):
        assert decided == 0
        decided = submissions.process_submissions(now=NOW + attempt * DAY)

    received.refresh_from_db()
    assert (received.status, received.code, received.numbers) == (
        "rejected",
        "image_unreadable",
        {"attempts": "5"},
    )
    assert violated() == {}


def test_images_go_90_days_after_the_decision(quest, worker, django_capture_on_commit_callbacks):
    made = reject(pending(quest, worker))
    name = made.image_name

    submissions.delete_old_images(now=NOW + 89 * DAY)
    assert files.storage().exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        assert submissions.delete_old_images(now=NOW + 90 * DAY) >= 1

    made.refresh_from_db()
    assert (made.image_name, made.images_deleted_at) == ("", NOW + 90 * DAY)
    assert not files.storage().exists(name)


def test_a_file_of_no_submission_is_deleted_after_a_day(quest, worker):
    orphan = files.write_file(files.new_name(files.UPLOADS), b"cut off")
    kept = pending(quest, worker)
    written_at = files.storage().get_modified_time(orphan)

    submissions.delete_old_images(now=written_at + DAY / 2)
    assert files.storage().exists(orphan)
    submissions.delete_old_images(now=written_at + 2 * DAY)

    assert not files.storage().exists(orphan)
    assert files.storage().exists(kept.image_name)


def test_what_a_worker_has_handed_in_is_erased_when_they_leave(quest, worker):
    made = pending(quest, worker)
    workers.delete_worker(worker_id=worker.pk)

    assert submissions.erase_submissions(now=NOW) == 1
    quests.expire_reservations(now=NOW + DAY)

    made.refresh_from_db()
    assert (made.status, made.code) == ("rejected", "worker_left")
    assert (made.sha256, made.difference_hash) == ("", None)
    assert made.image_name != ""
    quest.refresh_from_db()
    assert quest.reserved == 0
    submissions.delete_old_images(now=NOW + 90 * DAY)
    made.refresh_from_db()
    assert made.image_name == ""
    assert violated() == {}
