"""nginx with the configuration of the deployment guide, in front of the web server."""

import contextlib
import datetime
import json
import socket
import ssl
import subprocess
import time
from http.client import HTTPSConnection

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from tests.support.servers.nginx import NGINX
from tests.support.servers.processes import run_web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long_form]
SLOW_CLIENTS = 32


def certify(folder):
    """Write a key and a certificate of its own for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@contextlib.contextmanager
def nginx(folder, upstream):
    """Start nginx with the guide's configuration, with other addresses and files, and nothing else
    changed."""
    port = free_port()
    certify(folder)
    site = (settings.BASE_DIR / "deploy" / "nginx" / "gigstream.conf").read_text()
    for words, instead in {
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{upstream};",
        "/etc/ssl/gigstream/": f"{folder}/",
    }.items():
        assert words in site
        site = site.replace(words, instead)
    (folder / "site.conf").write_text(site)
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = (
        f"user root; pid {folder}/pid; error_log {folder}/error.log; daemon off; events {{}}"
        f" http {{ access_log off; {places} include {folder}/site.conf; }}"
    )
    (folder / "nginx.conf").write_text(main)
    command = [NGINX, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    process = subprocess.Popen(command)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def served(tmp_path):
    environment = {
        "TRUSTED_PROXIES": "1",
        "BEHIND_PROXY": "true",
        "ALLOWED_HOSTS": "localhost",
        "DEBUG": "false",
    }
    with run_web(tmp_path / "web.log", processes=1, threads=2, environment=environment) as web:
        web.get("/healthz", Host="localhost")
        with nginx(tmp_path, web.port) as port:
            yield port


def encrypted():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def ask(port, path, method="GET", body=None, headers=None):
    client = HTTPSConnection("localhost", port, timeout=60, context=encrypted())
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            client.request(method, path, body=body, headers=headers or {})
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)
    answer = client.getresponse()
    content = answer.read()
    client.close()
    return answer.status, answer.headers, content


def test_slow_clients_keep_nobody_else_waiting(served):
    """Thirty-two clients that stop in the middle of a header or a body, on a server of two threads."""
    assert ask(served, "/healthz")[0] == 200
    slow = []
    for number in range(SLOW_CLIENTS):
        line = encrypted().wrap_socket(socket.create_connection(("127.0.0.1", served), timeout=30))
        head = b"POST /api/v1/deposits HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
        line.sendall(head + (b"\r\n{" if number % 2 else b"X-Sl"))
        slow.append(line)

    took = []
    for _ in range(10):
        began = time.monotonic()
        assert ask(served, "/healthz")[0] == 200
        took.append(time.monotonic() - began)

    for line in slow:
        line.close()
    assert max(took) < 9, "a slow client is waited for 10 s"


def test_what_nginx_refuses_has_the_apis_form(served):
    status, headers, body = ask(served, "/api/v1/deposits", "POST", b"x" * 11_000_000)
    assert (status, headers["Content-Type"]) == (413, "application/problem+json")
    assert json.loads(body)["code"] == "body_too_large"


def test_an_address_that_is_too_long_is_a_problem_through_nginx_as_well(served):
    status, headers, body = ask(served, f"/api/v1/tasks?cursor={'x' * 9000}")
    assert (status, headers["Content-Type"]) == (414, "application/problem+json")
    assert json.loads(body)["code"] == "address_too_long"


def test_a_server_that_is_away_is_503_and_may_be_asked_again(tmp_path):
    with nginx(tmp_path, free_port()) as port:
        status, headers, body = ask(port, "/api/v1/tasks")
    assert (status, headers["Content-Type"], headers["Retry-After"]) == (503, "application/problem+json", "2")
    assert json.loads(body)["code"] == "unavailable"


def test_what_a_client_says_of_its_own_address_is_not_passed_on(served):
    """The failures of an address are counted for the address that nginx spoke with."""
    status, _, body = ask(served, "/api/v1/me", headers={"X-Forwarded-For": "203.0.113.9"})
    assert (status, json.loads(body)["code"]) == (401, "not_authenticated")
