"""Usage over the API: batches in each form, dry runs, sums, proofs that are verified offline."""

import gzip
import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from gigstream.core.clock import database_now
from platforms.models import UsageEvent
from platforms.platforms.scopes import scope_names
from tests.support.api.client import Api, is_problem
from tests.support.creators.catalogue import creator, work
from tests.support.creators.usage import event, have_months
from tests.support.database.snapshots import everything
from tests.support.factories import PlatformFactory, WorkerFactory

pytestmark = pytest.mark.django_db
LINES = "application/x-ndjson"


@pytest.fixture
def song():
    now = database_now()
    have_months(now)
    return work(creator(PlatformFactory.create(now=now), now=now), now=now, rate="0.01")


@pytest.fixture
def api(song):
    return Api.of(song.platform, scopes=scope_names())


def send(api, content, kind=LINES, **headers):
    return api.client.generic(
        "POST", "/api/v1/usage", content, content_type=kind, headers={**api.headers, **headers}
    )


def lines(*events):
    return "\n".join(json.dumps(one) for one in events).encode()


def test_a_batch_is_taken_as_json_as_lines_and_packed(song, api):
    one = [event(song, at=database_now()) for _ in range(4)]

    answers = [
        api.post("usage", {"events": one[:1]}),
        send(api, lines(*one[:2])),
        send(api, gzip.compress(lines(*one[:3])), **{"Content-Encoding": "gzip"}),
        send(
            api,
            gzip.compress(json.dumps({"events": one}).encode()),
            "application/json",
            **{"Content-Encoding": "gzip"},
        ),
    ]

    assert [answer.status_code for answer in answers] == [200] * 4
    outcomes = [[result["status"] for result in answer.json()["results"]] for answer in answers]
    assert outcomes == [[*["replayed"] * count, "accepted"] for count in range(4)]
    assert [answer.json()["receipt"]["number"] for answer in answers] == [1, 2, 3, 4]


def test_a_body_that_cannot_be_unpacked_moves_nothing(song, api):
    whole = gzip.compress(lines(event(song, at=database_now())))
    packed = {"Content-Encoding": "gzip"}
    before = everything()

    is_problem(send(api, whole[: len(whole) // 2], **packed), 400, "invalid_usage_batch")
    is_problem(send(api, b"plain", **packed), 400, "invalid_usage_batch")
    is_problem(send(api, gzip.compress(b" " * 10**6), **packed), 413, "usage_batch_too_large")
    is_problem(send(api, b"{}\n" * 5_001), 413, "usage_batch_too_large")
    is_problem(send(api, b" " * (4 * 2**20 + 1)), 413, "body_too_large")
    is_problem(send(api, whole, **{"Content-Encoding": "br"}), 400, "invalid_input")

    assert everything() == before


def test_lines_are_answered_once_for_an_idempotency_key(song, api):
    first, second = (lines(event(song, at=database_now())) for _ in range(2))
    key = {"Idempotency-Key": "one"}

    answer, again, other = (send(api, body, **key) for body in (first, first, second))

    assert (answer.status_code, again.content) == (200, answer.content)
    assert again["Idempotent-Replayed"] == "true"
    is_problem(other, 422, "idempotency_mismatch")
    assert UsageEvent.objects.count() == 1


def test_a_dry_run_of_a_correction_says_the_differences(song, api):
    at = database_now() - timedelta(seconds=1)
    number = api.post("usage", {"events": [event(song, at=at)]}).json()["results"][0]["number"]
    body = {"reason": "counted twice", "events": [{"number": number, "occurred_at": at.isoformat()}]}
    before = everything(besides=["answered_requests"])

    answer = api.post("usage/corrections/void?dry_run=true", body).json()

    assert answer["dry_run"] is True
    assert [one["plays"] for one in answer["answer"]["differences"]] == [-1]
    assert answer["answer"]["pay"] == [{"creator_id": str(song.creator_id), "amount": "-0.010000"}]
    assert everything(besides=["answered_requests"]) == before
    assert api.post("usage/corrections/void", body).status_code == 201
    assert api.get("usage/days").json()["days"][0]["plays"] == 0


def test_sums_are_read_by_day_work_and_creator(song, api):
    api.post("usage", {"events": [event(song, at=database_now()), event(song, "tip", at=database_now())]})

    paths = ("usage/days", f"works/{song.pk}/days", f"creators/{song.creator_id}/days")
    for path in paths:
        (day,) = api.get(path).json()["days"]
        assert (day["plays"], day["listeners"], day["tips"]) == (1, 1, "2.500000")
        is_problem(api.get(path, first_day="2026-01-02", last_day="2026-01-01"), 400, "invalid_input")
        is_problem(api.get(path, first_day="2020-01-01", last_day="2026-01-01"), 400, "invalid_input")
    me = Api.as_worker(song.creator.worker)
    assert me.get(f"me/creators/{song.creator_id}/days").json() == api.get(paths[2]).json()
    assert me.get(f"me/works/{song.pk}/days").json() == api.get(paths[1]).json()
    score = me.get(f"me/creators/{song.creator_id}/score").json()
    assert (score["score"], score["parts"]["publishing"]) == ("10.00", "10.0000")
    assert score["inputs"] == {"plays": 1, "followers": 0, "likes": 0, "comments": 0, "works": 1}


def test_a_stranger_sees_neither_sums_nor_proofs_of_a_creator(song, api):
    number = api.post("usage", {"events": [event(song, at=database_now())]}).json()["results"][0]["number"]
    stranger = Api.as_worker(WorkerFactory.create())
    other = Api.of(PlatformFactory.create(), scopes=scope_names())

    for path in ("days", "score", "left-out", f"usage/{number}/proof"):
        is_problem(stranger.get(f"me/creators/{song.creator_id}/{path}"), 404, "not_found")
    for path in (f"usage/events/{number}/proof", "usage/receipts/1", f"works/{song.pk}/days"):
        is_problem(other.get(path), 404, "not_found")


def test_a_proof_is_verified_offline_and_a_changed_one_is_not(song, api, tmp_path):
    events = [event(song, at=database_now(), listener=f"fan-{n}") for n in range(5)]
    events.append(event(song, "purchase", at=database_now(), amount="1.5"))
    results = api.post("usage", {"events": events}).json()["results"]
    me = Api.as_worker(song.creator.worker)
    keys, proof = tmp_path / "keys", tmp_path / "proof"
    keys.write_bytes(Api().get("usage/keys").content)

    for result in results:
        answer = me.get(f"me/creators/{song.creator_id}/usage/{result['number']}/proof")
        assert answer.json() == api.get(f"usage/events/{result['number']}/proof").json()
        assert "fan-" not in answer.content.decode()
        proof.write_bytes(answer.content)
        told = StringIO()
        call_command("verify_usage", proof=proof, keys=keys, stdout=told)
        assert "nothing is wrong" in told.getvalue()

    whole = json.loads(proof.read_text())
    for part, name, value in (
        ("event", "amount", "2.500000"),
        ("receipt", "count", 7),
        ("receipt", "root", "0" * 64),
        ("receipt", "key_id", "another"),
    ):
        changed = {**whole, part: {**whole[part], name: value}}
        proof.write_text(json.dumps(changed))
        with pytest.raises(CommandError, match="faults"):
            call_command("verify_usage", proof=proof, keys=keys, stdout=StringIO())


def test_the_command_finds_a_changed_sum(song, api):
    api.post("usage", {"events": [event(song, at=database_now())]})
    call_command("verify_usage", stdout=StringIO())
    day = song.days.get()
    day.plays += 1
    day.save()

    told = StringIO()
    with pytest.raises(CommandError, match="faults"):
        call_command("verify_usage", stdout=told)

    assert f"work {song.number} on {day.day}: the sums are not those of its events" in told.getvalue()
