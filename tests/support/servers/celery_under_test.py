"""The project's Celery application on a test's own broker."""

import os

from gigstream.celery import app

app.conf.update(broker_url=os.environ["TEST_BROKER_URL"])
