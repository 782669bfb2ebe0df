"""Other processes of the project that work on a test's data."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection

from gigstream import celery_app
from gigstream.processes.programs import WITHOUT_PUBSUB
from tests.support.servers.broker import channel_of

CONFIGURED = ("-c", "python:gigstream.gunicorn")
QUEUES = ",".join(queue.name for queue in settings.CELERY_TASK_QUEUES)
# More than anybody sends: on a fast machine no test is refused for calling often.
NO_RATE_LIMIT = {
    f"API_{whose}REQUESTS_PER_MINUTE": "1000000000" for whose in ("", "PLATFORM_", "WORKER_", "ADDRESS_")
}


def database_url() -> str:
    """Return the URL of the test's own database, for another process."""
    values = connection.settings_dict
    host = values["HOST"].replace("/", "%2F")
    user = values["USER"] + (f":{values['PASSWORD']}" if values["PASSWORD"] else "")
    return f"postgresql://{user}@{host}:{values['PORT']}/{values['NAME']}"


def empty_queues() -> None:
    """Make the queues, with nothing in them."""
    with celery_app.connection_for_write() as broker:
        for queue in settings.CELERY_TASK_QUEUES:
            channel_of(broker).queue_declare(queue=queue.name, durable=True)
            channel_of(broker).queue_purge(queue.name)


@contextmanager
def run_celery(
    application: str, *arguments: str, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Celery process on this test's database and broker, for as long as the block lasts."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", application, *arguments],
            cwd=settings.BASE_DIR,
            env={
                **os.environ,
                **(environment or {}),
                "DATABASE_URL": database_url(),
                "TEST_BROKER_URL": celery_app.conf.broker_url,
            },
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End Celery: it finishes its work; now and then its pool never comes to that, and then it is killed."""
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)


@contextmanager
def run_code(
    code: str, *, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process with this code on the test's database; at the end of the block it is killed."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
            cwd=settings.BASE_DIR,
            env={**os.environ, **(environment or {}), "DATABASE_URL": database_url()},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait(timeout=30)


def run_worker(
    log: Path, environment: Mapping[str, str] | None = None
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Run a worker of all queues, with two processes."""
    return run_celery(
        "tests.support.servers.celery_under_test",
        *("worker", "-P", "prefork", "--concurrency", "2", "-Q", QUEUES, *WITHOUT_PUBSUB),
        log=log,
        environment=environment,
    )


def own_servers() -> dict[str, str]:
    """Return an environment that names this test's database, cache and broker."""
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "CACHE_URL": str(settings.CACHES["default"]["LOCATION"]),
        "REDIS_URL": str(celery_app.conf.broker_url),
    }


@contextmanager
def run_scheduler(log: Path, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """Run all jobs, on this test's database, for as long as the block lasts."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run_scheduler"],
            cwd=settings.BASE_DIR,
            env={**own_servers(), **(environment or {})},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


@dataclass(frozen=True, slots=True)
class Web:
    """A web server on this machine: where it listens, its master process, and its output."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and text of an answer, over a connection of its own, so that any process may give it."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            client.request("GET", path, headers=headers)
            answer = client.getresponse()
            return answer.status, answer.read().decode()
        finally:
            client.close()


@contextmanager
def run_web(
    log: Path, *, processes: int = 1, threads: int = 4, environment: Mapping[str, str] | None = None
) -> Iterator[Web]:
    """Run the web server as in production, on this test's database and Redis. Its socket listens before it
    is there itself, so that a request needs only patience."""
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        served = ["--bind", f"fd://{listener.fileno()}", "--workers", str(processes)]
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "gunicorn",
                *CONFIGURED,
                "gigstream.wsgi",
                *served,
                "--threads",
                str(threads),
            ],
            cwd=settings.BASE_DIR,
            env={**own_servers(), **(environment or {})},
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield Web(listener.getsockname()[1], process, log)
        finally:
            process.terminate()
            process.wait(timeout=30)
