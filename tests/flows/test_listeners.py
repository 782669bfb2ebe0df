"""Listeners: known by a keyed digest alone, across a change of keys, until they are erased or forgotten."""

from datetime import date, timedelta

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditLog
from platforms import services as platforms
from platforms.catalogue.errors import InvalidListenerId, ListenerNotFound
from platforms.catalogue.services import listener_keys
from platforms.models import Collection, Follow, Listener, ListenerKey
from tests.support.books import violated
from tests.support.creators.catalogue import creator, listener, work
from tests.support.database.snapshots import rows_that_name
from tests.support.factories import NOW, PlatformFactory

pytestmark = pytest.mark.django_db
OLD, NEW, NEWEST = (Fernet.generate_key().decode() for _ in range(3))
DAY = timedelta(days=1)


@pytest.fixture
def platform():
    return PlatformFactory()


def resolve(platform, *external_ids, now=NOW):
    return platforms.resolve_listeners(platform_id=platform.pk, external_ids=external_ids, now=now)


def rotate(settings, key, *, now):
    """Put a new key in front of the settings, and rotate the keys of listeners."""
    settings.FIELD_ENCRYPTION_KEYS = [key, *settings.FIELD_ENCRYPTION_KEYS]
    return platforms.rotate_listener_keys(now=now)


# --- One by one and in batches ------------------------------------------------------------------------------
def test_an_id_is_the_same_listener_each_time_and_in_any_batch(platform):
    first = resolve(platform, "ann", "bob")

    again = resolve(platform, "bob", "eve", "ann", "bob", now=NOW + DAY)

    assert {name: again[name] for name in ("ann", "bob")} == first
    assert len({*again.values()}) == 3
    rows = Listener.objects.filter(platform=platform)
    assert set(rows.values_list("pk", "last_seen_on")) == {
        (number, date(2026, 3, 3)) for number in again.values()
    }


def test_the_day_of_the_last_use_never_goes_back(platform):
    number = listener(platform, "ann", now=NOW + DAY)

    assert listener(platform, "ann", now=NOW) == number
    assert Listener.objects.get().last_seen_on == date(2026, 3, 3)


def test_the_same_id_is_another_person_on_another_platform(platform):
    rival = PlatformFactory()

    mine, theirs = listener(platform, "ann"), listener(rival, "ann")

    assert mine != theirs
    digests = {bytes(row.digest) for row in Listener.objects.all()}
    assert len(digests) == ListenerKey.objects.count() == 2


def test_no_row_has_the_id_of_a_listener(platform):
    name = "ann.of.the.north@example.com"
    resolve(platform, name)
    platforms.follow_creator(platform_id=platform.pk, creator_id=creator(platform).pk, listener=name, now=NOW)

    assert rows_that_name(name) == {}


def test_refused_ids_are_left_out_and_the_others_are_found(platform):
    longest = "ü" * 200

    found = resolve(platform, "", " \t", "x" * 201, "y" * 10_000, "\ud800", longest, "ann")

    assert set(found) == {longest, "ann"}
    assert Listener.objects.count() == 2
    for refused in ("", " \t", "x" * 201, "y" * 10_000, "\ud800"):
        assert isinstance(platforms.find_listener_refusal(external_id=refused), InvalidListenerId)
    assert platforms.find_listener_refusal(external_id=longest) is None
    assert platforms.find_listener_refusal(external_id="x" * 201).numbers == {
        "length": "201",
        "longest": "200",
    }


def test_no_id_makes_no_key(platform):
    assert resolve(platform) == resolve(platform, "") == {}
    assert not ListenerKey.objects.exists()


def test_five_thousand_take_as_many_statements_as_one(platform):
    resolve(platform, "ann")
    with CaptureQueriesContext(connection) as one:
        resolve(platform, "bob")
    names = [f"fan-{number}" for number in range(5_000)]

    with CaptureQueriesContext(connection) as many:
        found = resolve(platform, *names)

    assert len(many) == len(one) <= 6
    assert len(set(found.values())) == 5_000
    assert resolve(platform, *names[:10]) == {name: found[name] for name in names[:10]}
    assert Listener.objects.count() == 5_002


# --- Rotation -----------------------------------------------------------------------------------------------
def test_a_listener_moves_to_the_new_key_when_seen_again(platform, settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    before = resolve(platform, "ann", "bob")
    first = ListenerKey.objects.get()

    assert rotate(settings, NEW, now=NOW + DAY) == 1

    second = ListenerKey.objects.current().get()
    first.refresh_from_db()
    assert (first.retired_at, first.destroyed_at) == (NOW + DAY, None)
    after = resolve(platform, "ann", "eve", now=NOW + 2 * DAY)
    assert after["ann"] == before["ann"]
    assert after["eve"] not in before.values()
    keys = dict(Listener.objects.values_list("pk", "key"))
    assert keys == {before["ann"]: second.pk, before["bob"]: first.pk, after["eve"]: second.pk}
    assert Listener.objects.get(pk=before["bob"]).last_seen_on == NOW.date()


def test_listeners_are_found_under_any_of_several_former_keys(platform, settings):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    ann = listener(platform, "ann")
    rotate(settings, NEW, now=NOW + DAY)
    bob = listener(platform, "bob", now=NOW + DAY)
    rotate(settings, NEWEST, now=NOW + 2 * DAY)

    found = resolve(platform, "bob", "ann", "eve", now=NOW + 3 * DAY)

    assert (found["ann"], found["bob"]) == (ann, bob)
    assert Listener.objects.count() == 3
    assert set(Listener.objects.values_list("key", flat=True)) == {ListenerKey.objects.current().get().pk}


def test_a_rotation_that_is_run_again_makes_no_further_key(platform, settings):
    listener(platform, "ann")
    listener(PlatformFactory(), "ann")

    assert rotate(settings, NEW, now=NOW) == 2
    assert platforms.rotate_listener_keys(now=NOW + DAY) == 0

    assert ListenerKey.objects.count() == 4
    assert AuditLog.objects.filter(action="listener_key.retire").count() == 2


def test_rotate_keys_also_rotates_the_keys_of_listeners(platform, settings, capsys):
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    ann = listener(platform, "ann")
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]

    call_command("rotate_keys")

    assert "1  keys of listeners were retired" in capsys.readouterr().out
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert resolve(platform, "ann", now=NOW + DAY) == {"ann": ann}
    assert violated() == {}


def test_a_key_that_was_retired_13_months_ago_is_destroyed(platform, settings, monkeypatch):
    monkeypatch.setattr(listener_keys, "DESTROYED_AT_ONCE", 2)
    before = resolve(platform, "ann", "bob", "eve", "joe")
    rotate(settings, NEW, now=NOW)
    listener(platform, "ann", now=NOW + DAY)
    first = ListenerKey.objects.exclude(retired_at=None).get()

    # 2026-03-02 and 13 months.
    due = NOW.replace(year=2027, month=4)
    assert platforms.destroy_listener_keys(now=due - timedelta(microseconds=1)) == 0
    assert platforms.destroy_listener_keys(now=due) == 3
    assert platforms.destroy_listener_keys(now=due) == 0

    first.refresh_from_db()
    assert (first.secret, first.destroyed_at) == ("", due)
    known = Listener.objects.exclude(digest=None)
    assert list(known.values_list("pk", flat=True)) == [before["ann"]]
    assert Listener.objects.filter(digest=None, key=None).count() == 3
    assert resolve(platform, "ann", now=due)["ann"] == before["ann"]
    assert listener(platform, "bob", now=due) not in before.values()
    assert violated() == {}


# --- Erasure ------------------------------------------------------------------------------------------------
def erase(platform, name="ann", now=NOW + DAY):
    return platforms.erase_listener(platform_id=platform.pk, listener=name, now=now)


def test_an_erased_listener_is_nobody_and_the_same_id_is_somebody_new(platform):
    band = creator(platform)
    number = listener(platform, "ann")
    platforms.follow_creator(platform_id=platform.pk, creator_id=band.pk, listener="ann", now=NOW)
    platforms.create_collection(platform_id=platform.pk, title="Mine", listener="ann", now=NOW)
    platforms.create_collection(platform_id=platform.pk, title="Yours", listener="bob", now=NOW)

    erasure = erase(platform)

    assert (erasure.erased_at, erasure.follows, erasure.collections) == (NOW + DAY, 1, 1)
    row = Listener.objects.get(pk=number)
    assert (row.key, row.digest) == (None, None)
    assert Follow.objects.get().until == NOW + DAY
    assert list(Collection.objects.values_list("title", flat=True)) == ["Yours"]
    assert listener(platform, "ann", now=NOW + 2 * DAY) != number
    (line,) = AuditLog.objects.filter(action="listener.erase")
    assert (line.resource_id, line.metadata) == (str(number), {"platform": str(platform.pk)})
    assert violated() == {}


def test_a_listener_under_a_former_key_is_erased_too(platform, settings):
    number = listener(platform, "ann")
    rotate(settings, NEW, now=NOW)

    erase(platform)

    assert Listener.objects.get(pk=number).digest is None


def test_a_stranger_is_not_erased_and_no_row_moves(platform):
    rival = PlatformFactory()
    listener(rival, "ann")
    before = list(Listener.objects.values())

    for name, error in (("ann", ListenerNotFound), ("", InvalidListenerId), ("x" * 201, InvalidListenerId)):
        with pytest.raises(error):
            erase(platform, name)

    assert list(Listener.objects.values()) == before
    assert not ListenerKey.objects.filter(platform=platform).exists()


def test_the_listeners_of_a_platform_that_leaves_are_unknown_for_good(platform):
    band = creator(platform)
    song = work(band)
    resolve(platform, "ann", "bob")

    platforms.delete_platform(platform_id=platform.pk)

    key = ListenerKey.objects.get()
    assert (key.secret, key.destroyed_at is None) == ("", False)
    assert Listener.objects.filter(digest=None, key=None).count() == 2
    band.refresh_from_db()
    song.refresh_from_db()
    assert (band.status, song.withdrawn_at is None) == ("closed", False)
    assert violated() == {}
