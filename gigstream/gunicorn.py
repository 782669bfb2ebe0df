"""Gunicorn's configuration (`-c python:gigstream.gunicorn`).

Its processes share their metrics and mark their progress. A buffering proxy stands in front
(docs/operations.md): it handles slow clients and keeps connections open.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from gunicorn import util

from gigstream import settings
from gigstream.processes import web_answers

_MINE = f"-{os.getpid()}"
# Limit of a Unix socket's address.
_LONGEST_ADDRESS = 100

worker_class = "gthread"
workers = settings.WEB_PROCESSES
threads = settings.WEB_THREADS
# Seconds after which a process with stuck threads is replaced.
timeout = settings.WEB_TIMEOUT_SECONDS
graceful_timeout = 20
# Longer than the 60 s after which balancers and proxies close: no request meets a connection closed here.
keepalive = 75
limit_request_line = 8190
control_socket = str(settings.BASE_DIR / "var" / "run" / f"gunicorn{_MINE}.ctl")
control_socket_disable = len(os.fsencode(control_socket)) > _LONGEST_ADDRESS

# Refusals by gunicorn itself have the API's form as well.
util.write_error = web_answers.write_problem

# A directory for each server. The master runs this, again at each reload, and its workers inherit the
# variable; a successor (USR2) has another process id and creates a directory of its own.
if not os.environ.get("PROMETHEUS_MULTIPROC_DIR", "").endswith(_MINE):
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="gigstream-metrics-", suffix=_MINE)


def post_worker_init(worker: Any) -> None:
    """Start a thread that requests `/healthz` of this process's server and marks each answer as progress."""
    web_answers.start_probe(worker.sockets[0].getsockname())


def on_exit(server: Any) -> None:
    """Remove the ended server's directory of metrics and its control socket."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
    Path(control_socket).unlink(missing_ok=True)
