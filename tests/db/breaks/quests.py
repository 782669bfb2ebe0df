"""Quests, their events and their money."""

from reputation.quests.vocabulary import QUEST
from tests.support.database.breaks import belonging_to, breaks, house, of_platform, of_worker, run, wash
from tests.support.database.rich_history import History


@breaks("quest_budget_is_its_fundings")
def a_funding_that_the_budget_does_not_have(h: History) -> None:
    run(
        "INSERT INTO quest_fundings (id, quest_id, amount, fee) VALUES (gen_random_uuid(), %s, 1, 0)",
        h.quests.paying.pk,
    )


@breaks("quest_sums_follow_its_events")
def more_points_granted_than_events_have(h: History) -> None:
    run("UPDATE quests SET granted = granted + 1 WHERE id = %s", h.quests.of_points.pk)


@breaks("quest_sums_follow_its_events")
def more_reserved_than_is_held(h: History) -> None:
    run("UPDATE quests SET reserved = reserved + 1 WHERE id = %s", h.quests.paying.pk)


@breaks("quest_places_are_counted")
def a_place_of_nobody(h: History) -> None:
    run("UPDATE quests SET places_taken = places_taken + 1 WHERE id = %s", h.quests.paying.pk)


@breaks("quest_counts_equal_their_events")
def a_count_without_its_event(h: History) -> None:
    run(
        "UPDATE quest_counts SET n = n + 1 WHERE quest_id = %s AND worker_id = %s",
        h.quests.paying.pk,
        h.quests.worker.pk,
    )


@breaks("quest_event_pays_as_it_says")
def a_reward_without_an_event(h: History) -> None:
    worker = of_worker(h.quests.worker, "available")
    wash("reward", house("rewards"), worker, **belonging_to(QUEST, h.quests.of_house.pk))


@breaks("quest_event_has_its_points")
def an_event_without_its_points(h: History) -> None:
    run("UPDATE points_entries SET quest_event_id = -quest_event_id WHERE quest_event_id IS NOT NULL")


@breaks("quest_money_is_conserved")
def more_held_than_the_budget(h: History) -> None:
    available, escrow = (of_platform(h.platform.pk, name) for name in ("available", "escrow"))
    wash("hold", available, escrow, **belonging_to(QUEST, h.quests.paying.pk))


@breaks("quest_reserves_nothing_too_long")
def a_reservation_that_the_job_left(h: History) -> None:
    run("UPDATE quest_reservations SET expires_at = created_at + interval '1 s' WHERE status = 'open'")
    run(
        "INSERT INTO job_heartbeats (name, every_seconds, last_started_at, last_succeeded_at, rows, runs,"
        " last_error)"
        " VALUES ('expire_reservations', 10, money_clock(), money_clock(), 0, 1, '')"
    )


@breaks("quest_event_is_settled_once_it_has_left")
def settled_before_its_payout(h: History) -> None:
    run(
        "UPDATE quest_events SET status = 'settled', settled_at = granted_at"
        " WHERE status = 'granted' AND reward_kind = 'payout'"
    )


@breaks("quest_hold_has_its_decision")
def a_hold_that_nobody_decided(h: History) -> None:
    run("DELETE FROM decisions WHERE rule = 'quest.hold' AND outcome = 'held'")
