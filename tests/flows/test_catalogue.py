"""Creators, their works and collections: made, changed, moved, closed; and followed."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from audit.models import AuditLog
from gigstream.core.addresses import InvalidAddress
from gigstream.core.errors import IllegalMove
from gigstream.core.ids import new_id
from gigstream.core.money import InvalidAmount
from gigstream.core.people.names import InvalidName
from platforms import services as platforms
from platforms.catalogue import errors
from platforms.catalogue.selectors import creators_at, rates_on
from platforms.invitations.errors import WorkerNotFound
from platforms.models import (
    Collection,
    CollectionWork,
    CreatorProfile,
    Follow,
    PlatformEvent,
    Work,
    WorkMove,
    WorkRate,
)
from platforms.platforms.errors import PlatformSuspended
from platforms.services import Place, WorkPlan
from tests.support.api.client import Api
from tests.support.books import violated
from tests.support.creators.catalogue import creator, work
from tests.support.database.snapshots import everything, rows_that_name
from tests.support.decisions import suspend_worker
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, consent
from workers import services as workers
from workers.profiles.errors import WorkerSuspended

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOKEN = "0x52908400098527886E0F7030069857D2E4169EE7"


@pytest.fixture
def platform():
    return PlatformFactory()


@pytest.fixture
def band(platform):
    return creator(platform)


def refused(error, act, **arguments):
    """Require that the act is refused so, and that no row has moved; return the refusal."""
    before = everything(besides=("audit_logs",))
    with pytest.raises(error) as refusal, transaction.atomic():
        act(**arguments)
    assert everything(besides=("audit_logs",)) == before
    return refusal.value


def publish(of, platform=None, now=NOW, **plan):
    given = {"external_id": "song-1", "title": "A Song", "kind": "track", **plan}
    platform_id = platform.pk if platform else of.platform_id
    return platforms.publish_work(platform_id=platform_id, creator_id=of.pk, plan=WorkPlan(**given), now=now)


def events(platform):
    return list(
        PlatformEvent.objects.filter(platform=platform).order_by("sequence").values_list("type", flat=True)
    )


# --- Creators -----------------------------------------------------------------------------------------------
def test_a_worker_who_agreed_becomes_a_creator_and_is_verified(platform):
    worker = WorkerFactory()
    consent(platform, worker)

    made = platforms.create_creator(
        platform_id=platform.pk,
        worker_id=worker.pk,
        display_name="  The Band ",
        token_address=TOKEN,
        metrics_address=worker.wallet_address,
        now=NOW,
    )
    platforms.verify_creator(creator_id=made.pk, now=NOW + HOUR)

    stored = CreatorProfile.objects.get()
    assert (stored.display_name, stored.token_address) == ("The Band", TOKEN.lower())
    assert stored.metrics_address == worker.wallet_address
    assert (stored.status, stored.verified_at, stored.closed_at) == ("verified", NOW + HOUR, None)
    assert rows_that_name(worker.wallet_address).keys() == {"workers"}
    assert events(platform) == ["creator.verified"]
    assert [line.action for line in AuditLog.objects.filter(resource_type="creatorprofile")] == [
        "creator.create",
        "creator.verify",
    ]


def test_creators_platforms_and_works_have_numbers(band):
    song = work(band)
    rows = [band, band.platform, song]

    assert all(isinstance(row.number, int) for row in rows)
    assert [type(row).objects.get(number=row.number) for row in rows] == rows
    assert creator().number > band.number


def test_without_a_consent_nobody_becomes_a_creator(platform):
    worker, left = WorkerFactory(), WorkerFactory()
    consent(platform, left)
    platforms.leave_platform(worker_id=left.pk, platform_id=platform.pk, now=NOW)
    make = {
        "act": platforms.create_creator,
        "platform_id": platform.pk,
        "display_name": "A",
        "now": NOW + HOUR,
    }

    for one in (worker.pk, left.pk, new_id()):
        assert refused(WorkerNotFound, worker_id=one, **make).status == 404

    consent(platform, worker)
    suspend_worker(worker_id=worker.pk, reason="checks")
    refused(WorkerSuspended, worker_id=worker.pk, **make)


def test_a_worker_is_a_creator_once_on_a_platform_and_can_be_one_on_another(band):
    make = {"platform_id": band.platform_id, "worker_id": band.worker_id, "display_name": "Again", "now": NOW}

    refusal = refused(errors.CreatorExists, platforms.create_creator, **make)

    assert refusal.numbers == {"creator_id": str(band.pk), "status": "pending"}
    assert creator(worker=band.worker).pk != band.pk


@pytest.mark.parametrize(
    "given, error",
    [
        ({"display_name": " "}, InvalidName),
        ({"display_name": "a\u202eb"}, InvalidName),
        ({"token_address": "0x12"}, InvalidAddress),
        ({"metrics_address": f"0x{'0' * 40}"}, InvalidAddress),
        ({"token_address": TOKEN.replace("E", "e", 1)}, InvalidAddress),
    ],
)
def test_a_bad_name_or_address_is_refused(platform, band, given, error):
    worker = WorkerFactory()
    consent(platform, worker)
    make = {"platform_id": platform.pk, "worker_id": worker.pk, "display_name": "A", "now": NOW}

    refused(error, platforms.create_creator, **{**make, **given})
    refused(error, platforms.change_creator, creator_id=band.pk, changes=given, now=NOW)


def test_a_suspended_platform_makes_no_creators_and_publishes_nothing(platform, band):
    worker = WorkerFactory()
    consent(platform, worker)
    platforms.suspend_platform(platform_id=platform.pk, reason="checks")
    make = {"platform_id": platform.pk, "worker_id": worker.pk, "display_name": "A", "now": NOW}

    refused(PlatformSuspended, platforms.create_creator, **make)
    refused(PlatformSuspended, publish, of=band)


def test_names_and_addresses_are_changed_and_an_address_taken_away(band):
    platforms.change_creator(
        creator_id=band.pk, changes={"display_name": "The Old Band", "token_address": TOKEN}, now=NOW
    )
    platforms.change_creator(creator_id=band.pk, changes={"token_address": ""}, now=NOW)

    band.refresh_from_db()
    assert (band.display_name, band.token_address) == ("The Old Band", "")
    lines = AuditLog.objects.filter(action="creator.change").order_by("pk")
    assert [line.metadata["fields"] for line in lines] == [
        ["display_name", "token_address"],
        ["token_address"],
    ]


def test_a_creator_is_verified_once(band):
    platforms.verify_creator(creator_id=band.pk, now=NOW)

    refused(IllegalMove, platforms.verify_creator, creator_id=band.pk, now=NOW)


def test_a_closed_creator_has_no_open_works_and_is_changed_no_more(band):
    song = work(band)
    platforms.withdraw_work(work_id=work(band).pk, now=NOW)

    platforms.close_creator(creator_id=band.pk, reason="they stopped", now=NOW + HOUR)

    band.refresh_from_db()
    song.refresh_from_db()
    assert (band.status, band.closed_at, song.withdrawn_at) == ("closed", NOW + HOUR, NOW + HOUR)
    line = AuditLog.objects.get(action="creator.close")
    assert line.metadata == {"works": 1, "reason": "they stopped"}
    assert events(band.platform)[-1] == "creator.closed"
    for act in (platforms.verify_creator, platforms.close_creator):
        refused(errors.CreatorClosed, act, creator_id=band.pk, now=NOW)
    refused(errors.CreatorClosed, platforms.change_creator, creator_id=band.pk, changes={}, now=NOW)
    refused(errors.CreatorClosed, publish, of=band)
    assert violated() == {}


def test_the_database_refuses_that_a_closed_creator_opens_again(band):
    platforms.close_creator(creator_id=band.pk, now=NOW)

    with pytest.raises(DatabaseError, match="Invalid transition"), transaction.atomic():
        CreatorProfile.objects.filter(pk=band.pk).update(status="pending", closed_at=None)


# --- Works --------------------------------------------------------------------------------------------------
def test_a_work_is_published_today_unless_it_was_before(band):
    now = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)

    first = publish(band, now=now)
    second = publish(
        band,
        external_id="2",
        published_on=date(2019, 5, 1),
        price="9.999999",
        metadata={"isrc": "X"},
        now=now,
    )

    assert (first.published_on, first.price, first.rate) == (date(2026, 3, 2), None, None)
    assert (second.published_on, second.price) == (date(2019, 5, 1), Decimal("9.999999"))
    assert Work.objects.get(pk=second.pk).metadata == {"isrc": "X"}
    assert events(band.platform) == ["work.published", "work.published"]
    refusal = refused(
        errors.InvalidPublicationDay,
        publish,
        of=band,
        external_id="3",
        published_on=date(2026, 3, 3),
        now=now,
    )
    assert refusal.numbers == {"published_on": "2026-03-03", "today": "2026-03-02"}


def test_an_external_id_is_taken_once_per_platform(band):
    publish(band)
    platforms.withdraw_work(work_id=Work.objects.get().pk, now=NOW)

    refusal = refused(errors.WorkExternalIdTaken, publish, of=band)

    assert refusal.numbers == {"external_id": "song-1"}
    assert publish(creator()).external_id == "song-1"


def test_a_creator_of_another_platform_or_of_nobody_gets_no_work(band):
    refusal = refused(errors.CreatorNotFound, publish, of=band, platform=PlatformFactory())

    assert (refusal.status, refusal.code) == (404, "not_found")


def test_a_worker_who_has_left_the_platform_gets_no_new_work(band):
    song, other = work(band), creator(band.platform)
    platforms.leave_platform(worker_id=band.worker_id, platform_id=band.platform_id, now=NOW)

    refused(WorkerNotFound, publish, of=band, now=NOW + HOUR)
    platforms.move_work(work_id=song.pk, creator_id=other.pk, now=NOW + HOUR)
    refused(WorkerNotFound, platforms.move_work, work_id=song.pk, creator_id=band.pk, now=NOW + HOUR)


@pytest.mark.parametrize("amount", ["-1", "0", "0.0000001", "NaN", "1e3", "123456789012345"])
def test_a_price_and_a_rate_are_exact_amounts_above_zero(band, amount):
    song = work(band)

    refused(InvalidAmount, publish, of=band, price=amount)
    refused(InvalidAmount, publish, of=band, rate=amount)
    refused(InvalidAmount, platforms.set_work_price, work_id=song.pk, price=amount, now=NOW)
    refused(InvalidAmount, platforms.set_work_rate, work_id=song.pk, rate=amount, now=NOW)


def test_a_price_holds_at_once_and_can_be_taken_away(band):
    song = work(band, price="1")

    platforms.set_work_price(work_id=song.pk, price="2.5", now=NOW)
    assert Work.objects.get().price == Decimal("2.5")
    platforms.set_work_price(work_id=song.pk, price=None, now=NOW)

    assert Work.objects.get().price is None
    lines = AuditLog.objects.filter(action="work.set_price").order_by("pk")
    assert [(line.changes_before, line.changes_after) for line in lines] == [
        ({"price": "1.000000"}, {"price": "2.5"}),
        ({"price": "2.500000"}, {"price": None}),
    ]


def test_a_rate_holds_from_the_next_day_and_each_day_keeps_its_own(band):
    song, unpaid = work(band, rate="0.01"), work(band)
    today = NOW.date()

    platforms.set_work_rate(work_id=song.pk, rate="0.02", now=NOW + HOUR)
    platforms.set_work_rate(work_id=song.pk, rate="0.03", now=NOW + 2 * HOUR)
    platforms.set_work_rate(work_id=song.pk, rate="0.03", now=NOW + DAY)
    platforms.set_work_rate(work_id=song.pk, rate=None, now=NOW + 5 * DAY)

    numbers = [song.number, unpaid.number]
    by_day = {day: rates_on(numbers, today + timedelta(days=day)) for day in (-1, 0, 1, 5, 6)}
    assert by_day == {
        -1: {},
        0: {song.number: Decimal("0.01")},
        1: {song.number: Decimal("0.03")},
        5: {song.number: Decimal("0.03")},
        6: {},
    }
    assert WorkRate.objects.filter(work=song).count() == 4
    assert Work.objects.get(pk=song.pk).rate is None
    assert violated() == {}


def test_a_rate_on_record_is_never_changed(band):
    work(band, rate="0.01")

    with pytest.raises(DatabaseError), transaction.atomic():
        WorkRate.unguarded.update(rate=Decimal(5))
    with pytest.raises(DatabaseError), transaction.atomic():
        WorkRate.unguarded.all()._raw_delete("default")

    assert WorkRate.objects.get().rate == Decimal("0.01")


def test_use_counts_for_the_creator_that_the_work_had_then(band):
    second, third = creator(band.platform), creator(band.platform)
    song, still = work(band), work(band)
    platforms.move_work(work_id=song.pk, creator_id=second.pk, now=NOW + HOUR)
    platforms.move_work(work_id=song.pk, creator_id=third.pk, now=NOW + 2 * HOUR)

    times = [NOW - DAY, NOW + HOUR - timedelta(microseconds=1), NOW + HOUR, NOW + 2 * HOUR, NOW + DAY]
    moments = [(song.number, at) for at in times] + [(still.number, NOW), (0, NOW)]

    first = band.number
    assert creators_at(moments) == [first, first, second.number, third.number, third.number, first, None]
    assert creators_at([]) == []
    assert Work.objects.get(pk=song.pk).creator == third
    assert events(band.platform).count("work.moved") == 2
    moved = PlatformEvent.objects.filter(type="work.moved").latest("sequence").payload
    assert (moved["creator_id"], moved["former_creator_id"]) == (str(third.pk), str(second.pk))
    assert violated() == {}


def test_a_work_that_is_moved_while_the_clock_steps_back_has_its_moves_in_order(band):
    second = creator(band.platform)
    song = work(band)
    platforms.move_work(work_id=song.pk, creator_id=second.pk, now=NOW + HOUR)

    platforms.move_work(work_id=song.pk, creator_id=band.pk, now=NOW)

    moves = WorkMove.objects.order_by("moved_at").values_list("to_creator", "moved_at")
    assert list(moves) == [
        (second.pk, NOW + HOUR),
        (band.pk, NOW + HOUR + timedelta(microseconds=1)),
    ]


def test_a_work_goes_only_to_an_open_creator_of_its_platform(band):
    song, closed, foreign = work(band), creator(band.platform), creator()
    platforms.close_creator(creator_id=closed.pk, now=NOW)

    for target, error in (
        (closed.pk, errors.CreatorClosed),
        (foreign.pk, errors.CreatorNotFound),
        (new_id(), errors.CreatorNotFound),
        (band.pk, errors.WorkNotMoved),
    ):
        refused(error, platforms.move_work, work_id=song.pk, creator_id=target, now=NOW)


def test_a_withdrawn_work_is_not_changed(band):
    song, other = work(band), creator(band.platform)
    platforms.withdraw_work(work_id=song.pk, now=NOW)

    for act, given in (
        (platforms.change_work, {"changes": {"title": "B"}}),
        (platforms.set_work_price, {"price": "1"}),
        (platforms.set_work_rate, {"rate": "1"}),
        (platforms.move_work, {"creator_id": other.pk}),
        (platforms.withdraw_work, {}),
    ):
        refused(errors.WorkWithdrawn, act, work_id=song.pk, now=NOW, **given)
    assert events(band.platform) == ["work.published", "work.withdrawn"]


def test_title_content_and_metadata_are_changed(band):
    song = work(band)

    platforms.change_work(
        work_id=song.pk, changes={"title": " B ", "content_id": "bafy", "metadata": {"bpm": 90}}, now=NOW
    )

    song.refresh_from_db()
    assert (song.title, song.content_id, song.metadata) == ("B", "bafy", {"bpm": 90})
    with pytest.raises(DatabaseError), transaction.atomic():
        Work.unguarded.filter(pk=song.pk).update(external_id="other")


# --- Collections --------------------------------------------------------------------------------------------
def places(*works):
    return [Place(one.pk, position) for position, one in enumerate(works, 1)]


def contents(collection):
    rows = CollectionWork.objects.filter(collection=collection).order_by("position")
    return list(rows.values_list("position", "work"))


def test_a_collection_has_its_works_in_order_and_exchanges_them(band):
    one, two, three = work(band), work(band), work(band)
    album = platforms.create_collection(
        platform_id=band.platform_id,
        title="Album",
        creator_id=band.pk,
        works=places(one, two, three),
        now=NOW,
    )
    assert contents(album) == [(1, one.pk), (2, two.pk), (3, three.pk)]

    platforms.change_collection(collection_id=album.pk, works=places(three, one, two), now=NOW)
    assert contents(album) == [(1, three.pk), (2, one.pk), (3, two.pk)]

    platforms.change_collection(collection_id=album.pk, title="Short", works=places(two, three), now=NOW)
    assert contents(album) == [(1, two.pk), (2, three.pk)]
    platforms.change_collection(collection_id=album.pk, works=[], now=NOW)
    assert (contents(album), Collection.objects.get().title) == ([], "Short")
    assert violated() == {}


def test_positions_with_gaps_or_doubles_are_refused(band):
    one, two = work(band), work(band)
    album = platforms.create_collection(
        platform_id=band.platform_id, title="Album", creator_id=band.pk, works=places(one, two), now=NOW
    )
    for wrong, position in (
        ([Place(one.pk, 1), Place(two.pk, 3)], "3"),
        ([Place(one.pk, 1), Place(two.pk, 1)], "1"),
        ([Place(one.pk, 0), Place(two.pk, 1)], "0"),
        ([Place(one.pk, 2)], "2"),
    ):
        refusal = refused(
            errors.InvalidPositions, platforms.change_collection, collection_id=album.pk, works=wrong, now=NOW
        )
        assert refusal.numbers == {"works": str(len(wrong)), "position": position}
    twice = [Place(one.pk, 1), Place(one.pk, 2)]
    refused(
        errors.InvalidPositions, platforms.change_collection, collection_id=album.pk, works=twice, now=NOW
    )
    assert contents(album) == [(1, one.pk), (2, two.pk)]


def test_a_collection_takes_open_works_of_its_platform(band):
    make = {"platform_id": band.platform_id, "title": "Album", "creator_id": band.pk, "now": NOW}
    song, gone, foreign = work(band), work(band), work()
    album = platforms.create_collection(**make, works=places(song, gone))
    platforms.withdraw_work(work_id=gone.pk, now=NOW)

    refused(errors.WorkNotFound, platforms.create_collection, **make, works=places(song, foreign))
    refused(errors.WorkNotFound, platforms.create_collection, **make, works=[Place(new_id(), 1)])
    refused(errors.WorkWithdrawn, platforms.create_collection, **make, works=places(gone))
    platforms.change_collection(collection_id=album.pk, works=places(gone, song), now=NOW)

    assert contents(album) == [(1, gone.pk), (2, song.pk)]


def test_a_collection_has_one_owner_of_its_platform(band):
    make = {"act": platforms.create_collection, "platform_id": band.platform_id, "title": "A", "now": NOW}
    closed = creator(band.platform)
    platforms.close_creator(creator_id=closed.pk, now=NOW)

    refused(errors.CollectionOwnerMissing, **make)
    refused(errors.CollectionOwnerMissing, **make, creator_id=band.pk, listener="ann")
    refused(errors.CreatorNotFound, **make, creator_id=creator().pk)
    refused(errors.CreatorClosed, **make, creator_id=closed.pk)
    refused(errors.InvalidListenerId, **make, listener="x" * 201)


def test_a_deleted_collection_leaves_its_works(band):
    song = work(band)
    album = platforms.create_collection(
        platform_id=band.platform_id, title="Album", creator_id=band.pk, works=places(song), now=NOW
    )

    platforms.delete_collection(collection_id=album.pk, now=NOW)

    assert (Collection.objects.count(), CollectionWork.objects.count()) == (0, 0)
    assert Work.objects.get() == song


# --- Follows ------------------------------------------------------------------------------------------------
def test_a_listener_follows_once_and_may_come_back(band):
    of = {"platform_id": band.platform_id, "creator_id": band.pk, "listener": "ann"}
    platforms.follow_creator(**of, now=NOW)
    refused(errors.AlreadyFollowing, platforms.follow_creator, **of, now=NOW)

    platforms.unfollow_creator(**of, now=NOW + HOUR)
    refused(errors.NotFollowing, platforms.unfollow_creator, **of, now=NOW + HOUR)
    platforms.follow_creator(**of, now=NOW + 2 * HOUR)

    rows = Follow.objects.order_by("pk")
    assert list(rows.values_list("since", "until")) == [(NOW, NOW + HOUR), (NOW + 2 * HOUR, None)]
    assert len(set(rows.values_list("listener", flat=True))) == 1
    assert violated() == {}


def test_only_open_creators_of_the_platform_are_followed(band):
    closed = creator(band.platform)
    of = {"platform_id": band.platform_id, "listener": "ann"}
    platforms.follow_creator(**of, creator_id=closed.pk, now=NOW)
    platforms.close_creator(creator_id=closed.pk, now=NOW)

    for target, error in ((closed.pk, errors.CreatorClosed), (creator().pk, errors.CreatorNotFound)):
        refused(error, platforms.follow_creator, **{**of, "listener": "bob"}, creator_id=target, now=NOW)
    refused(errors.CreatorNotFound, platforms.unfollow_creator, **of, creator_id=new_id(), now=NOW)
    refused(errors.InvalidListenerId, platforms.follow_creator, **{**of, "listener": ""}, creator_id=band.pk)

    assert platforms.unfollow_creator(**of, creator_id=closed.pk, now=NOW + HOUR).until == NOW + HOUR


# --- Leaving ------------------------------------------------------------------------------------------------
def test_a_worker_who_leaves_takes_name_and_addresses_and_leaves_the_works():
    name = "Erasmus and the Erased"
    platform, worker = PlatformFactory(), WorkerFactory()
    consent(platform, worker)
    api = Api.of(platform)
    body = {"worker_id": str(worker.pk), "display_name": name, "token_address": TOKEN}
    made = api.post("creators", body, key="made").json()
    api.patch(f"creators/{made['id']}", {"display_name": f"{name} II"}, key="changed")
    song = work(CreatorProfile.objects.get())
    former = creator(worker=worker, name=name)
    platforms.close_creator(creator_id=former.pk, now=NOW)
    assert set(rows_that_name(name)) == {"answered_requests", "creator_profiles"}

    workers.delete_worker(worker_id=worker.pk)

    assert rows_that_name(name, TOKEN.lower()) == {}
    profile = CreatorProfile.objects.get(pk=made["id"])
    song.refresh_from_db()
    assert (profile.status, profile.display_name, profile.metrics_address) == ("closed", "", "")
    assert (song.creator_id, song.withdrawn_at) == (profile.pk, profile.closed_at)
    assert profile.worker.full_name == "Deleted worker"
    assert "creator.closed" in events(platform)
    assert violated() == {}
