"""`python -m gigstream.simulators.oauth`: serve until a signal. The client and the users come as options."""

import argparse
import signal
import threading

from gigstream.simulators.oauth.grants import Grants
from gigstream.simulators.oauth.server import Server


def main() -> None:
    options = _parse_options()
    grants = Grants(options.client_id, options.client_secret)
    for text in options.user:
        user_id, _, username = text.partition(":")
        grants.add_user(user_id, username or user_id)
    server = Server(grants, options.port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever(poll_interval=0.1)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="oauth_simulator", description="A simulator of a social network's server of OAuth 2.0."
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--client-id", default="gigstream")
    parser.add_argument("--client-secret", default="simulated-secret")
    parser.add_argument("--user", action="append", default=[], help="id:username; can be repeated")
    return parser.parse_args()


if __name__ == "__main__":
    main()
