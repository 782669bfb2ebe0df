from gigstream.core.errors import Refusal


class InvalidWebhookUrl(Refusal):
    """A webhook is an https URL of a public host."""

    code = "invalid_webhook_url"
    status = 400


class NoWebhook(Refusal):
    """The platform has set no webhook, so there is nowhere to deliver to."""

    code = "no_webhook"


class WebhookDisabled(Refusal):
    """The webhook was switched off, by staff or because it kept failing."""

    code = "webhook_disabled"


class InvalidEventRange(Refusal):
    """A range of events begins at 1 or later, does not end before it begins, and is not too long."""

    code = "invalid_event_range"
    status = 422
