"""Programs of GigStream, as the demo, the systemd units and a container run them."""

import sys
from collections.abc import Mapping

from celery import current_app
from django.conf import settings

from gigstream.processes.heartbeat_watch import HeartbeatWatch
from gigstream.processes.progress import PROCESS_VARIABLE, last_mark

# See docs/decisions/celery-pubsub.md.
WITHOUT_PUBSUB = ("--without-gossip", "--without-mingle", "--without-heartbeat")
BROKER_SECONDS = 2.0
# A process without a mark for three of these is silent; a worker marks each second, beat every 5.
EVERY_SECONDS = 20.0
SILENT_SECONDS = 3 * EVERY_SECONDS


def program_commands(*, bind: str | None = None) -> dict[str, list[str]]:
    """Return the command line of each program, in the order of starting; the web server listens at `bind`."""
    base = str(settings.BASE_DIR)
    celery = [sys.executable, "-m", "celery", "-A", "gigstream", "--workdir", base]
    log = ["--loglevel", "INFO"]
    worker = [*celery, "worker", "-P", "prefork", *WITHOUT_PUBSUB, *log]
    web = [sys.executable, "-m", "gunicorn", "gigstream.wsgi:application", "--chdir", base]
    queues = [queue.name for queue in settings.CELERY_TASK_QUEUES]
    # Webhooks have their own worker: payments must not wait for platforms' servers.
    jobs = ",".join(name for name in queues if name not in ("release", "webhooks"))
    return {
        "web": [*web, "--config", "python:gigstream.gunicorn", *(["--bind", bind] if bind else [])],
        # Its own processes: many payouts must not delay releases.
        "releases": [
            *worker,
            "--concurrency",
            str(settings.RELEASE_WORKERS),
            "-Q",
            "release",
            *_hostname_option("releases"),
        ],
        "worker": [
            *worker,
            "--concurrency",
            str(settings.WORKER_PROCESSES),
            "-Q",
            jobs,
            *_hostname_option("worker"),
        ],
        "webhooks": [*worker, "--concurrency", "1", "-Q", "webhooks", *_hostname_option("webhooks")],
        "beat": [*celery, "beat", *log, "--schedule", str(settings.BASE_DIR / "var" / "celerybeat-schedule")],
    }


def _hostname_option(name: str) -> list[str]:
    return ["--hostname", f"{name}@%h"]


def program_environment(name: str) -> Mapping[str, str]:
    """Return the variables to add to a program's environment: the name under which it marks progress."""
    return {PROCESS_VARIABLE: name}


def require_broker() -> None:
    """Raise ConnectionError unless the broker answers: without it no worker can make progress."""
    limits = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), BROKER_SECONDS)
    with current_app.connection_for_read(transport_options=limits) as connection:
        try:
            connection.connect()
        except connection.connection_errors as error:
            raise ConnectionError("the broker does not answer") from error


def watch_progress(name: str) -> HeartbeatWatch:
    """Return a watch of a program's progress that does not count outages of the broker."""

    def read() -> Mapping[str, tuple[float, float | None]]:
        if name != "web":
            require_broker()
        return {name: (EVERY_SECONDS, last_mark(name))}

    return HeartbeatWatch(read)
