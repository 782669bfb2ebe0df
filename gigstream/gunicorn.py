"""Gunicorn's configuration (`-c python:gigstream.gunicorn`).

Its processes count together what they count, and mark their progress. A buffering proxy stands in front
(docs/operations.md): it takes slow clients, and keeps connections open to us.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from gunicorn import util

from gigstream import settings, web_answers

_MINE = f"-{os.getpid()}"
# A Unix socket's address holds no more.
_LONGEST_ADDRESS = 100

worker_class = "gthread"
workers = settings.WEB_PROCESSES
threads = settings.WEB_THREADS
# A process whose threads do not come back for so long is ended and replaced.
timeout = settings.WEB_TIMEOUT_SECONDS
graceful_timeout = 20
# Longer than the 60 s after which balancers and proxies close: no request meets a connection closed by us.
keepalive = 75
limit_request_line = 8190
control_socket = str(settings.BASE_DIR / "var" / "run" / f"gunicorn{_MINE}.ctl")
control_socket_disable = len(os.fsencode(control_socket)) > _LONGEST_ADDRESS

# What gunicorn refuses before the application sees it is answered in the API's form as well.
util.write_error = web_answers.write_problem

# One directory for each server. The master reads this, again at each reload, and its workers inherit the
# variable; a successor (USR2) has another number and takes a directory of its own.
if not os.environ.get("PROMETHEUS_MULTIPROC_DIR", "").endswith(_MINE):
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="gigstream-metrics-", suffix=_MINE)


def post_worker_init(worker: Any) -> None:
    """From now on this process asks its server for an answer, and marks progress when there is one."""
    web_answers.prove_answers(worker.sockets[0].getsockname())


def on_exit(server: Any) -> None:
    """The server has ended: nobody counts any more."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
    Path(control_socket).unlink(missing_ok=True)
