"""A platform's webhook over the API: where it is, what signs it, and whether it answers."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from audit.http import json
from gigstream.lib.api.describing import described
from gigstream.lib.api.doors import Door
from gigstream.lib.api.fields import NothingForm, StrictSerializer, Text
from gigstream.lib.outbound import LONGEST_URL
from platforms import services
from platforms.http import PlatformView
from platforms.models import WebhookEndpoint

WEBHOOK_COLUMNS = ("created_at", "starts_after", "failing_since", "disabled_at", "previous_secret_until")
_URL = Text(help_text="where events are delivered")

WebhookRow = described("WebhookRow", WebhookEndpoint, WEBHOOK_COLUMNS, url=_URL)
NewSecret = described(
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
    """Where events are to be delivered."""

    url = Text(max_length=LONGEST_URL, help_text="https, a public host's name, port 443 or 8443")


def shown(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """The webhook without its secrets."""
    columns = {name: getattr(endpoint, name) for name in WEBHOOK_COLUMNS}
    return {"url": endpoint.platform.webhook_url, **columns}


class WebhookView(PlatformView):
    """Whatever a platform does with its own webhook."""

    resource = "events"

    def own(self) -> QuerySet[WebhookEndpoint]:
        return WebhookEndpoint.objects.select_related("platform").filter(platform=self.platform)

    def as_it_is(self) -> dict[str, Any]:
        """The webhook as it is now. Raises Http404 before it is set."""
        return shown(self.own_one())


class Webhook(WebhookView):
    """`webhook`."""

    doors = {
        "GET": Door("get_webhook", WebhookRow, may_be_missing=True),
        "PUT": Door("set_webhook", NewSecret, takes=WebhookForm),
    }

    def get(self, request: Request) -> HttpResponse:
        """Where events are delivered, and since when that fails or is off, if it does."""
        return json(200, self.as_it_is())

    def put(self, request: Request) -> HttpResponse:
        """Events from now on are delivered to this URL. The secret that signs them is in the first answer
        only; another URL keeps it, and a webhook that was switched off is on again."""
        given = self.read(request)
        shown_once: dict[str, str] = {}

        def act() -> tuple[int, Any]:
            _, secret = services.set_webhook(platform_id=self.platform.pk, **given)
            if secret:
                shown_once["secret"] = secret
            return 200, self.as_it_is()

        return self.perform(request, act, shown_once=shown_once)


class RotateSecret(WebhookView):
    """`webhook/rotate-secret`."""

    doors = {"POST": Door("rotate_webhook_secret", NewSecret, takes=NothingForm)}

    def post(self, request: Request) -> HttpResponse:
        """A new secret, in this answer only. For 24 hours deliveries carry a signature of the old one too."""
        self.read(request)
        shown_once: dict[str, str] = {}

        def act() -> tuple[int, Any]:
            shown_once["secret"] = services.rotate_webhook_secret(platform_id=self.platform.pk)
            return 200, self.as_it_is()

        return self.perform(request, act, shown_once=shown_once)


class SendTest(WebhookView):
    """`webhook/test`."""

    doors = {"POST": Door("send_test_event", WebhookRow, takes=NothingForm, status=202)}

    def post(self, request: Request) -> HttpResponse:
        """An event `webhook.ping`, which tells nothing, is on its way."""
        self.read(request)
        return self.perform(request, self.send)

    def send(self) -> tuple[int, Any]:
        """The event is recorded, and delivered like any other."""
        services.send_test_event(platform_id=self.platform.pk)
        return 202, self.as_it_is()
