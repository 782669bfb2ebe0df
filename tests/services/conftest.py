import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gigstream import embedded
from gigstream.embedded import home


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that any account can pass through, unlike pytest's own when root runs it."""
    made = Path(tempfile.mkdtemp(prefix="gs-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def embedded_home(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home; servers started in it are stopped at the end."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    chosen = place / "home"
    monkeypatch.setenv(home.HOME_VARIABLE, str(chosen))
    yield chosen
    monkeypatch.setenv(home.HOME_VARIABLE, str(chosen))
    embedded.stop_servers()
