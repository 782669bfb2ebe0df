from collections.abc import Collection, Iterator
from itertools import islice
from uuid import UUID

from workers.models import Worker

AT_ONCE = 200


def worker_batches(only: Collection[UUID] = ()) -> Iterator[list[UUID]]:
    """Yield the ids of all workers, or of the existing workers among `only`, in order and in batches of
    `AT_ONCE`: for commands that read everybody's history."""
    workers = Worker.objects.order_by("pk").values_list("pk", flat=True)
    ids = iter(list(workers.filter(pk__in=only) if only else workers))
    while batch := list(islice(ids, AT_ONCE)):
        yield batch
