"""For each operation of the API a request that its owner may make now, on rows that are made for it."""

from tests.support.api import identity_requests, platform_requests, worker_requests
from tests.support.api.asks import ASKS, Ask
from tests.support.subjects import load_subjects

load_subjects()

__all__ = ["ASKS", "Ask", "identity_requests", "platform_requests", "worker_requests"]
