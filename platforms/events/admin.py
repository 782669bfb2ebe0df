from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from gigstream.adminkit import ActionForm, ReadOnlyAdmin, RowAction, by_text, by_uuid
from platforms import services
from platforms.events.enums import DeliveryStatus
from platforms.models import (
    EventCounter,
    PlatformEvent,
    WebhookDelivery,
    WebhookEndpoint,
)


@admin.register(PlatformEvent)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("sequence", "type", "platform", "created_at", "request_id")
    list_select_related = ("platform",)
    list_filter = ("type",)
    belongs = ("platform",)
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("id", "platform_id"), by_text("request_id"))
    search_help_text = "id of an event or platform, or of a request"
    actions = (
        RowAction(
            name="replay",
            label="Deliver once more",
            done="will be delivered once more",
            run=lambda event: services.replay_event(platform_id=event.platform_id, event_id=event.pk),
            form=ActionForm,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlatformEvent]:
        """Read payloads only where they are displayed: a batch may name thousands of streams."""
        return super().get_queryset(request).defer("payload")


@admin.register(EventCounter)
class EventCounterAdmin(ReadOnlyAdmin):
    list_display = ("platform", "last_sequence")
    list_select_related = ("platform",)
    belongs = ("platform",)
    searches = (by_uuid("platform_id"),)
    search_help_text = "platform id"


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    list_display = (
        "platform",
        "failing_since",
        "disabled_at",
        "starts_after",
        "queued_through",
        "previous_secret_until",
    )
    list_select_related = ("platform",)
    list_filter = (
        ("disabled_at", admin.EmptyFieldListFilter),
        ("failing_since", admin.EmptyFieldListFilter),
    )
    belongs = ("platform",)
    searches = (by_uuid("platform_id"),)
    search_help_text = "platform id"


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "event",
        "platform",
        "status",
        "attempts",
        "next_attempt_at",
        "status_code",
        "error",
        "milliseconds",
        "ended_at",
    )
    list_select_related = ("event", "platform")
    list_filter = ("status", "error")
    belongs = ("platform", "event")
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("event_id", "platform_id"),)
    search_help_text = "id of an event or platform"
    actions = (
        RowAction(
            name="replay",
            label="Deliver once more",
            done="will be tried again",
            run=lambda row: services.replay_event(platform_id=row.platform_id, event_id=row.event_id),
            form=ActionForm,
            when=lambda row: row.status != DeliveryStatus.PENDING,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        return super().get_queryset(request).defer("event__payload")
