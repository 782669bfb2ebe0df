"""Requests about royalties, distributions and pools, and ways to meet their refusals."""

from datetime import timedelta
from typing import Any

from gigstream.core.clock import database_now
from payments import services as payments
from payments.models import Distribution, Pool, RoyaltyPeriod, Statement
from platforms import services as platforms
from platforms.models import Work
from tests.support.api.asks import Ask, numbers, request_for, rich_platform
from tests.support.creators.catalogue import creator, work
from tests.support.creators.royalties import play, run_until_final, set_terms
from tests.support.creators.usage import event, have_months
from tests.support.factories import PlatformFactory


def _song(**given: Any) -> Work:
    """Return a work of a platform with money that was published three days ago."""
    now = database_now()
    have_months(now)
    before = now - timedelta(days=3)
    platform = PlatformFactory.create(funds="1000", now=before)
    return work(creator(platform, now=before), now=before, rate="0.5", **given)


def _played() -> Work:
    """Return a work that was played two days ago, for which that has been accrued."""
    song, now = _song(), database_now()
    play(song, times=4, at=now - timedelta(days=2), now=now)
    payments.accrue_royalties(now=now)
    return song


def _final() -> Work:
    """Return a work whose month is final and paid."""
    song = _played()
    set_terms(song.platform, minimum="0", now=database_now())
    run_until_final(database_now() + timedelta(days=45))
    return song


def _body(day_of: Work, **changed: Any) -> dict[str, Any]:
    day = (database_now() - timedelta(days=2)).date().isoformat()
    return {"first": day, "last": day, "mode": "pro_rata", "amount": "10.00", **changed}


def _draft(song: Work | None = None) -> Distribution:
    song, day = song or _played(), (database_now() - timedelta(days=2)).date()
    return payments.draft_distribution(
        platform_id=song.platform_id, first=day, last=day, mode="pro_rata", amount="10"
    )


def _approved() -> tuple[Work, Distribution]:
    song = _played()
    return song, payments.approve_distribution(distribution_id=_draft(song).pk)


def _pool(*, units: int = 0) -> tuple[Work, Pool]:
    song = _song()
    pool = payments.create_pool(platform_id=song.platform_id, name=f"Fund {next(numbers)}")
    if units:
        payments.set_pool_units(pool_id=pool.pk, creator_id=song.creator_id, units=units)
    return song, pool


@request_for("get_royalty_terms")
def _() -> Ask:
    return Ask(_played().platform, "royalties/terms")


@request_for("set_royalty_terms")
def _() -> Ask:
    body = {"cadence": "quarter", "minimum": "2.00", "grace_days": 5}
    return Ask(rich_platform(), "royalties/terms", body, {**body, "cadence": "month"})


@request_for("list_royalty_periods")
def _() -> Ask:
    return Ask(_played().platform, "royalties/periods")


@request_for("get_royalty_period")
def _() -> Ask:
    song = _played()
    period = RoyaltyPeriod.objects.filter(platform=song.platform)[0]
    return Ask(song.platform, f"royalties/periods/{period.pk}")


@request_for("list_royalty_pays")
def _() -> Ask:
    return Ask(_played().platform, "royalties/pays")


@request_for("list_royalty_days")
def _() -> Ask:
    return Ask(_played().platform, "royalties/days")


@request_for("list_royalty_payments")
def _() -> Ask:
    return Ask(_final().platform, "royalties/payments")


@request_for("list_distributions")
def _() -> Ask:
    return Ask(_draft().platform, "distributions")


@request_for("draft_distribution")
def _() -> Ask:
    song = _played()
    return Ask(song.platform, "distributions", _body(song), _body(song, mode="user_centric"))


@request_for("get_distribution")
def _() -> Ask:
    found = _draft()
    return Ask(found.platform, f"distributions/{found.pk}")


@request_for("list_distribution_shares")
def _() -> Ask:
    found = _draft()
    return Ask(found.platform, f"distributions/{found.pk}/shares")


@request_for("recount_distribution")
def _() -> Ask:
    found = _draft()
    return Ask(found.platform, f"distributions/{found.pk}/recount", {})


@request_for("cancel_distribution")
def _() -> Ask:
    found = _draft()
    return Ask(found.platform, f"distributions/{found.pk}/cancel", {})


@request_for("list_pools")
def _() -> Ask:
    return Ask(_pool()[1].platform, "pools")


@request_for("create_pool")
def _() -> Ask:
    first, second = ({"name": f"Fund {next(numbers)}"} for _ in range(2))
    return Ask(rich_platform(), "pools", first, second)


@request_for("get_pool")
def _() -> Ask:
    _, pool = _pool()
    return Ask(pool.platform, f"pools/{pool.pk}")


@request_for("list_pool_members")
def _() -> Ask:
    _, pool = _pool(units=3)
    return Ask(pool.platform, f"pools/{pool.pk}/members")


@request_for("set_pool_units")
def _() -> Ask:
    song, pool = _pool()
    first, second = ({"creator_id": str(song.creator_id), "units": units} for units in (3, 4))
    return Ask(pool.platform, f"pools/{pool.pk}/members", first, second)


@request_for("list_pool_money")
def _() -> Ask:
    _, pool = _pool(units=3)
    payments.add_to_pool(pool_id=pool.pk, amount="1")
    return Ask(pool.platform, f"pools/{pool.pk}/money")


@request_for("add_to_pool")
def _() -> Ask:
    _, pool = _pool(units=3)
    return Ask(pool.platform, f"pools/{pool.pk}/money", {"amount": "2.00"}, {"amount": "3.00"})


@request_for("close_pool")
def _() -> Ask:
    _, pool = _pool()
    return Ask(pool.platform, f"pools/{pool.pk}/close", {})


@request_for("list_my_royalties")
def _() -> Ask:
    return Ask(_played().creator.worker, "me/royalties")


@request_for("list_my_royalty_days")
def _() -> Ask:
    return Ask(_played().creator.worker, "me/royalties/days")


@request_for("list_my_left_out_royalties")
def _() -> Ask:
    song, now = _song(), database_now()
    play(song, times=25, at=now - timedelta(days=2), now=now)
    platforms.find_artificial_use(now=now)
    return Ask(song.creator.worker, "me/royalties/left-out")


@request_for("list_my_royalty_statements")
def _() -> Ask:
    return Ask(_final().creator.worker, "me/royalties/statements")


@request_for("get_my_royalty_statement")
def _() -> Ask:
    song = _final()
    statement = Statement.objects.get(creator=song.creator)
    return Ask(song.creator.worker, f"me/royalties/statements/{statement.pk}")


@request_for("list_my_distribution_shares")
def _() -> Ask:
    return Ask(_approved()[0].creator.worker, "me/distributions")


@request_for("list_my_pools")
def _() -> Ask:
    song, pool = _pool(units=3)
    payments.add_to_pool(pool_id=pool.pk, amount="1")
    return Ask(song.creator.worker, "me/pools")


def _meet_invalid_days(g: Any) -> Any:
    return g.api.post("distributions", _body(g, first="2030-01-02", last="2030-01-01"))


def _meet_no_use(g: Any) -> Any:
    return g.api.post("distributions", _body(g))


def _pool_of(g: Any, **given: Any) -> Any:
    return payments.create_pool(platform_id=g.platform.pk, name=f"Fund {next(numbers)}")


def _meet_not_draft(g: Any) -> Any:
    have_months(database_now())
    before = database_now() - timedelta(days=3)
    song = work(creator(g.platform, now=before), now=before)
    play(song, at=database_now() - timedelta(days=2), now=database_now())
    found = _draft(song)
    payments.cancel_distribution(distribution_id=found.pk)
    return g.api.post(f"distributions/{found.pk}/cancel", {})


def _meet_listeners_gone(g: Any) -> Any:
    """Share a day of half a year ago, of which only the number of listeners is left."""
    now, before = database_now(), database_now() - timedelta(days=200)
    song = work(creator(g.platform, now=now), now=now, published_on=before.date())
    platforms.backfill_usage(
        platform_id=g.platform.pk, items=[event(song, at=before)], reason="an outage", now=now
    )
    platforms.prune_listener_days(now=now)
    day = before.date().isoformat()
    return g.api.post("distributions", _body(g, first=day, last=day, mode="user_centric"))


def _meet_name_taken(g: Any) -> Any:
    return g.api.post("pools", {"name": _pool_of(g).name})


def _meet_not_open(g: Any) -> Any:
    pool = _pool_of(g)
    payments.close_pool(pool_id=pool.pk)
    return g.api.post(f"pools/{pool.pk}/close", {})


def _meet_too_large(g: Any) -> Any:
    pool = _pool_of(g)
    Pool.unguarded.filter(pk=pool.pk).update(units=10**18 - 1)
    member = creator(g.platform, now=database_now())
    return g.api.post(f"pools/{pool.pk}/members", {"creator_id": str(member.pk), "units": 1})


CODES = {
    ("invalid_distribution", 422): _meet_invalid_days,
    ("distribution_without_use", 409): _meet_no_use,
    ("listeners_not_known", 409): _meet_listeners_gone,
    ("distribution_not_draft", 409): _meet_not_draft,
    ("pool_name_taken", 409): _meet_name_taken,
    ("pool_not_open", 409): _meet_not_open,
    ("pool_has_no_members", 409): lambda g: g.api.post(f"pools/{_pool_of(g).pk}/money", {"amount": "1.00"}),
    ("pool_too_large", 422): _meet_too_large,
}
