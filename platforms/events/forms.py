from gigstream.adminkit import ActionResult
from platforms import services
from platforms.models import Platform


def new_secret(platform: Platform, reason: str) -> ActionResult:
    """Give the platform's webhook a new secret, displayed this once."""
    secret = services.rotate_webhook_secret(platform_id=platform.pk, reason=reason)
    return ActionResult(f"The new webhook secret of {platform}:", secret=secret)
