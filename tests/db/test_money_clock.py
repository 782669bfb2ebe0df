"""The database's clock: services, defaults of columns and views go by it alone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from audit.models import AuditLog
from gigstream.core.clock import database_now
from gigstream.staff.services.sessions import record_sign_out
from loans.policy.reports import WorkerRiskAssessment
from tests.support.database.clock import stop_clock
from tests.support.factories import WorkerFactory

pytestmark = pytest.mark.django_db

LEAP_DAY = datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)


def test_rows_services_and_views_go_by_one_clock():
    worker = WorkerFactory(now=LEAP_DAY)
    stop_clock(LEAP_DAY + timedelta(days=31))
    record_sign_out(User.objects.create_user("auditor"), because="time")

    assert database_now() == LEAP_DAY + timedelta(days=31)
    assert AuditLog.objects.latest("pk").created_at == LEAP_DAY + timedelta(days=31)
    assert (worker.created_at, WorkerRiskAssessment.objects.get(pk=worker.pk).account_age_days) == (
        LEAP_DAY,
        31,
    )


def test_the_clock_is_that_of_the_database():
    before = datetime.now(UTC)
    between = database_now()

    assert before - timedelta(seconds=60) < between < datetime.now(UTC) + timedelta(seconds=60)
