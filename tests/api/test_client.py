"""A client that a public generator makes from the checked-in description works as it is: a platform and a
worker do their business with it."""

import itertools
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.core import mail
from eth_account import Account
from eth_account.messages import encode_defunct

from platforms import services as platforms
from platforms.invitations.enums import ConsentSource
from tests.support.api.operations import operations
from tests.support.factories import PlatformFactory
from workers import services as workers

pytestmark = [pytest.mark.long_form, pytest.mark.django_db(transaction=True)]

NAME = "gigstream_client"
HOUR = 3600
NO_LINES = "Unsupported content type application/x-ndjson"
_keys = (f"client-{number}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """Return the folder in which the client is a package. The generator warns of nothing in the schema but
    that it makes no body of lines, beside which stands one in JSON."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "config.yaml").write_text("post_hooks: []\n")
    description = str(settings.BASE_DIR / "docs" / "openapi.yaml")
    command = [str(Path(sys.executable).with_name("openapi-python-client")), "generate"]
    made = ["--path", description, "--output-path", str(folder / NAME), "--meta", "none"]
    run = subprocess.run(
        [*command, *made, "--config", str(folder / "config.yaml")],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert re.findall(r"^(?:WARNING|ERROR).*\n+(.*)", run.stdout, re.MULTILINE) == [NO_LINES], run.stdout
    return folder


@pytest.fixture
def client(package, monkeypatch):
    monkeypatch.syspath_prepend(str(package))
    yield import_module(NAME)
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]


class Business:
    """A caller, by the functions and models of the client."""

    def __init__(self, client, web, token=None):
        models = import_module(f"{NAME}.models")
        self.model = lambda name, values: getattr(models, name).from_dict(values)
        if token is None:
            self.client = client.Client(base_url=web.url)
        else:
            self.client = client.AuthenticatedClient(base_url=web.url, token=token)

    def do(self, name, *ids, form=None, expect=200, **more):
        """Return the operation's answer, as the client has read it."""
        operation = operations()[name]
        function = import_module(f"{NAME}.api.{operation.resource}.{name}").sync_detailed
        if form is not None:
            more["body"] = self.model(*form)
        if operation.moves_money:
            more["idempotency_key"] = next(_keys)
        answer = function(*ids, client=self.client, **more)
        assert answer.status_code == expect, answer.content
        assert answer.parsed is not None
        return answer.parsed


def test_it_has_every_operation(package):
    found = {path.stem for path in (package / NAME / "api").glob("*/*.py")} - {"__init__"}

    assert found == set(operations())


def test_a_task_is_funded_streamed_completed_and_paid_out(client, web):
    owner = PlatformFactory()
    _, key = platforms.create_api_key(platform_id=owner.pk)
    platform = Business(client, web, key)
    person = {"email": "ana@example.com", "password": "a long passphrase", "full_name": "Ana Lima"}
    nobody, wallet = Business(client, web), Account.from_key("0x" + "33" * 32)
    nobody.do("register", form=("RegisterForm", person), expect=202)
    workers.send_registrations()
    token = re.search(r"gt_\S+", mail.outbox[-1].body)[0]
    tokens = nobody.do("confirm_registration", form=("ConfirmationForm", {"token": token}), expect=201)
    worker = Business(client, web, tokens.access_token)
    address = ("NonceForm", {"wallet_address": wallet.address})
    nonce = worker.do("start_wallet_change", form=address, expect=201)
    signature = bytes(wallet.sign_message(encode_defunct(text=nonce.message)).signature).hex()
    signed = ("WalletForm", {"message": nonce.message, "signature": f"0x{signature}"})
    assert worker.do("change_my_wallet", form=signed).wallet_address == wallet.address.lower()

    deposit = platform.do("create_deposit", form=("DepositForm", {"amount": "500"}), expect=201)
    assert (deposit.type_, deposit.amount) == ("deposit", "500.000000")
    plan = {"title": "Watch", "task_type": "time_based", "amount": "36", "duration_seconds": HOUR}
    task = platform.do("create_task", form=("TaskForm", plan | {"release_interval": 60}), expect=201)
    # She has accepted an invitation.
    platforms.give_consent(worker_id=tokens.worker_id, platform_id=owner.pk, source=ConsentSource.INVITATION)
    to_ana = ("AssignForm", {"worker_id": str(tokens.worker_id)})
    rehearsed = platform.do("assign_task", task.id, form=to_ana, dry_run=True)
    assert [(one.kind, one.amount) for one in rehearsed.postings] == [("hold", "36.720000")]
    assert platform.do("assign_task", task.id, form=to_ana).status == "assigned"
    assert platform.do("start_task", task.id).status == "in_progress"

    (stream,) = platform.do("list_streams").items
    assert (stream.task_id, stream.status, stream.total_amount) == (task.id, "active", "36.000000")
    (mine,) = worker.do("list_my_streams").items
    assert (mine.id, mine.duration_seconds) == (stream.id, HOUR)
    refused = worker.do("get_my_task", UUID(int=0), expect=404)
    assert (refused.code, refused.status) == ("not_found", 404)

    done = platform.do("complete_task", task.id, form=("CompleteForm", {"completion_proof": {"photo": "7"}}))
    assert (done.status, done.paid_amount) == ("completed", "36.000000")
    assert platform.do("get_stream", stream.id).released_amount == "36.000000"
    assert worker.do("get_my_balance").available == "36.000000"
    payout = worker.do("cash_out", form=("CashOutForm", {}), expect=201)
    (listed,) = worker.do("list_my_payouts").items
    assert (listed.id, listed.amount, listed.status) == (payout.id, "36.000000", "pending")
    covered = worker.do("get_my_payout", payout.id).covers
    assert {part.stream_id for part in covered} == {stream.id}
    assert platform.do("get_balance").escrow == "0.000000"
    assert len(platform.do("list_events").items) > 4
