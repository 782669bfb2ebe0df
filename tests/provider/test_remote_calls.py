"""A second user of the package for remote calls: a service of quotes, with a table and words of its own."""

from collections.abc import Iterator

import pytest
import urllib3
from django.db import connection, models
from django.test.utils import isolate_apps

from audit.models import AuditLog
from gigstream.remote_calls import selectors
from gigstream.remote_calls.calculations import backoff_after
from gigstream.remote_calls.connections import CONNECT_SECONDS, BoundedPool, translated_errors
from gigstream.remote_calls.errors import CallRefused, ServiceBusy, ServiceUnavailable
from gigstream.remote_calls.models import CircuitBreaker, RemoteCall
from gigstream.remote_calls.services import breaker
from gigstream.remote_calls.services.calls import (
    LEASE,
    NO_CALLS,
    CallLog,
    Outcome,
    make_call,
    make_calls_in_turn,
)
from platforms.models import Platform
from tests.support.factories import NOW, PlatformFactory, seconds
from tests.support.servers.webhooks import Receiver

pytestmark = pytest.mark.django_db
SERVICE = "quotes"


class QuoteClient:
    """A client of a service that quotes prices, over a socket."""

    def __init__(self, receiver: Receiver, *, seconds: float = 5) -> None:
        self._receiver = receiver
        self._seconds = seconds
        self._pool = BoundedPool(seconds=seconds, largest=1_000)

    def quote(self, path: str = "/ok") -> str:
        """Return the status of the answer as text. Raises ServiceBusy, CallRefused or ServiceUnavailable."""
        with translated_errors():
            answer = self._pool.request(
                "POST",
                self._receiver.url(path),
                body=b"{}",
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=self._seconds),
            )
        if answer.status == 429:
            raise ServiceBusy("too many calls", retry_after=float(answer.headers["Retry-After"]))
        if answer.status == 422:
            raise CallRefused("no such currency", error_class="no_currency", status=422)
        return f"{answer.status}"


@pytest.fixture
def log() -> CallLog:
    """The service's own table of calls, each about a platform."""
    with isolate_apps("platforms"):

        class QuoteCall(RemoteCall):
            platform = models.ForeignKey(
                Platform, on_delete=models.CASCADE, related_name="+", db_constraint=False
            )
            price = models.TextField(blank=True)

            class Meta(RemoteCall.Meta):
                app_label = "platforms"
                db_table = "quote_calls"
                triggers = ()

        with connection.schema_editor() as editor:
            editor.create_model(QuoteCall)
    return CallLog(QuoteCall, "platform", details=("price",), fill_details=_fill_price)


def _fill_price(call: RemoteCall, answer: str) -> None:
    call.price = answer


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def called(log: CallLog, platform: Platform, client: QuoteClient, path: str = "/ok") -> Outcome[str]:
    """Call the service about the platform, with the call on record before and after."""
    last_numbers = {key: history.last_number for key, history in histories(log, platform).items()}
    opened = log.begin_calls(
        [platform], service=SERVICE, operation="quote", last_numbers=last_numbers, now=NOW
    )
    outcome = make_call(lambda: client.quote(path))
    log.end_calls([(opened[platform.pk], outcome)], NOW + seconds(1))
    return outcome


def histories(log: CallLog, platform: Platform):
    return log.histories([platform.pk], writing="quote")


def on_record(log: CallLog):
    return list(log.model.objects.order_by("number").values_list("number", "price", "error_class"))


def test_an_answer_is_on_record_with_its_details(log, receiver):
    platform = PlatformFactory()

    outcome = called(log, platform, QuoteClient(receiver))

    assert (outcome.answer, outcome.error, outcome.error_class, outcome.message) == ("204", None, None, "")
    assert on_record(log) == [(1, "204", None)]
    history = histories(log, platform)[platform.pk]
    assert (history.last_number, history.first_at, history.is_unknown) == (1, NOW, False)
    assert histories(log, PlatformFactory()).get(platform.pk, NO_CALLS) == NO_CALLS


def test_a_refusal_keeps_the_words_of_the_service(log, receiver):
    receiver.answers = [422]
    platform = PlatformFactory()

    outcome = called(log, platform, QuoteClient(receiver))

    assert isinstance(outcome.error, CallRefused)
    assert (outcome.answer, outcome.message) == (None, "no such currency")
    assert on_record(log) == [(1, "", "no_currency")]
    assert not histories(log, platform)[platform.pk].is_unknown
    assert backoff_after(outcome.error, 1) == seconds(2)


def test_a_call_without_an_answer_is_of_unknown_outcome_and_is_repeated(log, receiver):
    platform = PlatformFactory()

    silent = called(log, platform, QuoteClient(receiver, seconds=0.2), "/slow")
    known = histories(log, platform)[platform.pk]
    called(log, platform, QuoteClient(receiver))

    assert isinstance(silent.error, ServiceUnavailable)
    assert silent.error.sent
    assert (known.last_number, known.is_unknown) == (1, True)
    assert on_record(log) == [(1, "", "unknown_outcome"), (2, "204", None)]
    assert [request.path for request in receiver.requests] == ["/slow", "/ok"]


def test_a_call_that_cannot_have_been_sent_is_none_of_unknown_outcome(log):
    with Receiver() as gone:
        client = QuoteClient(gone)
    platform = PlatformFactory()

    outcome = called(log, platform, client)

    assert not outcome.error.sent
    assert on_record(log) == [(1, "", "network")]
    assert not histories(log, platform)[platform.pk].is_unknown


def test_a_busy_service_is_left_alone_for_as_long_as_it_says(log, receiver):
    receiver.answers, receiver.retry_after = [429], "90"

    outcome = called(log, PlatformFactory(), QuoteClient(receiver))

    assert isinstance(outcome.error, ServiceBusy)
    assert backoff_after(outcome.error, 1) == seconds(90)
    assert [backoff_after(None, calls).seconds for calls in (1, 2, 3, 4, 5, 50)] == [2, 4, 8, 16, 30, 30]


def test_a_call_whose_process_died_is_closed_as_of_unknown_outcome(log):
    platform = PlatformFactory()
    log.begin_calls([platform], service=SERVICE, operation="quote", last_numbers={}, now=NOW)

    assert log.close_abandoned(NOW + LEASE - seconds(1)) == 0
    assert log.close_abandoned(NOW + LEASE) == 1
    assert log.close_abandoned(NOW + LEASE) == 0
    assert on_record(log) == [(1, "", "unknown_outcome")]
    assert histories(log, platform)[platform.pk].is_unknown


def test_calls_that_were_not_made_are_forgotten(log, receiver):
    made, unused = PlatformFactory(), PlatformFactory()
    opened = log.begin_calls([made, unused], service=SERVICE, operation="quote", last_numbers={}, now=NOW)
    log.end_calls([(opened[made.pk], make_call(QuoteClient(receiver).quote))], NOW)

    log.forget_calls(opened.values())

    assert [call.platform_id for call in log.model.objects.all()] == [made.pk]


def test_the_breaker_opens_after_five_failures_and_closes_after_one_answer(log, receiver):
    with Receiver() as gone:
        away = QuoteClient(gone)
    platforms = PlatformFactory.create_batch(8)

    outcomes = make_calls_in_turn(platforms, lambda platform: called(log, platform, away))
    breaker.note_outcomes(SERVICE, [outcome.error_class for _, outcome in outcomes], NOW)

    assert len(outcomes) == log.model.objects.count() == 5, "the rest is not called"
    assert selectors.services_with_open_breakers() == [SERVICE]
    assert breaker.permitted_calls(SERVICE, 8, NOW + seconds(29)) == 0
    assert breaker.permitted_calls("another", 8, NOW) == 8
    assert breaker.permitted_calls(SERVICE, 8, NOW + seconds(30)) == 1
    trial = called(log, platforms[0], QuoteClient(receiver))
    breaker.note_outcomes(SERVICE, [trial.error_class], NOW + seconds(31))
    assert selectors.services_with_open_breakers() == []
    assert breaker.permitted_calls(SERVICE, 8, NOW + seconds(32)) == 8
    assert CircuitBreaker.objects.get(pk=SERVICE).failures_in_a_row == 0
    actions = AuditLog.objects.filter(action__startswith="breaker.").order_by("id")
    assert list(actions.values_list("action", flat=True)) == ["breaker.open", "breaker.close"]


def test_the_breaker_opens_when_half_of_the_calls_on_record_failed(log, receiver):
    platform = PlatformFactory()
    with Receiver() as gone:
        away = QuoteClient(gone)
    for number in range(10):
        called(log, platform, away if number % 2 else QuoteClient(receiver))

    breaker.note_outcomes(SERVICE, ["network"], NOW + seconds(2))
    assert selectors.services_with_open_breakers() == []
    breaker.note_outcomes(SERVICE, ["network"], NOW + seconds(2), on_record=log.model)
    assert selectors.services_with_open_breakers() == [SERVICE]


def test_the_health_of_the_service_is_read_off_its_calls(log, receiver):
    receiver.answers = [204, 422]
    platform = PlatformFactory()
    for _ in range(2):
        called(log, platform, QuoteClient(receiver))

    figures = selectors.call_figures(log.model, after=NOW - seconds(1), until=NOW)
    assert (figures.calls, figures.failed) == (2, 1)
    assert selectors.last_answer_at(log.model, until=NOW) == NOW + seconds(1)
    assert selectors.last_answer_at(log.model, until=NOW - seconds(1)) is None
