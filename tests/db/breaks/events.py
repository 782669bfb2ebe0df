"""Events and their deliveries."""

from tests.support.database.breaks import breaks, run
from tests.support.database.rich_history import History


@breaks("events_are_numbered_without_a_gap")
def a_number_left_out(h: History) -> None:
    run("UPDATE event_counters SET last_sequence = last_sequence + 1 WHERE platform_id = %s", h.rival.pk)


@breaks("events_are_numbered_without_a_gap")
def an_event_taken_out(h: History) -> None:
    run("DELETE FROM events WHERE platform_id = %s AND sequence = 1", h.rival.pk)


@breaks("events_are_numbered_without_a_gap")
def a_number_given_twice(h: History) -> None:
    run(
        "INSERT INTO events (id, platform_id, sequence, type, request_id, payload)"
        " SELECT gen_random_uuid(), platform_id, sequence, type, request_id, payload FROM events"
        " WHERE platform_id = %s AND sequence = 1",
        h.rival.pk,
    )


@breaks("event_for_a_webhook_has_a_delivery")
def an_event_that_nobody_delivers(h: History) -> None:
    run("DELETE FROM webhook_deliveries WHERE event_id = (SELECT event_id FROM webhook_deliveries LIMIT 1)")


@breaks("delivery_is_of_its_event")
def a_delivery_that_names_another_number(h: History) -> None:
    run("UPDATE webhook_deliveries SET sequence = sequence + 1000000 WHERE status = 'delivered'")


@breaks("delivery_is_of_its_event")
def a_delivery_to_somebody_else(h: History) -> None:
    run(
        "UPDATE webhook_deliveries SET platform_id = %s WHERE status = 'delivered' AND platform_id = %s",
        h.rival.pk,
        h.platform.pk,
    )


@breaks("delivery_is_of_its_event")
def a_delivery_to_the_endpoint_of_another_platform(h: History) -> None:
    run(
        "WITH other AS (INSERT INTO webhook_endpoints"
        " (id, platform_id, starts_after, queued_through, previous_secret)"
        " VALUES (gen_random_uuid(), %s, 0, 0, '') RETURNING id)"
        " UPDATE webhook_deliveries SET endpoint_id = (SELECT id FROM other)"
        " WHERE status = 'delivered' AND platform_id = %s",
        h.rival.pk,
        h.platform.pk,
    )


@breaks("pending_delivery_is_due_at_a_webhook")
def a_delivery_to_a_webhook_that_is_off(h: History) -> None:
    run("UPDATE webhook_endpoints SET disabled_at = now() WHERE platform_id = %s", h.platform.pk)


@breaks("pending_delivery_is_due_at_a_webhook")
def a_delivery_without_a_time(h: History) -> None:
    run("UPDATE webhook_deliveries SET next_attempt_at = NULL WHERE status = 'pending'")


@breaks("pending_delivery_is_due_at_a_webhook")
def a_delivery_to_nowhere(h: History) -> None:
    run("UPDATE platforms SET webhook_url = '' WHERE id = %s", h.platform.pk)


@breaks("webhook_is_no_further_than_its_events")
def an_event_taken_for_queued_before_it_happens(h: History) -> None:
    run(
        "UPDATE webhook_endpoints SET starts_after = queued_through + 1000000,"
        " queued_through = queued_through + 1000000 WHERE platform_id = %s",
        h.platform.pk,
    )
