"""`python -m gigstream.circle_twin`: serve until a signal, with what it remembers in one folder.

The API key and the entity secret come from CIRCLE_API_KEY and CIRCLE_ENTITY_SECRET. Without the secret, the
first caller registers one, as with Circle.
"""

import argparse
import os
import signal
import threading
from pathlib import Path

from gigstream.circle_twin.api import ENTITY_SECRET, Api
from gigstream.circle_twin.chain import OUTSIDE, units
from gigstream.circle_twin.clock import Clock
from gigstream.circle_twin.server import Server
from gigstream.circle_twin.store import Store

API_KEY = "TEST_API_KEY:twin:twin"


def main() -> None:
    options = _options()
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
    )
    if options.notify and not _subscribed(api, options.notify):
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
        amount = units(options.holds)
        if amount:
            api.transfers.receive(api.custody.wallet(options.wallet), amount, OUTSIDE)


def _subscribed(api: Api, endpoint: str) -> bool:
    return any(one["endpoint"] == endpoint for one in api.store.all("subscription"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="circle_twin", description="A twin of Circle's wallets API.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--home", type=Path, required=True, help="the folder of its database")
    parser.add_argument("--step", type=float, default=1.0, help="seconds between two states")
    parser.add_argument("--block", type=float, default=1.0, help="seconds between two blocks")
    parser.add_argument("--start", type=float, help="seconds since 1970 at which its clock starts")
    parser.add_argument("--still", action="store_true", help="its clock stands until it is moved on")
    parser.add_argument("--notify", default="", help="where notifications go")
    parser.add_argument("--wallet-set", default="", help="the id of a set that is there from the start")
    parser.add_argument("--wallet", default="", help="the id of a wallet of that set")
    parser.add_argument("--holds", default="0", help="USDC that come to the wallet when it is made")
    return parser.parse_args()


if __name__ == "__main__":
    main()
