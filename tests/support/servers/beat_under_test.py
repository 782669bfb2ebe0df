"""The project's Celery application on a test's own broker, whose beat rings every job many times a second."""

from tests.support.servers.celery_under_test import app

for entry in app.conf.beat_schedule.values():
    entry["schedule"] = 0.2
