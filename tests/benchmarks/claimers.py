"""Claimers of a quest: workers who claim its reward at the same instant, and wait until they have it."""

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Sum

from gigstream.core.clock import database_now
from payments import services as payments
from platforms import services as platforms
from platforms.invitations.enums import ConsentSource
from platforms.models import Platform
from reputation.models import QuestEvent
from reputation.quests import services as quests
from tests.benchmarks.books import check_books
from workers.models import Worker
from workers.sign_in.enums import SignInMethod
from workers.sign_in.services.sessions import open_session

REWARD = 5
# Between two looks at a reward that waits, and before a claim is repeated that found the server busy.
POLL_SECONDS = 1.0
WAITS = {202, 429, 503}


def prepare() -> dict[str, Any]:
    """Open a quest with a reward for each worker; return its id and the workers' access tokens."""
    platform, people = Platform.objects.get(), list(Worker.objects.order_by("pk"))
    payments.book_deposit(
        platform_id=platform.pk, amount=str(2 * REWARD * len(people)), tx_hash=f"0x{0:064x}"
    )
    terms = quests.QuestTerms(
        slug="hello",
        title="Say hello",
        kind="custom",
        reward_kind="payout",
        reward_amount=REWARD,
        period="once",
        is_claimable=True,
    )
    quest = quests.create_quest(platform_id=platform.pk, terms=terms)
    quests.fund_quest(quest_id=quest.pk, amount=str(REWARD * len(people)))
    quests.open_quest(quest_id=quest.pk)
    now = database_now()
    tokens = []
    for worker in people:
        platforms.give_consent(worker_id=worker.pk, platform_id=platform.pk, source=ConsentSource.INVITATION)
        opened = open_session(worker_id=worker.pk, method=SignInMethod.PASSWORD, now=now)
        tokens.append(opened.access_token)
    return {"quest": str(quest.pk), "tokens": tokens}


@dataclass(slots=True)
class Crowd:
    """Workers who claim the reward of a quest at a server."""

    port: int
    quest: str
    began: float = 0.0
    taken: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)

    async def claim_all(self, tokens: list[str], patience: float) -> None:
        """Have all of them claim at once; return when each has the reward."""
        self.began = time.perf_counter()
        async with asyncio.timeout(patience):
            await asyncio.gather(*(self._claim(number, token) for number, token in enumerate(tokens)))

    async def _claim(self, number: int, token: str) -> None:
        claim = f"POST /api/v1/me/quests/{self.quest}/claim"
        look = f"GET /api/v1/me/rewards?quest_id={self.quest}"
        key = f"Idempotency-Key: claim-{number}\r\nContent-Type: application/json\r\n"
        status, body = await self._send(claim, token, key, "{}")
        while status in WAITS:
            await asyncio.sleep(POLL_SECONDS)
            if status == 202 or "items" in body:
                status, body = await self._send(look, token)
                waits = status == 200 and body["items"][0]["status"] == "received"
                status = 202 if waits else status
            else:
                status, body = await self._send(claim, token, key, "{}")
        event = body["items"][0] if "items" in body else body
        if status != 200 or event["status"] not in ("granted", "settled"):
            raise RuntimeError(f"{status}: {body}")
        self.taken.append(time.perf_counter() - self.began)

    async def _send(self, what: str, token: str, headers: str = "", body: str = "") -> tuple[int, Any]:
        text = (
            f"{what} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n"
            f"{headers}Content-Length: {len(body)}\r\n\r\n{body}"
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(text.encode())
        answer = await reader.read()
        writer.close()
        head, _, content = answer.partition(b"\r\n\r\n")
        status = int(head[9:12])
        self.answers[status] += 1
        return status, json.loads(content) if content.startswith(b"{") else {}


def claim_all(port: int, quest: str, tokens: list[str], patience: float) -> dict[str, Any]:
    """Have the workers claim at once; return the seconds until each had the reward, and the answers."""
    crowd = Crowd(port, quest)
    asyncio.run(crowd.claim_all(tokens, patience))
    return {
        "taken": sorted(crowd.taken),
        "answers": {str(key): n for key, n in sorted(crowd.answers.items())},
    }


def granted() -> dict[str, Any]:
    """Return how many rewards were granted, and their sum."""
    events = QuestEvent.objects.filter(status__in=("granted", "settled"))
    return {"count": events.count(), "amount": str(events.aggregate(sum=Sum("amount"))["sum"])}


COMMANDS = {"check_books": check_books, "prepare": prepare, "claim_all": claim_all, "granted": granted}
