"""A platform's webhook over the API: its address, its secret, and whether it answers."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from gigstream.api.endpoints import Endpoint
from gigstream.api.fields import NothingForm, StrictSerializer, Text
from gigstream.api.schema.describing import describe_rows
from gigstream.api.views import json_response
from gigstream.network.outbound import LONGEST_URL
from platforms import services
from platforms.models import WebhookEndpoint
from platforms.platforms.views import PlatformView

WEBHOOK_COLUMNS = ("created_at", "starts_after", "failing_since", "disabled_at", "previous_secret_until")
_URL = Text(help_text="where events are delivered")

WebhookRow = describe_rows("WebhookRow", WebhookEndpoint, WEBHOOK_COLUMNS, url=_URL)
NewSecret = describe_rows(
    "NewSecret",
    WebhookEndpoint,
    WEBHOOK_COLUMNS,
    url=_URL,
    secret=Text(
        required=False,
        help_text="whsec_…, signs deliveries; in the first answer only",
    ),
)


class WebhookForm(StrictSerializer):
    """Address for the delivery of events."""

    url = Text(max_length=LONGEST_URL, help_text="https, a public host's name, port 443 or 8443")


def webhook_as_json(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Return the webhook without its secrets."""
    columns = {name: getattr(endpoint, name) for name in WEBHOOK_COLUMNS}
    return {"url": endpoint.platform.webhook_url, **columns}


class WebhookView(PlatformView):
    """Base of the views of a platform's own webhook."""

    resource = "events"

    def own(self) -> QuerySet[WebhookEndpoint]:
        return WebhookEndpoint.objects.select_related("platform").filter(platform=self.platform)

    def as_it_is(self) -> dict[str, Any]:
        """Return the webhook as it is now. Raises Http404 before it is set."""
        return webhook_as_json(self.own_one())


class Webhook(WebhookView):
    """`webhook`."""

    endpoints = {
        "GET": Endpoint("get_webhook", WebhookRow, may_be_missing=True),
        "PUT": Endpoint("set_webhook", NewSecret, takes=WebhookForm),
    }

    def get(self, request: Request) -> HttpResponse:
        """Return the webhook, and since when it fails or is off, if it does."""
        return json_response(200, self.as_it_is())

    def put(self, request: Request) -> HttpResponse:
        """Deliver events from now on to this URL. The secret that signs them is in the first answer only;
        another URL keeps it, and a webhook that was switched off is on again."""
        given = self.read(request)
        visible_once: dict[str, str] = {}

        def act() -> tuple[int, Any]:
            _, secret = services.set_webhook(platform_id=self.platform.pk, **given)
            if secret:
                visible_once["secret"] = secret
            return 200, self.as_it_is()

        return self.perform(request, act, visible_once=visible_once)


class RotateSecret(WebhookView):
    """`webhook/rotate-secret`."""

    endpoints = {"POST": Endpoint("rotate_webhook_secret", NewSecret, takes=NothingForm)}

    def post(self, request: Request) -> HttpResponse:
        """Make a new secret, in this answer only. For 24 hours deliveries carry a signature of the old secret
        too."""
        self.read(request)
        visible_once: dict[str, str] = {}

        def act() -> tuple[int, Any]:
            visible_once["secret"] = services.rotate_webhook_secret(platform_id=self.platform.pk)
            return 200, self.as_it_is()

        return self.perform(request, act, visible_once=visible_once)


class SendTest(WebhookView):
    """`webhook/test`."""

    endpoints = {"POST": Endpoint("send_test_event", WebhookRow, takes=NothingForm, status=202)}

    def post(self, request: Request) -> HttpResponse:
        """Publish an event `webhook.ping`, which says nothing."""
        self.read(request)
        return self.perform(request, self.send)

    def send(self) -> tuple[int, Any]:
        """Publish the event, which is delivered like any other."""
        services.send_test_event(platform_id=self.platform.pk)
        return 202, self.as_it_is()
