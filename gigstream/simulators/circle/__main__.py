"""`python -m gigstream.simulators.circle`: serve until a signal, with all state in a folder.

The API key and the entity secret come from CIRCLE_API_KEY and CIRCLE_ENTITY_SECRET. Without a secret, the
first caller registers it, as with Circle.
"""

import argparse
import os
import signal
import threading
from pathlib import Path

from gigstream.simulators.circle.api import ENTITY_SECRET, Api
from gigstream.simulators.circle.chain import OUTSIDE, parse_units
from gigstream.simulators.circle.clock import Clock
from gigstream.simulators.circle.server import Server
from gigstream.simulators.circle.store import Store
from gigstream.simulators.evm import Evm

API_KEY = "TEST_API_KEY:simulator:simulator"


def main() -> None:
    options = _parse_options()
    store = Store(options.home / "journal")
    secret = os.environ.get("CIRCLE_ENTITY_SECRET", "")
    if secret:
        store.set_fact(ENTITY_SECRET, secret)
    api = Api(
        store,
        Clock(start=options.start, running=not options.still),
        api_key=os.environ.get("CIRCLE_API_KEY") or API_KEY,
        step=options.step,
        block=options.block,
        evm=Evm(options.node, options.account) if options.node else None,
    )
    if options.notify and not _is_subscribed(api, options.notify):
        api.notifications.subscribe(options.notify)
    if options.wallet and options.wallet_set:
        _ensure_wallet(api, options)
    server = Server(api, options.port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.run()


def _ensure_wallet(api: Api, options: argparse.Namespace) -> None:
    with api.store.transaction():
        if not api.custody.ensure(options.wallet_set, options.wallet):
            return
        amount = parse_units(options.holds)
        if amount:
            api.transfers.receive(api.custody.wallet(options.wallet), amount, OUTSIDE)


def _is_subscribed(api: Api, endpoint: str) -> bool:
    return any(subscription["endpoint"] == endpoint for subscription in api.store.all("subscription"))


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="circle_simulator", description="A simulator of Circle's wallets API."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--home", type=Path, required=True, help="the folder of its journal")
    parser.add_argument("--step", type=float, default=1.0, help="seconds between two states")
    parser.add_argument("--block", type=float, default=1.0, help="seconds between two blocks")
    parser.add_argument("--start", type=float, help="first time of its clock, in seconds since 1970")
    parser.add_argument("--still", action="store_true", help="stop its clock until it is advanced")
    parser.add_argument("--notify", default="", help="address for notifications")
    parser.add_argument("--wallet-set", default="", help="id of a wallet set to create at the start")
    parser.add_argument("--wallet", default="", help="id of a wallet to create in that set")
    parser.add_argument("--holds", default="0", help="USDC in the wallet when it is created")
    parser.add_argument("--node", default="", help="address of a node that executes calls of contracts")
    parser.add_argument("--account", default="", help="the node's unlocked account that they come from")
    return parser.parse_args()


if __name__ == "__main__":
    main()
