"""Work events: the platforms' reports, and their consequences."""

from datetime import date

import pytest

from gigstream.core.errors import IllegalMove
from platforms import services as platforms
from platforms.models import WorkEvent
from platforms.services import WorkReport
from platforms.tasks.errors import InvalidWorkEvent, TaskNotFound, TaskNotOpen
from tests.support.books import entries_of_event
from tests.support.factories import NOW, PlatformFactory, assigned, balance, running_stream, seconds, started

pytestmark = pytest.mark.django_db


def report(task, event_type, **fields):
    return platforms.record_work_event(
        platform_id=task.platform_id, report=WorkReport(task.pk, event_type, **fields), now=NOW
    )


def test_reports_alone_take_a_task_from_its_start_to_its_pay():
    task = assigned(amount="10")

    report(task, "started")
    report(task, "completed", external_id="c-1", event_date=date(2026, 3, 2))
    again, new = report(task, "completed", external_id="c-1", event_date=date(2026, 3, 2))

    assert not new
    assert entries_of_event(again).get().kind == "earning"
    assert balance(task.worker, "available") == 10


def test_completing_a_stream_by_report_pays_its_rest_for_that_event():
    stream = running_stream(total="36", duration=3600, interval=60)

    event, _ = platforms.record_work_event(
        platform_id=stream.platform_id, report=WorkReport(stream.task_id, "completed"), now=NOW + seconds(90)
    )

    assert entries_of_event(event).get().amount == 36


def test_an_event_lies_between_the_posting_of_its_task_and_today():
    task = started(amount="10")
    for wrong in (date(2026, 2, 28), date(2026, 3, 4)):
        with pytest.raises(InvalidWorkEvent) as refused:
            report(task, "bonus", external_id="tip", amount="1", event_date=wrong)
        assert refused.value.numbers == {"earliest": "2026-03-01", "latest": "2026-03-03"}
    assert balance(task.worker, "available") == 0

    for right in (date(2026, 3, 1), date(2026, 3, 3)):
        report(task, "bonus", external_id="tip", amount="1", event_date=right)
    assert balance(task.worker, "available") == 2


@pytest.mark.parametrize(
    ("event_type", "fields"),
    [
        ("vanished", {}),
        ("bonus", {}),
        ("started", {"amount": "1"}),
        ("milestone_reached", {}),
        ("completed", {"milestone_number": 1}),
    ],
)
def test_a_report_that_lacks_what_its_type_needs_is_refused(event_type, fields):
    task = started()
    with pytest.raises(InvalidWorkEvent):
        report(task, event_type, **fields)
    assert not WorkEvent.objects.exists()


def test_the_same_event_with_other_particulars_is_refused():
    task = started()
    report(task, "bonus", external_id="b-1", amount="2")
    with pytest.raises(InvalidWorkEvent, match="reported before with other particulars"):
        report(task, "bonus", external_id="b-1", amount="3")
    assert balance(task.worker, "available") == 2


def test_a_bonus_is_for_work_begun_or_done():
    task = assigned()
    with pytest.raises(TaskNotOpen):
        report(task, "bonus", amount="2")
    assert balance(task.worker, "available") == 0


def test_another_platforms_task_does_not_exist_for_it():
    task = started()
    with pytest.raises(TaskNotFound):
        platforms.record_work_event(
            platform_id=PlatformFactory().pk, report=WorkReport(task.pk, "completed"), now=NOW
        )


def test_in_a_batch_a_refused_report_leaves_the_others_standing():
    platform = PlatformFactory(funds="100")
    first, second = started(platform=platform), started(platform=platform)
    platforms.cancel_task(task_id=first.pk, now=NOW)

    refused, (event, new) = platforms.record_work_events(
        platform_id=platform.pk,
        reports=[WorkReport(first.pk, "completed"), WorkReport(second.pk, "completed")],
        now=NOW,
    )

    assert isinstance(refused, IllegalMove)
    assert (event.task, new) == (second, True)
    assert balance(second.worker, "available") == 10
