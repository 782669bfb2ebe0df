"""The web server over real sockets: connections that stay, and refusals before the application."""

import http.client
import json
import socket
import time

import pytest
from django.conf import settings

from tests.support.servers.processes import run_web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long_form]
LONG = b"x" * 9000
NOWHERE = ["/api", "/api/", "/api/v1", "/api/v2/tasks", "/api/nothing", "/api/v1/nothing"]


@pytest.fixture(scope="module")
def web(django_db_setup, tmp_path_factory):
    with run_web(tmp_path_factory.mktemp("web") / "web.log", processes=1, threads=4) as server:
        server.get("/healthz")
        yield server


def test_an_idle_connection_is_kept_longer_than_balancers_keep_it(web):
    """It was closed after 2 s, and a client that polls every 2 s lost requests."""
    client = http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)
    for pause in (0, 3.5, 0):
        time.sleep(pause)
        client.request("GET", "/healthz")
        answer = client.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"status":"ok"}')
    client.close()
    assert "75" in (settings.BASE_DIR / "gigstream" / "gunicorn.py").read_text()


def raw(web, request):
    """Status, headers and body of the answer to these bytes."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=30) as line:
        line.sendall(request)
        answer = http.client.HTTPResponse(line)
        answer.begin()
        return answer.status, answer.headers, answer.read()


@pytest.mark.parametrize(
    "request_, status, code",
    [
        (
            b"GET /api/v1/tasks?cursor=" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            414,
            "address_too_long",
        ),
        (
            b"GET /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"x" * 9000 + b"\r\n\r\n",
            431,
            "headers_too_large",
        ),
        (b"nonsense\r\n\r\n", 400, "bad_request"),
    ],
    ids=["address", "headers", "nonsense"],
)
def test_what_the_server_refuses_itself_is_a_problem_document(web, request_, status, code):
    got, headers, body = raw(web, request_)
    assert (got, headers["Content-Type"]) == (status, "application/problem+json")
    problem = json.loads(body)
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["request_id"] == headers["X-Request-Id"]


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v1", "/api/v2/tasks", "/api/nothing", "/api/v1/nothing"]
)
def test_every_address_of_the_api_that_there_is_not_is_a_problem(web, path):
    got, headers, body = raw(
        web, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    )
    assert (got, headers["Content-Type"]) == (404, "application/problem+json")
    assert json.loads(body)["code"] == "not_found"


@pytest.mark.parametrize("path", ["/api/schema", "/api/docs", "/api/redoc", "/api/schema/"])
def test_the_documents_are_there_with_and_without_a_slash(web, path):
    assert web.get(path)[0] == 200


def test_the_control_socket_lies_in_the_projects_state(web):
    place = settings.BASE_DIR / "var" / "run" / f"gunicorn-{web.process.pid}.ctl"
    assert place.is_socket()
