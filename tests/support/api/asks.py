"""A request of the API that its owner may make, and the register of them."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct

from gigstream.core.clock import database_now
from platforms.models import Platform
from platforms.platforms.scopes import scope_names
from tests.support.api.client import Api
from tests.support.factories import (
    PlatformFactory,
)
from workers import services as workers
from workers.models import Worker
from workers.wallets.messages import compose_message

HOUR = timedelta(hours=1)
PASSWORD = "a long passphrase"
numbers = itertools.count(1)
Body = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """A request: its owner, the address below /api/v1/, and the body.

    `other` is another body that would do as well, None where the form has only one. `wrong` are bodies for
    an operation without a caller: each with a wrong credential.
    """

    owner: Platform | Worker | None
    path: str
    body: Body | None = None
    other: Body | None = None
    wrong: tuple[Body, ...] = ()

    def api(self) -> Api:
        """Return a client of the owner, who has called before, so that notes about a caller are already
        written."""
        if self.owner is None:
            return Api()
        if isinstance(self.owner, Worker):
            return Api.as_worker(self.owner)
        api = Api.of(self.owner, scopes=scope_names())
        api.get("balance")
        return api


ASKS: dict[str, Callable[[], Ask]] = {}


def request_for(name: str) -> Callable[[Callable[[], Ask]], Callable[[], Ask]]:
    def keep(make: Callable[[], Ask]) -> Callable[[], Ask]:
        ASKS[name] = make
        return make

    return keep


def rich_platform() -> Platform:
    return PlatformFactory.create(funds="1000", now=database_now())


def proved_by(statement: str) -> Body:
    """Return a wallet's signature under this statement."""
    wallet, nonce = Account.create(), workers.make_nonce()
    text = compose_message(
        wallet.address.lower(),
        nonce=nonce.nonce,
        now=nonce.created_at,
        expires_at=nonce.expires_at,
        statement=statement,
    )
    signature = wallet.sign_message(encode_defunct(text=text)).signature.hex()
    return {"message": text, "signature": f"0x{signature.removeprefix('0x')}"}
