"""Notes of staff: what they may say, whom they may mention, and the files that they may have."""

import hashlib

import pytest
from django.contrib.auth.models import User

from audit.log.context import acting
from audit.models import AuditLog, Note, NoteFile, NoteMention, Notice
from audit.notes import services as notes
from audit.notes.calculations import (
    LONGEST_NOTE,
    MOST_BYTES,
    MOST_FILES,
    Upload,
    check_files,
    mentioned_names,
    split_mentions,
)
from audit.notes.errors import AnswerRefused, FileRefused, MentionRefused, NoteTooLong
from audit.notes.services import files
from gigstream.core.clock import database_now
from gigstream.core.people.names import InvalidText
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, seconds
from tests.support.pages.admin import member
from tests.support.rewards.images import image

pytestmark = pytest.mark.django_db
SEES_WORKERS = "workers.view_worker"
PDF = b"%PDF-1.7\n..."
CSV = "name,amount\nZoë,3.00\n".encode()


@pytest.fixture
def ann():
    return member("ann")


@pytest.fixture
def worker():
    return WorkerFactory()


def write(who, row, text, **more):
    with acting(who.actor):
        return notes.write_note(row=row, text=text, now=NOW, **more)


def stored_files():
    return set(files.STORE.old_files(files.FILES, database_now() + seconds(86_400)))


# --- Text ---------------------------------------------------------------------------------------------------
def test_a_note_is_kept_with_its_author_and_leaves_a_line_without_its_text(ann, worker):
    written = write(ann, worker, "  The worker called.\r\nThey wait \n")

    note = Note.objects.get()
    assert note == written.note
    assert (note.subject_type, note.subject_id) == ("worker", str(worker.pk))
    assert (note.text, note.written_by) == ("  The worker called.\nThey wait", str(ann.actor))
    assert note.created_at == NOW
    line = AuditLog.objects.get(action="note.write")
    assert (line.resource_type, line.resource_id) == ("worker", str(worker.pk))
    assert line.metadata == {"note": note.pk, "mentions": [], "files": []}


@pytest.mark.parametrize("text", ["", "  \n ", "\u200b", "a sound\u0007", "paid \u202e00.1", "a\x00b"])
def test_a_text_that_nobody_can_read_is_refused(ann, worker, text):
    with pytest.raises(InvalidText):
        write(ann, worker, text)

    assert not Note.objects.exists()


def test_a_note_has_a_longest_text(ann, worker):
    write(ann, worker, "n" * LONGEST_NOTE)

    with pytest.raises(NoteTooLong, match="at most 4,000 characters, this has 4,001"):
        write(ann, worker, "n" * (LONGEST_NOTE + 1))
    assert Note.objects.count() == 1


def test_an_answer_names_a_note_about_the_same_object(ann, worker):
    first = write(ann, worker, "first").note
    elsewhere = write(ann, WorkerFactory(), "elsewhere").note

    assert write(ann, worker, "second", answers=first.pk).note.answers == first
    for wrong in (elsewhere.pk, 10**18):
        with pytest.raises(AnswerRefused):
            write(ann, worker, "third", answers=wrong)
    assert Note.objects.count() == 3


# --- Mentions -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text, names",
    [
        ("@bob look", [("bob",)]),
        ("look, @bob.", [("bob.", "bob")]),
        ("(@bob) and @eve-ann", [("bob",), ("eve-ann",)]),
        ("@bob and @bob", [("bob",)]),
        ("mail bob@example.com", []),
        ("5 @ 3", []),
        ("@@bob", []),
        ("@bob@example.com", [("bob@example.com",)]),
        ("@...", [("...",)]),
    ],
)
def test_names_after_an_at_sign_are_mentions(text, names):
    assert mentioned_names(text) == names


def test_a_text_is_split_at_its_mentions():
    assert split_mentions("ask @bob. Or @eve") == [
        ("ask ", False),
        ("@bob", True),
        (". Or ", False),
        ("@eve", True),
    ]


def test_whom_a_note_mentions_gets_a_notice_once(ann, worker):
    bob = member("bob", SEES_WORKERS)

    written = write(ann, worker, "@bob, please call. Thanks, @Bob!")

    assert written.mentioned == [bob.user]
    assert NoteMention.objects.get().member == str(bob.actor)
    notice = Notice.objects.get()
    assert (notice.recipient, notice.kind) == (str(bob.actor), "mentioned")
    assert (notice.subject_type, notice.subject_id) == ("worker", str(worker.pk))
    assert notice.words == "ann mentions you in a note."
    write(ann, worker, "@bob again")
    assert Notice.objects.count() == 2


def test_who_mentions_themselves_gets_no_notice(ann, worker):
    write(ann, worker, "a reminder for @ann")

    assert NoteMention.objects.get().member == str(ann.actor)
    assert not Notice.objects.exists()


def test_a_note_mentions_few_people(ann, worker):
    with pytest.raises(MentionRefused, match="at most 20 people, this mentions 21"):
        write(ann, worker, " ".join(f"@name{number}" for number in range(21)))


def test_a_name_that_ends_like_the_sentence_is_found(ann, worker):
    dotted = member("j.doe.", SEES_WORKERS)

    assert write(ann, worker, "see @j.doe.").mentioned == [dotted.user]


def test_who_logs_in_by_an_email_address_is_mentioned_by_its_first_part_unless_another_has_it(ann, worker):
    ops, other = (User.objects.create_superuser(f"ops@{place}.example") for place in ("gigstream", "other"))

    for name in ("ops@gigstream.example", "OPS@gigstream.example"):
        assert write(ann, worker, f"see @{name}.").mentioned == [ops]
    with pytest.raises(MentionRefused, match="@ops is nobody of the staff"):
        write(ann, worker, "see @ops")
    other.delete()

    assert write(ann, worker, "see @ops, please").mentioned == [ops]
    assert [handle for handle, _ in notes.handles_of([ann.user, ops])] == ["ann", "ops"]
    assert notes.handles_of([ops, User(username="Ops@b.example")])[0][0] == "ops@gigstream.example"


@pytest.mark.parametrize(
    "name, why",
    [
        ("nobody", "@nobody is nobody of the staff"),
        ("gone", "@gone cannot be mentioned here: the account is not active"),
        ("clerk", "@clerk cannot be mentioned here: this person may not see workers"),
        ("visitor", "@visitor is nobody of the staff"),
    ],
)
def test_a_mention_of_somebody_who_cannot_take_part_is_refused_by_name(ann, worker, name, why):
    member("clerk", "platforms.view_task")
    User.objects.filter(pk=member("gone", SEES_WORKERS).user.pk).update(is_active=False)
    User.objects.create_user("visitor")
    before = stored_files()

    with pytest.raises(MentionRefused, match=why):
        write(ann, worker, f"please look, @{name}", uploads=[Upload("a.pdf", PDF)])

    assert not Note.objects.exists()
    assert not Notice.objects.exists()
    assert stored_files() == before
    assert AuditLog.objects.get(action="note.write").success is False


# --- Files --------------------------------------------------------------------------------------------------
def test_files_are_kept_by_their_content_and_hash(ann, worker):
    picture = image(1)
    uploads = [
        Upload("scan.PDF", PDF),
        Upload("C:\\Users\\ann\\face.png", picture),
        Upload("../../etc/rows.csv", CSV),
        Upload("Grüße.txt", "Grüße".encode()),
    ]

    note = write(ann, worker, "what they sent", uploads=uploads).note

    kept = list(NoteFile.objects.order_by("pk"))
    assert [(one.name, one.media_type) for one in kept] == [
        ("scan.PDF", "application/pdf"),
        ("face.png", "image/png"),
        ("rows.csv", "text/csv"),
        ("Grüße.txt", "text/plain"),
    ]
    assert [files.read_file(one) for one in kept] == [upload.content for upload in uploads]
    assert [one.sha256 for one in kept] == [hashlib.sha256(one.content).hexdigest() for one in uploads]
    assert [one.size for one in kept] == [len(one.content) for one in uploads]
    assert {one.note for one in kept} == {note}
    assert AuditLog.objects.get(action="note.write").metadata["files"] == [one.sha256 for one in kept]


@pytest.mark.parametrize(
    "name, content, why",
    [
        ("a.pdf", b"", "a.pdf is empty"),
        ("a.pdf", b"%PDF-" + b"0" * MOST_BYTES, "at most 5,000,000 bytes, a.pdf has 5,000,005"),
        ("a.pdf", b"MZ\x90\x00", "the content of a.pdf is none of them"),
        ("a.pdf", b"plain", "the content of a.pdf is plain text: its name must end in .csv or .txt"),
        ("a.txt", PDF, r"the content of a.txt is a PDF: its name must end in \.pdf"),
        ("page.html", b"<script>", "is plain text: its name must end in .csv or .txt"),
        ("a", PDF, r"must end in \.pdf"),
        ("a.gif", b"GIF89a\x01\x00", "is none of them"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "is none of them"),
        ("a.csv", "Zoë".encode("latin-1"), "in UTF-8"),
        ("a.txt", b"a\x00b", "is none of them"),
        ("a\u202efdp.txt", b"a", "U[+]202E is not allowed"),
        ("dir/", b"a", "visible character"),
        (f"{'n' * 97}.txt", b"a", "at most 100 characters, this has 101"),
    ],
)
def test_a_file_of_another_kind_is_refused_and_nothing_is_kept(ann, worker, name, content, why):
    before = stored_files()

    with pytest.raises(FileRefused, match=why):
        write(ann, worker, "see", uploads=[Upload("good.pdf", PDF), Upload(name, content)])

    assert not Note.objects.exists()
    assert stored_files() == before


def test_a_note_has_few_files():
    assert len(check_files([Upload("a.pdf", PDF)] * MOST_FILES)) == MOST_FILES

    with pytest.raises(FileRefused, match="at most 5 files, these are 6"):
        check_files([Upload("a.pdf", PDF)] * (MOST_FILES + 1))


def test_a_file_of_a_request_that_was_cut_off_is_deleted_a_day_later(ann, worker):
    tomorrow = database_now() + files.ORPHAN_AFTER + seconds(60)
    files.delete_orphans(now=tomorrow)
    write(ann, worker, "see", uploads=[Upload("a.pdf", PDF)])
    orphan = files.STORE.write_file(files.STORE.new_name(files.FILES), b"cut off")
    kept = NoteFile.objects.get().stored_name

    assert files.delete_orphans() == 0
    assert files.delete_orphans(now=tomorrow + seconds(60)) == 1
    assert not files.STORE.storage().exists(orphan)
    assert files.STORE.storage().exists(kept)


def test_notes_are_about_any_object(ann):
    platform = PlatformFactory()

    write(ann, platform, "new contract")

    assert Note.objects.get().subject_type == "platform"
