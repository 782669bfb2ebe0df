"""A Redis that accepts connections and answers nothing: the API goes on, and nobody waits long."""

import time

import pytest

from gigstream import celery_app
from gigstream.jobs.registry import _producer_pool
from gigstream.network import redis_cache as guarded_cache
from gigstream.network.redis_cache import Breaker, RedisPaused
from payments.models import LedgerEntry
from tests.support.api.client import Api, is_problem
from tests.support.factories import WorkerFactory
from tests.support.servers.broker import use_broker
from tests.support.servers.valkey import own_valkey

REQUESTS = 10


@pytest.fixture
def hung_redis(settings):
    """Cache and broker of this process on a server that hangs, with the limits of production."""
    before = celery_app.conf.broker_url
    settings.REDIS_TIMEOUT_SECONDS = 0.2
    with own_valkey() as valkey:
        settings.CACHES = {
            "default": {
                **settings.CACHES["default"],
                "LOCATION": valkey.cache_url,
                "OPTIONS": {"socket_timeout": 0.2, "socket_connect_timeout": 0.2},
            }
        }
        use_broker(valkey.broker_url)
        valkey.hang()
        try:
            yield valkey
        finally:
            use_broker(before)
            valkey.go_on()


@pytest.mark.django_db(transaction=True)
def test_requests_are_served_while_redis_hangs_and_wait_for_it_once(hung_redis, api):
    """Ten deposits were 50 s and more; now the first wait 0.2 s, and the breaker spares the others."""
    began = time.monotonic()
    answers = [api.post("deposits", {"amount": "1"}).status_code for _ in range(REQUESTS)]
    took = time.monotonic() - began

    assert answers == [201] * REQUESTS
    assert LedgerEntry.objects.filter(kind="deposit", amount=1).count() == REQUESTS
    assert took < 5 * REQUESTS / 2


@pytest.mark.django_db
def test_nobody_signs_in_while_redis_hangs(hung_redis):
    WorkerFactory(email="ana@example.com")
    began = time.monotonic()
    for _ in range(3):
        answer = Api().post("auth/login", {"email": "ana@example.com", "password": "wrong-password-1"})
        assert is_problem(answer, 503, "unavailable")
        assert answer["Retry-After"] == "5"
    assert time.monotonic() - began < 10


@pytest.mark.django_db(transaction=True)
def test_a_redis_that_answers_again_is_used_again(hung_redis, api, settings):
    api.get("balance")
    url = settings.CACHES["default"]["LOCATION"]
    assert guarded_cache.breaker_for(url).is_open

    hung_redis.go_on()

    deadline = time.monotonic() + 60
    while "RateLimit" not in api.get("balance"):
        assert time.monotonic() < deadline
    assert not guarded_cache.breaker_for(url).is_open


def test_a_request_waits_less_long_for_the_broker_than_a_worker(settings):
    settings.REDIS_TIMEOUT_SECONDS = 0.2
    options = _producer_pool(0, "redis://127.0.0.1:1/0").connections.connection.transport_options
    assert (options["socket_timeout"], options["socket_connect_timeout"]) == (0.2, 0.2)
    assert celery_app.conf.broker_transport_options["socket_timeout"] == 10


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def failing(breaker):
    with breaker.guard(lambda: (OSError,)):
        raise TimeoutError


def test_the_breaker_pauses_longer_each_time_and_closes_with_an_answer():
    clock = Clock()
    breaker = Breaker(clock)
    for pause in (1.0, 2.0, 4.0, 8.0, 8.0):
        with pytest.raises(TimeoutError):
            failing(breaker)
        with pytest.raises(RedisPaused):
            failing(breaker)
        clock.now += pause - 0.01
        with pytest.raises(RedisPaused):
            failing(breaker)
        clock.now += 0.01

    with breaker.guard(lambda: (OSError,)), pytest.raises(RedisPaused), breaker.guard(lambda: (OSError,)):
        pytest.fail("a second call came in while one tries")
    assert not breaker.is_open
    with pytest.raises(TimeoutError):
        failing(breaker)
    clock.now += 1.0
    with breaker.guard(lambda: (OSError,)):
        pass
