"""Twenty at once: the same listener, follow, creator, work or move is made once."""

from functools import partial

import pytest
from cryptography.fernet import Fernet

from platforms import services as platforms
from platforms.catalogue.errors import AlreadyFollowing, CreatorExists, WorkExternalIdTaken, WorkNotMoved
from platforms.models import CreatorProfile, Follow, Listener, ListenerKey, Work, WorkMove
from platforms.services import Place, WorkPlan
from tests.support.creators.catalogue import creator, work
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, consent

pytestmark = pytest.mark.django_db(transaction=True)
TWENTY = 20


def test_twenty_batches_with_the_same_new_listeners_make_each_once(at_once, books_balance):
    platform = PlatformFactory()
    names = [f"fan-{number}" for number in range(50)]
    resolve = partial(platforms.resolve_listeners, platform_id=platform.pk, now=NOW)
    orders = [names[start:] + names[:start] for start in range(TWENTY)]

    found, refusals = at_once(*(partial(resolve, external_ids=order) for order in orders))

    assert refusals == []
    assert all(one == found[0] for one in found)
    assert Listener.objects.count() == len(names)
    assert ListenerKey.objects.count() == 1
    books_balance()


def test_twenty_batches_during_a_rotation_know_each_listener_once(at_once, books_balance, settings):
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    platform = PlatformFactory()
    names = [f"fan-{number}" for number in range(40)]
    resolve = partial(platforms.resolve_listeners, platform_id=platform.pk, now=NOW)
    known = resolve(external_ids=names[:20])
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_ENCRYPTION_KEYS]
    orders = [names[start:] + names[:start] for start in range(TWENTY)]
    calls = [partial(resolve, external_ids=order) for order in orders]

    found, refusals = at_once(*calls[:10], partial(platforms.rotate_listener_keys, now=NOW), *calls[10:])

    assert refusals == []
    batches = [one for one in found if isinstance(one, dict)]
    assert len(batches) == TWENTY
    assert all(one == batches[0] for one in batches)
    assert {name: batches[0][name] for name in known} == known
    assert Listener.objects.count() == len(names)
    assert ListenerKey.objects.count() == 2
    books_balance()


def test_of_twenty_follows_of_one_listener_one_is_made(at_once, books_balance):
    band = creator()
    follow = partial(
        platforms.follow_creator, platform_id=band.platform_id, creator_id=band.pk, listener="ann", now=NOW
    )

    done, refusals = at_once(*[follow] * TWENTY)

    assert len(done) == 1
    assert [type(refusal) for refusal in refusals] == [AlreadyFollowing] * (TWENTY - 1)
    assert (Follow.objects.count(), Listener.objects.count()) == (1, 1)
    books_balance()


def test_a_follow_that_meets_the_erasure_ends_with_it_or_is_somebody_new(at_once, books_balance):
    platform = PlatformFactory()
    bands = [creator(platform) for _ in range(TWENTY)]
    platforms.resolve_listeners(platform_id=platform.pk, external_ids=["ann"], now=NOW)
    follows = [
        partial(
            platforms.follow_creator, platform_id=platform.pk, creator_id=band.pk, listener="ann", now=NOW
        )
        for band in bands
    ]
    erase = partial(platforms.erase_listener, platform_id=platform.pk, listener="ann", now=NOW)

    done, refusals = at_once(*follows[:10], erase, *follows[10:])

    assert (len(done), refusals) == (TWENTY + 1, [])
    assert Follow.objects.count() == TWENTY
    assert not Follow.objects.open().filter(listener__digest=None).exists()
    assert Listener.objects.filter(digest=None).count() == 1
    assert Listener.objects.exclude(digest=None).count() <= 1
    books_balance()


def test_of_twenty_moves_to_one_creator_one_is_made(at_once, books_balance):
    song = work()
    target = creator(song.platform)

    done, refusals = at_once(
        *[partial(platforms.move_work, work_id=song.pk, creator_id=target.pk, now=NOW)] * TWENTY
    )

    assert len(done) == 1
    assert [type(refusal) for refusal in refusals] == [WorkNotMoved] * (TWENTY - 1)
    assert WorkMove.objects.count() == 1
    assert Work.objects.get().creator == target
    books_balance()


def test_twenty_moves_to_different_creators_follow_each_other(at_once, books_balance):
    song = work()
    targets = [creator(song.platform) for _ in range(TWENTY)]

    done, refusals = at_once(
        *(partial(platforms.move_work, work_id=song.pk, creator_id=one.pk, now=NOW) for one in targets)
    )

    assert (len(done), refusals) == (TWENTY, [])
    assert WorkMove.objects.count() == TWENTY
    assert len(set(WorkMove.objects.values_list("moved_at", flat=True))) == TWENTY
    books_balance()


def test_of_twenty_profiles_of_a_worker_and_works_of_an_id_one_is_made(at_once, books_balance):
    platform, worker = PlatformFactory(), WorkerFactory()
    consent(platform, worker)
    make = partial(
        platforms.create_creator, platform_id=platform.pk, worker_id=worker.pk, display_name="A", now=NOW
    )

    done, refusals = at_once(*[make] * TWENTY)

    assert len(done) == CreatorProfile.objects.count() == 1
    assert {type(refusal) for refusal in refusals} == {CreatorExists}
    plan = WorkPlan(external_id="1", title="A", kind="track")
    publish = partial(
        platforms.publish_work, platform_id=platform.pk, creator_id=done[0].pk, plan=plan, now=NOW
    )
    done, refusals = at_once(*[publish] * TWENTY)
    assert len(done) == Work.objects.count() == 1
    assert {type(refusal) for refusal in refusals} == {WorkExternalIdTaken}
    books_balance()


def test_orders_of_a_collection_that_meet_leave_one_of_them(at_once, books_balance):
    band = creator()
    songs = [work(band) for _ in range(5)]
    album = platforms.create_collection(
        platform_id=band.platform_id, title="Album", creator_id=band.pk, now=NOW
    )
    orders = [songs[start:] + songs[:start] for start in range(5)]

    done, refusals = at_once(
        *(
            partial(
                platforms.change_collection,
                collection_id=album.pk,
                works=[Place(one.pk, position) for position, one in enumerate(order, 1)],
                now=NOW,
            )
            for order in orders * 4
        )
    )

    assert (len(done), refusals) == (TWENTY, [])
    left = list(album.places.order_by("position").values_list("work", flat=True))
    assert left in [[one.pk for one in order] for order in orders]
    books_balance()


def test_a_creator_that_is_closed_meanwhile_keeps_no_open_work(at_once, books_balance):
    band = creator()
    plans = [WorkPlan(external_id=str(number), title="A", kind="track") for number in range(10)]
    publish = [
        partial(platforms.publish_work, platform_id=band.platform_id, creator_id=band.pk, plan=plan, now=NOW)
        for plan in plans
    ]

    at_once(*publish[:5], partial(platforms.close_creator, creator_id=band.pk, now=NOW), *publish[5:])

    assert not Work.objects.open().exists()
    books_balance()
