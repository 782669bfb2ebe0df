"""Gunicorn's configuration (`-c python:gigstream.gunicorn`): its processes count together what they count."""

import os
import shutil
import tempfile
from typing import Any

_MINE = f"-{os.getpid()}"

# One directory for each server. The master reads this, again at each reload, and its workers inherit the
# variable; a successor (USR2) has another number and takes a directory of its own.
if not os.environ.get("PROMETHEUS_MULTIPROC_DIR", "").endswith(_MINE):
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="gigstream-metrics-", suffix=_MINE)


def on_exit(server: Any) -> None:
    """The server has ended: nobody counts any more."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
