"""Every code of a refusal is in the guide's table, with its status, and each can be had over the API."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.cache import cache

from gigstream.api import problems
from gigstream.core.errors import Refusal
from gigstream.urls import urlpatterns
from tests.guide.codes import HOWS, Given
from tests.support.long_forms import spread

pytestmark = pytest.mark.django_db
GUIDE = (Path(project.BASE_DIR) / "docs" / "api.md").read_text(encoding="utf-8")
LISTED = {(code, int(status)) for code, status in re.findall(r"^\| `(\w+)` \| (\d+) \|", GUIDE, re.MULTILINE)}
# Errors that only staff get, in the admin; and errors of amounts, emails and names, which stand in `errors`.
OF_STAFF = {
    *("has_money_history", "invalid_fee", "invalid_split", "invalid_terms", "money_left", "staff_needed"),
    *("platform_deleted", "platform_name_taken", "reason_missing", "same_person"),
    *("task_not_over", "zero_adjustment", "invalid_amount", "not_for_staff", "not_observed"),
    *("permission_missing", "requested_already", "decided_already", "payload_changed", "invalid_limit"),
    *("sum_changed", "invalid_email", "invalid_name", "invalid_request_limit"),
    *("hold_exceeds_available", "held_already", "hold_ended", "invalid_hold_expiry"),
    *("switched_already", "not_parked", "not_with_provider", "discrepancy_resolved", "unknown_subject"),
    "stream_not_parked",
    *("provider_refused", "provider_silent", "claimed_by_another", "not_claimed", "unknown_job"),
    "not_adjustable",
    *("credited_already", "invalid_text"),
    *("note_too_long", "mention_refused", "answer_refused", "file_refused"),
    *("assignee_refused", "assigned_meanwhile", "unknown_notice_way"),
    *("view_name_taken", "not_the_owner", "view_cannot_be_saved", "too_many_views"),
    "invalid_outage",
    *(
        "quest_pool_exhausted",
        "quest_event_not_held",
        "quest_event_not_deferred",
        "quest_rewards_not_decided",
        "royalties_not_paid",
        "metrics_stale",
        "cluster_gone",
    ),
    "milestone_not_refused",
    *("usage_month_not_ended", "usage_archive_damaged"),
    *("usage_store_unavailable", "usage_store_unset", "usage_store_incomplete", "usage_store_differs"),
    *("not_enough_points", "points_not_reversible", "points_reversed_already"),
    *("oracle_off", "operation_not_dead", "operation_superseded", "creator_has_no_address"),
    *("invalid_token", "invalid_record"),
    *("wrong_code", "code_refused", "nothing_to_do", "access_changed", "no_address", "last_superuser"),
}


def refusals(base: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for kind in base.__subclasses__():
        if not kind.__module__.startswith("tests."):
            yield kind
            yield from refusals(kind)


def test_the_table_has_every_code_there_is():
    assert urlpatterns  # every module that refuses has been imported
    framework = {(code, kind.status_code) for kind, code in problems._CODES.items()}
    source = Path(problems.__file__).read_text(encoding="utf-8")
    spelt = {(code, int(status)) for status, code in re.findall(r'(\d{3}),\s+"(\w+)"', source)}
    ours = {(kind.code, kind.status) for kind in refusals()}

    assert {code for code, _ in ours} >= OF_STAFF
    assert {pair for pair in framework | spelt | ours if pair[0] not in OF_STAFF} == LISTED


def test_there_is_a_way_to_each():
    assert set(HOWS) == LISTED


@pytest.mark.parametrize(("code", "status"), spread(sorted(HOWS), of="codes", one_in=12))
def test_a_refusal_has_its_code(code, status, settings, monkeypatch):
    cache.clear()
    given = Given(settings, monkeypatch)

    answer = HOWS[code, status](given)

    body = answer if isinstance(answer, dict) else json.loads(answer.content)
    assert (body["code"], body["status"]) == (code, status), body
    if not isinstance(answer, dict):
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
