"""How the twin is told what to be: its time, its faults, who has money. Not part of Circle's API."""

from typing import Any
from uuid import uuid4

from gigstream.circle_twin import chain
from gigstream.circle_twin.api import Answer, Api, Request
from gigstream.circle_twin.clock import text
from gigstream.circle_twin.custody import TRANSACTION, WALLET, shown
from gigstream.circle_twin.errors import invalid, not_found
from gigstream.circle_twin.faults import Fault
from gigstream.circle_twin.notifications import LETTER

PREFIX = "/_twin/"


def answer(api: Api, request: Request) -> Answer:
    """Does what the path says. Raises ApiError."""
    acts = {
        "clock": _clock,
        "faults": _faults,
        "fund": _fund,
        "state": _state,
        "deliver": _deliver,
        "reset": _reset,
    }
    act = acts.get(request.path.removeprefix(PREFIX))
    if act is None:
        raise not_found("control")
    return Answer(200, act(api, request.json()))


def _clock(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    """`advance` so many seconds, let it `run` or stand; all comes as far as it should, and is told."""
    try:
        if "run" in body:
            api.clock.run(bool(body["run"]))
        api.clock.advance(float(body.get("advance", 0)))
    except (TypeError, ValueError) as error:
        raise invalid(str(error)) from error
    with api.store.transaction():
        steps = api.transfers.advance()
    return {"now": text(api.clock.now()), "steps": steps, "delivered": api.notifications.deliver()}


def _faults(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    """One more fault, or `clear` all; returns those that wait."""
    if body.pop("clear", False):
        api.faults.clear()
    if body:
        try:
            api.faults.add(Fault.read(body))
        except (TypeError, ValueError) as error:
            raise invalid(str(error)) from error
    return {"waiting": [vars(one) for one in api.faults.waiting]}


def _fund(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    """Play money comes to the wallet `walletId` from outside."""
    amount = chain.units(body.get("amount"))
    if not amount:
        raise invalid("amount is no amount")
    with api.store.transaction():
        wallet = api.custody.wallet(str(body.get("walletId")))
        made = api.transfers.receive(wallet, amount, chain.OUTSIDE)
    return {"transaction": made["id"]}


def _state(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    """Everything that is there, for who compares it with his own books: notes for itself included."""
    return {
        "signingKeyId": api.keys.signing_key_id,
        "now": text(api.clock.now()),
        "wallets": [{**shown(one), "units": one["_units"]} for one in api.store.all(WALLET)],
        "transactions": api.store.all(TRANSACTION),
        "letters": api.store.all(LETTER),
    }


def _deliver(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    """Letters that are due are sent, or all of them that were ever written when `again` is set."""
    if body.get("again"):
        for letter in api.store.all(LETTER):
            api.store.put(LETTER, {**letter, "id": str(uuid4()), "due": 0}, due=0)
    return {"delivered": api.notifications.deliver()}


def _reset(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    """It is the first instant again and nothing has happened; the keys and the entity's secret stay."""
    api.faults.clear()
    api.clock.begin_again()
    api.store.forget_everything()
    return {}
