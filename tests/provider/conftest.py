import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import urllib3

from payments.settlement.provider.circle import CircleProvider
from tests.support.database.identity import CIRCLE, database_made
from tests.support.servers.circle import API_KEY, START, house_of, run_simulator


@pytest.fixture(scope="session")
def running_simulator(tmp_path_factory):
    with run_simulator(tmp_path_factory.mktemp("simulator"), "--still", "--start", str(START)) as simulator:
        yield simulator


@pytest.fixture
def circle_pays(settings):
    """Circle is the provider, of the settings and of the database."""
    settings.PAYMENT_PROVIDER = CIRCLE
    with database_made(provider="circle"):
        yield


@pytest.fixture
def simulator(running_simulator, settings):
    """A simulator in which nothing has happened, and a house wallet with 1000 USDC."""
    running_simulator.control("reset")
    settings.CIRCLE_READ_SECONDS = 2
    house_of(running_simulator, CircleProvider(), settings)
    yield running_simulator
    assert running_simulator.process.poll() is None


@pytest.fixture
def circle(simulator):
    return CircleProvider()


class Inbox(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.letters.append((body, dict(self.headers)))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def inbox(simulator) -> Iterator[HTTPServer]:
    """An endpoint that the simulator has as its subscriber, and the messages that came to it."""
    server = HTTPServer(("127.0.0.1", 0), Inbox)
    server.letters, server.statuses = [], []
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_port}/provider/circle/notifications"
    urllib3.request(
        "POST",
        f"{simulator.url}/v2/notifications/subscriptions",
        json={"endpoint": endpoint},
        headers={"Authorization": f"Bearer {API_KEY}"},
    )
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
