"""Callers in the API benchmark: credentials of workers with a history, and keys of platforms."""

from django.db import connection

from gigstream.core.clock import database_now
from platforms import services as platforms
from platforms.models import Platform
from tests.benchmarks.books import check_books
from workers.sign_in import tokens
from workers.sign_in.enums import SignInMethod
from workers.sign_in.services.sessions import open_session

# Those with most behind them.
_BUSIEST = """
    SELECT w.id FROM workers w
    JOIN (SELECT worker_id, count(*) AS tasks FROM tasks GROUP BY worker_id) t ON t.worker_id = w.id
    JOIN (SELECT worker_id, count(*) AS moved FROM transactions GROUP BY worker_id) x ON x.worker_id = w.id
    WHERE w.status = 'active' AND w.deleted_at IS NULL
    ORDER BY least(t.tasks, x.moved) DESC, w.id LIMIT %s
"""


def people(workers: int) -> dict[str, list[str]]:
    """Access tokens of the busiest workers, and a key of each active platform."""
    with connection.cursor() as cursor:
        cursor.execute(_BUSIEST, [workers])
        known = [row[0] for row in cursor.fetchall()]
    now = database_now()
    return {
        "tokens": [
            open_session(worker_id=one, method=SignInMethod.PASSWORD, now=now).access_token for one in known
        ],
        "keys": [
            platforms.create_api_key(platform_id=one.pk)[1]
            for one in Platform.objects.filter(is_active=True, deleted_at=None).order_by("pk")
        ],
    }


def token_key() -> dict[str, str]:
    """Return the key that signs access tokens, for a peer that reads them too."""
    return {"key": tokens._signing_key().hex()}


COMMANDS = {"check_books": check_books, "people": people, "token_key": token_key}
