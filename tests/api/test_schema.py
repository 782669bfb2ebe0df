"""The description of the API: complete, the same as the committed file, and served without other hosts."""

import json
import re
from itertools import product
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema import Draft202012Validator

from gigstream.api.schema.openapi import AMOUNT_ABOVE_ZERO, AMOUNT_OR_ZERO, WRITTEN_REFERENCE
from gigstream.api.views import ApiView
from gigstream.core.clock import database_now
from gigstream.core.money import InvalidAmount, exact_amount
from gigstream.core.postgres.short_numbers import read_reference
from payments.models import Transaction
from platforms import services as platforms
from tests.support.api.requests import ASKS
from tests.support.factories import WorkerFactory, running_stream, started
from tests.support.long_forms import spread
from tests.support.quests import fact, open_quest, record

HERE = Path(settings.BASE_DIR)


@pytest.fixture(scope="module")
def document():
    return parsed((HERE / "docs" / "openapi.yaml").read_bytes())


def parsed(content):
    """Return the document, read by libyaml: the parser in Python takes seconds for it."""
    return yaml.load(content, Loader=yaml.CSafeLoader)


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def views(resolver=None, prefix=""):
    """Yield every address that a view of the API answers, with its class."""
    for one in (resolver or get_resolver()).url_patterns:
        path = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from views(one, path)
        elif isinstance(one, URLPattern) and issubclass(getattr(one.callback, "cls", object), ApiView):
            yield path, one.callback.cls


@pytest.mark.django_db
def test_what_is_served_is_what_is_checked_in(document):
    answer = Client().get("/api/schema/")

    assert (answer.status_code, answer["Content-Type"]) == (
        200,
        "application/vnd.oai.openapi; charset=utf-8",
    )
    assert parsed(answer.content) == document
    assert document["openapi"].startswith("3.1")


def test_every_address_and_method_is_described(document):
    described = {(path, method) for path, method, _ in operations(document)}
    answered = {
        ("/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path), method)
        for path, view in views()
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(view, method)
    }

    assert described == answered


def test_operation_ids_are_unique(document):
    names = [operation["operationId"] for _, _, operation in operations(document)]

    assert len(names) == len(set(names))


def test_every_operation_says_who_may_come_and_how_it_refuses(document):
    for path, _, operation in operations(document):
        assert operation["security"], path
        assert operation["description"], path
        for status in ("400", "401", "403", "429", "503"):
            assert list(operation["responses"][status]["content"]) == ["application/problem+json"]
        assert ("404" in operation["responses"]) or "{" not in path


def test_what_moves_money_names_its_key_and_its_dry_run(document):
    by_id = {operation["operationId"]: operation for _, _, operation in operations(document)}
    parameters = {one["name"]: one for one in by_id["assign_task"]["parameters"]}

    assert parameters["Idempotency-Key"]["required"] is True
    assert "dry_run" in parameters
    assert "dry_run" not in {one["name"] for one in by_id["rate_worker"]["parameters"]}
    for operation in by_id.values():
        named = {one["name"]: one for one in operation.get("parameters", [])}
        assert ("dry_run" in named) == named.get("Idempotency-Key", {}).get("required", False)


@pytest.mark.parametrize("allow_zero", [False, True])
def test_the_form_of_amounts_is_what_the_api_accepts(allow_zero):
    pattern = re.compile(AMOUNT_OR_ZERO if allow_zero else AMOUNT_ABOVE_ZERO, re.ASCII)
    wholes = ("", "0", "1", "10", "01", "9" * 14, "9" * 15, "-1", "+1", " 5", "1_0", "1e3", "NaN")
    fractions = ["".join(one) for length in range(8) for one in product("01", repeat=length)]

    for text in (*wholes, *(f"{whole}.{fraction}" for whole in wholes for fraction in fractions)):
        assert bool(pattern.search(text)) == is_amount(text, allow_zero=allow_zero), text


def is_amount(text, *, allow_zero):
    try:
        exact_amount(text, allow_zero=allow_zero)
    except InvalidAmount:
        return False
    return True


def test_the_form_of_references_is_what_the_api_accepts(document):
    pattern = re.compile(WRITTEN_REFERENCE)
    prefixes = ("", "TA", "ta", "Ta", "UU", "T", "TAS", "T1", "--")
    dashes = ("", "-", "\u2010", "\u2013", "\u2015", "\u2016", "_", " ", "--")
    numbers = (
        "",
        "7K3M2",
        "7K3M2Q",
        "7k3m2q",
        "ILO012",
        "7K3M2U",
        "7K3M2Q7K3M2Q7",
        "7K3M2Q7K3M2Q77",
        "7K3-2Q",
        "é" * 6,
    )

    # Blanks around it are left out before.
    for text in {"".join(one).strip() for one in product(prefixes, dashes, numbers)}:
        assert bool(pattern.search(text)) == (read_reference(text) is not None), text
    (parameter,) = (
        one for one in document["paths"]["/api/v1/workers"]["get"]["parameters"] if one["name"] == "reference"
    )
    assert parameter["schema"]["pattern"] == WRITTEN_REFERENCE


def test_the_form_of_amounts_is_described(document):
    schemas = document["components"]["schemas"]

    assert schemas["TaskForm"]["properties"]["amount"]["pattern"] == AMOUNT_ABOVE_ZERO
    assert schemas["TaskRow"]["properties"]["paid_amount"]["pattern"] == AMOUNT_OR_ZERO


def test_no_pattern_looks_ahead_or_back(document):
    """Generators find values of such a pattern by trial only, and validators by RE2 refuse it."""
    patterns = set(re.findall(r'"pattern": "(.*?)"[,}]', json.dumps(document)))

    assert len(patterns) > 5
    assert [one for one in patterns if "(?" in one] == []


def test_forms_take_no_other_fields(document):
    forms = {name: one for name, one in document["components"]["schemas"].items() if name.endswith("Form")}

    assert len(forms) > 5
    assert all(form["additionalProperties"] is False for form in forms.values())


def fits(document, name, body):
    """Require that the body has exactly the fields that the form of this name describes, each of its kind."""
    schemas = document["components"]["schemas"]
    whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    errors = [error.message for error in Draft202012Validator(whole).iter_errors(body)]
    assert errors == []
    assert set(body) <= set(schemas[name]["properties"])


@pytest.mark.django_db
def test_answers_have_the_form_that_is_described(document, platform, api):
    stream = running_stream(platform=platform, now=database_now())
    task = started(platform=platform)
    platforms.complete_task(task_id=task.pk)
    fee = Transaction.objects.get(type="fee")
    platforms.set_webhook(platform_id=platform.pk, url="https://hooks.example.com/")
    event_id = task.platform.events.get(sequence=1).pk

    for path, name in {
        "tasks": "TaskRowPage",
        f"tasks/{task.pk}": "WholeTask",
        "streams": "StreamRowPage",
        f"streams/{stream.pk}": "WholeStream",
        "transactions": "TransactionRowPage",
        f"transactions/{fee.pk}": "TransactionRow",
        f"payments/{fee.pk}/explain": "Explanation",
        "balance": "Balance",
        "analytics": "Performance",
        "analytics/daily": "Daily",
        "workers": "WorkerRowPage",
        f"workers/{task.worker_id}": "WorkerRow",
        "keys": "KeyRowPage",
        "webhook": "WebhookRow",
        "events": "EventRowPage",
        f"events/{event_id}": "EventRow",
    }.items():
        fits(document, name, api.get(path).json())
    event = {"task_id": str(task.pk), "event_type": "bonus", "amount": "1"}
    for path, name, body in (
        ("keys", "NewKey", {}),
        ("deposits", "TransactionRow", {"amount": "5"}),
        ("deposits?dry_run=true", "TransactionRowDryRun", {"amount": "5"}),
        ("tasks/bulk", "TaskResults", {"tasks": [{}, {"title": "A", "task_type": "fixed", "amount": "1"}]}),
        ("work-events", "WorkEventResults", {"events": [event, {}]}),
        ("webhook/rotate-secret", "NewSecret", {}),
        ("webhook/test", "WebhookRow", {}),
        (f"events/{event_id}/replay", "EventRow", {}),
        ("events/replay", "Replayed", {"from_sequence": 1, "to_sequence": 2}),
        ("tasks", "Problem", {}),
        (f"streams/{task.pk}/pause", "Problem", {}),
    ):
        fits(document, name, json.loads(api.post(path, body).content))


@pytest.mark.django_db
def test_quests_and_their_events_have_the_form_that_is_described(document, platform, api):
    quest = open_quest(platform)
    [result] = record(quest, fact(WorkerFactory()))

    assert quest.min_tier == ""
    assert result.event_id is not None
    for path, name in {
        "quests": "QuestRowPage",
        f"quests/{quest.pk}": "QuestRow",
        f"quests/{quest.pk}/events": "QuestEventRowPage",
        f"quests/{quest.pk}/figures": "QuestFigures",
    }.items():
        fits(document, name, api.get(path).json())


@pytest.mark.django_db
@pytest.mark.parametrize("name", spread(sorted(ASKS), of="described answers", one_in=16))
@pytest.mark.shortened
def test_the_answer_to_a_request_that_succeeds_is_the_described_one(document, name):
    [(method, operation)] = [
        (method, one) for _, method, one in operations(document) if one["operationId"] == name
    ]
    ask = ASKS[name]()

    answer = ask.api().send(method.upper(), ask.path, ask.body)

    described = operation["responses"][str(answer.status_code)].get("content", {})
    assert 200 <= answer.status_code < 300, answer.content
    if "application/json" in described:
        whole = {**described["application/json"]["schema"], "components": document["components"]}
        found = Draft202012Validator(whole).iter_errors(json.loads(answer.content))
        assert [f"{error.json_path}: {error.message}" for error in found] == []
