"""What Django's cache raises when Redis is away."""


def redis_away(*also: type[Exception]) -> tuple[type[Exception], ...]:
    """For an `except` clause, which is only evaluated when something was raised: the client of Redis takes a
    tenth of the time that a command needs to start, and the cache itself loads it with its first use."""
    from redis.exceptions import RedisError

    return RedisError, OSError, *also
