"""`manage.py run_scheduler`: the scheduled jobs, without Celery and without Redis."""

import signal
import threading
from typing import Any

from django.db import connection

from audit.database_identity.commands import MoneyCommand
from gigstream.jobs.registry import scheduled_jobs
from gigstream.jobs.scheduler import Scheduler


class Command(MoneyCommand):
    help = "Run the scheduled jobs in this process until SIGINT or SIGTERM; safe beside beat and workers."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("running the schedule; Ctrl-C stops after the current jobs")
        # A thread for each queue, as with Celery: payments must not wait for platforms' servers.
        queues = sorted({job.queue for job in scheduled_jobs()})
        threads = [threading.Thread(target=self._run, args=(queue, stop), name=queue) for queue in queues]
        for thread in threads:
            thread.start()
        while not stop.wait(1):
            pass
        for thread in threads:
            thread.join()

    @staticmethod
    def _run(queue: str, stop: threading.Event) -> None:
        scheduler = Scheduler(job for job in scheduled_jobs() if job.queue == queue)
        while not stop.is_set():
            scheduler.run_due()
            stop.wait(scheduler.seconds_to_next())
        connection.close()
