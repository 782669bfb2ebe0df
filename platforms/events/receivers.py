from typing import Any

from django.db import connection
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from platforms.events.models import ERASING_PLATFORM
from platforms.models import Platform


@receiver(pre_delete, sender=Platform)
def let_events_go_with_their_platform(instance: Platform, **kwargs: Any) -> None:
    """Set the platform whose events the database lets be deleted, in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [ERASING_PLATFORM, str(instance.pk)])
