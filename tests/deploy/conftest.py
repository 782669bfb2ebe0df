import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
if NGINX is None:
    collect_ignore = ["test_nginx.py"]


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="gs-", dir="/tmp") as folder:
        yield Path(folder)
