"""Imports go down only: the contracts of pyproject.toml hold."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = [
    "gigstream.console",
    "loans",
    "reputation",
    "payments",
    "platforms",
    "workers",
    "gigstream.staff",
    "gigstream.api : gigstream.adminkit",
    "gigstream.jobs",
    "gigstream.remote_calls",
    "audit",
    "gigstream.core",
]


def test_every_contract_between_the_floors_is_kept():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_the_floors_are_those_of_the_house():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = next(
        contract["layers"]
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )

    assert [floor for floor in layers if floor in FLOORS] == FLOORS
