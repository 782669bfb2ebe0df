"""Usage of works: reported, corrected, counted by day, and left out of pay."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from audit.log.context import acting_as
from audit.log.enums import ActorType
from platforms import services as platforms
from platforms.models import (
    CorrectedEvent,
    CreatorDay,
    CreatorListenerDay,
    Platform,
    PlatformDay,
    PlatformListenerDay,
    ReceiptChain,
    SigningKey,
    UsageArchive,
    UsageBatch,
    UsageCorrection,
    UsageEvent,
    UsageExclusion,
    UsageFinding,
    UsageKey,
    UsageMark,
    UsageReceipt,
    UsageRule,
    UsageStoreBatch,
    UsageStoreSwitch,
    WorkDay,
    WorkLike,
    WorkListenerDay,
)
from platforms.usage.enums import RuleKind
from reputation.milestones.services import recount_totals
from tests.support.api.asks import numbers
from tests.support.creators.catalogue import creator, work
from tests.support.creators.usage import accepted, event, have_months, report, void
from tests.support.database import valid_rows
from tests.support.database.breaks import breaks, run, unguard
from tests.support.database.rich_history import History
from tests.support.factories import NOW as AT
from tests.support.factories import PlatformFactory

DAY = date(2026, 3, 2)
_HASH = "ab" * 32
_NUMBERS = {"work_number": 1, "creator_number": 1, "platform_number": 1, "listener_number": 1}


def _row(model: type[Any]) -> Any:
    return valid_rows.insert(valid_rows.valid(model))


def _event_row() -> dict[str, Any]:
    number = next(numbers)
    return {
        "number": 10_000_000 + number,
        **_NUMBERS,
        "occurred_at": AT,
        "received_at": AT,
        "seconds": 30,
        "kind": 1,
        "external_id": f"row-{number}",
    }


def _receipt_row() -> dict[str, Any]:
    batch = _row(UsageBatch)
    return {
        "platform": batch.platform,
        "number": next(numbers),
        "kind": "batch",
        "batch": batch,
        "count": 1,
        "root": _HASH,
        "totals": {"play": 1},
        "received_at": AT,
        "previous_hash": _HASH,
        "hash": _HASH,
        "key": _key_row(),
        "signature": "ab" * 64,
    }


def _key_row() -> SigningKey:
    """Return a retired key: one is current."""
    return _row(SigningKey)


def _correction_row() -> dict[str, Any]:
    receipt = _row(UsageReceipt)
    return {
        "platform": receipt.platform,
        "kind": "void",
        "reason": "counted twice",
        "events": 1,
        "differences": [],
        "receipt": receipt,
        "created_at": AT,
    }


def _finding_row() -> dict[str, Any]:
    return {"creator": creator(), "day": DAY, "kind": "burst", "threshold": 9, "plays": 3, "found_at": AT}


ROWS: dict[type[Any], Callable[[], dict[str, Any]]] = {
    UsageEvent: _event_row,
    UsageKey: lambda: {
        "platform_number": 1,
        "external_id": f"row-{next(numbers)}",
        "event_number": 1,
        "occurred_at": AT,
        "content": b"c" * 16,
    },
    UsageExclusion: lambda: {"event_number": next(numbers), "occurred_at": AT},
    WorkLike: lambda: {"work_number": 1, "listener_number": next(numbers)},
    WorkDay: lambda: (lambda of: {"work": of, "creator": of.creator, "day": DAY})(work()),
    CreatorDay: lambda: {"creator": creator(), "day": DAY},
    PlatformDay: lambda: {"platform": PlatformFactory.create(), "day": DAY},
    WorkListenerDay: lambda: {
        "day": DAY,
        "work_number": next(numbers),
        "creator_number": 1,
        "listener_number": 1,
        "plays": 1,
    },
    CreatorListenerDay: lambda: {
        "day": DAY,
        "creator_number": next(numbers),
        "listener_number": 1,
        "plays": 1,
    },
    PlatformListenerDay: lambda: {
        "day": DAY,
        "platform_number": next(numbers),
        "listener_number": 1,
        "plays": 1,
    },
    UsageBatch: lambda: {
        "id": 1_000_000 + next(numbers),
        "platform": PlatformFactory.create(),
        "received_at": AT,
        "given": 3,
        "accepted": 1,
        "replayed": 1,
        "refused": 1,
        "first_day": DAY,
        "last_day": DAY,
    },
    SigningKey: lambda: {
        "id": 1_000_000 + next(numbers),
        "name": f"key-{next(numbers)}",
        "public": "x" * 43,
        "private": "",
        "retired_at": AT,
        "created_at": AT,
    },
    ReceiptChain: lambda: {"platform": PlatformFactory.create(), "last_number": 0, "last_hash": "0" * 64},
    UsageReceipt: _receipt_row,
    UsageCorrection: _correction_row,
    CorrectedEvent: lambda: {
        "correction": _row(UsageCorrection),
        "event_number": next(numbers),
        "occurred_at": AT,
    },
    UsageArchive: lambda: {
        "month": date(2000 + next(numbers) % 500, 1, 1),
        "events": 1,
        "file": "usage.csv.gz",
        "bytes": 1,
        "sha256": _HASH,
        "root": _HASH,
        "totals": {"play": 1},
        "detached_at": AT,
    },
    UsageRule: lambda: {
        "platform": PlatformFactory.create(),
        "kind": "burst",
        "threshold": 9,
        "decided_by": "staff:4",
        "reason": "a campaign",
        "created_at": AT,
    },
    UsageStoreBatch: lambda: {"receipt": _row(UsageReceipt), "events": 1, "content": b"c"},
    UsageStoreSwitch: lambda: {
        "mode": "shadow",
        "decided_by": "staff:4",
        "reason": "a trial",
        "created_at": AT,
    },
    UsageFinding: _finding_row,
    UsageMark: lambda: {
        "event_number": next(numbers),
        "occurred_at": AT,
        "work_number": 1,
        "finding": _row(UsageFinding),
    },
}
STATUSES = {
    UsageFinding: lambda status: (
        {} if status == "held" else {"decided_at": AT, "decided_by": "staff:4", "reason": "looked at"}
    )
}
BROKEN: list[tuple[str, type[Any], dict[str, Any]]] = [
    ("usage_kind_known", UsageEvent, {"kind": 8, "seconds": 0}),
    ("usage_amount_of_what_is_paid", UsageEvent, {"amount": Decimal(1)}),
    ("usage_amount_of_what_is_paid", UsageEvent, {"kind": 7, "seconds": 0}),
    ("usage_amount_of_what_is_paid", UsageEvent, {"kind": 6, "seconds": 0, "amount": Decimal(0)}),
    ("usage_seconds_of_a_play", UsageEvent, {"seconds": -1}),
    ("usage_seconds_of_a_play", UsageEvent, {"kind": 4}),
    ("usage_has_an_id_or_replaces", UsageEvent, {"external_id": None}),
    ("usage_has_an_id_or_replaces", UsageEvent, {"amends": 1}),
    ("usage_has_an_id_or_replaces", UsageEvent, {"external_id": None, "amends": 2**60}),
    ("usage_likes_are_not_replaced", UsageEvent, {"external_id": None, "amends": 1, "kind": 2, "seconds": 0}),
    *[("work_day_sums_not_below_zero", WorkDay, {name: -1}) for name in ("plays", "listeners", "seconds")],
    ("creator_day_sums_not_below_zero", CreatorDay, {"followers_lost": -1}),
    ("platform_day_sums_not_below_zero", PlatformDay, {"tips": Decimal("-0.000001")}),
    ("platform_day_listeners_kept_while_reported", PlatformDay, {"listeners_final_at": AT}),
    (
        "platform_day_listeners_kept_while_reported",
        PlatformDay,
        {"listeners_final_at": datetime(2026, 4, 6, 23, 59, 59, tzinfo=UTC)},
    ),
    ("platform_day_listeners_pruned_once_final", PlatformDay, {"listeners_pruned_at": AT}),
    ("work_listener_day_has_plays", WorkListenerDay, {"plays": 0}),
    ("creator_listener_day_has_plays", CreatorListenerDay, {"plays": 0}),
    ("platform_listener_day_has_plays", PlatformListenerDay, {"plays": 0}),
    ("usage_batch_has_events", UsageBatch, {"given": 2, "accepted": 0}),
    ("usage_batch_counts_each_event", UsageBatch, {"given": 4}),
    ("usage_batch_days_in_order", UsageBatch, {"last_day": DAY - timedelta(days=1)}),
    ("signing_key_retired_as_a_whole", SigningKey, {"private": "ab"}),
    ("receipt_chain_hash_is_sha256", ReceiptChain, {"last_hash": "0"}),
    ("receipt_number_from_1", UsageReceipt, {"number": 0}),
    ("receipt_kind_known", UsageReceipt, {"kind": "gift"}),
    ("receipt_names_its_batch", UsageReceipt, {"batch": None}),
    ("receipt_covers_events", UsageReceipt, {"count": 0}),
    *[("receipt_hashes_are_sha256", UsageReceipt, {name: "g" * 64}) for name in ("root", "hash")],
    ("receipt_is_signed", UsageReceipt, {"signature": ""}),
    ("correction_kind_known", UsageCorrection, {"kind": "wish"}),
    ("correction_has_a_reason", UsageCorrection, {"reason": ""}),
    ("correction_reason_readable", UsageCorrection, {"reason": "a\u202eb"}),
    ("correction_concerns_events", UsageCorrection, {"events": 0}),
    ("correction_reverts_another", UsageCorrection, {"kind": "revert"}),
    ("corrected_replacement_has_its_time", CorrectedEvent, {"replacement_number": 7}),
    ("archive_of_a_whole_month", UsageArchive, {"month": DAY}),
    ("archive_hashes_are_sha256", UsageArchive, {"root": ""}),
    ("usage_rule_kind_known", UsageRule, {"kind": "taste"}),
    ("usage_rule_has_a_reason", UsageRule, {"reason": ""}),
    ("store_batch_has_events", UsageStoreBatch, {"events": 0}),
    ("store_mode_known", UsageStoreSwitch, {"mode": "paper"}),
    ("store_switch_has_a_reason", UsageStoreSwitch, {"reason": ""}),
    ("finding_kind_known", UsageFinding, {"kind": "taste"}),
    (
        "finding_status_known",
        UsageFinding,
        {"status": "lost", "decided_at": AT, "decided_by": "staff:4", "reason": "looked at"},
    ),
    ("finding_of_plays", UsageFinding, {"plays": 0}),
    ("finding_decided_as_a_whole", UsageFinding, {"status": "confirmed"}),
    ("finding_decided_as_a_whole", UsageFinding, {"decided_at": AT}),
    ("finding_contested_in_words", UsageFinding, {"contest": "no"}),
]
REPEATED: list[tuple[str, type[Any], tuple[str, ...], dict[str, Any]]] = [
    ("work_day_once", WorkDay, ("work", "day", "creator"), {}),
    ("creator_day_once", CreatorDay, ("creator", "day"), {}),
    ("platform_day_once", PlatformDay, ("platform", "day"), {}),
    ("signing_key_one_current", SigningKey, ("retired_at",), {"retired_at": None, "private": "ab"}),
    ("receipt_once_per_number", UsageReceipt, ("platform", "number"), {}),
    ("correction_reverted_once", UsageCorrection, ("reverts", "kind"), {}),
    ("corrected_once_by_each", CorrectedEvent, ("correction", "event_number"), {}),
    ("finding_once", UsageFinding, ("creator", "day", "kind"), {}),
]


def _sees_its_usage_counted(platform: Platform) -> None:
    have_months()
    song = work(creator(platform))
    void(platform, *accepted(platform, event(song), event(song)))


EVENTS = [_sees_its_usage_counted]


def _usage_of(h: History) -> None:
    """Report use of the platform's works, correct it in each way, and find some of it artificial."""
    have_months(h.now)
    song = work(creator(h.platform, now=h.later()), now=h.later(), external_id="played")
    at = h.later()
    kinds = ("play", "like", "comment", "share", "purchase", "tip")
    refs = accepted(h.platform, *(event(song, kind, at=at) for kind in kinds), now=at)
    more = accepted(h.platform, *(event(song, at=at, listener=f"fan-{n}") for n in range(4)), now=at)
    report(h.platform, event(song, "unlike", at=at), now=h.later())
    void(h.platform, more[0], now=h.later())
    change = platforms.Amendment(number=more[1].number, occurred_at=at, seconds=5)
    amended = platforms.amend_usage(
        platform_id=h.platform.pk, amendments=[change], reason="cut off", now=h.later()
    )
    platforms.revert_correction(
        platform_id=h.platform.pk, correction_id=amended.pk, reason="it was right", now=h.later()
    )
    platforms.backfill_usage(
        platform_id=h.platform.pk, items=[event(song, at=at)], reason="an outage", now=h.later()
    )
    given: dict[str, Any] = {"platform_id": h.platform.pk, "reason": "a trial"}
    with acting_as(ActorType.STAFF, "4"):
        platforms.set_usage_rule(**given, kind=RuleKind.BURST, threshold=2, now=h.later())
    if not platforms.find_artificial_use(now=at + timedelta(days=2)) or len(refs) != len(kinds):
        raise AssertionError("nothing was found")


HISTORIES = [_usage_of]


def _count_totals_again() -> None:
    for platform in Platform.objects.all():
        recount_totals(platforms=[platform])


@breaks("work_days_equal_a_recount")
def a_play_that_no_event_stands_for(h: History) -> None:
    """Change the sums above it in the same way."""
    for table in ("work_days", "creator_days", "platform_days"):
        run(f"UPDATE {table} SET comments = comments + 1 WHERE comments > 0")
    _count_totals_again()


@breaks("creator_days_are_the_sums_of_their_works")
def a_follower_who_never_came(h: History) -> None:
    """Change the sum above it in the same way."""
    run(
        "WITH changed AS (UPDATE creator_days SET followers_gained = followers_gained + 1"
        " WHERE id = (SELECT min(id) FROM creator_days) RETURNING creator_number, day)"
        " UPDATE platform_days d SET followers_gained = followers_gained + 1"
        " FROM changed c JOIN creator_profiles p ON p.number = c.creator_number"
        " JOIN platforms o ON o.id = p.platform_id WHERE d.platform_number = o.number AND d.day = c.day"
    )
    _count_totals_again()


@breaks("creator_days_count_their_listeners")
def a_listener_who_is_not_on_record(h: History) -> None:
    run("UPDATE creator_listener_days SET plays = plays + 1")


@breaks("platform_days_are_the_sums_of_their_creators")
def a_tip_that_no_creator_has(h: History) -> None:
    run("UPDATE platform_days SET tips = tips + 1")


@breaks("usage_events_have_their_ids_once")
def an_id_with_another_time(h: History) -> None:
    unguard()
    run("UPDATE usage_keys SET occurred_at = occurred_at - interval '1 second'")


@breaks("usage_batches_have_their_events")
def a_batch_that_has_accepted_more(h: History) -> None:
    unguard()
    run("UPDATE usage_batches SET accepted = accepted + 1, given = given + 1")


@breaks("receipts_are_a_chain_without_a_gap")
def a_receipt_that_follows_from_no_other(h: History) -> None:
    unguard()
    run("UPDATE usage_receipts SET previous_hash = %s WHERE number = 2", _HASH)


@breaks("receipts_are_a_chain_without_a_gap")
def a_chain_that_ends_elsewhere(h: History) -> None:
    run("UPDATE usage_receipt_chains SET last_hash = %s", _HASH)


@breaks("events_are_excluded_by_a_correction")
def an_event_that_nobody_has_corrected(h: History) -> None:
    run("INSERT INTO usage_exclusions (event_number, occurred_at) VALUES (7, %s)", AT)
