"""Events of a platform's business and their deliveries (docs/decisions/events.md)."""

import pgtrigger
from django.db import models
from django.db.models import F, Q

from gigstream.core.encryption import EncryptedTextField
from gigstream.core.models import Common, GuardedQuerySet
from gigstream.core.people.row_names import with_owner
from gigstream.core.states import status_trigger
from platforms.events import registry
from platforms.events.enums import DELIVERY_MOVES, DeliveryError, DeliveryStatus
from platforms.events.querysets import GIVEN_UP, DeliveryQuerySet

# Deleting a platform without money history takes its events along; nothing else may.
ERASING_PLATFORM = "gigstream.erasing_platform"


class EventCounter(models.Model):
    """The number of a platform's last event. Its row is the last that a transaction locks, so the numbers
    become visible in their order; a rollback takes its numbers back."""

    platform = models.OneToOneField(
        "platforms.Platform", on_delete=models.CASCADE, primary_key=True, related_name="event_counter"
    )
    last_sequence = models.PositiveBigIntegerField()

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "event_counters"
        constraints = [
            models.CheckConstraint(name="event_counter_from_1", condition=Q(last_sequence__gte=1)),
        ]
        triggers = [
            pgtrigger.Protect(
                name="never_goes_back",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__last_sequence__lte=pgtrigger.F("old__last_sequence")),
            ),
        ]

    def __str__(self) -> str:
        return with_owner(f"{self.last_sequence} events", self, "platform")


class PlatformEvent(Common):
    """A fact of a platform's business, written in the transaction that made it true. Never changes; goes only
    with its platform. Its id is the `webhook-id` of every attempt to deliver it."""

    platform = models.ForeignKey(
        "platforms.Platform", on_delete=models.CASCADE, related_name="events", db_index=False
    )
    sequence = models.PositiveBigIntegerField(help_text="1, 2, … of this platform's events, without a gap")
    type = models.CharField(max_length=registry.LONGEST_NAME, choices=registry.type_choices)
    request_id = models.CharField(max_length=64, blank=True, help_text="of the request that caused it")
    payload = models.JSONField(help_text="amounts and times as text, as the API gives them")

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "events"
        verbose_name = "event"
        constraints = [
            models.UniqueConstraint(name="event_once_per_number", fields=["platform", "sequence"]),
            models.CheckConstraint(name="event_sequence_from_1", condition=Q(sequence__gte=1)),
            # The form only: the types are registered in code, so that a new event needs no migration.
            models.CheckConstraint(
                name="event_type_well_formed", condition=Q(type__regex=registry.TYPE_FORM)
            ),
        ]
        # Jobs write most events, and belong to no request.
        indexes = [
            models.Index(name="events_of_a_request", fields=["request_id"], condition=~Q(request_id="")),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="goes_only_with_its_platform",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func=f"""
                    IF current_setting('{ERASING_PLATFORM}', true) = OLD.platform_id::text THEN
                        RETURN OLD;
                    END IF;
                    RAISE EXCEPTION 'events are append-only';
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.type}"


class WebhookEndpoint(Common):
    """State of the deliveries to a platform's webhook. Their address and their secret are `webhook_url` and
    `webhook_secret` of the platform itself."""

    platform = models.OneToOneField("platforms.Platform", on_delete=models.CASCADE, related_name="webhook")
    starts_after = models.PositiveBigIntegerField(
        default=0, help_text="the last event before the webhook was set or enabled: later ones are delivered"
    )
    queued_through = models.PositiveBigIntegerField(
        default=0, help_text="the last event that a delivery was made for; the job takes up those after it"
    )
    previous_secret = EncryptedTextField(blank=True, default="", help_text="encrypted at rest")
    previous_secret_until = models.DateTimeField(
        null=True, blank=True, help_text="deliveries carry a second signature until then"
    )
    failing_since = models.DateTimeField(
        null=True, blank=True, help_text="first failure since the last success"
    )
    disabled_at = models.DateTimeField(null=True, blank=True, help_text="nothing is delivered since then")

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "webhook_endpoints"
        constraints = [
            models.CheckConstraint(
                name="webhook_queued_since_its_start", condition=Q(starts_after__lte=F("queued_through"))
            ),
            models.CheckConstraint(
                name="webhook_old_secret_has_an_end",
                condition=Q(previous_secret="", previous_secret_until__isnull=True)
                | (~Q(previous_secret="") & Q(previous_secret_until__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return with_owner("webhook", self, "platform")


class WebhookDelivery(models.Model):
    """An event on its way to an endpoint: the row is the job. Pending while it is to be tried, ended when it
    arrived, was given up or is forbidden; a replay makes it pending again."""

    id = models.BigAutoField(primary_key=True)
    event = models.OneToOneField(PlatformEvent, on_delete=models.CASCADE, related_name="delivery")
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    platform = models.ForeignKey(
        "platforms.Platform", on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    sequence = models.PositiveBigIntegerField(help_text="that of the event")
    status = models.CharField(max_length=16, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="since it was queued or replayed")
    next_attempt_at = models.DateTimeField(
        null=True, blank=True, help_text="when a job may next take it up; doubles as the job's lease"
    )
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True, help_text="of the last answer")
    error = models.CharField(max_length=16, choices=DeliveryError.choices, null=True, blank=True)
    milliseconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="how long the last attempt took"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(DeliveryQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "webhook_deliveries"
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(name="delivery_once_per_number", fields=["endpoint", "sequence"]),
            models.CheckConstraint(
                name="delivery_status_known", condition=Q(status__in=DeliveryStatus.values)
            ),
            models.CheckConstraint(
                name="delivery_error_known",
                condition=Q(error__isnull=True) | Q(error__in=DeliveryError.values),
            ),
            models.CheckConstraint(
                name="delivery_is_due_or_ended",
                condition=Q(
                    status=DeliveryStatus.PENDING, next_attempt_at__isnull=False, ended_at__isnull=True
                )
                | Q(
                    ~Q(status=DeliveryStatus.PENDING),
                    next_attempt_at__isnull=True,
                    ended_at__isnull=False,
                ),
            ),
        ]
        indexes = [
            models.Index(
                name="deliveries_due",
                fields=["endpoint", "next_attempt_at"],
                condition=Q(status=DeliveryStatus.PENDING),
            ),
            models.Index(name="deliveries_of_platform", fields=["platform", "-sequence"]),
            models.Index(name="deliveries_given_up", fields=["ended_at"], condition=GIVEN_UP),
        ]
        triggers = [status_trigger(DELIVERY_MOVES)]

    def __str__(self) -> str:
        return f"delivery of event {self.sequence}"
