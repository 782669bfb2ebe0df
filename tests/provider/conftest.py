import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import urllib3

from payments.provider.circle import CircleProvider
from tests.circle import API_KEY, START, house_of, run_twin
from tests.identity import CIRCLE, database_made


@pytest.fixture(scope="session")
def running_twin(tmp_path_factory):
    with run_twin(tmp_path_factory.mktemp("twin"), "--still", "--start", str(START)) as twin:
        yield twin


@pytest.fixture
def circle_pays(settings):
    """Circle is the provider, of the settings and of the database."""
    settings.PAYMENT_PROVIDER = CIRCLE
    with database_made(provider="circle"):
        yield


@pytest.fixture
def twin(running_twin, settings):
    """A twin in which nothing has happened, and a house wallet with 1000 USDC."""
    running_twin.tell("reset")
    settings.CIRCLE_READ_SECONDS = 2
    house_of(running_twin, CircleProvider(), settings)
    yield running_twin
    assert running_twin.process.poll() is None


@pytest.fixture
def circle(twin):
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
def inbox(twin) -> Iterator[HTTPServer]:
    """An endpoint that the twin has as its subscriber, and what came to it."""
    server = HTTPServer(("127.0.0.1", 0), Inbox)
    server.letters, server.statuses = [], []
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_port}/provider/circle/notifications"
    urllib3.request(
        "POST",
        f"{twin.url}/v2/notifications/subscriptions",
        json={"endpoint": endpoint},
        headers={"Authorization": f"Bearer {API_KEY}"},
    )
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
