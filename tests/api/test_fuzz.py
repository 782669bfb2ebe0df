"""The API against its description: cases made up from the description by Schemathesis, as a platform and
as a worker, against a server over real sockets."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from gigstream.core.clock import database_now
from loans.applications import services as loans
from payments import services as payments
from payments.models import Pool, Stream, Transaction
from platforms import services as platforms
from platforms.models import ApiKey, Platform, PlatformEvent, Task, UsageCorrection
from platforms.services import MilestonePlan, Place
from platforms.usage.calculations.periods import day_of
from reputation.models import MilestoneRule, Quest
from tests.support.api.client import Api
from tests.support.books import violated
from tests.support.creators.catalogue import creator, work
from tests.support.creators.milestones import rule
from tests.support.creators.royalties import play
from tests.support.creators.usage import have_months, void
from tests.support.factories import (
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    assigned,
    consent,
    running_stream,
    started,
)
from tests.support.quests import open_quest
from workers import services as workers
from workers.models import Worker
from workers.sign_in.tokens import SignedMessage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long_form]

# The examples and coverage phases alone make as many.
FEWEST_CASES = 2500


def work_between(platform: Platform, worker: Worker) -> None:
    """Tasks of all kinds in all states, streams, payouts, an advance, a withdrawal, an invitation, keys and
    events."""
    now = database_now()
    with_both = {"platform": platform, "now": now}
    steps = [MilestonePlan("half", "5"), MilestonePlan("whole", "5")]
    for _ in range(4):
        TaskFactory(**with_both)
        assigned(worker, **with_both)
        started(worker, **with_both)
        started(worker, task_type="milestone", milestones=steps, **with_both)
        running_stream(worker, **with_both)
        platforms.complete_task(task_id=started(worker, **with_both).pk, now=now)
        platforms.create_api_key(platform_id=platform.pk)
    payments.cash_out(worker_id=worker.pk, amount="4", now=now)
    loans.request_loan(worker_id=worker.pk, amount="20", fee_bps=200, now=now)
    platforms.set_webhook(platform_id=platform.pk, url="https://hooks.example.com/gigstream")
    signed = SignedMessage(f"0x{'ab' * 20}", workers.make_nonce(now=now).nonce)
    platforms.set_withdrawal_address(platform_id=platform.pk, signed=signed, now=now)
    payments.request_withdrawal(platform_id=platform.pk, amount="5", now=now)
    platforms.invite_worker(platform_id=PlatformFactory(now=now).pk, email=worker.email, now=now)
    _catalogue_between(platform, worker)
    _use_between(platform)
    # A platform to leave, whose tasks are not among those above.
    consent(PlatformFactory(now=now), worker, now=now)


def _catalogue_between(platform: Platform, worker: Worker) -> None:
    """Make creators with works, some of them in a collection, and a listener who follows one."""
    now = database_now()
    for person in (worker, WorkerFactory(now=now), WorkerFactory(now=now)):
        band = creator(platform, person, now=now)
        songs = [work(band, rate="0.01", now=now) for _ in range(2)]
        places = [Place(song.pk, position) for position, song in enumerate(songs, 1)]
        platforms.create_collection(
            platform_id=platform.pk, title="Album", creator_id=band.pk, works=places, now=now
        )
        platforms.follow_creator(platform_id=platform.pk, creator_id=band.pk, listener="fan", now=now)


def _use_between(platform: Platform) -> None:
    """Have works of the catalogue played, some of that taken back; share sums, fill pools and make rules."""
    now = database_now()
    have_months(now)
    for song in list(platform.works.all()):
        refs = play(song, times=3, at=now, now=now)
        void(platform, refs[0], now=now)
    today = day_of(now)
    for number in range(4):
        pool = payments.create_pool(platform_id=platform.pk, name=f"Fund {number}", now=now)
        for band in platform.creators.all():
            payments.set_pool_units(pool_id=pool.pk, creator_id=band.pk, units=1, now=now)
        payments.add_to_pool(pool_id=pool.pk, amount="1", now=now)
        payments.draft_distribution(
            platform_id=platform.pk, first=today, last=today, mode="pro_rata", amount="5", now=now
        )
        rule(platform, ("plays", "all_time", 100), now=now)
        open_quest(platform, budget="10", now=now)


def ids_of(platform: Platform, worker: Worker) -> dict[str, list[str]]:
    """Return the keys of the rows that exist, by the names that they have in addresses and bodies."""
    payouts = Transaction.objects.filter(worker=worker, type="payout")
    found = {
        "task_id": Task.objects.filter(platform=platform),
        "stream_id": Stream.objects.filter(platform=platform),
        "transaction_id": Transaction.objects.filter(platform=platform),
        "payout_id": payouts,
        "event_id": PlatformEvent.objects.filter(platform=platform),
        "loan_id": worker.loans.all(),
        "creator_id": platform.creators.all(),
        "work_id": platform.works.all(),
        "collection_id": platform.collections.all(),
        "correction_id": UsageCorrection.objects.filter(platform=platform),
        "distribution_id": platform.distributions.all(),
        "pool_id": Pool.objects.filter(platform=platform),
        "quest_id": Quest.objects.filter(platform=platform),
        "rule_id": MilestoneRule.objects.filter(platform=platform),
        "worker_id": Worker.objects.filter(pk=worker.pk),
        "withdrawal_id": Transaction.objects.filter(platform=platform, type="withdrawal"),
        "invitation_id": platforms.invitations_to(worker=worker),
        "platform_id": Platform.objects.filter(consents__worker=worker).exclude(pk=platform.pk),
    }
    ids = {name: [str(key) for key in rows.values_list("pk", flat=True)] for name, rows in found.items()}
    keys = ApiKey.objects.filter(platform=platform).order_by("created_at")
    return {**ids, "prefix": list(keys.values_list("prefix", flat=True))}


def bearer(api: Api) -> str:
    return api.headers["Authorization"].removeprefix("Bearer ")


def test_what_is_made_up_from_the_description_finds_nothing(web, pytestconfig):
    now = database_now()
    platform, worker = PlatformFactory(funds="100000", now=now), WorkerFactory(now=now)
    work_between(platform, worker)
    ids = ids_of(platform, worker)
    environment = {
        "FUZZ_IDS": json.dumps(ids),
        "FUZZ_PLATFORM_KEY": bearer(Api.of(platform)),
        "FUZZ_WORKER_TOKEN": bearer(Api.as_worker(worker)),
        "PYTHONPATH": str(settings.BASE_DIR),
    }
    # A single thread: Python 3.11 may stop a thread when two parse Python at once (AST recursion depth
    # mismatch).
    command = [
        *(
            str(Path(sys.executable).with_name("schemathesis")),
            "--config-file",
            "tests/support/api/schemathesis.toml",
        ),
        *("run", "docs/openapi.yaml", "--url", web.url, "--workers", "1", "--no-color"),
        *("--max-examples", str(pytestconfig.getoption("--fuzz-examples")), "--generation-database", "none"),
    ]

    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env={**os.environ, **environment}, capture_output=True, text=True
    )

    print(done.stdout[done.stdout.find("API Operations:") :])
    assert done.returncode == 0, done.stdout + done.stderr
    cases = int(re.search(r"(\d+) generated", done.stdout)[1])
    assert cases >= FEWEST_CASES
    assert '"levelname": "ERROR"' not in web.log.read_text()
    assert violated() == {}
