"""The files of the repository, for tests that read their text."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = {".png", ".jpg", ".jpeg", ".gif", ".ico", ".woff", ".woff2", ".webp", ".pdf", ".mo"}


@cache
def text_files() -> tuple[Path, ...]:
    """Return every text file that is in the repository or would be added to it."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    paths = sorted({ROOT / name for name in listed if name})
    return tuple(path for path in paths if path.is_file() and path.suffix not in BINARY)


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the parsed Python file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    """Return the path as it is written in documents: from the repository's root, with slashes."""
    return path.relative_to(ROOT).as_posix()
