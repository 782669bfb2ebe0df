import logging

from gigstream.jobs.registry import job
from gigstream.network.redis_cache import redis_errors
from reputation.points.services import leaderboards

logger = logging.getLogger(__name__)


@job
def check_leaderboards() -> int:
    """Check the leaderboards; without Redis, write a warning: ranks come from the database meanwhile, and the
    state of Redis is an alarm of its own."""
    try:
        return leaderboards.check_leaderboards()
    except redis_errors() as error:
        logger.warning("leaderboards are not checked: %s", type(error).__name__)
        return 0
