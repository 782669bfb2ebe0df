"""What a dry run tells beyond its answer: who books or announces something registers how to watch it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from gigstream.lib.api.callers import Caller

# Watches for a caller; the list it yields holds, afterwards, what would have happened and is theirs to know.
Watcher = Callable[[Caller], AbstractContextManager[list[Any]]]
_watchers: dict[str, Watcher] = {}


def register(name: str, watcher: Watcher) -> None:
    """Dry runs tell what `watcher` has seen under `name`."""
    _watchers[name] = watcher


@contextmanager
def watching(caller: Caller) -> Iterator[dict[str, list[Any]]]:
    """Everything that is booked or announced inside, by the names of the watchers."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(watcher(caller)) for name, watcher in _watchers.items()}
