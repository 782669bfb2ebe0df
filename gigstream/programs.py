"""The programs that make up GigStream, as the demo, the units and a container run them."""

import sys
from collections.abc import Mapping

from celery import current_app
from django.conf import settings

from gigstream.heartbeat_watch import HeartbeatWatch
from gigstream.progress import PROCESS_VARIABLE, last_mark

# See docs/decisions/celery-pubsub.md.
WITHOUT_PUBSUB = ("--without-gossip", "--without-mingle", "--without-heartbeat")
BROKER_SECONDS = 2.0
# A process is silent after three of these; a worker marks each second, beat every 5.
EVERY_SECONDS = 20.0
SILENT_SECONDS = 3 * EVERY_SECONDS


def commands(*, bind: str | None = None) -> dict[str, list[str]]:
    """The command line of each, in the order of starting; `bind` is where the web server listens."""
    base = str(settings.BASE_DIR)
    celery = [sys.executable, "-m", "celery", "-A", "gigstream", "--workdir", base]
    log = ["--loglevel", "INFO"]
    worker = [*celery, "worker", "-P", "prefork", *WITHOUT_PUBSUB, *log]
    web = [sys.executable, "-m", "gunicorn", "gigstream.wsgi:application", "--chdir", base]
    queues = [queue.name for queue in settings.CELERY_TASK_QUEUES]
    # Apart from the others: payments must not wait for other people's servers.
    jobs = ",".join(name for name in queues if name not in ("release", "webhooks"))
    return {
        "web": [*web, "--config", "python:gigstream.gunicorn", *(["--bind", bind] if bind else [])],
        # Of its own processes: a wave of payouts must not keep releases waiting.
        "releases": [
            *worker,
            "--concurrency",
            str(settings.RELEASE_LANES),
            "-Q",
            "release",
            *_named("releases"),
        ],
        "worker": [*worker, "--concurrency", str(settings.WORKER_PROCESSES), "-Q", jobs, *_named("worker")],
        "webhooks": [*worker, "--concurrency", "1", "-Q", "webhooks", *_named("webhooks")],
        "beat": [*celery, "beat", *log, "--schedule", str(settings.BASE_DIR / "var" / "celerybeat-schedule")],
    }


def _named(name: str) -> list[str]:
    return ["--hostname", f"{name}@%h"]


def environment(name: str) -> Mapping[str, str]:
    """What the program's environment has besides: the name under which it marks its progress."""
    return {PROCESS_VARIABLE: name}


def require_broker() -> None:
    """Raise ConnectionError unless the broker answers: without it no worker can make progress."""
    limits = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), BROKER_SECONDS)
    with current_app.connection_for_read(transport_options=limits) as connection:
        try:
            connection.connect()
        except connection.connection_errors as error:
            raise ConnectionError("the broker does not answer") from error


def watch(name: str) -> HeartbeatWatch:
    """A watch of that program's progress, which an outage of the broker does not count against it."""

    def read() -> Mapping[str, tuple[float, float | None]]:
        if name != "web":
            require_broker()
        return {name: (EVERY_SECONDS, last_mark(name))}

    return HeartbeatWatch(read)
