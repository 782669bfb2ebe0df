"""Last uses of API keys: a request notes them in Redis, and a job writes them to the keys."""

import logging
from contextlib import suppress
from datetime import timedelta

from gigstream.core import sql
from gigstream.core.unit import in_unit
from gigstream.network.redis_cache import redis_errors, run_in_redis
from platforms.models import ApiKey

logger = logging.getLogger(__name__)

NOTED_EVERY = timedelta(minutes=1)
_USES = "gigstream:key_uses"
# A use that is noted between the two commands stays for the next run.
_TAKE_ALL = """
local uses = redis.call('HGETALL', KEYS[1])
redis.call('DEL', KEYS[1])
return uses
"""


def note_key_use(*, key: ApiKey) -> None:
    """Note the use of a key that was just looked up, at most once a minute. Without Redis none is noted."""
    if key.as_of is None or (key.last_used_at and key.as_of - key.last_used_at < NOTED_EVERY):
        return
    with suppress(*redis_errors()):
        run_in_redis("HSET", _USES, key.pk, key.as_of.isoformat())


@in_unit
def write_key_uses() -> int:
    """Write the noted uses to their keys; return the number of keys."""
    try:
        taken = run_in_redis("EVAL", _TAKE_ALL, 1, _USES)
    except redis_errors() as error:
        logger.warning("uses of keys are not written: %s", type(error).__name__)
        return 0
    texts = [value.decode() for value in taken]
    return len(sql.run("platforms/platforms/write_key_uses", keys=[*map(int, texts[::2])], times=texts[1::2]))
