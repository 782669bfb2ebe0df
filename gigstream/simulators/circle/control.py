"""Control of the simulator: its clock, its faults, its wallets' money. Not part of Circle's API."""

from typing import Any
from uuid import uuid4

from gigstream.simulators.circle import chain
from gigstream.simulators.circle.api import Answer, Api, Request
from gigstream.simulators.circle.clock import format_instant
from gigstream.simulators.circle.custody import TRANSACTION, WALLET, public_object
from gigstream.simulators.circle.errors import invalid_request, not_found
from gigstream.simulators.circle.faults import Fault
from gigstream.simulators.circle.notifications import LETTER

PREFIX = "/_simulator/"


def answer_control(api: Api, request: Request) -> Answer:
    """Run the command that the path names. Raises ApiError."""
    commands = {
        "clock": _control_clock,
        "faults": _control_faults,
        "fund": _fund_wallet,
        "state": _whole_state,
        "deliver": _deliver_due,
        "reset": _reset_state,
    }
    command = commands.get(request.path.removeprefix(PREFIX))
    if command is None:
        raise not_found("control")
    return Answer(200, command(api, request.json()))


def _control_clock(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    """Advance the clock by `advance` seconds, and start or stop it by `run`; then process all that is due."""
    try:
        if "run" in body:
            api.clock.run(bool(body["run"]))
        api.clock.advance(float(body.get("advance", 0)))
    except (TypeError, ValueError) as error:
        raise invalid_request(str(error)) from error
    with api.store.transaction():
        steps = api.transfers.advance()
    return {"now": format_instant(api.clock.now()), "steps": steps, "delivered": api.notifications.deliver()}


def _control_faults(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    """Add a fault, or remove all with `clear`; return the waiting faults."""
    if body.pop("clear", False):
        api.faults.clear()
    if body:
        try:
            api.faults.add(Fault.read(body))
        except (TypeError, ValueError) as error:
            raise invalid_request(str(error)) from error
    return {"waiting": [vars(fault) for fault in api.faults.waiting]}


def _fund_wallet(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    """Receive play money from outside in the wallet `walletId`."""
    amount = chain.parse_units(body.get("amount"))
    if not amount:
        raise invalid_request("amount is not an amount")
    with api.store.transaction():
        wallet = api.custody.wallet(str(body.get("walletId")))
        made = api.transfers.receive(wallet, amount, chain.OUTSIDE)
    return {"transaction": made["id"]}


def _whole_state(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    """Return the whole state, internal properties included, for a comparison with a caller's books."""
    return {
        "signingKeyId": api.keys.signing_key_id,
        "now": format_instant(api.clock.now()),
        "wallets": [{**public_object(wallet), "units": wallet["_units"]} for wallet in api.store.all(WALLET)],
        "transactions": api.store.all(TRANSACTION),
        "letters": api.store.all(LETTER),
    }


def _deliver_due(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    """Send the due notifications, or with `again` all of the past."""
    if body.get("again"):
        for letter in api.store.all(LETTER):
            api.store.put(LETTER, {**letter, "id": str(uuid4()), "due": 0}, due=0)
    return {"delivered": api.notifications.deliver()}


def _reset_state(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    """Return to the initial state and the first instant; the keys and the entity's secret stay."""
    api.faults.clear()
    api.clock.begin_again()
    api.store.forget_everything()
    return {}
