"""A follower of events alone: it knows of a rich history all that the API shows."""

from decimal import Decimal

import pytest

from platforms.events import registry
from tests.flows.test_events import Follower, everything, types
from tests.support.api.client import Api
from tests.support.long_forms import spread

# Fields that the API has and events leave out: references, when a row was last written, when a stream is
# looked at next, and the fields of payouts.
UNTOLD = {
    "tasks": {"updated_at", "reference"},
    "streams": {"updated_at", "reference", "next_release_at", "metadata"}
    | {"contract_address", "contract_stream_id"},
    "transactions": {"updated_at", "reference", "task_count", "tasks"},
}


@pytest.mark.parametrize("twice", spread([False, True], of="rebuilt twice", one_in=2))
def test_tasks_streams_and_transactions_can_be_rebuilt_from_events_alone(history, settings, twice):
    settings.API_REQUESTS_PER_MINUTE = 10_000
    for platform in (history.platform, history.rival):
        api, follower = Api.of(platform), Follower()
        follower.catch_up(api, twice=twice)
        for name, untold in UNTOLD.items():
            listed = {row["id"]: row for row in everything(api, name)}
            rebuilt = getattr(follower, name)
            assert rebuilt.keys() == listed.keys()
            for key, row in listed.items():
                if name == "tasks":
                    row = api.get(f"tasks/{key}").json()
                    rebuilt[key].setdefault("completion_proof", {})
                    rebuilt[key].setdefault("payout_status", "none")
                    rebuilt[key].setdefault("paid_out_at", None)
                if name == "streams":
                    pair = (Decimal(rebuilt[key][f"{part}_amount"]) for part in ("total", "released"))
                    total, released = pair
                    rebuilt[key]["remaining_amount"] = f"{total - released:.6f}"
                # Not columns of the task: who filed against it, and who gave it back.
                for more in ("dispute", "former_worker_id"):
                    rebuilt[key].pop(more, None)
                assert rebuilt[key] == {column: row[column] for column in row.keys() - untold}
    assert types() >= set(registry.type_names()) - {
        "transaction.submitted",
        "transaction.failed",
        "balance.low",
        "worker.invitation_accepted",
        "worker.left",
        *(type_ for type_ in registry.type_names() if type_.startswith(("loan.", "withdrawal."))),
    }
