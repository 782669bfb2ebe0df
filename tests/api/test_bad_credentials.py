"""Credentials that are forged, of another form or in another place, over real sockets: none opens anything,
and none stands in the log."""

import base64
import json
import time

import jwt
import pytest

from tests.support.api.client import is_problem
from tests.support.api.operations import operations
from tests.support.api.sockets import LiveApi
from tests.support.database.snapshots import everything
from tests.support.long_forms import share, spread
from workers.models import Worker

SIGNED_IN = sorted(name for name, operation in operations().items() if operation.callers)


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forgeries(token):
    """Return tokens with the content of a valid token, signed otherwise or not at all."""
    head, claims, signature = token.split(".")
    said = jwt.decode(token, options={"verify_signature": False})
    yield from (
        f"{part({'alg': word, 'typ': 'JWT'})}.{claims}." for word in ("none", "None", "NONE", "HS256")
    )
    yield f"{part({'alg': 'none'})}.{claims}.{signature}"
    yield f"{part({'alg': 'HS256', 'kid': '../../dev/null'})}.{claims}.{signature}"
    yield f"{head}.{part({**said, 'exp': said['exp'] + 1})}.{signature}"
    yield f"{head}.{claims}.{signature[:-4]}AAAA"
    for key in ("0" * 64, "secret" * 11, "development-only-secret-key" * 3):
        yield from (jwt.encode(said, key, algorithm=algorithm) for algorithm in ("HS256", "HS512"))
    yield from (f"{head}.{claims}", f"{head}..{signature}", "..", f"{token}.{signature}", token * 20)


def other_forms(good):
    """Headers with a good credential in a form that is none."""
    coded = base64.b64encode(f"{good}:".encode()).decode()
    yield from (good, f"Basic {coded}", f"Token {good}", f"Bearer: {good}", f"Bearer  {good}", "Bearer", "")
    yield from (f"Bearer {good},Bearer {good}", f"Bearer {good} x", f'Bearer "{good}"', f"Digest {good}")
    yield from (f"Bearer {good[:-1]}", f"Bearer {good}x", f"Bearer {good[::-1]}", "Bearer \u00e9\u00ff")


@pytest.mark.parametrize("name", spread(SIGNED_IN, of="credentials", one_in=36))
@pytest.mark.shortened
def test_a_credential_in_no_form_or_in_no_place_of_its_own_opens_nothing(asked, web, name):
    operation, (ask, owner) = operations()[name], asked(name)
    good = owner.headers["Authorization"].removeprefix("Bearer ")
    forged = (f"Bearer {token}" for token in forgeries(good)) if isinstance(ask.owner, Worker) else ()
    before = everything()

    def is_refused(headers, query=""):
        api = LiveApi(web.port, headers)
        answer = api.act(operation.method, ask.path + query, ask.body)
        assert is_problem(answer, 401, "not_authenticated"), (headers, query)
        assert answer["WWW-Authenticate"] == 'Bearer realm="gigstream"'

    for header in (*share(other_forms(good), of=name, one_in=4), *share(forged, of=name, one_in=4)):
        is_refused({"Authorization": header} if header else {})
    for header, text in {"X-Api-Key": good, "X-Authorization": good, "Cookie": f"sessionid={good}"}.items():
        is_refused({header: text})
    parameters = ("api_key", "key", "token", "access_token", "authorization")
    for parameter in share(parameters, of=name, one_in=3):
        is_refused({}, f"?{parameter}={good}")
    assert everything() == before
    assert good not in web.log.read_text()


def test_a_refusal_is_logged_under_its_request_id_without_the_query_string(committed, web):
    api = LiveApi(web.port, {"X-Request-Id": "somebody-asks-1"})

    answer = api.get("tasks?api_key=gs_live_0123456789ab_whatever")

    assert answer["X-Request-Id"] == "somebody-asks-1"
    deadline = time.monotonic() + 30
    while "somebody-asks-1" not in web.log.read_text():
        assert time.monotonic() < deadline, "nothing in the log"
        time.sleep(0.02)
    line = next(text for text in web.log.read_text().splitlines() if "somebody-asks-1" in text)
    assert json.loads(line)["message"] == "Unauthorized: /api/v1/tasks"
    assert "gs_live" not in web.log.read_text()
