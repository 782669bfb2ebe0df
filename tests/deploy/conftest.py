import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.servers.nginx import NGINX

if NGINX is None:
    collect_ignore = ["test_nginx.py"]


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="gs-", dir="/tmp") as folder:
        yield Path(folder)
