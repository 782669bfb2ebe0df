"""The Celery application: queues and schedule are in settings."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gigstream.settings")

# The module is loaded with the first connection, as it loads the client of Redis.
TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "gigstream.broker:Transport"))
app = Celery("gigstream")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
