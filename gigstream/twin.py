"""Circle's twin on this machine: how it is run, and the settings with which GigStream takes it for Circle.

Everything here is known to everybody, as the play money is worth nothing.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

API_KEY = "TEST_API_KEY:demo:twin"
ENTITY_SECRET = "d3" * 32
WALLET_SET_ID = "00000000-0000-4000-8000-0000000000a1"
HOUSE_WALLET_ID = "00000000-0000-4000-8000-0000000000b1"
HOUSE_HOLDS = "1000000"
DEFAULT_PORT = 8010
# In the embedded servers: what was paid by the simulator is kept apart from what the sandbox paid.
DATABASE = "gigstream_simulator"
REDIS_DB = 62


def command(*, port: int, home: Path, notify: str = "") -> list[str]:
    """What runs the twin, with a wallet for the house; it comes back with all it knew before. It reports to
    the address `notify`, if one is given."""
    return [
        *(sys.executable, "-m", "gigstream.circle_twin"),
        *("--port", str(port)),
        *("--home", str(home)),
        *("--wallet", HOUSE_WALLET_ID),
        *("--wallet-set", WALLET_SET_ID),
        *("--holds", HOUSE_HOLDS),
        *(("--notify", notify) if notify else ()),
    ]


def settings_for(port: int) -> Mapping[str, str]:
    """The environment in which GigStream, and the twin itself, have the same key and secret."""
    return {
        "CIRCLE_API_URL": f"http://127.0.0.1:{port}",
        "CIRCLE_API_KEY": API_KEY,
        "CIRCLE_ENTITY_SECRET": ENTITY_SECRET,
        "CIRCLE_WALLET_SET_ID": WALLET_SET_ID,
        "CIRCLE_HOUSE_WALLET_ID": HOUSE_WALLET_ID,
    }
