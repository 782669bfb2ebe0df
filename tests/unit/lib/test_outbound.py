"""Addresses that requests may go to: which URLs, which addresses, and that nothing else gets a packet."""

import socket
import time
from threading import Event

import pytest

from gigstream.network import outbound
from gigstream.network.outbound import ForbiddenUrl, RequestFailed, Target, is_public, parse_url
from tests.support.servers.webhooks import Receiver, certificate, resolving

FORBIDDEN = [
    "0.0.0.0",  # noqa: S104 - nobody listens on it here
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.8.9.10",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "64:ff9b:1::808:808",
    "100::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "2001:db8::1",
    "3fff::1",
    "3fff:fff:ffff::1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "4000::1",
    "localhost",
    "",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "99.255.255.255",
    "128.0.0.1",
    "172.32.0.1",
    "192.0.1.1",
    "223.255.255.254",
    "2606:4700:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_not_of_the_open_internet_is_refused(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_open_internet_is_taken(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "//hooks.example.com/",
        "hooks.example.com",
        "https://",
        "https:///path",
        "https://localhost/",
        "https://intranet/",
        "https://hooks.example.com:80/",
        "https://hooks.example.com:22/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com:port/",
        "https://user@hooks.example.com/",
        "https://user:password@hooks.example.com/",
        "https://@hooks.example.com/",
        "https://hooks.example.com\\@evil.example/",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nX: y",
        "https://hooks.example.com/\t",
        "https://hooks.example.com/#fragment",
        "https://hooks.exämple.com/",
        "https://hooks。example.com/",
        "https://-hooks.example.com/",
        "https://hooks..example.com/",
        "https://hooks.example.com./",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://1.2.3.0x4/",
        "https://8.8.8.8/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://[::1/",
        f"https://{'a' * 64}.example.com/",
        f"https://hooks.example.com/{'a' * 500}",
    ],
)
def test_a_url_that_is_not_https_to_a_name_is_refused(url):
    with pytest.raises(ForbiddenUrl):
        parse_url(url)


def test_a_url_is_taken_apart():
    assert parse_url("https://Hooks.Example.com") == Target(True, "hooks.example.com", 443, "/")
    assert parse_url("https://xn--80ak6aa92e.com:8443/a/b?c=d&e") == Target(
        True, "xn--80ak6aa92e.com", 8443, "/a/b?c=d&e"
    )
    assert parse_url("https://a.example:8443/").host_header == "a.example:8443"
    assert parse_url("https://a.example/").host_header == "a.example"


def test_this_machine_is_a_target_only_by_the_setting():
    for url in ("http://127.0.0.1:8000/hook", "http://localhost:8000/hook", "https://localhost:9/"):
        with pytest.raises(ForbiddenUrl):
            parse_url(url)
        assert parse_url(url, allow_loopback=True).loopback
    for url in ("http://127.0.0.2/", "http://hooks.example.com/", "ftp://localhost/", "http://10.0.0.1/"):
        with pytest.raises(ForbiddenUrl):
            parse_url(url, allow_loopback=True)


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


def send(url):
    return outbound.post(parse_url(url, allow_loopback=True), b"{}", {})


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"], ["169.254.169.254"]])
def test_a_name_that_leads_to_a_forbidden_address_gets_no_packet(monkeypatch, receiver, addresses):
    """A single forbidden address among good addresses is enough."""
    monkeypatch.setattr(outbound, "PORTS", {receiver.port})
    monkeypatch.setattr(socket, "create_connection", None)
    with resolving(monkeypatch, {"rebind.example": [addresses]}), pytest.raises(RequestFailed) as failure:
        outbound.post(parse_url(f"https://rebind.example:{receiver.port}/"), b"{}", {})

    assert failure.value.reason == "blocked_address"
    assert receiver.connections == 0


def test_a_name_is_looked_up_once_so_that_a_second_answer_leads_nowhere(monkeypatch, receiver):
    """First a public address, then this machine: the connection is made to the first."""
    asked = []
    monkeypatch.setattr(outbound, "PORTS", {receiver.port})

    def refuse(address, timeout):
        asked.append(address)
        raise ConnectionRefusedError

    with resolving(monkeypatch, {"rebind.example": [["8.8.8.8"], ["127.0.0.1"]]}) as looked_up:
        monkeypatch.setattr(socket, "create_connection", refuse)
        with pytest.raises(RequestFailed) as failure:
            outbound.post(parse_url(f"https://rebind.example:{receiver.port}/"), b"{}", {})

    assert failure.value.reason == "connection"
    assert (looked_up, asked) == (["rebind.example"], [("8.8.8.8", receiver.port)])
    assert receiver.connections == 0


def test_localhost_that_leads_elsewhere_is_refused(monkeypatch):
    with resolving(monkeypatch, {"localhost": [["8.8.8.8"]]}), pytest.raises(RequestFailed) as failure:
        send("http://localhost:1/")

    assert failure.value.reason == "blocked_address"


def test_a_redirect_is_an_answer_and_is_not_followed(receiver):
    answer = send(receiver.url("/redirect"))

    assert answer.status == 302
    assert [request.path for request in receiver.requests] == ["/redirect"]


def test_a_proxy_of_the_environment_is_not_used(monkeypatch, receiver):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert send(receiver.url("/ok")).status == 204


@pytest.mark.parametrize(
    "path, why",
    [
        ("/vanish", "connection"),
        ("/slow", "timeout"),
        ("/drip", "timeout"),
        ("/endless-head", "protocol"),
        ("/not-http", "protocol"),
    ],
)
def test_a_bad_server_costs_no_more_than_the_time_for_all_of_it(monkeypatch, receiver, path, why):
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.5)
    began = time.monotonic()

    with pytest.raises(RequestFailed) as failure:
        send(receiver.url(path))

    assert failure.value.reason == why
    assert time.monotonic() - began < 1.5


def test_a_body_without_end_is_not_read(receiver):
    began = time.monotonic()
    assert send(receiver.url("/endless-body")).status == 200
    assert time.monotonic() - began < 1


def test_nobody_listening_and_no_such_name():
    with pytest.raises(RequestFailed) as failure:
        send("http://127.0.0.1:1/")
    assert failure.value.reason == "connection"
    with pytest.raises(RequestFailed) as failure:
        outbound.post(parse_url("https://nobody.invalid/"), b"{}", {})
    assert failure.value.reason == "unresolved"


def test_the_certificate_must_be_the_names_and_the_name_is_told(monkeypatch, tmp_path):
    with Receiver(tls=certificate(tmp_path, "hooks.example.com")) as receiver:
        outbound.tls_context.cache_clear()
        monkeypatch.setattr(outbound, "PORTS", {receiver.port})
        monkeypatch.setattr(outbound, "is_public", lambda address: True)
        with resolving(
            monkeypatch, {"hooks.example.com": [["127.0.0.1"]], "other.example.com": [["127.0.0.1"]]}
        ):
            unknown = _why(f"https://hooks.example.com:{receiver.port}/ok")
            outbound.tls_context().load_verify_locations(tmp_path / "certificate.pem")
            answer = outbound.post(parse_url(f"https://hooks.example.com:{receiver.port}/ok"), b"{}", {})
            misnamed = _why(f"https://other.example.com:{receiver.port}/ok")
        outbound.tls_context.cache_clear()

    assert (unknown, answer.status, misnamed) == ("tls", 204, "tls")
    assert receiver.names == ["hooks.example.com", "hooks.example.com", "other.example.com"]
    assert [request.headers["Host"] for request in receiver.requests] == [
        f"hooks.example.com:{receiver.port}"
    ]


def _why(url):
    with pytest.raises(RequestFailed) as failure:
        outbound.post(parse_url(url), b"{}", {})
    return failure.value.reason


def test_a_name_that_is_not_resolved_in_time_is_given_up(monkeypatch):
    released = Event()

    def slow(*args, **kwargs):
        released.wait(30)
        raise OSError("too late")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setattr(outbound, "RESOLVE_SECONDS", 0.05)
    began = time.monotonic()

    with pytest.raises(RequestFailed) as failure:
        outbound.post(parse_url("https://slow.example.com/"), b"{}", {})

    assert failure.value.reason == "timeout"
    assert time.monotonic() - began < 10
    released.set()
