"""`manage.py run_scheduler`: every job of the schedule, without Celery and without Redis."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from audit.jobs import scheduled_jobs
from audit.scheduler import Scheduler


class Command(BaseCommand):
    help = "Run the scheduled jobs in this process until SIGINT or SIGTERM; safe beside beat and workers."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        scheduler = Scheduler(scheduled_jobs())
        self.stdout.write("running the schedule; Ctrl-C stops after the job at hand")
        while not stop.is_set():
            scheduler.run_due()
            stop.wait(scheduler.seconds_to_next())
