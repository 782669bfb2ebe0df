"""Command line and settings of Circle's simulator on this machine.

The keys are public: the play money is worth nothing.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

API_KEY = "TEST_API_KEY:demo:simulator"
ENTITY_SECRET = "d3" * 32
WALLET_SET_ID = "00000000-0000-4000-8000-0000000000a1"
HOUSE_WALLET_ID = "00000000-0000-4000-8000-0000000000b1"
HOUSE_HOLDS = "1000000"
DEFAULT_PORT = 8010
# Databases of the embedded servers, apart from those whose payouts the sandbox has made.
DATABASE = "gigstream_simulator"
REDIS_DB = 62


def simulator_command(*, port: int, home: Path, notify: str = "") -> list[str]:
    """Return the command that runs the simulator with a wallet for the house and its state in `home`.

    It sends notifications to the address `notify`, if given.
    """
    return [
        *(sys.executable, "-m", "gigstream.simulators.circle"),
        *("--port", str(port)),
        *("--home", str(home)),
        *("--wallet", HOUSE_WALLET_ID),
        *("--wallet-set", WALLET_SET_ID),
        *("--holds", HOUSE_HOLDS),
        *(("--notify", notify) if notify else ()),
    ]


def settings_for(port: int) -> Mapping[str, str]:
    """Return the environment that gives GigStream and the simulator the same key and secret."""
    return {
        "CIRCLE_API_URL": f"http://127.0.0.1:{port}",
        "CIRCLE_API_KEY": API_KEY,
        "CIRCLE_ENTITY_SECRET": ENTITY_SECRET,
        "CIRCLE_WALLET_SET_ID": WALLET_SET_ID,
        "CIRCLE_HOUSE_WALLET_ID": HOUSE_WALLET_ID,
    }
