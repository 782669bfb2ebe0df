"""Celery application; its queues and schedule are in settings."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init
from django.core.management import CommandError, call_command
from django.db import connections
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gigstream.settings")

# The module is loaded with the first connection, because it imports the client of Redis.
TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "gigstream.processes.broker:Transport"))
app = Celery("gigstream")
app.config_from_object("django.conf:settings", namespace="CELERY")


@worker_init.connect
@beat_init.connect
def require_own_database(**kwargs: Any) -> None:
    """End a worker or beat that starts beside a database of another kind or provider."""
    try:
        call_command("require_own_database")
    except CommandError as refusal:
        raise SystemExit(str(refusal)) from refusal
    finally:
        # The processes that a worker forks have connections of their own.
        connections.close_all()
